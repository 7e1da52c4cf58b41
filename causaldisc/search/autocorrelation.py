"""What persists is not taken for change: variables are tested given their own past.

An autocorrelated series wanders, and any test that takes its rows for independent finds that it depends on time, and on
every other series that wanders. Given enough of its own past it does not: if a variable is caused by contemporaries,
contexts and its own past, its parents and its lags make it independent of whatever it does not cause. So each test of x
and y is given the lags of x and those of y beside the set that the search asks about.

How many lags is chosen for each variable by Schwarz's criterion (BIC, G. Schwarz, Annals of Statistics 6, 1978) among
autoregressions with a trend: 0 to `--max-lag` lags, and any number of cosines of time (also levels of domains), so that
a slow drift of independent rows is told from persistence and costs no lag. A fast one is too where the evidence for it
is strong (drift.py). A discrete variable is regressed by its indicators. Variables without lags are tested as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc import citests
from causaldisc.citests import CITest, TestChoice
from causaldisc.citests.base import Answers
from causaldisc.context import Context
from causaldisc.data.dataset import Column, Dataset
from causaldisc.data.series import Series
from causaldisc.data.sparse import AnyColumn
from causaldisc.distinct import distinct
from causaldisc.options import Options
from causaldisc.search import drift
from causaldisc.search.drift import MOST_ROWS, numbers

Floats = NDArray[np.float64]

# A trend has at most this share of the rows as parameters, and no more cosines than that.
_SHARE, _MOST_COSINES = 0.05, 40


class Autocorrelation(Enum):
    """What is done about it: own lags where rows are in order of time, in any case, or nothing."""

    AUTO = "auto"
    LAGS = "lags"
    NONE = "none"


@dataclass(frozen=True)
class GivenOwnPast:
    """A test of the first `variables` columns of another, which holds their lags too: `lags[v]` are the columns of the
    past of v, and join every conditioning set of v."""

    inner: CITest
    variables: int
    lags: tuple[tuple[int, ...], ...]

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def options(self) -> Options:
        return self.inner.options

    @property
    def deepest(self) -> int | None:
        most = sum(sorted(map(len, self.lags))[-2:])
        return None if self.inner.deepest is None else max(self.inner.deepest - most, 0)

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        """Answer the questions in lots of as many lags, since a lot is a rectangle."""
        pasts = [self.lags[u] + self.lags[v] for u, v in zip(x.tolist(), y.tolist(), strict=True)]
        sizes = np.array([len(past) for past in pasts])
        found = Answers.empty(len(x))
        for size in distinct(sizes).tolist():
            where = np.flatnonzero(sizes == size)
            past = np.array([pasts[i] for i in where.tolist()], np.int32).reshape(len(where), size)
            # In increasing order, as the search gives them: a test may order by it what it keeps.
            sets = np.sort(np.concatenate([given[where], past], axis=1), axis=1)
            found.put(where, self.inner.answers(x[where], y[where], sets))
        return found


@dataclass(frozen=True)
class Chosen:
    """How many lags a column needs; `is_drift`: BIC chose some, but a drift of independent rows is far likelier."""

    lags: int
    is_drift: bool = False


def choose_lags(column: AnyColumn, series: Series, most: int) -> Chosen:
    """Return how many lags a column needs, at most so many."""
    lags = _order(column, series, most)
    weighed = drift.weigh(column, [], series, most) if lags else None
    return Chosen(0, is_drift=True) if weighed is not None and weighed.is_drift_alone else Chosen(lags)


def _order(column: AnyColumn, series: Series, most: int) -> int:
    """Return how many lags BIC chooses."""
    targets = numbers(column)
    past = [targets, *(numbers(series.lagged(column, steps)) for steps in range(1, most + 1))]
    whole = np.flatnonzero(~np.logical_or.reduce(np.isnan(np.concatenate(past, axis=1)), axis=1))
    whole = whole[:: -(-len(whole) // MOST_ROWS) or 1]
    rows = len(whole)
    if rows < 4 * (most + 1):
        return 0
    y, *lagged = (each[whole] for each in past)
    best, chosen = np.inf, 0
    for trend, free in _trends(series, whole):
        for lags in range(most + 1):
            design = np.concatenate([np.ones((rows, 1)), *lagged[:lags], trend], axis=1)
            fixed = design.shape[1] - trend.shape[1]
            for score in _criteria(y, design, fixed, free):
                if score < best - 1e-9:
                    best, chosen = score, lags
    return chosen


def _trends(series: Series, rows: NDArray[np.intp]) -> Iterator[tuple[Floats, int]]:
    """Yield trends: cosines of growing frequency, and the same after the levels of series; with the number of columns
    that come together."""
    places, parts = series.places[rows], series.parts[rows]
    room = int(_SHARE * len(places))
    frequencies = np.arange(1, min(room, _MOST_COSINES) + 1)
    cosines = np.cos(np.pi * places[:, None] * frequencies)
    yield cosines, 0
    levels = distinct(parts)[1:]
    if 0 < len(levels) <= room:
        yield np.concatenate([np.equal(parts[:, None], levels).astype(np.float64), cosines], axis=1), len(levels)


def _criteria(y: Floats, design: Floats, fixed: int, free: int) -> Iterator[float]:
    """Yield BIC of the regression of y on the first columns of the design: the `fixed`, then `free` more, then one more
    at a time."""
    n, k = y.shape
    rotated = np.linalg.qr(design)[0].T @ y
    left = y.T @ y - rotated[: fixed + free].T @ rotated[: fixed + free]
    for used in range(fixed + free, design.shape[1] + 1):
        if used > fixed + free:
            left = left - np.outer(rotated[used - 1], rotated[used - 1])
        sign, size = np.linalg.slogdet(left / n + 1e-12 * np.eye(k))
        if sign > 0:
            yield float(n * size + np.log(n) * k * used)


def bind(choice: TestChoice, data: Dataset, lags: Mapping[str, int], series: Series | None, context: Context) -> CITest:
    """Bind a test to the data, given as many lags of each variable as `lags` says, on the rows that have a past.

    Raises as citests.build does.
    """
    most = max(lags.values(), default=0)
    if series is None or not most:
        return citests.build(choice, data, context)
    added: list[Column] = []
    places: list[tuple[int, ...]] = []
    for column in data.columns:
        count = lags.get(column.name, 0)
        places.append(tuple(len(data) + len(added) + i for i in range(count)))
        added += [series.lagged(column, steps) for steps in range(1, count + 1)]
    whole = replace(data, columns=(*data.columns, *added)).take(series.before(most) >= 0)
    return GivenOwnPast(citests.build(choice, whole, context), len(data), tuple(places))
