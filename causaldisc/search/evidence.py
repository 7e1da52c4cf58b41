"""The evidence trail of a search: what it says about each edge, each missing edge, and tests without answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from causaldisc.citests.base import Verdict
from causaldisc.context import Context
from causaldisc.graph import Graph, Value
from causaldisc.result import Separation
from causaldisc.search.separations import Separations
from causaldisc.search.skeleton import Skeleton
from causaldisc.words import counted

# A listing of two million pairs takes 0.2 GB of JSON.
MOST_MARGINAL = 2_000_000

_WHY = {
    Verdict.INSUFFICIENT: (
        "insufficient-data",
        "had too few rows and decided nothing",
        "they neither remove an edge nor make one",
    ),
    Verdict.SINGULAR: (
        "singular",
        "met a variable that the others determine exactly",
        "they decided nothing; 'causaldisc check' names the dependent columns",
    ),
    Verdict.REDUNDANT: (
        "redundant",
        "had a conditioning set that is linearly dependent",
        "its superfluous variables were passed over",
    ),
}


def rounded(value: float) -> float:
    """Return a number to ten significant digits: what lies beyond depends on the processor's order of sums."""
    return float(f"{value:.10g}")


def annotate(graph: Graph, skeleton: Skeleton) -> None:
    """Give each edge the p-value, statistic, effect and rows of its weakest test; `undecided` where none decided."""
    found = skeleton.answers
    columns = (found.log_p, found.statistic, found.effect, found.df, found.n)
    for (u, v), log_p, *more in zip(skeleton.pairs.tolist(), *(c.tolist() for c in columns), strict=True):
        if graph.has_edge(u, v):
            graph.annotate(u, v, **(_attributes(log_p, *more) if log_p > -math.inf else {"undecided": True}))


def _attributes(log_p: float, statistic: float, effect: float, df: float, n: int) -> dict[str, Value]:
    attributes: dict[str, Value] = {"p_value": rounded(math.exp(log_p)), "statistic": rounded(statistic)}
    if not math.isnan(effect):
        attributes["effect"] = rounded(effect)
    if df:
        attributes["df"] = df
    if n:
        attributes["n"] = n
    return attributes


@dataclass(frozen=True, eq=False)
class NamedSeparations(Sequence[Separation]):
    """The separating set of each removed pair, by name, in order; made when asked for, since most are not.

    More than MOST_MARGINAL pairs that the empty set separates are not listed: they are the pairs without an edge
    that are not listed.
    """

    found: Separations
    names: tuple[str, ...]

    @cached_property
    def unlisted(self) -> int:
        """How many pairs that the empty set separates are not listed: all or none."""
        count = self.found.count_marginal()
        return count if count > MOST_MARGINAL else 0

    def __iter__(self) -> Iterator[Separation]:
        names, exp = self.names, math.exp
        for x, y, given, log_p, n in self.found.rows(with_marginal=not self.unlisted):
            members = tuple([names[z] for z in given]) if given else ()
            yield Separation(names[x], names[y], members, float(f"{exp(log_p):.10g}"), n or None)

    def __len__(self) -> int:
        return len(self.found) - self.unlisted

    @overload
    def __getitem__(self, place: int) -> Separation: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Separation, ...]: ...
    def __getitem__(self, place: int | slice) -> Separation | tuple[Separation, ...]:
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


def warn_undecided(skeleton: Skeleton, names: tuple[str, ...], context: Context) -> None:
    """Warn of tests that had no clear answer, with the first of each sort by name."""
    for verdict, count in sorted(skeleton.undecided.counts.items()):
        if verdict is Verdict.UNTOLD:
            continue  # own_past.py names the pairs
        code, what, consequence = _WHY[verdict]
        x, y, given = skeleton.undecided.examples[verdict]
        condition = " | " + ", ".join(names[z] for z in given) if given else ""
        context.warn(
            code, f"{counted(count, 'test')} {what} (first: {names[x]} ~ {names[y]}{condition}); {consequence}"
        )
