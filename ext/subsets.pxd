# cython: language_level=3, cdivision=True
"""Walking through the conditioning sets of a pair with partial correlations: what separates, what comes nearest to it.

Sets are enumerated depth first. The covariances given the sets' common beginning are carried down the tree (a Schur
complement a step), so a test costs a dozen operations whatever its depth, and the tests of all last variables are done
at once (lanes.h). A test is a comparison of squares with a bound: no root, no logarithm, no p-value. The bound is the
smallest squared partial correlation that the pair has met, so that one comparison finds both what separates and what
comes nearest to it. All functions are inline, as in log_tails.pxd.
"""

from libc.stdlib cimport calloc, free

cdef extern from "lanes.h":
    enum: CAUSALDISC_LANES
    long causaldisc_scan(
        const double*, const double*, const double*, long, long, double, double, double, double) noexcept nogil
    long causaldisc_scan_eliminating(
        const double*, const double*, const double*, const double*, long, long, double, double, double, double,
        double, double, double) noexcept nogil
    long causaldisc_scan_singles(
        const double*, const double*, const int*, long, long, double, double) noexcept nogil
    void causaldisc_eliminate(double*, const double*, const double*, double, long, long) noexcept nogil

cdef extern from "watch.h":
    bint causaldisc_stops(const int*) noexcept nogil

cdef extern from *:
    """
    /* As in partial.pyx: the share of a variance that must be left for the variable to count as its own. */
    static const double causaldisc_singular_share = 1e-11;
    /* Where a threshold is the bound, it lies one part in 1e12 above, since the lanes compare products. */
    static const double causaldisc_slack = 1.0 + 1e-12;
    """
    const double SINGULAR_SHARE "causaldisc_singular_share"
    const double SLACK "causaldisc_slack"

cdef enum:
    PORTION = 64  # pairs that a thread takes at a time where they are short


cdef struct Walk:
    # What one thread needs to walk the sets of one end of a pair. `level` is how many variables are chosen.
    long size  # candidates
    long stride  # length of a padded row
    long depth  # size of the sets
    double threshold  # squared correlation at which a pair is separated
    double bound  # what a squared correlation must be below to be looked at
    bint votes  # whether to count all separating sets instead of ending at the first
    long long tests
    double* x  # covariances of the candidates with x, a row a level
    double* y
    double* v  # variances of the candidates
    double* matrix  # covariances among the candidates, stride rows a level
    double* pair  # cxy, cxx, cyy, a row a level
    int* candidates  # their column numbers
    int* shared  # candidates of both ends, for a while
    long* chosen  # places of the chosen candidates
    int* best  # the set that the bound comes from, by column number
    double smallest  # with votes: the smallest squared correlation at this depth
    long long separating  # with votes: how many sets separate
    int* members  # with votes: how many of them each column is a member of
    const int* stop
    long unsaid  # pairs finished, but not yet counted where others look
    char apart[128]  # so that what two threads write never lies in one line of the cache


ctypedef void (*Task)(Walk*, Job*, Py_ssize_t) noexcept nogil


cdef struct Job:
    # What all pairs share, and where their results go; row i belongs to pair i.
    const double* correlation
    Py_ssize_t columns
    const int* pairs
    const int* starts
    const int* candidates
    const double* near  # sets of one: the correlation of each candidate with the node whose candidate it is
    const int* order
    double* bounds
    int* sets
    unsigned char* separated
    long long* separating
    const int* middle_starts
    const int* middles
    int* members


