"""How rows follow one another: one series, or one for each domain, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import MISSING_CODE, Column
from causaldisc.data.sparse import AnyColumn


@dataclass(frozen=True, eq=False)
class Series:
    """`previous` (int64, n): the row before each row in its series, -1 at a start. `places` (float64, n): how far each
    row is along all series, from 0 to 1. `parts` (int32, n): the number of its series."""

    previous: NDArray[np.int64]
    places: NDArray[np.float64]
    parts: NDArray[np.int32]

    def before(self, steps: int) -> NDArray[np.int64]:
        """Return the row so many steps before each, -1 where the series does not reach back so far."""
        rows = np.arange(len(self.previous))
        for _ in range(steps):
            rows = np.where(rows >= 0, self.previous[rows], -1)
        return rows

    def lagged(self, column: AnyColumn, steps: int) -> Column:
        """Return the column of so many steps before, missing where the series does not reach back so far."""
        rows = self.before(steps)
        is_there = rows >= 0
        values = None
        if column.values is not None:
            values = column.values[rows]
            values[~is_there] = np.nan
        codes = None
        if column.codes is not None:
            codes = np.where(is_there, column.codes[rows], MISSING_CODE).astype(np.int32)
        return Column(f"{column.name}[-{steps}]", column.kind, values, codes, column.levels)


def series_of(times: Sequence[NDArray[np.float64]], domains: Sequence[NDArray[np.int32]], rows: int) -> Series:
    """Return one series for each combination of domains, in order of time (the first counts first); rows of one time
    stay in their order, as all do without a time."""
    along = [*times, np.arange(rows, dtype=np.float64)]
    keys: list[NDArray[np.float64] | NDArray[np.int32]] = [*along[::-1], *domains]
    order = np.lexsort(keys)
    starts = np.ones(rows, np.bool_)
    starts[1:] = False
    for codes in domains:
        starts[1:] |= codes[order[1:]] != codes[order[:-1]]
    previous, parts = np.full(rows, -1, np.int64), np.empty(rows, np.int32)
    previous[order[1:]] = np.where(starts[1:], -1, order[:-1])
    parts[order] = np.cumsum(starts) - 1
    low, high = float(along[0].min()), float(along[0].max())
    return Series(previous, (along[0] - low) / (high - low), parts)
