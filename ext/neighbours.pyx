# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The neighbours of every node of a skeleton, as compressed rows."""

import numpy as np


def of_pairs(const int[:, ::1] pairs, const unsigned char[:, ::1] forbidden, int[::1] starts, int[::1] members):
    """Fill members[starts[v]:starts[v + 1]] with the neighbours of v in increasing order; returns how many in all.

    `pairs`, shape (k, 2), holds u < v in increasing order; `starts` has length p + 1, `members` 2 k. `forbidden`,
    shape (p, p) or None: u is left out of the neighbours of v where forbidden[u, v].
    Raises ValueError for shapes that do not match, nodes out of range or pairs out of order.
    """
    cdef Py_ssize_t p = starts.shape[0] - 1, k = pairs.shape[0], i
    cdef int u, v
    cdef bint all_may = forbidden is None
    _check(p, np.asarray(pairs), forbidden, members)
    cdef int[::1] filled = np.zeros(p + 1, np.int32)
    with nogil:
        for i in range(k):
            u, v = pairs[i, 0], pairs[i, 1]
            filled[u] += all_may or not forbidden[v, u]
            filled[v] += all_may or not forbidden[u, v]
        starts[0] = 0
        for i in range(p):
            starts[i + 1] = starts[i] + filled[i]
            filled[i] = starts[i]
        # All pairs (u, v) with u < v come before the pairs (v, w): both passes meet a node's neighbours in order.
        for i in range(k):
            u, v = pairs[i, 0], pairs[i, 1]
            if all_may or not forbidden[u, v]:
                members[filled[v]] = u
                filled[v] += 1
        for i in range(k):
            u, v = pairs[i, 0], pairs[i, 1]
            if all_may or not forbidden[v, u]:
                members[filled[u]] = v
                filled[u] += 1
    return starts[p]


def _check(p, pairs, forbidden, members):
    if pairs.shape[1] != 2 or members.shape[0] != 2 * len(pairs):
        raise ValueError("shapes do not match")
    if forbidden is not None and (forbidden.shape[0] != p or forbidden.shape[1] != p):
        raise ValueError("shapes do not match")
    if len(pairs):
        if pairs.min() < 0 or pairs.max() >= p:
            raise ValueError(f"nodes must lie in 0..{p - 1}")
        keys = pairs[:, 0].astype(np.int64) * p + pairs[:, 1]
        if (pairs[:, 0] >= pairs[:, 1]).any() or (np.diff(keys) <= 0).any():
            raise ValueError("pairs must be u < v, in increasing order")
