"""Data drawn anew from data: rows, blocks of rows in order of a series, or a part without repetitions."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.data.sparse import AnyColumn, SparseColumn
from causaldisc.data.validation import is_all_missing, is_constant
from causaldisc.errors import DataError

BLOCKS = 20  # of a series, unless a length is given
BLOCK = "block"


class Kind(Enum):
    """How rows are drawn: with repetitions (B. Efron 1979); in contiguous blocks, with repetitions (H. Künsch 1989); a
    share of them, without."""

    ROWS = "rows"
    BLOCKS = "blocks"
    SUBSAMPLE = "subsample"


def places(
    rows: int, kind: Kind, share: float, length: int | None, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows drawn, and the number of the block of each.

    Raises DataError for blocks longer than the data.
    """
    if kind is Kind.ROWS:
        return np.sort(rng.integers(rows, size=rows)), np.zeros(rows, np.int64)
    if kind is Kind.SUBSAMPLE:
        number = max(int(share * rows), 1)
        return np.sort(rng.permutation(rows)[:number]), np.zeros(number, np.int64)
    length = -(-rows // BLOCKS) if length is None else length
    if length > rows:
        raise DataError(f"blocks of {length} rows do not fit into {rows}; give a smaller --block-rows")
    starts = rng.integers(rows - length + 1, size=-(-rows // length))
    drawn = (starts[:, None] + np.arange(length)).ravel()[:rows]
    return drawn, np.repeat(np.arange(len(starts)), length)[:rows]


def drawn(data: Dataset, rows: NDArray[np.int64], blocks: NDArray[np.int64], keep_apart: bool) -> Dataset:
    """Return the data of some rows, less the columns that do not vary in them.

    With `keep_apart`, a context says which block a row is from, so that no lag reaches over its end.
    """
    columns = [_taken(c, rows) for c in data.columns]
    columns = [c for c in columns if not (is_all_missing(c) or is_constant(c))]
    if keep_apart:
        name = BLOCK
        while name in data.names:
            name += "_"
        columns.append(Column(name, ColumnKind.CONTEXT, blocks.astype(np.float64)))
    totals = None if data.totals is None else data.totals[rows]
    return replace(data, columns=tuple(columns), rows=len(rows), totals=totals, notices=())


def _taken(column: AnyColumn, rows: NDArray[np.int64]) -> AnyColumn:
    values, codes = column.values, column.codes
    if isinstance(column, SparseColumn):
        return SparseColumn.of(column.name, column.kind, column.values[rows])
    return Column(
        column.name,
        column.kind,
        None if values is None else values[rows],
        None if codes is None else codes[rows],
        column.levels,
    )
