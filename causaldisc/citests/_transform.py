"""Transforms of columns that leave zero at zero: they change values, not which cells are zero."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.copula import normal_scores
from causaldisc.data.dataset import Dataset
from causaldisc.data.sparse import AnyColumn, SparseColumn
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
    return replace(data, columns=tuple(change(c) for c in data.columns))


def _log1p(column: AnyColumn) -> AnyColumn:
    if isinstance(column, SparseColumn):
        _refuse_negative(column, column.numbers)
        return replace(column, numbers=np.log1p(column.numbers))
    if column.values is None or column.is_group:
        return column
    _refuse_negative(column, column.values)
    return replace(column, values=np.log1p(column.values))


def _refuse_negative(column: AnyColumn, values: NDArray[np.float64] | NDArray[np.float32]) -> None:
    with np.errstate(invalid="ignore"):
        negative = values < 0
    if negative.any():
        first = int(negative.argmax())
        row = int(column.places[first]) if isinstance(column, SparseColumn) else first
        raise DataError(
            f"column {column.name!r} holds {values[first]:.6g} in row {row + 1}, and counts are not negative: data "
            f"that were centred or scaled have lost their zeros, so give the raw ones; if 0 marks a failure here all "
            f"the same, say --transform none, or leave the column out with --columns '!{as_column(column.name)}'"
        )


def _scores(column: AnyColumn) -> AnyColumn:
    """Return Gaussian scores of ranks, less that of zero."""
    if column.values is None or column.is_group:
        return column
    values = column.values
    scores = normal_scores(values[None])[0]
    zeros = np.flatnonzero(values == 0.0)
    found: NDArray[np.float64] = scores - scores[zeros[0]] if len(zeros) else scores
    if isinstance(column, SparseColumn):
        return SparseColumn.of(column.name, column.kind, found)
    return replace(column, values=found)
