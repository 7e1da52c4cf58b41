"""Missing cells: what is done about them before a test gets the data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.validation import FEWEST_ROWS
from causaldisc.errors import DataError
from causaldisc.options import Options, opt
from causaldisc.quoting import as_column
from causaldisc.words import counted


class Missing(Enum):
    """Which rows with missing cells a test may use."""

    TEST_WISE = "test-wise"
    LIST_WISE = "list-wise"
    CORRECTED = "corrected"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class MissingOptions(Options):
    """What all tests have in common."""

    missing: Missing = opt(
        Missing.TEST_WISE,
        "Rows with missing cells: 'test-wise': each test uses the rows that have all of its own columns; "
        "'list-wise': only rows that have all columns; 'corrected': test-wise, corrected for what the gaps depend on "
        "(fisherz); 'error': refuse such data.",
    )


def treat(data: Dataset, missing: Missing, name: str, context: Context) -> Dataset:
    """Return the data for a test, without incomplete rows if so wished.

    Raises DataError where cells are missing and must not, or fewer than four rows are left.
    """
    if data.correlation is not None or missing is Missing.TEST_WISE:
        return data
    if missing is Missing.CORRECTED:
        raise DataError("--missing corrected looks at all columns, so that it needs a search; choose another here")
    complete = np.ones(data.rows, np.bool_)
    for column in data.columns:
        gaps = column.missing
        if missing is Missing.ERROR and gaps.any():
            raise DataError(
                f"column {column.name!r} has {counted(int(gaps.sum()), 'missing cell')}; leave it out with --columns "
                f"'!{as_column(column.name)}', or use the rows that have what a test needs with --missing test-wise"
            )
        complete &= ~gaps
    rows = int(complete.sum())
    if rows < FEWEST_ROWS:
        raise DataError(
            f"{data.source or 'the data'}: only {rows} of {data.rows} rows have no missing cell, and {name} needs "
            f"{FEWEST_ROWS}; leave out columns with many missing cells ('causaldisc check' counts them)"
        )
    if rows == data.rows:
        return data
    context.warn("rows-dropped", f"{data.rows - rows} of {data.rows} rows have a missing cell and were left out")
    return data.take(complete)
