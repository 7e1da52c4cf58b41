# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Cholesky's decomposition of a small block with diagonal pivoting, which passes over dependent rows."""

from libc.math cimport sqrt

import numpy as np


cdef Py_ssize_t _pivoted(double[:, ::1] a, double tolerance, int[::1] order) noexcept nogil:
    """Reduce `a` in place; order[:rank] are the pivots, and column k below them is that of the factor."""
    cdef Py_ssize_t m = a.shape[0], rank = 0, i, j, k, best
    cdef double pivot
    for i in range(m):
        order[i] = i
    while rank < m:
        best = rank
        for i in range(rank + 1, m):
            if a[order[i], order[i]] > a[order[best], order[best]]:
                best = i
        order[rank], order[best] = order[best], order[rank]
        k = order[rank]
        if not a[k, k] > tolerance:
            break
        pivot = sqrt(a[k, k])
        a[k, k] = pivot
        for i in range(rank + 1, m):
            a[order[i], k] /= pivot
        for i in range(rank + 1, m):
            for j in range(rank + 1, i + 1):
                a[order[i], order[j]] -= a[order[i], k] * a[order[j], k]
                a[order[j], order[i]] = a[order[i], order[j]]
        rank += 1
    return rank


def pivoted(block, double tolerance):
    """Factor a symmetric positive semidefinite block, of shape (m, m).

    Returns the rows kept, in order of pivots (the largest remaining diagonal first, until none is above `tolerance`),
    and the lower factor L of the block of these rows. Raises ValueError when the block is not square.
    """
    cdef double[:, ::1] work
    cdef int[::1] order
    cdef Py_ssize_t rank
    copy = np.array(block, np.float64, order="C")
    if copy.ndim != 2 or copy.shape[0] != copy.shape[1]:
        raise ValueError("the block is not square")
    work = copy
    places = np.empty(len(copy), np.int32)
    order = places
    with nogil:
        rank = _pivoted(work, tolerance, order)
    kept = places[:rank].astype(np.intp)
    return kept, np.tril(copy[np.ix_(kept, kept)])
