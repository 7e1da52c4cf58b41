"""When the rows of a series were measured: their order, how far apart they are, and where gaps are.

Steps are compared with the median step, the cadence: more than one and a half of it is a gap, at which the series is
cut; less than half of it is refused, since rows that are not equally far apart have no lags. Times are what reading
makes of dates (seconds), or numbers: those that would be dates of 2001 to 2286 as seconds or milliseconds since 1970
are taken for such.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.source import label
from causaldisc.data.sparse import AnyColumn
from causaldisc.errors import DataError
from causaldisc.quoting import as_column
from causaldisc.words import counted

GAP, TOO_CLOSE, UNEVEN = 1.5, 0.5, 0.25
_MILLISECONDS, _SECONDS, _LATEST = 1e12, 1e9, 1e13
_UNIT_OF_SECONDS = " s"


@dataclass(frozen=True, eq=False)
class Clock:
    """`order` (int64): the rows in order of time; `parts` (int64): the contiguous block of each of these, `steps`
    (float64): how many cadences after the first; `cadence`: the step between rows in `unit`, None where only the order
    is known; `without`: rows without a time; `uneven`: steps far from whole cadences."""

    order: NDArray[np.int64]
    parts: NDArray[np.int64]
    steps: NDArray[np.float64]
    cadence: float | None = None
    unit: str = ""
    without: int = 0
    uneven: int = 0

    @property
    def blocks(self) -> int:
        return int(self.parts[-1]) + 1

    @property
    def counts_seconds(self) -> bool:
        return self.unit == _UNIT_OF_SECONDS

    def __str__(self) -> str:
        """Return it in words: 'a row every 60 s, in 2 blocks without a gap'."""
        often = "rows in order" if self.cadence is None else f"a row every {self.cadence:g}{self.unit}"
        return f"{often}, in {counted(self.blocks, 'block')} without a gap"


def clock(data: Dataset, name: str | None) -> Clock:
    """Return the clock of a column, or of the order of the rows; rows without a time are left out.

    Raises DataError for a column that is no time, times that come twice, and rows that are too close.
    """
    if name is None:
        return Clock(np.arange(data.rows), np.zeros(data.rows, np.int64), np.arange(float(data.rows)))
    column = data.columns[data.index(name)]
    times, unit = _times(column, data)
    known = np.flatnonzero(~np.isnan(times))
    order = known[np.argsort(times[known], kind="stable")]
    if len(order) < 2:
        raise DataError(f"column {name!r} of {label(data.source)} has {counted(len(order), 'time')}; two are needed")
    steps = np.diff(times[order])
    _refuse_equal(steps, order, name, data)
    cadence = float(np.median(steps))
    _refuse_close(steps, order, cadence, unit, name, data)
    parts = np.concatenate([[0], np.cumsum(steps > GAP * cadence)])
    multiples = steps / cadence
    uneven = int(np.count_nonzero(np.abs(multiples - np.round(multiples)) > UNEVEN))
    since = np.round((times[order] - times[order[0]]) / cadence)
    return Clock(order, parts, since, cadence, unit, data.rows - len(order), uneven)


def _times(column: AnyColumn, data: Dataset) -> tuple[NDArray[np.float64], str]:
    """Return the times of a column and the unit, with a blank before it."""
    values = column.values
    if values is None or (column.levels and column.kind is ColumnKind.CONTEXT) or column.is_group:
        raise DataError(
            f"column {column.name!r} of {label(data.source)} holds text that is no time; say --types "
            f"'{as_column(column.name)}=time' if it holds dates such as 2026-01-05T10:00Z"
        )
    if column.kind is ColumnKind.TIME:
        return values, _UNIT_OF_SECONDS
    least = float(np.fmin.reduce(values)) if len(values) else 0.0
    if _MILLISECONDS <= least < _LATEST:
        return values / 1000.0, _UNIT_OF_SECONDS
    return values, _UNIT_OF_SECONDS if _SECONDS <= least < _LATEST / 1000 else ""


def _refuse_equal(steps: NDArray[np.float64], order: NDArray[np.int64], name: str, data: Dataset) -> None:
    twice = np.flatnonzero(steps == 0)
    if twice.size:
        first, second = sorted((int(order[twice[0]]), int(order[twice[0] + 1])))
        raise DataError(
            f"data rows {first + 1} and {second + 1} of {label(data.source)} have the same time in column {name!r}; "
            "several series in one file, or rows that came twice, have no lags: leave one row for each time"
        )


def _refuse_close(
    steps: NDArray[np.float64], order: NDArray[np.int64], cadence: float, unit: str, name: str, data: Dataset
) -> None:
    close = np.flatnonzero(steps < TOO_CLOSE * cadence)
    if close.size:
        at = int(close[0])
        raise DataError(
            f"data rows {order[at] + 1} and {order[at + 1] + 1} of {label(data.source)} are {steps[at]:g}{unit} apart "
            f"in column {name!r}, but most rows {cadence:g}{unit}; lags need equal steps: resample the series first"
        )
