# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The pairs of a skeleton, from a mask, and the neighbours of every node, as compressed rows."""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

import numpy as np


def marked(const unsigned char[:, ::1] mask):
    """Return the places where a mask is not 0, in order; int32, (k, 2)."""
    cdef Py_ssize_t count = np.count_nonzero(mask), rows = mask.shape[0], columns = mask.shape[1], i, at = 0
    cdef int[:, ::1] pairs = np.empty((count, 2), np.int32)
    if count:
        with nogil:
            for i in range(rows):
                at += _places(&mask[i, 0], columns, <int> i, &pairs[0, 0] + 2 * at)
    return np.asarray(pairs)


cdef Py_ssize_t _places(const unsigned char* row, Py_ssize_t columns, int number, int* out) noexcept nogil:
    """Write what is marked in a row; returns how many. Eight bytes without a mark are one step."""
    cdef Py_ssize_t j = 0, count = 0, end
    cdef uint64_t word
    while j < columns:
        end = min(j + 8, columns)
        if end == j + 8:
            memcpy(&word, row + j, 8)
            if not word:
                j = end
                continue
        while j < end:
            if row[j]:
                out[2 * count], out[2 * count + 1] = number, <int> j
                count += 1
            j += 1
    return count


def of_pairs(const int[:, ::1] pairs, const unsigned char[:, ::1] forbidden, int[::1] starts, int[::1] members):
    """Fill members[starts[v]:starts[v + 1]] with the neighbours of v in increasing order; returns how many in all.

    `pairs`, shape (k, 2), holds u < v in increasing order; `starts` has length p + 1, `members` 2 k. `forbidden`,
    shape (p, p) or None: u is left out of the neighbours of v where forbidden[u, v].
    Raises ValueError for shapes that do not match, pairs out of range or out of order.
    """
    cdef Py_ssize_t p = starts.shape[0] - 1, k = pairs.shape[0], i
    cdef int u, v
    cdef bint all_may = forbidden is None
    _check(p, pairs, forbidden, members.shape[0])
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


cdef _check(Py_ssize_t p, const int[:, ::1] pairs, const unsigned char[:, ::1] forbidden, Py_ssize_t members):
    cdef Py_ssize_t k = pairs.shape[0], i
    cdef bint wrong = False
    if pairs.shape[1] != 2 or members != 2 * k:
        raise ValueError("shapes do not match")
    if forbidden is not None and (forbidden.shape[0] != p or forbidden.shape[1] != p):
        raise ValueError("shapes do not match")
    for i in range(k):
        wrong |= pairs[i, 0] < 0 or pairs[i, 0] >= pairs[i, 1] or pairs[i, 1] >= p
        if i:
            wrong |= pairs[i - 1, 0] > pairs[i, 0]
            wrong |= pairs[i - 1, 0] == pairs[i, 0] and pairs[i - 1, 1] >= pairs[i, 1]
    if wrong:
        raise ValueError(f"pairs must be u < v, in increasing order, of nodes in 0..{p - 1}")
