# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Moments of the element-wise product of two symmetric matrices, which is never formed."""

cdef extern from "hadamard.h" nogil:
    void causaldisc_products(const double* a, const double* b, long n, double* total, double* squares)
    double causaldisc_squares(const float* a, const float* b, long n)


cdef void _moments(const double[:, ::1] a, const double[:, ::1] b, double* out) noexcept nogil:
    cdef Py_ssize_t n = a.shape[0], i
    cdef double m, total = 0.0, squares = 0.0, trace = 0.0, diagonal = 0.0
    for i in range(n):
        m = a[i, i] * b[i, i]
        trace += m
        diagonal += m * m
        if i + 1 < n:
            causaldisc_products(&a[i, i + 1], &b[i, i + 1], n - i - 1, &total, &squares)
    out[0] = trace + 2.0 * total
    out[1] = trace
    out[2] = diagonal + 2.0 * squares


def moments(const double[:, ::1] a, const double[:, ::1] b):
    """Return the sum, the trace and the sum of squares of the element-wise product of two symmetric matrices.

    Only the diagonal and what lies above it are read. Raises ValueError for shapes that do not match.
    """
    cdef double[3] out
    if a.shape[0] != a.shape[1] or a.shape[0] != b.shape[0] or b.shape[0] != b.shape[1]:
        raise ValueError("shapes do not match")
    with nogil:
        _moments(a, b, out)
    return out[0], out[1], out[2]


def squares(const float[:, ::1] a, const float[:, ::1] b):
    """Return the sum of squares of the element-wise product of two blocks of single precision.

    Raises ValueError for shapes that do not match.
    """
    cdef Py_ssize_t i
    cdef double total = 0.0
    if a.shape[0] != b.shape[0] or a.shape[1] != b.shape[1]:
        raise ValueError("shapes do not match")
    if a.shape[1] == 0:
        return 0.0
    with nogil:
        for i in range(a.shape[0]):
            total += causaldisc_squares(&a[i, 0], &b[i, 0], a.shape[1])
    return total
