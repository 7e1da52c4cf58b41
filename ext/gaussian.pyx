# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""One depth of the search for separating sets, for Fisher's Z: which pairs are separated, and by what (subsets.pxd)."""

from cython.parallel cimport prange
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from subsets cimport CAUSALDISC_LANES, PORTION, Job, Task, Walk, close_walk, do_task, open_walk, search_one, vote_one

cdef extern from "lanes.h":
    void causaldisc_above(unsigned char*, const double*, double, long, long) noexcept nogil

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    #else
    #define omp_get_thread_num() 0
    #endif
    """
    int omp_get_thread_num() noexcept nogil


cdef long long _run(Task task, Job* job, Py_ssize_t pairs, long most, long depth, double threshold, bint votes,
                    const int[::1] stop, long long[::1] done) except -1:
    """Do the task for every pair, on as many threads as `done` has places; returns the number of tests."""
    cdef int threads = done.shape[0]
    cdef Walk* walks = <Walk*> calloc(threads, sizeof(Walk))
    cdef bint ready = (depth > 1 or _come_near(job, threads)) and walks != NULL
    cdef long long tests = 0
    cdef int portion = PORTION if depth == 1 else 4
    cdef Py_ssize_t i
    if ready:
        for i in range(threads):
            ready = open_walk(&walks[i], most, depth, job.columns) and ready
            walks[i].threshold = threshold
            walks[i].votes = votes
            walks[i].stop = &stop[0]
        if ready and threads == 1:
            with nogil:
                for i in range(pairs):
                    do_task(task, &walks[0], job, i, &done[0])
        elif ready:
            for i in prange(pairs, nogil=True, num_threads=threads, schedule="dynamic", chunksize=portion):
                do_task(task, &walks[omp_get_thread_num()], job, i, &done[omp_get_thread_num()])
        for i in range(threads):
            tests += walks[i].tests
            done[i] += walks[i].unsaid
            close_walk(&walks[i])
    free(walks)
    if depth == 1:
        free(<void*> job.near)
        free(<void*> job.candidates)
    if not ready:
        raise MemoryError
    return tests


cdef bint _come_near(Job* job, int threads) noexcept:
    """Gather the correlations of all candidates, and put the candidates where whole lanes can be read past their end.
    Returns False when memory is lacking."""
    cdef Py_ssize_t total = job.starts[job.columns], v
    cdef int* candidates = <int*> calloc(total + CAUSALDISC_LANES, sizeof(int))
    cdef double* near = <double*> calloc(total + CAUSALDISC_LANES, sizeof(double))
    if candidates != NULL and near != NULL:
        if total:
            memcpy(candidates, job.candidates, total * sizeof(int))
        for v in prange(job.columns, nogil=True, num_threads=threads, schedule="static"):
            _gather(near, candidates, job.correlation + v * job.columns, job.starts[v], job.starts[v + 1])
    job.candidates, job.near = candidates, near
    return candidates != NULL and near != NULL


cdef void _gather(double* near, const int* columns, const double* row, long start, long end) noexcept nogil:
    cdef long i
    for i in range(start, end):
        near[i] = row[columns[i]]


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
    const int[::1] order,
    const int[::1] stop,
    long long[::1] done,
):
    """Search, for each of k pairs, the first set of `depth` >= 1 candidates that separates; returns the tests made.

    The candidates of node v are candidates[starts[v]:starts[v + 1]], in increasing order; sets of the first node's
    come first, then those of the second's that are not among them. A pair is separated when a squared partial
    correlation is at most `threshold`. `bounds`, length k, holds the smallest squared correlation to beat (at this
    depth's degrees of freedom) and gets the smallest found; `sets`, shape (k, depth), the set it comes from where
    it was beaten; `separated` 1 or 0. `order`, length k or None, says in which order the pairs are worked through.
    There are as many threads as `done` has places, where each counts its pairs; results are the same for every
    number. Soon after stop[0] becomes 1 the search ends, and its results are of no use.
    Raises ValueError for shapes that do not match, MemoryError.
    """
    cdef Job job
    _check(correlation, pairs, starts, candidates, depth, bounds, sets, separated.shape[0], order, stop, done)
    if not pairs.shape[0]:
        return 0
    job.correlation, job.columns = &correlation[0, 0], correlation.shape[0]
    job.pairs, job.starts = &pairs[0, 0], &starts[0]
    job.candidates = &candidates[0] if candidates.shape[0] else NULL
    job.bounds, job.sets, job.separated = &bounds[0], &sets[0, 0], &separated[0]
    job.order = &order[0] if order is not None else NULL
    return _run(search_one, &job, pairs.shape[0], _most(starts), depth, threshold, False, stop, done)


def vote(
    const double[:, ::1] correlation,
    const int[:, ::1] pairs,
    const int[::1] starts,
    const int[::1] candidates,
    const int[::1] middle_starts,
    const int[::1] middles,
    int depth,
    double threshold,
    double[::1] bounds,
    int[:, ::1] sets,
    long long[::1] separating,
    int[::1] members,
    const int[::1] order,
    const int[::1] stop,
    long long[::1] done,
):
    """Count, for each of k pairs, the sets of `depth` >= 1 candidates that separate; returns the tests made.

    As `search`, but all sets are tried. `separating`, length k, gets how many separate, and `members`, length of
    `middles`, how many of those hold each of the columns middles[middle_starts[i]:middle_starts[i + 1]] of pair i.
    `bounds` and `sets` keep the separating set with the smallest squared correlation.
    """
    cdef Job job
    _check(correlation, pairs, starts, candidates, depth, bounds, sets, separating.shape[0], order, stop, done)
    if middle_starts.shape[0] != pairs.shape[0] + 1 or members.shape[0] != middles.shape[0]:
        raise ValueError("shapes do not match")
    if not pairs.shape[0]:
        return 0
    job.correlation, job.columns = &correlation[0, 0], correlation.shape[0]
    job.pairs, job.starts = &pairs[0, 0], &starts[0]
    job.candidates = &candidates[0] if candidates.shape[0] else NULL
    job.bounds, job.sets, job.separating = &bounds[0], &sets[0, 0], &separating[0]
    job.middle_starts = &middle_starts[0]
    job.middles = &middles[0] if middles.shape[0] else NULL
    job.members = &members[0] if members.shape[0] else NULL
    job.order = &order[0] if order is not None else NULL
    return _run(vote_one, &job, pairs.shape[0], _most(starts), depth, threshold, True, stop, done)


def marginal(const double[:, ::1] correlation, double threshold, unsigned char[:, ::1] dependent, int threads):
    """Set dependent[x, y] for x < y to 1 where the squared correlation is above `threshold`, the rest to 0.

    Raises ValueError for shapes that do not match.
    """
    cdef Py_ssize_t p = correlation.shape[0], x
    if correlation.shape[1] != p or dependent.shape[0] != p or dependent.shape[1] != p or threads < 1:
        raise ValueError("shapes do not match")
    for x in prange(p, nogil=True, num_threads=threads, schedule="dynamic", chunksize=16):
        memset(&dependent[x, 0], 0, p)
        causaldisc_above(&dependent[x, 0], &correlation[x, 0], threshold, x + 1, p)


cdef long _most(const int[::1] starts) noexcept:
    """Return the largest number of candidates of a node."""
    cdef long most = 0, i
    for i in range(starts.shape[0] - 1):
        most = max(most, starts[i + 1] - starts[i])
    return most


cdef bint _within(const int* numbers, Py_ssize_t count, long end) noexcept:
    """Tell whether all numbers lie in 0..end-1."""
    cdef Py_ssize_t i
    cdef bint outside = False
    for i in range(count):
        outside |= numbers[i] < 0 or numbers[i] >= end
    return not outside


cdef _check(
    const double[:, ::1] correlation, const int[:, ::1] pairs, const int[::1] starts, const int[::1] candidates,
    int depth, const double[::1] bounds, const int[:, ::1] sets, Py_ssize_t outcomes, const int[::1] order,
    const int[::1] stop, const long long[::1] done
):
    cdef Py_ssize_t p = correlation.shape[0], k = pairs.shape[0], i
    if (
        correlation.shape[1] != p or starts.shape[0] != p + 1 or pairs.shape[1] != 2 or depth < 1
        or bounds.shape[0] != k or outcomes != k or sets.shape[0] != k or sets.shape[1] != depth
        or stop.shape[0] != 1 or done.shape[0] < 1 or (order is not None and order.shape[0] != k)
    ):
        raise ValueError("shapes do not match")
    if starts[0] != 0 or starts[p] != candidates.shape[0]:
        raise ValueError("starts must run from 0 to the number of candidates")
    for i in range(p):
        if starts[i] > starts[i + 1]:
            raise ValueError("starts must run from 0 to the number of candidates")
    if k and not _within(&pairs[0, 0], 2 * k, p):
        raise ValueError(f"variables must lie in 0..{p - 1}")
    if candidates.shape[0] and not _within(&candidates[0], candidates.shape[0], p):
        raise ValueError(f"variables must lie in 0..{p - 1}")
    if order is not None and k and not _within(&order[0], k, k):
        raise ValueError("the order must name pairs")
