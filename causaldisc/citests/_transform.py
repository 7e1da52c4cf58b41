"""Transforms of columns that leave zero at zero: they change values, not which cells are zero."""

from __future__ import annotations

import shlex
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

    Raises DataError for negative numbers, which have no logarithm, and whose zeros most likely are none.
    """
    if transform is Transform.NONE or data.correlation is not None:
        return data
    for column in data.columns:
        _refuse_negative(column, data.layers)
    change = {Transform.LOG1P: _log1p, Transform.RANK: _scores}[transform]
    return replace(data, columns=tuple(change(c) for c in data.columns))


def _refuse_negative(column: AnyColumn, layers: tuple[str, ...]) -> None:
    """Raise DataError for a negative number."""
    if column.values is None or column.is_group or not column.extremes[0] < 0:
        return
    row = int((column.values < 0).argmax())
    remedy = "give the raw ones"
    if layers:
        remedy += f", which may be in the same file: --layer {' or --layer '.join(map(shlex.quote, layers))}"
    raise DataError(
        f"column {column.name!r} holds {column.values[row]:.6g} in row {row + 1}, and counts are not negative: data "
        f"that were centred or scaled have lost their zeros, so {remedy}; if 0 marks a failure here all the same, say "
        f"--transform none, or leave the column out with --columns '!{as_column(column.name)}'"
    )


def _log1p(column: AnyColumn) -> AnyColumn:
    if isinstance(column, SparseColumn):
        return replace(column, numbers=np.log1p(column.numbers))
    if column.values is None or column.is_group:
        return column
    return replace(column, values=np.log1p(column.values))


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
