"""What kind of variable a column is, by a rule simple enough to foresee.

- Text and booleans are discrete; binary when there are at most two levels.
- Whole numbers (3.0 is one) with 2 to 10 different values, each in 5 rows on average, are discrete; binary
  when there are two.
- Other whole numbers are counts when none is negative.
- Dates and times are time.
- Everything else is continuous.

--types overrides the rule where the values allow it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.cells import Cells, Rules
from causaldisc.data.dataset import MISSING_CODE, Column, ColumnKind
from causaldisc.distinct import distinct
from causaldisc.errors import DataError

MOST_LEVELS = 10
ROWS_PER_LEVEL = 5
_PREFIX = 4096
_PIECE = 1 << 15


def make_column(cells: Cells, kind: ColumnKind | None, rules: Rules) -> Column:
    """Return the column of these cells, of the kind the user gives or else the one the rule finds.

    Raises DataError when the cells cannot be of the kind given.
    """
    if cells.values is None:
        return _of_text(cells, kind, rules)
    values = cells.values
    levels = None
    if kind is None:
        levels = _levels_if_discrete(values) if not cells.is_time else None
        kind = _kind(values, levels, cells.is_time)
    elif kind is ColumnKind.COUNT:
        _require_counts(values, rules)
    if not kind.is_discrete:
        return Column(rules.name, kind, values)
    levels = distinct(values[~np.isnan(values)]) if levels is None else levels
    codes = np.searchsorted(levels, values).astype(np.int32)
    codes[np.isnan(values)] = MISSING_CODE
    kind = _discrete(len(levels), kind, rules)
    return Column(rules.name, kind, values, codes, tuple(f"{v:.17g}" for v in levels))


def _of_text(cells: Cells, kind: ColumnKind | None, rules: Rules) -> Column:
    assert cells.codes is not None
    if kind is ColumnKind.CONTEXT:
        numbers = np.where(cells.codes == MISSING_CODE, np.nan, cells.codes.astype(np.float64))
        return Column(rules.name, kind, numbers, None, cells.levels)
    return Column(rules.name, _discrete(len(cells.levels), kind, rules), None, cells.codes, cells.levels)


def _discrete(levels: int, kind: ColumnKind | None, rules: Rules) -> ColumnKind:
    if kind is ColumnKind.BINARY and levels > 2:
        raise DataError(f"{rules.whole} has {levels} different values, so it cannot be binary as --types says")
    return ColumnKind.BINARY if levels <= 2 else ColumnKind.DISCRETE


def _kind(values: NDArray[np.float64], levels: NDArray[np.float64] | None, is_time: bool) -> ColumnKind:
    if is_time:
        return ColumnKind.TIME
    if levels is not None:
        return ColumnKind.BINARY if len(levels) == 2 else ColumnKind.DISCRETE
    return ColumnKind.COUNT if np.fmin.reduce(values) >= 0 and is_whole(values) else ColumnKind.CONTINUOUS


def _require_counts(values: NDArray[np.float64], rules: Rules) -> None:
    wrong = np.flatnonzero((values < 0) | (np.floor(values) != values) & ~np.isnan(values))
    if wrong.size:
        row = int(wrong[0])
        raise DataError(f"{rules.cell(row)}: {values[row]:g} is not a count, but --types calls the column count")


def _levels_if_discrete(values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the different numbers in order if the rule makes them levels, else None.

    Looks at the first rows before all, so that columns of measurements cost next to nothing.
    """
    if not is_whole(values[:_PREFIX]):
        return None
    first = values[:_PREFIX]
    levels = distinct(first[~np.isnan(first)])
    present = values.size
    while levels.size <= MOST_LEVELS:
        rest = values[~np.isin(values, levels)]
        missing = np.isnan(rest)
        if missing.all():
            present -= rest.size
            break
        levels = distinct(np.concatenate([levels, rest[~missing][:_PREFIX]]))
    is_discrete = 2 <= levels.size <= MOST_LEVELS and present >= ROWS_PER_LEVEL * levels.size
    return levels if is_discrete and is_whole(levels) else None


def is_whole(values: NDArray[np.float64] | NDArray[np.float32]) -> bool:
    """Tell whether all numbers are whole, in pieces that stay in the cache and end at the first that is not."""
    pieces = (values[start : start + _PIECE] for start in range(0, values.size, _PIECE))
    return not any((piece - np.floor(piece) > 0).any() for piece in pieces)
