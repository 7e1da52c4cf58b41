"""Pairs of nodes as rows (int32, (k, 2)), x < y, in increasing order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import neighbours

# Masks of fewer nodes are worked through in less time than threads take to start.
MANY_NODES = 3000


def above_diagonal(nodes: int) -> NDArray[np.bool_]:
    """Return the mask of all pairs, shape (nodes, nodes)."""
    mask: NDArray[np.bool_] = np.tri(nodes, dtype=np.bool_)
    return np.logical_not(mask, out=mask)


def marked(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the places where a mask of two dimensions is True."""
    return neighbours.marked(np.ascontiguousarray(mask).view(np.uint8))


def unmarked(mask: NDArray[np.bool_], threads: int = 1) -> NDArray[np.int32]:
    """Return the pairs x < y where a mask, shape (nodes, nodes), is False."""
    return neighbours.unmarked(mask.view(np.uint8), threads if len(mask) >= MANY_NODES else 1)


def complement(mask: NDArray[np.bool_], threads: int = 1) -> NDArray[np.bool_]:
    """Exchange, in place, True and False above the diagonal of a mask, whose rest becomes False, and return it."""
    neighbours.complement(mask.view(np.uint8), threads if len(mask) >= MANY_NODES else 1)
    return mask


def keys(pairs: NDArray[np.int32], nodes: int) -> NDArray[np.int64]:
    """Return a number for each pair that grows in the order of pairs."""
    return pairs[:, 0].astype(np.int64) * nodes + pairs[:, 1]
