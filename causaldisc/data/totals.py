"""Sums of rows, such as the depth at which a cell was read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.data.sparse import SparseColumn


def totals(data: Dataset) -> NDArray[np.float64]:
    """Return the sum of the numbers of each row, of all columns that the data had; missing cells count as 0."""
    if data.totals is not None:
        return data.totals
    found = np.zeros(data.rows)
    for column in data.columns:
        if isinstance(column, SparseColumn):
            found[column.places] += np.nan_to_num(column.numbers)
        elif column.values is not None and not column.is_group:
            found += np.nan_to_num(column.values)
    return found
