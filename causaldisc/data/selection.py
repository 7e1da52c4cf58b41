"""Columns by name, number and range, as in --columns 'a,c-f,!id' and --types 'q1-q9=discrete'.

A range goes by position in the file and may be open: 'c-', '-f'. A name that is there wins over a range or a
number written the same way; a name in double quotes is only ever a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from causaldisc.data.dataset import ColumnKind, hint
from causaldisc.errors import DataError, UsageError

_ITEM = re.compile(r'(?:"(?:[^"]|"")*"|[^,"])+')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


def select(names: Sequence[str], spec: str | None, label: str) -> list[int]:
    """Return the positions that a list of columns asks for, in its order, each once; all for None.

    Raises DataError for an unknown name and when nothing is left.
    """
    if spec is None:
        return list(range(len(names)))
    items = _items(spec, "--columns")
    wanted = [p for item in items if not item.startswith("!") for p in _positions(item, names, label)]
    unwanted = {p for item in items if item.startswith("!") for p in _positions(item[1:], names, label)}
    if all(item.startswith("!") for item in items):
        wanted = list(range(len(names)))
    chosen = [p for p in dict.fromkeys(wanted) if p not in unwanted]
    if not chosen:
        raise DataError(f"--columns {spec!r} leaves no column of {label}")
    return chosen


def kinds(names: Sequence[str], spec: str | None, label: str) -> dict[int, ColumnKind]:
    """Return the kinds that the user gives to columns, by position; the last word on a column counts.

    Raises UsageError for an unknown kind and DataError for an unknown name.
    """
    known = {kind.value: kind for kind in ColumnKind}
    chosen: dict[int, ColumnKind] = {}
    for item in _items(spec, "--types") if spec is not None else ():
        columns, equals, word = item.rpartition("=")
        if not equals:
            raise UsageError(f"--types: {item!r} is not of the form NAME=KIND, e.g. {item}=discrete")
        if word.strip() not in known:
            raise UsageError(f"--types: unknown kind {word.strip()!r}{hint(word.strip(), known)}")
        chosen |= dict.fromkeys(_positions(columns.strip(), names, label), known[word.strip()])
    return chosen


def _items(spec: str, flag: str) -> list[str]:
    items = [item.strip() for item in _ITEM.findall(spec) if item.strip()]
    if not items or spec.count('"') % 2:
        raise UsageError(f"{flag} {spec!r}: {'a quote is never closed' if items else 'no column is named'}")
    return items


def _positions(item: str, names: Sequence[str], label: str) -> list[int]:
    name, is_quoted = _unquoted(item)
    found = [p for p, known in enumerate(names) if known == name and name]
    if found:
        return found
    if not is_quoted:
        for dash in (m.start() for m in re.finditer("-", item)):
            first = _end(item[:dash], names, 0)
            last = _end(item[dash + 1 :], names, len(names) - 1)
            if first is not None and last is not None and item != "-":
                return list(range(first, last + 1)) or list(range(first, last - 1, -1))
        number = _end(item, names, None)
        if number is not None:
            return [number]
    raise DataError(f"no column {name!r} in {label}{hint(name, [n for n in names if n])}")


def _end(text: str, names: Sequence[str], default: int | None) -> int | None:
    """Return the position that one end of a range, or a single item, stands for; None if there is none."""
    text = text.strip()
    if not text:
        return default
    name, is_quoted = _unquoted(text)
    if name in names:
        return names.index(name)
    is_number = not is_quoted and text.isdecimal() and 1 <= int(text) <= len(names)
    return int(text) - 1 if is_number else None


def _unquoted(item: str) -> tuple[str, bool]:
    match = _QUOTED.fullmatch(item.strip())
    return (match[1].replace('""', '"'), True) if match else (item.strip(), False)
