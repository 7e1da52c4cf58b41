"""When the rows of series were measured: their order, how far apart they are, and where gaps are.

Several series, or runs, may stand in one table; a column, or the file that a row is from, says which is which. Steps
inside runs are compared with their median, the cadence: more than one and a half of it is a gap, at which a series is
cut. Rows that are not equally far apart are put on a grid (see grid.py) or refused. Times are what reading makes of
dates (seconds), or numbers: those that would be dates of 2001 to 2286 as seconds or milliseconds since 1970 are taken
for such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.source import label
from causaldisc.data.sparse import AnyColumn
from causaldisc.errors import DataError
from causaldisc.quoting import as_column
from causaldisc.words import counted

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

GAP, TOO_CLOSE, UNEVEN = 1.5, 0.5, 0.25
SECONDS = " s"
_MILLISECONDS, _SECONDS, _LATEST = 1e12, 1e9, 1e13


@dataclass(frozen=True, eq=False)
class Times:
    """Rows of the data in order of run and time: `order` (int64), and of each of these `at` (float64), in `unit`, and
    `run` (int64). `without`: how many rows have no time or no run; `is_known`: False where only the order is."""

    order: Ints
    at: Floats
    run: Ints
    unit: str
    without: int
    is_known: bool

    @property
    def follows(self) -> NDArray[np.bool_]:
        """Whether a row has another of its run before it; shape (n,)."""
        return np.concatenate([[False], self.run[1:] == self.run[:-1]])

    @property
    def steps(self) -> Floats:
        """The times between rows of the same run."""
        return np.asarray(np.diff(self.at)[self.follows[1:]])


@dataclass(frozen=True, eq=False)
class Clock:
    """`order` (int64): the rows in order of run and time; `cells` (int64): the number, from 0 and in order, of the cell
    of the grid that each of them is in, or of itself without a grid.

    Of each cell, `parts` (int64): its contiguous block, `steps` (float64): how many cadences after the first, and `at`,
    the time of its first row in `unit`, None where only the order is known. `cadence`: from cell to cell in `unit`,
    None where only the order is known; `runs`: how many series; `without`: rows without a time or run; `uneven`: steps
    far from whole cadences; `is_resampled`: whether cells are those of a grid."""

    order: Ints
    cells: Ints
    parts: Ints
    steps: Floats
    at: Floats | None = None
    cadence: float | None = None
    unit: str = ""
    runs: int = 1
    without: int = 0
    uneven: int = 0
    is_resampled: bool = False

    @property
    def blocks(self) -> int:
        return int(self.parts[-1]) + 1

    @property
    def counts_seconds(self) -> bool:
        return self.unit == SECONDS

    @property
    def span(self) -> float:
        """From the first cell to the last, in cadences."""
        return float(self.steps.max() - self.steps.min()) + 1.0

    def __str__(self) -> str:
        """Return it in words: 'a row every 60 s, in 2 blocks without a gap'."""
        what = "resampled to" if self.is_resampled else "a row every"
        often = "rows in order" if self.cadence is None else f"{what} {self.cadence:g}{self.unit}"
        several = f"{counted(self.runs, 'run')}, " if self.runs > 1 else ""
        return f"{several}{often}, in {counted(self.blocks, 'block')} without a gap"


def read(data: Dataset, name: str | None, of_runs: Sequence[str]) -> Times:
    """Return the times of a column, or of the order of the rows; rows alike in the columns of runs are of one run.

    Raises DataError for a column that is no time and for too few rows with one.
    """
    runs = _runs(data, of_runs)
    if name is None:
        order = np.argsort(runs, kind="stable")[np.count_nonzero(runs < 0) :]
        starts = np.concatenate([[True], runs[order][1:] != runs[order][:-1]])
        place = np.arange(len(order))
        since = place - np.maximum.accumulate(np.where(starts, place, 0))
        return Times(order, since.astype(np.float64), runs[order], "", data.rows - len(order), False)
    column = data.columns[data.index(name)]
    times, unit = _of_column(column, data)
    known = np.flatnonzero(~np.isnan(times) & (runs >= 0))
    order = known[np.lexsort((times[known], runs[known]))]
    found = Times(order, times[order], runs[order], unit, data.rows - len(order), True)
    if not found.steps.size:
        raise DataError(f"column {name!r} of {label(data.source)} has {counted(len(order), 'time')}; two are needed")
    return found


def even(times: Times, name: str | None, data: Dataset) -> Clock:
    """Return the clock of rows that are equally far apart, but for gaps.

    Raises DataError for times that come twice, and rows that are too close.
    """
    cells = np.arange(len(times.order))
    runs = len(np.unique(times.run))
    if not times.is_known:
        parts = np.cumsum(~times.follows) - 1
        return Clock(times.order, cells, parts, times.at, runs=runs, without=times.without)
    _refuse_close(times, str(name), data)
    cadence = float(np.median(times.steps))
    steps = np.diff(times.at, prepend=times.at[0])
    parts = np.cumsum(~times.follows | (steps > GAP * cadence)) - 1
    since = np.round((times.at - times.at.min()) / cadence)
    far = uneven(times.steps, cadence)
    return Clock(times.order, cells, parts, since, times.at, cadence, times.unit, runs, times.without, far)


def uneven(steps: Floats, cadence: float) -> int:
    """Return how many steps are far from a multiple of the cadence."""
    multiples = steps / cadence
    return int(np.count_nonzero(np.abs(multiples - np.round(multiples)) > UNEVEN))


def refuse_equal(times: Times, name: str, data: Dataset) -> None:
    """Raise DataError when two rows of a run have the same time."""
    twice = np.flatnonzero(times.follows[1:] & (np.diff(times.at) == 0))
    if twice.size:
        first, second = sorted(int(row) + 1 for row in times.order[twice[0] : twice[0] + 2])
        raise DataError(
            f"data rows {first} and {second} of {label(data.source)} have the same time in column {name!r}; if the "
            "file holds several series, --run COLUMN says which a row is of; else leave one row for each time, or give "
            "--resample a period"
        )


def _refuse_close(times: Times, name: str, data: Dataset) -> None:
    refuse_equal(times, name, data)
    cadence = float(np.median(times.steps))
    steps = np.diff(times.at)
    close = np.flatnonzero(times.follows[1:] & (steps < TOO_CLOSE * cadence))
    if close.size:
        at = int(close[0])
        raise DataError(
            f"data rows {times.order[at] + 1} and {times.order[at + 1] + 1} of {label(data.source)} are "
            f"{steps[at]:g}{times.unit} apart in column {name!r}, but most rows {cadence:g}{times.unit}; lags need "
            "equal steps: leave out --resample never, or give it a period"
        )


def _runs(data: Dataset, names: Sequence[str]) -> Ints:
    """Return the number of the run of each row, in the order of what the columns hold, -1 without one."""
    is_known = np.ones(data.rows, np.bool_)
    found = np.zeros(data.rows, np.int64)
    for name in names:
        column = data.columns[data.index(name)]
        if column.is_group:
            raise DataError(f"column {name!r} of {label(data.source)} is a group of columns and names no run")
        keys = column.codes if column.values is None else column.values
        assert keys is not None
        is_known &= ~column.missing
        levels, codes = np.unique(np.where(is_known, keys, 0), return_inverse=True)
        found = found * len(levels) + codes
    return np.where(is_known, found, -1)


def _of_column(column: AnyColumn, data: Dataset) -> tuple[Floats, str]:
    """Return the times of a column and the unit, with a blank before it."""
    values = column.values
    if values is None or (column.levels and column.kind is ColumnKind.CONTEXT) or column.is_group:
        raise DataError(
            f"column {column.name!r} of {label(data.source)} holds text that is no time; say --types "
            f"'{as_column(column.name)}=time' if it holds dates such as 2026-01-05T10:00Z"
        )
    if column.kind is ColumnKind.TIME:
        return values, SECONDS
    least = float(np.fmin.reduce(values)) if len(values) else 0.0
    if _MILLISECONDS <= least < _LATEST:
        return values / 1000.0, SECONDS
    return values, SECONDS if _SECONDS <= least < _LATEST / 1000 else ""
