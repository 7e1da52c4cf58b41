"""Ranks of the known cells of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def average_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ranks 1, 2, ... of the numbers in each row, NaN where missing; equal numbers share their mean rank."""
    ranks = np.full_like(values, np.nan)
    for row, into in zip(values, ranks, strict=True):
        known = np.flatnonzero(~np.isnan(row))
        order = known[np.argsort(row[known], kind="stable")]
        sorted_ = row[order]
        starts = np.flatnonzero(np.concatenate([[True], sorted_[1:] != sorted_[:-1]])) if len(order) else order
        lengths = np.diff([*starts.tolist(), len(order)])
        into[order] = np.repeat(starts + 0.5 * (lengths + 1), lengths)
    return ranks
