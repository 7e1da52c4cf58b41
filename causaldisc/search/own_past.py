"""The own past that the variables of CD-NOD are tested with: chosen, bound to a test, and told.

Where a variable is not seen to change given its own past, but a drift makes it likelier than persistence does, nothing
was decided: the edge to its context stays, marked, as other edges do that no test decided. The published procedure has
no own past; taking such an answer for invariance would direct edges by a change that was overlooked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import CITest, TestChoice
from causaldisc.citests.base import Answers, Around, Verdict
from causaldisc.context import Context
from causaldisc.data.contexts import ContextKind, Contextual
from causaldisc.data.dataset import Dataset
from causaldisc.data.series import Series, series_of
from causaldisc.graph import Graph
from causaldisc.search import autocorrelation, drift
from causaldisc.search.autocorrelation import Autocorrelation, Chosen
from causaldisc.search.skeleton import Skeleton


@dataclass(frozen=True)
class Doubting(Around):
    """A test, given own pasts, that does not take a variable for unchanging where a drift is likelier than persistence.

    `time` is the number of the context that orders the rows, `wandering` are the variables that have lags, or none only
    since they drift: their change may be too fast for the test. `data` has all of them in the test's order.
    """

    log_alpha: float
    time: int
    wandering: frozenset[int]
    data: Dataset
    series: Series
    most: int

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        """Answer as the inner test does, but for independences of the time that a likelier drift contradicts."""
        found = self.inner.answers(x, y, given)
        of_time = (x == self.time) | (y == self.time)
        for i in np.flatnonzero(of_time & found.decided & (found.log_p > self.log_alpha)).tolist():
            variable = int(y[i] if x[i] == self.time else x[i])
            if variable in self.wandering and self._drifts(variable, given[i].tolist()):
                found.verdict[i], found.log_p[i] = Verdict.UNTOLD, 0.0
        return found

    def _drifts(self, variable: int, given: list[int]) -> bool:
        columns = self.data.columns
        weighed = drift.weigh(columns[variable], [columns[z] for z in given], self.series, self.most)
        return weighed is not None and weighed.log_evidence > drift.POSITIVE


@dataclass(frozen=True)
class OwnPast:
    """`series`: how rows follow one another, None where they are not in order or nobody asks; `chosen`: how many lags
    each variable is given; `time`: the context that orders the rows, if one does."""

    series: Series | None
    chosen: Mapping[str, Chosen]
    most: int
    time: str | None

    @property
    def lags(self) -> dict[str, int]:
        return {name: chosen.lags for name, chosen in self.chosen.items()}

    @property
    def drifting(self) -> list[str]:
        """The variables that are given no past since they drift."""
        return [name for name, chosen in self.chosen.items() if chosen.is_drift]

    def bind(self, choice: TestChoice, data: Dataset, alpha: float, context: Context) -> CITest:
        """Bind a test to the data, given own pasts.

        Raises as citests.build does.
        """
        bound = autocorrelation.bind(choice, data, self.lags, self.series, context)
        wandering = frozenset(data.index(name) for name, one in self.chosen.items() if one.lags or one.is_drift)
        if self.series is None or self.time is None or not wandering:
            return bound
        return Doubting(bound, math.log(alpha), data.index(self.time), wandering, data, self.series, self.most)

    def account(self) -> dict[str, object]:
        """Return what was done, for the provenance."""
        if self.series is None:
            return {"remedy": "none"}
        told: dict[str, object] = {"remedy": "own lags in the conditioning set", "rule": "BIC", "lags": self.lags}
        return told | ({"drift": self.drifting} if self.drifting else {})


def learn(parted: Contextual, wanted: Autocorrelation, most: int, context: Context) -> OwnPast:
    """Choose how many lags each variable needs, at most so many, and say so."""
    times, domains = parted.named(ContextKind.TIME), parted.named(ContextKind.DOMAIN)
    if wanted is Autocorrelation.NONE or (wanted is Autocorrelation.AUTO and not times):
        return OwnPast(None, {}, most, None)
    codes = [c for c in (parted.column(name).codes for name in domains) if c is not None]
    values = [v for v in (parted.column(name).values for name in times) if v is not None]
    series = series_of(values, codes, parted.data.rows)
    chosen = {n: autocorrelation.choose_lags(parted.column(n), series, most) for n in sorted(parted.variables)}
    past = OwnPast(series, chosen, most, times[0] if times else None)
    needed = ", ".join(f"{name} ({count})" for name, count in past.lags.items() if count)
    if needed:
        context.warn(
            "own-past",
            f"tests are given the own past of variables that persist, with as many lags: {needed}; --autocorrelation "
            "none takes rows for independent",
        )
    if past.drifting:
        context.warn(
            "drift",
            f"no own past is given of {', '.join(past.drifting)}: lags would predict it, but a smooth drift of "
            "otherwise independent rows is at least 20 times as likely as persistence",
        )
    return past


def mark_untold(graph: Graph, skeleton: Skeleton, context: Context) -> None:
    """Mark the edges to a time that stay because a drift is likelier than persistence, and name the variables."""
    untold = [pair for pair in sorted(skeleton.undecided.untold) if graph.has_edge(*pair)]
    for x, y in untold:
        graph.annotate(x, y, undecided=True)
    if untold:
        names = ", ".join(f"{graph.names[x]} ~ {graph.names[y]}" for x, y in untold)
        context.warn(
            "drift-or-persistence",
            f"drift and persistence cannot be told apart: {names}; no change is seen, given own pasts, but a drift "
            "is likelier than persistence; the edges stay, undecided",
        )
