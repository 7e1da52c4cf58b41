"""Background knowledge: tiers, forbidden and required edges; every name checked, every contradiction named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causaldisc.data import source as sources
from causaldisc.data.dataset import hint
from causaldisc.errors import DataError, UsageError
from causaldisc.quoting import split

Arrow = tuple[str, str]


@dataclass(frozen=True)
class Knowledge:
    """What is known before the data: `tiers` in order of time (a later one never causes an earlier one),
    `closed` tiers without edges inside, arrows `forbidden` and `required`, and the only possible `causes` (None: all).
    All by name."""

    tiers: tuple[tuple[str, ...], ...] = ()
    closed: frozenset[int] = frozenset()
    forbidden: tuple[Arrow, ...] = ()
    required: tuple[Arrow, ...] = ()
    source: str = ""
    causes: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return bool(self.tiers or self.forbidden or self.required or self.causes is not None)

    def __or__(self, other: Knowledge) -> Knowledge:
        """Join two sources of knowledge; tiers may come from one of them only."""
        if self.tiers and other.tiers:
            raise DataError(f"tiers are given twice, in {self.source} and in {other.source}; give them once")
        tiers_of = self if self.tiers else other
        return Knowledge(
            tiers_of.tiers,
            tiers_of.closed,
            self.forbidden + other.forbidden,
            self.required + other.required,
            " and ".join(filter(None, (self.source, other.source))),
            _both(self.causes, other.causes),
        )

    def as_json(self) -> dict[str, object]:
        """Return what is known as plain JSON values, with the keys of the TOML form; nothing for what is not."""
        values = {
            "tiers": [list(tier) for tier in self.tiers],
            "closed": [place + 1 for place in sorted(self.closed)],
            "forbid": [list(pair) for pair in self.forbidden],
            "require": [list(pair) for pair in self.required],
            "causes": list(self.causes or ()),
        }
        return {key: value for key, value in values.items() if value}

    def bind(self, names: Sequence[str]) -> BoundKnowledge:
        """Translate to column numbers.

        Raises DataError for a name that is no column, and for knowledge that contradicts itself.
        """
        index = {name: i for i, name in enumerate(names)}
        self._check_names(names)
        forbidden = np.zeros((len(names), len(names)), np.bool_)
        np.fill_diagonal(forbidden, True)
        reasons: dict[tuple[int, int], str] = {}
        for (cause, effect), reason in self._prohibitions():
            forbidden[index[cause], index[effect]] = True
            reasons.setdefault((index[cause], index[effect]), reason)
        if self.causes is not None:
            causes = set(self.causes)
            forbidden[[i for i, name in enumerate(names) if name not in causes]] = True
        required = tuple(dict.fromkeys((index[cause], index[effect]) for cause, effect in self.required))
        for u, v in required:
            if (u, v) in reasons:
                raise DataError(f"{self._where()}{names[u]!r} -> {names[v]!r} is required but {reasons[u, v]}")
            if self.causes is not None and names[u] not in self.causes:
                raise DataError(
                    f"{names[u]!r} -> {names[v]!r} is required but {names[u]!r} is none of the causes that there may be"
                )
            forbidden[v, u] = True
        self._check_cycles(required, names)
        return BoundKnowledge(forbidden, required)

    def _where(self) -> str:
        return f"{self.source}: " if self.source else ""

    def _check_names(self, names: Sequence[str]) -> None:
        arrows = [name for arrow in self.forbidden + self.required for name in arrow]
        known = set(names)
        for name in [*(name for tier in self.tiers for name in tier), *arrows, *(self.causes or ())]:
            if name not in known:
                raise DataError(f"{self._where()}no column {name!r}{hint(name, names)}")
        tier_of: dict[str, int] = {}
        for number, tier in enumerate(self.tiers, 1):
            for name in tier:
                if name in tier_of:
                    raise DataError(f"{self._where()}{name!r} is in tier {tier_of[name]} and in tier {number}")
                tier_of[name] = number
        for u, v in self.forbidden + self.required:
            if u == v:
                raise DataError(f"{self._where()}an edge from {u!r} to itself makes no sense")

    def _prohibitions(self) -> Iterable[tuple[Arrow, str]]:
        for arrow in self.forbidden:
            yield arrow, "forbidden"
        for number, tier in enumerate(self.tiers):
            for later in self.tiers[number + 1 :]:
                for u in later:
                    for v in tier:
                        yield (u, v), f"runs from a later tier to tier {number + 1}"
            if number in self.closed:
                for u in tier:
                    for v in tier:
                        if u != v:
                            yield (u, v), f"lies inside tier {number + 1}, which allows no edges inside"

    def _check_cycles(self, required: Sequence[tuple[int, int]], names: Sequence[str]) -> None:
        children: dict[int, list[int]] = {}
        for u, v in required:
            children.setdefault(u, []).append(v)
        for start in children:
            path = _way(children, start, start)
            if path:
                circle = " -> ".join(repr(names[i]) for i in path)
                raise DataError(f"{self._where()}the required edges form a cycle: {circle}")


def _both(some: tuple[str, ...] | None, others: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the names that both allow; None allows all."""
    if some is None or others is None:
        return others if some is None else some
    return tuple(name for name in some if name in others)


