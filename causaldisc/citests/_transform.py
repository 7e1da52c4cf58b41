"""Transforms of columns that leave zero at zero: they change values, not which cells are zero."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.copula import normal_scores
from causaldisc.data.dataset import Column, Dataset
from causaldisc.errors import DataError
from causaldisc.quoting import as_column


class Transform(Enum):
    """What is done to the numbers of a column."""

    LOG1P = "log1p"
    NONE = "none"
    RANK = "rank"


def transformed(data: Dataset, transform: Transform) -> Dataset:
    """Return the data with other numbers; the categories of discrete columns stay.

    Raises DataError for a negative number where the logarithm is asked for.
    """
    if transform is Transform.NONE or data.correlation is not None:
        return data
    change = {Transform.LOG1P: _log1p, Transform.RANK: _scores}[transform]
    columns = (c if c.values is None or c.is_group else replace(c, values=change(c, c.values)) for c in data.columns)
    return replace(data, columns=tuple(columns))


def _log1p(column: Column, values: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        negative = values < 0
    if negative.any():
        row = int(negative.argmax())
        raise DataError(
            f"column {column.name!r} holds {values[row]:.6g} in row {row + 1}, and counts are not negative: data that "
            f"were centred or scaled have lost their zeros, so give the raw ones; if 0 marks a failure here all the "
            f"same, say --transform none, or leave the column out with --columns '!{as_column(column.name)}'"
        )
    return np.log1p(values)


def _scores(column: Column, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Gaussian scores of ranks, less that of zero."""
    scores = normal_scores(values[None])[0]
    zeros = np.flatnonzero(values == 0.0)
    found: NDArray[np.float64] = scores - scores[zeros[0]] if len(zeros) else scores
    return found
