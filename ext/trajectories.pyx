# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Null laws of the agreement of two trajectories: that of one is rearranged, or its frequencies change sign."""

from libc.math cimport exp
from libc.stdlib cimport free, malloc

import numpy as np


cdef void _permuted(
    const double[:, ::1] a, const double[:, ::1] b, const int[:, ::1] orders, double[::1] out
) noexcept nogil:
    cdef Py_ssize_t m = a.shape[0], draw, i, j
    cdef const int* order
    cdef double sum
    for draw in range(orders.shape[0]):
        order = &orders[draw, 0]
        sum = 0.0
        for i in range(m):
            for j in range(i):
                sum += a[i, j] * b[order[i], order[j]]
        sum *= 2.0
        for i in range(m):
            sum += a[i, i] * b[order[i], order[i]]
        out[draw] = sum


def permuted(const double[:, ::1] a, const double[:, ::1] b, const int[:, ::1] orders):
    """Return sum_ij a[i, j] b[o[i], o[j]] of two symmetric matrices for every order o, a row of `orders`.

    Raises ValueError for shapes that do not match or numbers out of range.
    """
    cdef Py_ssize_t m = a.shape[0], i, j
    cdef bint wrong = False
    if a.shape[1] != m or b.shape[0] != m or b.shape[1] != m or orders.shape[1] != m:
        raise ValueError("shapes do not match")
    for i in range(orders.shape[0]):
        for j in range(m):
            wrong |= orders[i, j] < 0 or orders[i, j] >= m
    if wrong:
        raise ValueError("a number is out of range")
    sums = np.zeros(orders.shape[0])
    cdef double[::1] out = sums
    if m:
        with nogil:
            _permuted(a, b, orders, out)
    return sums


cdef void _flipped(
    const double[:, ::1] a, const double[:, ::1] places, const double[:, ::1] coefficients,
    const double[:, ::1] signs, double rate, double* values, double[::1] out
) noexcept nogil:
    cdef Py_ssize_t m = places.shape[0], functions = places.shape[1], features = coefficients.shape[1], draw, i, j, k
    cdef double sum, distance, weight, step
    for draw in range(signs.shape[0]):
        for i in range(m * features):
            values[i] = 0.0
        for i in range(m):
            for j in range(functions):
                weight = places[i, j] * signs[draw, j]
                for k in range(features):
                    values[i * features + k] += weight * coefficients[j, k]
        sum = 0.0
        for i in range(m):
            for j in range(i):
                distance = 0.0
                for k in range(features):
                    step = values[i * features + k] - values[j * features + k]
                    distance += step * step
                sum += a[i, j] * exp(-rate * distance)
        sum *= 2.0
        for i in range(m):
            sum += a[i, i]
        out[draw] = sum


def flipped(
    const double[:, ::1] a,
    const double[:, ::1] places,
    const double[:, ::1] coefficients,
    const double[:, ::1] signs,
    double rate,
):
    """Return sum_ij a[i, j] exp(-rate |v_i - v_j|^2), a symmetric, for every row of `signs`.

    v_i are the rows of places diag(signs) coefficients. Raises ValueError for shapes that do not match, MemoryError.
    """
    cdef Py_ssize_t m = a.shape[0]
    cdef double* values
    if (
        a.shape[1] != m or places.shape[0] != m or coefficients.shape[0] != places.shape[1]
        or signs.shape[1] != places.shape[1]
    ):
        raise ValueError("shapes do not match")
    sums = np.zeros(signs.shape[0])
    cdef double[::1] out = sums
    if m and signs.shape[0]:
        values = <double*> malloc((m * coefficients.shape[1] + 1) * sizeof(double))
        if values == NULL:
            raise MemoryError
        with nogil:
            _flipped(a, places, coefficients, signs, rate, values, out)
        free(values)
    return sums
