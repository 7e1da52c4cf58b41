"""Columns without a name, which are labels of the rows more often than variables.

R's write.csv and pandas' to_csv put the numbers or names of the rows into a first column without a name.
Taken as a variable it would be tested against all others, so it goes; times stay and are called 'time'.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from causaldisc.data.cells import Cells
from causaldisc.data.dataset import MISSING_CODE, Column
from causaldisc.distinct import distinct
from causaldisc.quoting import as_column
from causaldisc.result import Notice

_FEWEST_ROWS = 20
_MANY_LEVELS = 1000


def is_unnamed(name: str) -> bool:
    """Tell whether a column has no name, or the one that pandas gives to such on reading."""
    return not name or name.startswith("Unnamed: ")


def settle(
    name: str, cells: Cells, position: int, taken: Collection[str], label: str
) -> tuple[str | None, Notice | None]:
    """Return the name that an unnamed column gets: None to drop it, empty if it must be named by the user."""
    is_missing = cells.values is not None and bool(np.isnan(cells.values).all())
    if is_missing and not name:
        return None, None  # what delimiters at the ends of lines leave
    if cells.is_time and not name and "time" not in taken:
        message = f"column {position + 1} of {label} holds times but has no name; it is called 'time'"
        return "time", Notice("unnamed-time", message)
    if not cells.is_time and _all_different(cells):
        message = f"column {position + 1} of {label} has no name and labels the rows; it is left out"
        return None, Notice("row-labels", message)
    return name, None


def identifier(column: Column, rows: int, label: str) -> Notice | None:
    """Return a notice if a named column looks like labels of the rows, which only the user can tell."""
    if column.values is not None:
        numbers = rows >= _FEWEST_ROWS and _numbers_rows(column)
        reason = "numbers the rows" if numbers else ""
    else:
        count, missing = len(column.levels), int(column.missing.sum())
        unique = count == rows - missing >= _FEWEST_ROWS
        reason = (
            "has another text in every row" if unique else f"has {count} categories" if count > _MANY_LEVELS else ""
        )
    if not reason:
        return None
    message = (
        f"column {column.name!r} of {label} {reason}; if it is no variable, say --columns '!{as_column(column.name)}'"
    )
    return Notice("identifier", message)


def _all_different(cells: Cells) -> bool:
    if cells.values is None:
        assert cells.codes is not None
        return len(cells.levels) == cells.codes.size and MISSING_CODE not in cells.codes
    values = cells.values
    is_whole = not np.isnan(values).any() and bool((np.floor(values) == values).all())
    return is_whole and distinct(values).size == values.size


def _numbers_rows(column: Column) -> bool:
    values = column.values
    assert values is not None
    if values[0] not in (0.0, 1.0) or values[-1] != values[0] + values.size - 1:
        return False
    return bool((np.diff(values) == 1).all())
