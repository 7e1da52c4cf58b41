"""Pairs of nodes as rows (int32, (k, 2)), x < y, in increasing order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import neighbours


def above_diagonal(nodes: int) -> NDArray[np.bool_]:
    """Return the mask of all pairs, shape (nodes, nodes)."""
    mask: NDArray[np.bool_] = np.tri(nodes, dtype=np.bool_)
    return np.logical_not(mask, out=mask)


def marked(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the places where a mask of two dimensions is True."""
    return neighbours.marked(np.ascontiguousarray(mask).view(np.uint8))


def keys(pairs: NDArray[np.int32], nodes: int) -> NDArray[np.int64]:
    """Return a number for each pair that grows in the order of pairs."""
    return pairs[:, 0].astype(np.int64) * nodes + pairs[:, 1]
