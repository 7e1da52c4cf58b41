# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""One depth of the search for separating sets, for Fisher's Z: which pairs are separated, and by what.

Conditioning sets are enumerated depth first. The covariances given the sets' common beginning are carried down the
tree (a Schur complement a step), so a test costs a dozen operations whatever its depth, and the tests of all last
variables are done at once (lanes.h). A test is a comparison of squares with a bound: no root, no logarithm, no
p-value. The bound is the smallest squared partial correlation that the pair has met, so that one comparison finds
both what separates and what comes nearest to it.
"""

from cython.parallel cimport parallel, prange
from libc.stdlib cimport calloc, free

import numpy as np

cdef extern from "lanes.h":
    enum: CAUSALDISC_LANES
    long causaldisc_scan(
        const double*, const double*, const double*, long, long, double, double, double, double) noexcept nogil
    long causaldisc_scan_eliminating(
        const double*, const double*, const double*, const double*, long, long, double, double, double, double,
        double, double, double) noexcept nogil
    void causaldisc_eliminate(double*, const double*, const double*, double, long, long) noexcept nogil

# As in partial.pyx: the share of a variance that must be left for the variable to count as its own.
cdef double SINGULAR_SHARE = 1e-11


cdef struct Walk:
    # What one thread needs to walk the sets of one end of a pair. `level` is how many variables are chosen.
    long size  # candidates
    long stride  # length of a padded row
    long depth  # size of the sets
    double threshold  # squared correlation at which a pair is separated
    double bound  # smallest squared correlation met so far
    long long tests
    double* x  # covariances of the candidates with x, a row a level
    double* y
    double* v  # variances of the candidates
    double* matrix  # covariances among the candidates, stride rows a level
    double* pair  # cxy, cxx, cyy, a row a level
    int* candidates  # their column numbers
    long* chosen  # places of the chosen candidates
    int* best  # the set that the bound comes from, by column number


cdef int _open(Walk* w, long most, long depth) noexcept nogil:
    """Allocate for up to `most` candidates; returns 0 when memory is lacking."""
    w.stride = (most // CAUSALDISC_LANES + 2) * CAUSALDISC_LANES
    w.depth = depth
    w.x = <double*> calloc(depth * w.stride, sizeof(double))
    w.y = <double*> calloc(depth * w.stride, sizeof(double))
    w.v = <double*> calloc(depth * w.stride, sizeof(double))
    # A level's matrix is read by the level below; the last two levels need none of their own.
    w.matrix = <double*> calloc(max(depth - 1, 1) * w.stride * (w.stride if depth > 1 else 1), sizeof(double))
    w.pair = <double*> calloc(3 * depth, sizeof(double))
    w.candidates = <int*> calloc(w.stride, sizeof(int))
    w.chosen = <long*> calloc(depth, sizeof(long))
    w.best = <int*> calloc(depth, sizeof(int))
    return (w.x and w.y and w.v and w.matrix and w.pair and w.candidates and w.chosen and w.best) != NULL


cdef void _close(Walk* w) noexcept nogil:
    free(w.x)
    free(w.y)
    free(w.v)
    free(w.matrix)
    free(w.pair)
    free(w.candidates)
    free(w.chosen)
    free(w.best)


cdef void _set_out(Walk* w, const double[:, ::1] r, int x, int y) noexcept nogil:
    """Fill the first level from the correlation matrix."""
    cdef long i, j
    cdef double* row
    for i in range(w.size):
        w.x[i] = r[x, w.candidates[i]]
        w.y[i] = r[y, w.candidates[i]]
        w.v[i] = 1.0
    for i in range(w.size, w.size + CAUSALDISC_LANES):
        w.x[i] = w.y[i] = w.v[i] = 0.0
    w.pair[0] = r[x, y]
    w.pair[1] = w.pair[2] = 1.0
    if w.depth > 1:
        for i in range(w.size):
            row = w.matrix + i * w.stride
            for j in range(i + 1, w.size):
                row[j] = r[w.candidates[i], w.candidates[j]]
            for j in range(w.size, w.size + CAUSALDISC_LANES):
                row[j] = 0.0


cdef long long _sets(long members, long size) noexcept nogil:
    """Return the number of sets of `size` out of `members`."""
    cdef long long count = 1
    cdef long i
    if size > members:
        return 0
    for i in range(size):
        count = count * (members - i) // (i + 1)
    return count


cdef bint _last(
    Walk* w, long level, long q, long start, long end, double ax, double ay, double av,
    double cxy, double cxx, double cyy
) noexcept nogil:
    """Test all sets that end the present prefix with one z in [start, end); q < 0, or the place of a variable
    that joins the prefix on the way. Returns whether one separates; the bound and the best set are kept."""
    cdef const double* x = w.x + level * w.stride
    cdef const double* y = w.y + level * w.stride
    cdef const double* v = w.v + level * w.stride
    cdef const double* c = w.matrix + (level * w.stride + max(q, 0)) * w.stride if w.depth > 1 else NULL
    cdef double a, b, u, cross, vx, vy, squared
    cdef long z = start, i
    while True:
        if q < 0:
            z = causaldisc_scan(x, y, v, z, end, cxy, cxx, cyy, w.bound)
        else:
            z = causaldisc_scan_eliminating(x, y, v, c, z, end, ax, ay, av, cxy, cxx, cyy, w.bound)
        if z >= end:
            w.tests += end - start
            return False
        a, b, u = x[z], y[z], v[z]
        if q >= 0:
            a, b, u = a - ax * c[z], b - ay * c[z], u - (av * c[z]) * c[z]
        vx = cxx * u - a * a
        vy = cyy * u - b * b
        # A variable that the others explain decides nothing: its test is noise, or one already made without it.
        if u >= SINGULAR_SHARE and vx >= SINGULAR_SHARE * u and vy >= SINGULAR_SHARE * u:
            cross = cxy * u - a * b
            squared = cross * cross / (vx * vy)
            if squared < w.bound:
                w.bound = squared
                for i in range(level):
                    w.best[i] = w.candidates[w.chosen[i]]
                if q >= 0:
                    w.best[w.depth - 2] = w.candidates[q]
                w.best[w.depth - 1] = w.candidates[z]
                if squared <= w.threshold:
                    w.tests += z - start + 1
                    return True
        z += 1


cdef bint _descend(Walk* w, long level, long start, long first_end) noexcept nogil:
    """Walk all sets that continue the prefix with candidates from `start` on; the first of all must lie before
    `first_end`. Returns whether one separates."""
    cdef double* x = w.x + level * w.stride
    cdef double* y = w.y + level * w.stride
    cdef double* v = w.v + level * w.stride
    cdef double* matrix = w.matrix + level * w.stride * w.stride
    cdef double* pair = w.pair + 3 * level
    cdef double* below
    cdef long left = w.depth - level, end, q, r
    cdef double ax, ay, av, cxy, cxx, cyy
    end = w.size - left + 1
    if level == 0 and first_end < end:
        end = first_end
    if left == 1:
        return _last(w, level, -1, start, end, 0.0, 0.0, 0.0, pair[0], pair[1], pair[2])
    for q in range(start, end):
        av = 1.0 / v[q]
        ax = x[q] * av
        ay = y[q] * av
        cxy = pair[0] - ax * y[q]
        cxx = pair[1] - ax * x[q]
        cyy = pair[2] - ay * y[q]
        if v[q] < SINGULAR_SHARE or cxx < SINGULAR_SHARE or cyy < SINGULAR_SHARE:
            w.tests += _sets(w.size - q - 1, left - 1)
            continue
        w.chosen[level] = q
        if left == 2:
            if _last(w, level, q, q + 1, w.size, ax, ay, av, cxy, cxx, cyy):
                return True
            continue
        below = matrix + q * w.stride
        causaldisc_eliminate(x + w.stride, x, below, ax, q + 1, w.size)
        causaldisc_eliminate(y + w.stride, y, below, ay, q + 1, w.size)
        for r in range(q + 1, w.size):
            v[w.stride + r] = v[r] - (av * below[r]) * below[r]
        for r in range(w.size, w.size + CAUSALDISC_LANES):
            v[w.stride + r] = 0.0
        for r in range(q + 1, w.size - 1):
            causaldisc_eliminate(
                matrix + (w.stride + r) * w.stride, matrix + r * w.stride, below, av * below[r], r + 1, w.size)
        pair[3] = cxy
        pair[4] = cxx
        pair[5] = cyy
        if _descend(w, level + 1, q + 1, first_end):
            return True
    return False


cdef bint _contains(const int* sorted_numbers, long count, int number) noexcept nogil:
    cdef long low = 0, high = count, middle
    while low < high:
        middle = (low + high) // 2
        if sorted_numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low < count and sorted_numbers[low] == number


cdef bint _pair(
    Walk* w, const double[:, ::1] r, const int* of_x, long count_x, const int* of_y, long count_y, int x, int y
) noexcept nogil:
    """Try the sets of x's candidates, then those of y's that have a member which is none of x's."""
    cdef long i, private = 0
    w.size = 0
    for i in range(count_x):
        if of_x[i] != y:
            w.candidates[w.size] = of_x[i]
            w.size += 1
    if w.size >= w.depth:
        _set_out(w, r, x, y)
        if _descend(w, 0, 0, w.size):
            return True
    w.size = 0
    for i in range(count_y):
        if of_y[i] != x and not _contains(of_x, count_x, of_y[i]):
            w.candidates[w.size] = of_y[i]
            w.size += 1
    private = w.size
    for i in range(count_y):
        if of_y[i] != x and _contains(of_x, count_x, of_y[i]):
            w.candidates[w.size] = of_y[i]
            w.size += 1
    if private and w.size >= w.depth:
        _set_out(w, r, y, x)
        return _descend(w, 0, 0, private)
    return False