def _way(children: dict[int, list[int]], start: int, goal: int) -> list[int]:
    """Return a path of at least one arrow from start to goal, or an empty list."""
    stack, seen = [[start]], {start}
    while stack:
        path = stack.pop()
        for child in children.get(path[-1], ()):
            if child == goal:
                return [*path, child]
            if child not in seen:
                seen.add(child)
                stack.append([*path, child])
    return []


@dataclass(frozen=True)
class BoundKnowledge:
    """Knowledge by column number: `forbidden[u, v]` says that u may not cause v; `required` arrows (u, v)."""

    forbidden: NDArray[np.bool_]
    required: tuple[tuple[int, int], ...] = ()
    prohibits: bool = field(init=False)  # whether anything but loops is forbidden

    def __post_init__(self) -> None:
        object.__setattr__(self, "prohibits", np.count_nonzero(self.forbidden) > len(self.forbidden))

    def may_cause(self, u: int, v: int) -> bool:
        return not self.forbidden[u, v]

    def allows_pair(self, u: int, v: int) -> bool:
        """Tell whether u and v may be adjacent at all."""
        return not (self.forbidden[u, v] and self.forbidden[v, u])

    def requires_pair(self, u: int, v: int) -> bool:
        return (u, v) in self.required or (v, u) in self.required


def read(path: str) -> Knowledge:
    """Read a knowledge file: TOML, or Tetrad's text form, told apart by content.

    TOML keys: `tiers` (a list of lists of names), `closed` (numbers, from 1, of tiers without edges inside),
    `forbid` and `require` (lists of "a -> b", or of ["a", "b"] where names contain " -> "), `causes` (a list of names).
    Raises DataError that names file and line or key.
    """
    text, label = sources.text(path), sources.label(path)
    return _from_tetrad(text, label) if _is_tetrad(text) else _from_toml(text, label)


def arrow(text: str, place: str) -> Arrow:
    """Return the two names of 'a -> b'; UsageError, which names the place, when the text is no such thing."""
    names, signs = split(text, "->")
    if signs != ["->"] or not all(names):
        raise UsageError(f"{place}: {text!r} is not 'a -> b'; put a name with -> or quotes in double quotes")
    return names[0], names[1]


