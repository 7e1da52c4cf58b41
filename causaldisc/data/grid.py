"""Series with equal steps, made of rows that are not equally far apart: the cells of a grid, and what is in each.

By itself a grid is made when rows come closer than half a cadence, or when more than one step in twenty is far from a
multiple of it. Its step is then the least, of the median step and multiples of it (for dates: of the lengths that
clocks show, from about the median step on), at which at most one cell in twenty is followed by an empty one, however
long the gap. Cells are centred where times gather, so that late rows stay in their cell; where they gather nowhere,
cells begin at multiples of the step. A cell without a row is a gap: nothing is filled in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.data import clock as clocks
from causaldisc.data import periods
from causaldisc.data.clock import Clock, Times
from causaldisc.data.dataset import Dataset
from causaldisc.data.source import label
from causaldisc.errors import DataError
from causaldisc.quoting import as_column
from causaldisc.words import counted

Floats = NDArray[np.float64]

AUTO, NEVER, FLAG = "auto", "never", "--resample"
IRREGULAR = 0.05  # share of steps that are no multiples of the cadence
GAPS = 0.05  # share of cells before an empty one
GATHERED = 0.5  # the length of the mean of all times as points on the circle that a step is
MOST_MULTIPLES = 100
MOST_CELLS = 1e8
_CLOCK_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 28800,
                43200, 86400, 172800, 604800)  # fmt: skip


class Aggregate(Enum):
    """What stands for the rows of a cell."""

    MEAN = "mean"
    LAST = "last"
    MAX = "max"
    SUM = "sum"

    def of(self, values: Floats, cells: NDArray[np.int64]) -> Floats:
        """Return one value a cell of rows in order of cells, shape (variables, rows); NaN where none is known."""
        starts = np.flatnonzero(np.diff(cells, prepend=-1))
        known = ~np.isnan(values)
        counts = np.add.reduceat(known, starts, axis=1, dtype=np.float64)
        if self is Aggregate.MAX:
            return np.asarray(np.fmax.reduceat(values, starts, axis=1))
        if self is Aggregate.LAST:
            place = np.maximum.reduceat(np.where(known, np.arange(len(cells)), -1), starts, axis=1)
            return np.where(place >= 0, np.take_along_axis(values, np.maximum(place, 0), axis=1), np.nan)
        sums = np.add.reduceat(np.where(known, values, 0.0), starts, axis=1)
        divisor = np.maximum(counts, 1.0) if self is Aggregate.MEAN else 1.0
        return np.where(counts > 0, sums / divisor, np.nan)


def check(request: str) -> None:
    """Raise UsageError for what is neither 'auto', 'never' nor a period."""
    if request not in (AUTO, NEVER):
        periods.check(request, FLAG, "units of the time column")


def clock(data: Dataset, name: str | None, of_runs: Sequence[str] = (), request: str = AUTO) -> Clock:
    """Return the clock of a column, or of the order of the rows, on a grid where it is needed or asked for.

    Raises DataError for a column that is no time, times that come twice in a run, rows that are too close or too
    irregular, and a period that the times cannot tell.
    """
    times = clocks.read(data, name, of_runs)
    if name is None:
        if request not in (AUTO, NEVER):
            raise DataError(f"{FLAG} {request} needs times; say which column has them with --time")
        return clocks.even(times, None, data)
    if request == NEVER:
        return clocks.even(times, name, data)
    if request == AUTO:
        clocks.refuse_equal(times, name, data)
        if not _is_irregular(times.steps):
            return clocks.even(times, name, data)
        return _on_grid(times, _step(times, name, data))
    number, unit = periods.split(request)
    if unit is not None and times.unit != clocks.SECONDS:
        raise DataError(
            f"{FLAG} {request}: column {name!r} has no dates or seconds; give a number in its unit, or say "
            f"--types '{as_column(name)}=time'"
        )
    if (times.at.max() - times.at.min()) / number > MOST_CELLS:
        raise DataError(f"{FLAG} {request} would make more than {MOST_CELLS:.0e} steps of {label(data.source)}")
    return _on_grid(times, number)


def _is_irregular(steps: Floats) -> bool:
    cadence = float(np.median(steps))
    return bool(steps.min() < clocks.TOO_CLOSE * cadence or clocks.uneven(steps, cadence) > IRREGULAR * len(steps))


def _step(times: Times, name: str, data: Dataset) -> float:
    """Return the least step with few gaps."""
    for step in _candidates(float(np.median(times.steps)), times.unit):
        when = _on_grid(times, step)
        if when.blocks - when.runs <= GAPS * len(when.parts):
            return step
    raise DataError(
        f"the times in column {name!r} of {label(data.source)} are too irregular: no step up to "
        f"{counted(MOST_MULTIPLES, 'median step')} has a row in 19 of 20 intervals; give one with {FLAG}"
    )


def _candidates(median: float, unit: str) -> Iterator[float]:
    if unit == clocks.SECONDS and median >= _CLOCK_STEPS[0]:
        yield from (float(s) for s in _CLOCK_STEPS if 0.75 * median <= s <= MOST_MULTIPLES * median)
    else:
        yield from (median * k for k in range(1, MOST_MULTIPLES + 1))


def _on_grid(times: Times, step: float) -> Clock:
    """Return the clock of the cells of a grid that have a row."""
    place = np.floor((times.at - _origin(times.at, step)) / step)
    is_new = ~times.follows | (np.diff(place, prepend=place[0]) > 0)
    cells = np.cumsum(is_new) - 1
    at, run = place[is_new], times.run[is_new]
    cut = np.concatenate([[True], (run[1:] != run[:-1]) | (np.diff(at) > 1)])
    return Clock(
        order=times.order,
        cells=cells,
        parts=np.cumsum(cut) - 1,
        steps=at - at.min(),
        at=times.at[is_new],
        cadence=step,
        unit=times.unit,
        runs=len(np.unique(times.run)),
        without=times.without,
        is_resampled=True,
    )


def _origin(at: Floats, step: float) -> float:
    """Return where a cell begins: half a step before where times gather, or 0."""
    angles = 2.0 * math.pi * np.mod(at / step, 1.0)
    x, y = float(np.cos(angles).mean()), float(np.sin(angles).mean())
    if math.hypot(x, y) < GATHERED:
        return 0.0
    return (math.atan2(y, x) / (2.0 * math.pi) - 0.5) * step