def search(
    const double[:, ::1] correlation,
    const int[:, ::1] pairs,
    const int[::1] starts,
    const int[::1] candidates,
    int depth,
    double threshold,
    double[::1] bounds,
    int[:, ::1] sets,
    unsigned char[::1] separated,
    int threads,
):
    """Search, for each of k pairs, the first set of `depth` >= 1 candidates that separates; returns the tests made.

    The candidates of node v are candidates[starts[v]:starts[v + 1]], in increasing order. A pair is separated when
    a squared partial correlation is at most `threshold`. `bounds`, length k, holds the smallest squared correlation
    to beat (at this depth's degrees of freedom) and gets the smallest found; `sets`, shape (k, depth), the set it
    comes from where it was beaten; `separated` 1 or 0. Results are the same for every number of threads.
    Raises ValueError for shapes that do not match, MemoryError.
    """
    cdef Py_ssize_t k = pairs.shape[0], i, j
    cdef long most = 0
    cdef int x, y, lacking = 0
    cdef long long tests = 0
    cdef Walk* w
    _check(correlation, pairs, starts, candidates, depth, bounds, sets, separated)
    if k == 0:
        return 0
    for i in range(starts.shape[0] - 1):
        most = max(most, starts[i + 1] - starts[i])
    cdef const int* all_of = &candidates[0] if candidates.shape[0] else NULL
    cdef Walk* walks = <Walk*> calloc(max(threads, 1), sizeof(Walk))
    if walks == NULL:
        raise MemoryError
    for i in range(max(threads, 1)):
        if not _open(&walks[i], most, depth):
            lacking = 1
    if not lacking:
        _run(correlation, pairs, starts, all_of, threshold, bounds, sets, separated, walks, max(threads, 1))
    for i in range(max(threads, 1)):
        tests += walks[i].tests
        _close(&walks[i])
    free(walks)
    if lacking:
        raise MemoryError
    return tests


cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    #else
    #define omp_get_thread_num() 0
    #endif
    """
    int omp_get_thread_num() noexcept nogil


cdef void _one(
    const double[:, ::1] r, const int[:, ::1] pairs, const int[::1] starts, const int* all_of, double threshold,
    double[::1] bounds, int[:, ::1] sets, unsigned char[::1] separated, Walk* w, Py_ssize_t i
) noexcept nogil:
    cdef int x = pairs[i, 0], y = pairs[i, 1]
    cdef Py_ssize_t j
    w.threshold = threshold
    w.bound = bounds[i]
    separated[i] = _pair(
        w, r, all_of + starts[x], starts[x + 1] - starts[x], all_of + starts[y], starts[y + 1] - starts[y], x, y)
    if w.bound < bounds[i]:
        bounds[i] = w.bound
        for j in range(w.depth):
            sets[i, j] = w.best[j]


cdef void _run(
    const double[:, ::1] r, const int[:, ::1] pairs, const int[::1] starts, const int* all_of, double threshold,
    double[::1] bounds, int[:, ::1] sets, unsigned char[::1] separated, Walk* walks, int threads
) noexcept:
    cdef Py_ssize_t i, k = pairs.shape[0]
    if threads == 1:
        with nogil:
            for i in range(k):
                _one(r, pairs, starts, all_of, threshold, bounds, sets, separated, walks, i)
        return
    for i in prange(k, nogil=True, num_threads=threads, schedule="dynamic", chunksize=8):
        _one(r, pairs, starts, all_of, threshold, bounds, sets, separated, &walks[omp_get_thread_num()], i)


def _check(correlation, pairs, starts, candidates, depth, bounds, sets, separated):
    p, k = correlation.shape[0], pairs.shape[0]
    if (
        correlation.shape[1] != p or starts.shape[0] != p + 1 or pairs.shape[1] != 2 or depth < 1
        or bounds.shape[0] != k or separated.shape[0] != k or sets.shape[0] != k or sets.shape[1] != depth
    ):
        raise ValueError("shapes do not match")
    first, last = np.asarray(starts)[0], np.asarray(starts)[-1]
    if first != 0 or last != candidates.shape[0] or (np.diff(np.asarray(starts)) < 0).any():
        raise ValueError("starts must run from 0 to the number of candidates")
    for a in (np.asarray(pairs), np.asarray(candidates)):
        if a.size and (a.min() < 0 or a.max() >= p):
            raise ValueError(f"variables must lie in 0..{p - 1}")
