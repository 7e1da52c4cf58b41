# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Fisher's Z test of a partial correlation, for many (x, y, given) at once."""

from libc.math cimport atanh, fabs, sqrt

import numpy as np

from log_tails cimport log_normal_tail

# The share of a variable's variance that must be left unexplained for it to count as its own variable.
# Elimination of a correlation matrix in double precision leaves errors of about 1e-15 on these shares.
cdef double SINGULAR_SHARE = 1e-11
cdef double LARGEST_CORRELATION = 1.0 - 1e-16

cdef enum:
    DECIDED = 0
    INSUFFICIENT = 1
    SINGULAR = 2
    REDUNDANT = 3


cdef int _eliminate(double* a, Py_ssize_t m, Py_ssize_t last) noexcept nogil:
    """Reduce the lower triangle of the m by m matrix `a` by its first `last` variables, in place.

    Variables that the earlier ones explain are passed over; returns the number of those that were not.
    """
    cdef Py_ssize_t i, j, k
    cdef double factor
    cdef int rank = 0
    for k in range(last):
        if a[k * m + k] < SINGULAR_SHARE:
            continue
        rank += 1
        for i in range(k + 1, m):
            factor = a[i * m + k] / a[k * m + k]
            if factor != 0.0:
                for j in range(k + 1, i + 1):
                    a[i * m + j] -= factor * a[j * m + k]
    return rank


cdef unsigned char _test(
    const double[:, ::1] r, double rows, const int* v, Py_ssize_t m, double* a, double* log_p, double* statistic
) noexcept nogil:
    """Test v[m-2] against v[m-1] given v[0..m-3]; scratch `a` holds m * m doubles."""
    cdef Py_ssize_t i, j
    cdef int rank
    cdef double vx, vy, rho, dof
    log_p[0] = 0.0
    statistic[0] = 0.0
    for i in range(m):
        for j in range(i + 1):
            a[i * m + j] = r[v[i], v[j]]
    rank = _eliminate(a, m, m - 2)
    dof = rows - rank - 3.0
    if dof <= 0.0:
        return INSUFFICIENT
    vx = a[(m - 2) * m + m - 2]
    vy = a[(m - 1) * m + m - 1]
    if vx < SINGULAR_SHARE or vy < SINGULAR_SHARE:
        return SINGULAR
    rho = a[(m - 1) * m + m - 2] / sqrt(vx * vy)
    if fabs(rho) > LARGEST_CORRELATION:
        rho = LARGEST_CORRELATION if rho > 0.0 else -LARGEST_CORRELATION
    statistic[0] = sqrt(dof) * atanh(rho)
    log_p[0] = log_normal_tail(fabs(statistic[0]))
    return DECIDED if rank == m - 2 else REDUNDANT


def fisher_z(
    const double[:, ::1] correlation,
    Py_ssize_t rows,
    const int[::1] x,
    const int[::1] y,
    const int[:, ::1] given,
    double[::1] log_p,
    double[::1] statistic,
    unsigned char[::1] verdict,
):
    """Fill log_p, statistic and verdict (each of length k) for k tests on a correlation matrix of `rows` rows.

    statistic = sqrt(rows - |given| - 3) atanh(partial correlation) (Fisher 1924); its null law is N(0, 1).
    Each conditioning set is taken in the order given, x and y in increasing order, so that exchanging them
    changes no bit. Raises ValueError for shapes that do not match or variables out of range.
    """
    cdef Py_ssize_t k = x.shape[0], depth = given.shape[1], m = depth + 2
    cdef Py_ssize_t i, j
    _check(correlation, x, y, given, log_p, statistic, verdict)
    cdef double[::1] scratch = np.empty(m * m)
    cdef int[::1] v = np.empty(m, np.int32)
    with nogil:
        for i in range(k):
            for j in range(depth):
                v[j] = given[i, j]
            v[depth] = min(x[i], y[i])
            v[depth + 1] = max(x[i], y[i])
            verdict[i] = _test(correlation, rows, &v[0], m, &scratch[0], &log_p[i], &statistic[i])


def _check(correlation, x, y, given, log_p, statistic, verdict):
    p, k = correlation.shape[0], x.shape[0]
    if correlation.shape[1] != p or any(a.shape[0] != k for a in (y, given, log_p, statistic, verdict)):
        raise ValueError("shapes do not match")
    for a in (x, y, given):
        a = np.asarray(a)
        if a.size and (a.min() < 0 or a.max() >= p):
            raise ValueError(f"variables must lie in 0..{p - 1}")