def tiers(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the tiers of 'a, b < c < d'; UsageError when a name is missing."""
    names, signs = split(text, "[,<]")
    if not names or not all(names):
        raise UsageError(f"--tiers: {text!r} is not 'a, b < c'; put a name with , < or quotes in double quotes")
    found = [[names[0]]]
    for sign, name in zip(signs, names[1:], strict=True):
        if sign == "<":
            found.append([])
        found[-1].append(name)
    return tuple(map(tuple, found))


# ---- TOML


def _from_toml(text: str, path: str) -> Knowledge:
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: neither TOML nor Tetrad's knowledge format: {error}") from error
    unknown = set(table) - {"tiers", "closed", "forbid", "require", "causes"}
    if unknown:
        raise DataError(f"{path}: unknown key {min(unknown)!r}; there are tiers, closed, forbid, require, causes")
    levels = table.get("tiers", [])
    if not (isinstance(levels, list) and all(_is_names(t) for t in levels)):
        raise DataError(f"{path}: tiers must be a list of lists of names")
    closed = table.get("closed", [])
    if not (isinstance(closed, list) and all(isinstance(n, int) and 1 <= n <= len(levels) for n in closed)):
        raise DataError(f"{path}: closed must be a list of tier numbers from 1 to {len(levels)}")
    causes = table.get("causes")
    if causes is not None and not _is_names(causes):
        raise DataError(f"{path}: causes must be a list of names")
    return Knowledge(
        tuple(tuple(t) for t in levels),
        frozenset(n - 1 for n in closed),
        _toml_arrows(table.get("forbid", []), "forbid", path),
        _toml_arrows(table.get("require", []), "require", path),
        path,
        None if causes is None else tuple(causes),
    )


def _arrow_of_file(text: str, place: str) -> Arrow:
    try:
        return arrow(text, place)
    except UsageError as error:
        raise DataError(str(error)) from None


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _toml_arrows(value: object, key: str, path: str) -> tuple[Arrow, ...]:
    if not isinstance(value, list):
        raise DataError(f"{path}: {key} must be a list of edges")
    found: list[Arrow] = []
    for item in value:
        if isinstance(item, str):
            found.append(_arrow_of_file(item, f"{path}: {key}"))
        elif _is_names(item) and len(item) == 2:
            found.append((item[0], item[1]))
        else:
            raise DataError(f"{path}: {key}: {item!r} is neither 'a -> b' nor a list of two names")
    return tuple(found)


# ---- Tetrad: sections of lines of names set apart by white space

_SECTIONS = ("addtemporal", "forbiddirect", "requiredirect", "forbiddengroup", "requiredgroup")


def _is_tetrad(text: str) -> bool:
    lines = [line.split("//")[0].strip() for line in text.splitlines()]
    first = next((line.lower() for line in lines if line), "")
    return first == "/knowledge" or first in _SECTIONS


def _from_tetrad(text: str, path: str) -> Knowledge:
    section = ""
    levels: dict[int, list[str]] = {}
    closed: set[int] = set()
    arrows: dict[str, list[Arrow]] = {"forbid": [], "require": []}
    groups: list[list[str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("//")[0].split()
        if not words or words[0].lower() == "/knowledge":
            continue
        if len(words) == 1 and words[0].lower() in _SECTIONS:
            _end_of_groups(groups, path, number)
            section = words[0].lower()
        elif section == "addtemporal":
            tier = words[0].rstrip("*")
            if not tier.isdigit():
                raise DataError(f"{path}, line {number}: a line of addtemporal starts with the number of its tier")
            levels.setdefault(int(tier), []).extend(words[1:])
            if words[0].endswith("*"):
                closed.add(int(tier))
        elif section in ("forbiddirect", "requiredirect"):
            if len(words) != 2:
                raise DataError(f"{path}, line {number}: {section} takes two names a line, not {len(words)}")
            arrows["forbid" if section == "forbiddirect" else "require"].append((words[0], words[1]))
        elif section:
            groups.append(words)
            if len(groups) == 2:
                key = "forbid" if section == "forbiddengroup" else "require"
                arrows[key] += [(u, v) for u in groups[0] for v in groups[1] if u != v]
                groups.clear()
        else:
            raise DataError(f"{path}, line {number}: expected one of {', '.join(_SECTIONS)}, not {words[0]!r}")
    _end_of_groups(groups, path, len(text.splitlines()))
    order = sorted(number for number, names in levels.items() if names)
    return Knowledge(
        tuple(tuple(levels[number]) for number in order),
        frozenset(place for place, number in enumerate(order) if number in closed),
        tuple(arrows["forbid"]),
        tuple(arrows["require"]),
        path,
    )


def _end_of_groups(groups: list[list[str]], path: str, line: int) -> None:
    if groups:
        raise DataError(f"{path}, line {line}: a group is two lines, causes and effects; the second is missing")
