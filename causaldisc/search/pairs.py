"""Pairs of nodes as rows (int32, (k, 2)), x < y, in increasing order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def above_diagonal(nodes: int) -> NDArray[np.bool_]:
    """Return the mask of all pairs, shape (nodes, nodes)."""
    mask: NDArray[np.bool_] = np.tri(nodes, dtype=np.bool_)
    return np.logical_not(mask, out=mask)


def marked(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the places where a mask of two dimensions is True."""
    places = np.flatnonzero(mask)
    found = np.empty((len(places), 2), np.int32)
    x, y = np.divmod(places, mask.shape[1])
    found[:, 0], found[:, 1] = x, y
    return found


def keys(pairs: NDArray[np.int32], nodes: int) -> NDArray[np.int64]:
    """Return a number for each pair that grows in the order of pairs."""
    return pairs[:, 0].astype(np.int64) * nodes + pairs[:, 1]
