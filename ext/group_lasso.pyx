# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The group lasso from Gram matrices, for many targets along a path of penalties.

For each target, with G the Gram matrix of m = groups * size columns and c their products with the target,

    (1)  minimise  1/2 b'G b - c'b + penalty * sum_g factor_g ||b_g||

by exact block coordinate descent on an active set. A block whose partial residual r has ||r|| <= l = penalty * factor is
0; else b_g = (G_gg + l / t)^-1 r, where t = ||b_g|| is the root of ||(t G_gg + l)^-1 r|| = 1: in the eigenvectors of
G_gg a secular equation, whose reciprocal root is concave in t, so that Newton's steps from 0 rise to it (Moré and
Sorensen 1983).
"""

from cython.parallel cimport prange
from libc.math cimport fabs, sqrt

import numpy as np

cdef double SMALLEST = 1e-10  # of an eigenvalue, where columns have variance one
cdef double SLACK = 1e-9  # by how much a gradient may exceed its penalty
cdef int MOST_STEPS = 60


def paths(
    const double[:, ::1] gram,
    const double[:, ::1] cross,
    const double[:, ::1] eigenvalues,
    const double[:, :, ::1] eigenvectors,
    const double[::1] penalties,
    const double[:, ::1] factors,
    double tolerance,
    int most_sweeps,
    int threads,
):
    """Return the coefficients, shape (penalties, targets, m), and whether each has converged, (penalties, targets).

    `cross[j]` holds c of target j; `eigenvectors[g, i]` is the i-th of the block g; `factors`, shape (targets, groups),
    weigh the penalty. Penalties are used in the order given, each from the answer of the one before.
    Raises ValueError for shapes that do not match.
    """
    cdef Py_ssize_t targets = cross.shape[0], m = cross.shape[1], j
    cdef Py_ssize_t groups = eigenvalues.shape[0], size = eigenvalues.shape[1]
    if gram.shape[0] != m or gram.shape[1] != m or groups * size != m or not m:
        raise ValueError("shapes do not match")
    if (eigenvectors.shape[0] != groups or eigenvectors.shape[1] != size or eigenvectors.shape[2] != size
            or factors.shape[0] != targets or factors.shape[1] != groups):
        raise ValueError("shapes do not match")
    cdef double[:, :, ::1] found = np.zeros((penalties.shape[0], targets, m))
    cdef unsigned char[:, ::1] converged = np.zeros((penalties.shape[0], targets), np.uint8)
    cdef double[:, ::1] gradient = np.array(cross), b = np.zeros((targets, m)), spare = np.empty((targets, 2 * size))
    cdef unsigned char[:, ::1] active = np.zeros((targets, groups), np.uint8)
    if targets:
        for j in prange(targets, nogil=True, num_threads=threads, schedule="dynamic", chunksize=1):
            _path(gram, eigenvalues, eigenvectors, penalties, &factors[j, 0], tolerance, most_sweeps,
                  &gradient[j, 0], &b[j, 0], &spare[j, 0], &active[j, 0], found, converged, j)
    return np.asarray(found), np.asarray(converged).view(np.bool_)


cdef void _path(
    const double[:, ::1] gram, const double[:, ::1] values, const double[:, :, ::1] vectors,
    const double[::1] penalties, const double* factors, double tolerance, int most_sweeps, double* gradient,
    double* b, double* spare, unsigned char* active, double[:, :, ::1] found, unsigned char[:, ::1] converged,
    Py_ssize_t target,
) noexcept nogil:
    """Follow the path of one target."""
    cdef Py_ssize_t k, a
    for k in range(penalties.shape[0]):
        converged[k, target] = _solve(
            gram, values, vectors, penalties[k], factors, tolerance, most_sweeps, gradient, b, spare, active
        )
        for a in range(gram.shape[0]):
            found[k, target, a] = b[a]


cdef bint _solve(
    const double[:, ::1] gram, const double[:, ::1] values, const double[:, :, ::1] vectors, double penalty,
    const double* factors, double tolerance, int most_sweeps, double* gradient, double* b, double* spare,
    unsigned char* active,
) noexcept nogil:
    """Minimise (1) from b, which has the gradient c - G b; returns whether the sweeps sufficed."""
    cdef Py_ssize_t g, groups = values.shape[0], size = values.shape[1]
    cdef double change, bound
    cdef int sweep
    cdef bint is_new = True
    for sweep in range(most_sweeps):
        change = 0.0
        for g in range(groups):
            if active[g]:
                change = max(change, _update(gram, values, vectors, g, penalty * factors[g], gradient, b, spare))
        if change > tolerance:
            continue
        is_new = False
        for g in range(groups):
            bound = penalty * factors[g]
            if not active[g] and _norm(&gradient[g * size], size) > bound * (1.0 + SLACK):
                active[g] = True
                is_new = True
                _update(gram, values, vectors, g, bound, gradient, b, spare)
        if not is_new:
            return True
    return False


cdef double _norm(const double* v, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t a
    cdef double total = 0.0
    for a in range(size):
        total += v[a] * v[a]
    return sqrt(total)


cdef double _update(
    const double[:, ::1] gram, const double[:, ::1] values, const double[:, :, ::1] vectors, Py_ssize_t g,
    double bound, double* gradient, double* b, double* spare,
) noexcept nogil:
    """Minimise (1) over block g and keep the gradient; returns the largest change of a coefficient."""
    cdef Py_ssize_t size = values.shape[1], m = gram.shape[0], start = g * size, i, a
    cdef double* v = spare
    cdef double* z = spare + size
    cdef double along, inside, step, change = 0.0
    for i in range(size):  # the partial residual in the eigenvectors of the block
        along, inside = 0.0, 0.0
        for a in range(size):
            along += vectors[g, i, a] * gradient[start + a]
            inside += vectors[g, i, a] * b[start + a]
        v[i] = along + values[g, i] * inside
    _block(&values[g, 0], v, z, size, bound)
    for a in range(size):
        step = -b[start + a]
        for i in range(size):
            step += vectors[g, i, a] * z[i]
        if step == 0.0:
            continue
        b[start + a] += step
        change = max(change, fabs(step))
        for i in range(m):
            gradient[i] -= gram[start + a, i] * step
    return change


cdef void _block(const double* d, const double* v, double* z, Py_ssize_t size, double bound) noexcept nogil:
    """Write the minimiser of 1/2 z'D z - v'z + bound ||z||."""
    cdef Py_ssize_t i
    cdef double t = 0.0, before, square, slope, ratio
    cdef int step
    if bound <= 0.0:
        for i in range(size):
            z[i] = v[i] / d[i] if d[i] > SMALLEST else 0.0
        return
    if _norm(v, size) <= bound:
        for i in range(size):
            z[i] = 0.0
        return
    for step in range(MOST_STEPS):
        square, slope = 0.0, 0.0
        for i in range(size):
            ratio = v[i] / (max(d[i], SMALLEST) * t + bound)
            square += ratio * ratio
            slope += ratio * ratio * max(d[i], SMALLEST) / (max(d[i], SMALLEST) * t + bound)
        before = t
        t += square * (sqrt(square) - 1.0) / slope
        if t <= before * (1.0 + 1e-15):
            break
    for i in range(size):
        z[i] = v[i] * t / (max(d[i], SMALLEST) * t + bound)
