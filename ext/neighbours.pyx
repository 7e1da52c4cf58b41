# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The pairs of a skeleton, from a mask, and the neighbours of every node, as compressed rows."""

from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

import numpy as np


def marked(const unsigned char[:, ::1] mask):
    """Return the places where a mask of bytes 0 and 1 holds 1, in order; int32, (k, 2)."""
    return _where(mask, True, False, 1)


def unmarked(const unsigned char[:, ::1] mask, int threads):
    """Return the places above the diagonal where a mask of bytes 0 and 1 holds 0, in order; int32, (k, 2)."""
    return _where(mask, False, True, threads)


def complement(unsigned char[:, ::1] mask, int threads):
    """Exchange the 0 and 1 of a mask above the diagonal, and make the rest 0."""
    cdef Py_ssize_t i, j, columns = mask.shape[1]
    for i in prange(mask.shape[0], nogil=True, num_threads=threads, schedule="static", chunksize=16):
        memset(&mask[i, 0], 0, min(i + 1, columns))
        for j in range(i + 1, columns):
            mask[i, j] ^= 1


cdef _where(const unsigned char[:, ::1] mask, bint sought, bint above, int threads):
    """Return the places where a mask holds what is sought, all of them or those above the diagonal."""
    cdef Py_ssize_t rows = mask.shape[0], columns = mask.shape[1], i
    cdef long long[::1] starts = np.zeros(rows + 1, np.int64)
    if not rows or not columns:
        return np.empty((0, 2), np.int32)
    for i in prange(rows, nogil=True, num_threads=threads, schedule="static", chunksize=16):
        starts[i + 1] = _count(&mask[i, 0], i + 1 if above else 0, columns, sought)
    np.cumsum(starts, out=np.asarray(starts))
    cdef int[:, ::1] pairs = np.empty((starts[rows], 2), np.int32)
    for i in prange(rows, nogil=True, num_threads=threads, schedule="static", chunksize=16):
        if starts[i + 1] > starts[i]:
            _places(&mask[i, 0], i + 1 if above else 0, columns, sought, <int> i, &pairs[starts[i], 0])
    return np.asarray(pairs)


cdef Py_ssize_t _count(const unsigned char* row, Py_ssize_t begin, Py_ssize_t end, bint sought) noexcept nogil:
    """Return how many bytes are what is sought."""
    cdef Py_ssize_t j, last, ones = 0
    cdef unsigned char few
    j = begin
    while j < end:
        last = min(j + 128, end)
        few = 0
        while j < last:
            few += row[j]
            j += 1
        ones += few
    return ones if sought else max(end - begin, 0) - ones


cdef void _places(
    const unsigned char* row, Py_ssize_t begin, Py_ssize_t columns, bint sought, int number, int* out
) noexcept nogil:
    """Write where a row holds what is sought. Eight bytes that hold none of it are one step."""
    cdef Py_ssize_t j = begin, end
    cdef uint64_t word, without = 0 if sought else 0x0101010101010101
    while j < columns:
        end = min(j + 8, columns)
        if end == j + 8:
            memcpy(&word, row + j, 8)
            if word == without:
                j = end
                continue
        while j < end:
            if row[j] == sought:
                out[0], out[1] = number, <int> j
                out += 2
            j += 1


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