cdef inline int open_walk(Walk* w, long most, long depth, long columns) noexcept nogil:
    """Allocate for up to `most` candidates among `columns`; returns 0 when memory is lacking."""
    w.stride = (most // CAUSALDISC_LANES + 2) * CAUSALDISC_LANES
    w.depth = depth
    w.x = <double*> calloc(depth * w.stride, sizeof(double))
    w.y = <double*> calloc(depth * w.stride, sizeof(double))
    w.v = <double*> calloc(depth * w.stride, sizeof(double))
    # A level's matrix is read by the level below; the last two levels need none of their own.
    w.matrix = <double*> calloc(max(depth - 1, 1) * w.stride * (w.stride if depth > 1 else 1), sizeof(double))
    w.pair = <double*> calloc(3 * depth, sizeof(double))
    w.candidates = <int*> calloc(w.stride, sizeof(int))
    w.shared = <int*> calloc(w.stride, sizeof(int))
    w.chosen = <long*> calloc(depth, sizeof(long))
    w.best = <int*> calloc(depth, sizeof(int))
    w.members = <int*> calloc(columns, sizeof(int))
    return (
        w.x != NULL and w.y != NULL and w.v != NULL and w.matrix != NULL and w.pair != NULL
        and w.candidates != NULL and w.shared != NULL and w.chosen != NULL and w.best != NULL and w.members != NULL
    )


cdef inline void close_walk(Walk* w) noexcept nogil:
    free(w.x)
    free(w.y)
    free(w.v)
    free(w.matrix)
    free(w.pair)
    free(w.candidates)
    free(w.shared)
    free(w.chosen)
    free(w.best)
    free(w.members)


cdef inline bint _single(
    Walk* w, const int* columns, const double* own, const double* other, double cxy, long start, long end
) noexcept nogil:
    """Walk the sets {columns[z]}, z in [start, end). `own` are the correlations of the columns with one end of the pair,
    `other` is the other end's row of the matrix. Whole lanes are read, past the end."""
    cdef long z = start
    cdef double a, b, vx, vy, cross
    while True:
        z = causaldisc_scan_singles(own, other, columns, z, end, cxy, w.bound)
        if z >= end:
            w.tests += end - start
            return False
        a, b = own[z], other[columns[z]]
        vx, vy = 1.0 - a * a, 1.0 - b * b
        if vx >= SINGULAR_SHARE and vy >= SINGULAR_SHARE:
            cross = cxy - a * b
            w.candidates[0] = columns[z]
            if _hit(w, 0, -1, 0, cross * cross / (vx * vy)):
                w.tests += z - start + 1
                return True
        z += 1


cdef inline bint _singles_of_first(Walk* w, Job* job, int x, int y) noexcept nogil:
    """Walk the sets of one candidate of x."""
    cdef const int* of_x = job.candidates + job.starts[x]
    cdef const double* own = job.near + job.starts[x]
    cdef const double* other = job.correlation + y * job.columns
    cdef long count = job.starts[x + 1] - job.starts[x], at = _place(of_x, count, y)
    if _single(w, of_x, own, other, other[x], 0, at):
        return True
    at += at < count and of_x[at] == y
    return at < count and _single(w, of_x, own, other, other[x], at, count)


cdef inline bint _singles_of_second(Walk* w, Job* job, int x, int y) noexcept nogil:
    """Walk the sets of one candidate of y that is none of x's."""
    cdef const int* of_x = job.candidates + job.starts[x]
    cdef const int* of_y = job.candidates + job.starts[y]
    cdef const double* own = job.near + job.starts[y]
    cdef const double* other = job.correlation + x * job.columns
    cdef long count_x = job.starts[x + 1] - job.starts[x], count_y = job.starts[y + 1] - job.starts[y]
    cdef long i, at = 0, private = 0
    # Both lists are in order: one pass tells y's own candidates from those it shares with x.
    for i in range(count_y):
        while at < count_x and of_x[at] < of_y[i]:
            at += 1
        if of_y[i] != x and not (at < count_x and of_x[at] == of_y[i]):
            w.shared[private], w.x[private] = of_y[i], own[i]
            private += 1
    return _single(w, w.shared, w.x, other, other[y], 0, private)


cdef inline bint _singles(Walk* w, Job* job, int x, int y) noexcept nogil:
    """Walk the sets of one candidate, in the order of _pair.

    Most pairs are separated here, and the bound that they had on the way is not asked for: a first walk looks for what
    separates only, a second one for the smallest correlation of the few pairs that are left.
    """
    cdef double bound = w.bound
    cdef long long tests
    if not w.votes:
        w.bound = w.threshold * SLACK
        if _singles_of_first(w, job, x, y) or _singles_of_second(w, job, x, y):
            return True
        w.bound = bound
    tests = w.tests
    if not _singles_of_first(w, job, x, y):
        _singles_of_second(w, job, x, y)
    if not w.votes:
        w.tests = tests
    return False


cdef inline long _place(const int* numbers, long count, int wanted) noexcept nogil:
    """Return how many of the numbers, which are in increasing order, are smaller."""
    cdef long first = 0, middle
    while first < count:
        middle = (first + count) // 2
        if numbers[middle] < wanted:
            first = middle + 1
        else:
            count = middle
    return first


cdef inline void _set_out(Walk* w, Job* job, int x, int y) noexcept nogil:
    """Fill the first level from the correlation matrix, for sets of two and more."""
    cdef const double* of_x = job.correlation + x * job.columns
    cdef const double* of_y = job.correlation + y * job.columns
    cdef const double* of_z
    cdef long i, j
    cdef double* row
    for i in range(w.size):
        w.x[i] = of_x[w.candidates[i]]
        w.y[i] = of_y[w.candidates[i]]
        w.v[i] = 1.0
    for i in range(w.size, w.size + CAUSALDISC_LANES):
        w.x[i] = w.y[i] = w.v[i] = 0.0
    w.pair[0] = of_x[y]
    w.pair[1] = w.pair[2] = 1.0
    for i in range(w.size):
        row = w.matrix + i * w.stride
        of_z = job.correlation + w.candidates[i] * job.columns
        for j in range(i + 1, w.size):
            row[j] = of_z[w.candidates[j]]
        for j in range(w.size, w.size + CAUSALDISC_LANES):
            row[j] = 0.0


cdef inline long long _sets(long members, long size) noexcept nogil:
    """Return the number of sets of `size` out of `members`."""
    cdef long long count = 1
    cdef long i
    if size > members:
        return 0
    for i in range(size):
        count = count * (members - i) // (i + 1)
    return count


cdef inline bint _last(
    Walk* w, long level, long q, long start, long end, double ax, double ay, double av,
    double cxy, double cxx, double cyy
) noexcept nogil:
    """Test all sets that end the present prefix with one z in [start, end); q < 0, or the place of a variable
    that joins the prefix on the way. Returns whether one separates; the bound and the best set are kept."""
    cdef const double* x = w.x + level * w.stride
    cdef const double* y = w.y + level * w.stride
    cdef const double* v = w.v + level * w.stride
    cdef const double* c = w.matrix + (level * w.stride + max(q, 0)) * w.stride if w.depth > 1 else NULL
    cdef double a, b, u, cross, vx, vy
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
            if _hit(w, level, q, z, cross * cross / (vx * vy)):
                w.tests += z - start + 1
                return True
        z += 1


cdef inline bint _hit(Walk* w, long level, long q, long z, double squared) noexcept nogil:
    """Take note of a set below the bound; returns whether it ends the walk."""
    if w.votes:
        _vote(w, level, q, z, squared)
    elif squared < w.bound:
        w.bound = squared
        _keep(w, level, q, z)
        return squared <= w.threshold
    return False


cdef inline void _keep(Walk* w, long level, long q, long z) noexcept nogil:
    """Remember the present set by column number."""
    cdef long i
    for i in range(level):
        w.best[i] = w.candidates[w.chosen[i]]
    if q >= 0:
        w.best[w.depth - 2] = w.candidates[q]
    w.best[w.depth - 1] = w.candidates[z]


cdef inline void _vote(Walk* w, long level, long q, long z, double squared) noexcept nogil:
    """Count the present set for its members if it separates."""
    cdef long i
    if squared > w.threshold:
        return
    if squared < w.smallest:
        w.smallest = squared
        _keep(w, level, q, z)
    w.separating += 1
    for i in range(level):
        w.members[w.candidates[w.chosen[i]]] += 1
    if q >= 0:
        w.members[w.candidates[q]] += 1
    w.members[w.candidates[z]] += 1


cdef inline bint _descend(Walk* w, long level, long start, long first_end) noexcept nogil:
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
        if left > 2 and causaldisc_stops(w.stop):
            return False
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


cdef inline bint _walk(Walk* w, Job* job, int x, int y, long first_end) noexcept nogil:
    """Walk the sets of the candidates whose first member lies before `first_end`."""
    if first_end == 0 or w.size < w.depth:
        return False
    _set_out(w, job, x, y)
    return _descend(w, 0, 0, first_end)


cdef inline bint _pair(Walk* w, Job* job, int x, int y) noexcept nogil:
    """Try the sets of x's candidates, then those of y's that have a member which is none of x's."""
    cdef const int* of_x = job.candidates + job.starts[x]
    cdef const int* of_y = job.candidates + job.starts[y]
    cdef long count_x = job.starts[x + 1] - job.starts[x], count_y = job.starts[y + 1] - job.starts[y]
    cdef long i, at = 0, private = 0, shared = 0
    if w.depth == 1:
        return _singles(w, job, x, y)
    w.size = 0
    for i in range(count_x):
        w.candidates[w.size] = of_x[i]
        w.size += of_x[i] != y
    if _walk(w, job, x, y, w.size):
        return True
    # Both lists are in order: one pass tells y's own candidates from those it shares with x.
    for i in range(count_y):
        while at < count_x and of_x[at] < of_y[i]:
            at += 1
        if at < count_x and of_x[at] == of_y[i]:
            w.shared[shared] = of_y[i]
            shared += 1
        elif of_y[i] != x:
            w.candidates[private] = of_y[i]
            private += 1
    for i in range(shared):
        w.candidates[private + i] = w.shared[i]
    w.size = private + shared
    return _walk(w, job, y, x, private)


cdef inline void search_one(Walk* w, Job* job, Py_ssize_t i) noexcept nogil:
    cdef Py_ssize_t j
    w.bound = job.bounds[i]
    job.separated[i] = _pair(w, job, job.pairs[2 * i], job.pairs[2 * i + 1])
    if w.bound < job.bounds[i]:
        job.bounds[i] = w.bound
        for j in range(w.depth):
            job.sets[i * w.depth + j] = w.best[j]


cdef inline void vote_one(Walk* w, Job* job, Py_ssize_t i) noexcept nogil:
    cdef int x = job.pairs[2 * i], y = job.pairs[2 * i + 1]
    cdef Py_ssize_t j
    w.bound = w.threshold * SLACK
    w.smallest = job.bounds[i]
    w.separating = 0
    _pair(w, job, x, y)
    job.separating[i] = w.separating
    if w.smallest < job.bounds[i]:
        job.bounds[i] = w.smallest
        for j in range(w.depth):
            job.sets[i * w.depth + j] = w.best[j]
    for j in range(job.middle_starts[i], job.middle_starts[i + 1]):
        job.members[j] = w.members[job.middles[j]]
    _forget(w, job, x)
    _forget(w, job, y)


cdef inline void _forget(Walk* w, Job* job, int end) noexcept nogil:
    """Set the counts of a node's candidates to zero."""
    cdef Py_ssize_t j
    for j in range(job.starts[end], job.starts[end + 1]):
        w.members[job.candidates[j]] = 0


cdef inline void do_task(Task task, Walk* w, Job* job, Py_ssize_t place, long long* done) noexcept nogil:
    """Do the task for the pair whose turn it is."""
    if not causaldisc_stops(w.stop):
        task(w, job, job.order[place] if job.order != NULL else place)
        w.unsaid += 1
        if w.unsaid == PORTION or w.depth > 2:
            done[0] += w.unsaid
            w.unsaid = 0
