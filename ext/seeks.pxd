# cython: language_level=3, cdivision=True
"""Walking through the conditioning sets of a pair with tests on contingency tables: what separates, what comes nearest.

Sets are enumerated depth first, so that what walk.pxd keeps of a prefix serves all sets that begin with it. A p-value
is computed only where a statistic leaves the decision open; what is decided without is what the p-value would say.
All functions are inline, as in log_tails.pxd.
"""

from libc.math cimport INFINITY, fabs, ldexp, log
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free, malloc

from log_tails cimport log_chi2_tail
from tables cimport add_pair, add_tables
from walk cimport Columns, Sums, Walk, causaldisc_n_log_n, choose, close_walk, omp_get_thread_num, open_walk, set_pair

cdef extern from "watch.h":
    bint causaldisc_stops(const int*) noexcept nogil

cdef enum:
    DECIDED = 0
    INSUFFICIENT = 1

cdef enum:  # how degrees of freedom are counted
    STRATUM = 0  # (rows seen - 1)(columns seen - 1) in each stratum that is seen
    FULL = 1  # (levels of x - 1)(levels of y - 1) in every stratum, seen or not
    OCCUPIED = 2  # (levels of x - 1)(levels of y - 1) in each stratum that is seen

cdef enum:
    DF_KNOWN = 1024  # degrees of freedom below this are learnt about
    MOST_DEPTH = 64  # of a set; no table has rows for more

cdef extern from *:
    """
    /* A test without degrees of freedom (x or y constant within every stratum) says "independent" only when its
       strata hold at least this many rows on average; else rows, not the variables, are what is lacking. */
    static const double causaldisc_rows_for_constancy = 5.0;
    /* Far wider than the rounding of a p-value: nothing is decided from statistics or bounds closer than this. */
    static const double causaldisc_margin = 1e-6;
    """
    const double ROWS_FOR_CONSTANCY "causaldisc_rows_for_constancy"
    const double MARGIN "causaldisc_margin"


cdef struct Reading:
    double statistic
    double df
    int64_t n
    int verdict


cdef inline void read_sums(
    const Columns* d, const Sums* sums, int x, int y, double all_strata, Reading* out
) noexcept nogil:
    """Turn sums into a statistic; `all_strata` is the number of strata that there could be."""
    cdef int64_t sum = sums.sum
    cdef double pairs = (d.levels[x] - 1.0) * (d.levels[y] - 1.0)
    # The terms of G^2 are rounded: what is left of them below a few units in the last place is nothing.
    if sum < 0 or (not d.terms.pearson and sum <= causaldisc_n_log_n(&d.terms, sums.n) >> 50):
        sum = 0
    out.statistic = ldexp(<double> sum, (0 if d.terms.pearson else 1) - d.terms.bits)
    out.n = sums.n
    if d.df_rule == STRATUM:
        out.df = <double> sums.df
    elif d.df_rule == OCCUPIED:
        out.df = <double> sums.strata * pairs
    else:
        out.df = all_strata * pairs
    if out.df == 0.0:
        out.verdict = DECIDED if sums.n > 0 and sums.n >= ROWS_FOR_CONSTANCY * sums.strata else INSUFFICIENT
    elif sums.n < d.min_rows_per_df * out.df or sums.n == 0:
        out.verdict = INSUFFICIENT
    else:
        out.verdict = DECIDED


cdef inline double log_p_of(const Reading* r) noexcept nogil:
    """Return log p of a decided reading."""
    return log_chi2_tail(r.statistic, r.df) if r.df > 0.0 else 0.0


cdef struct Job:
    # What all pairs share, and where their results go; row i belongs to pair i.
    const Columns* data
    const int* pairs
    const int* starts
    const int* candidates
    double log_alpha
    const int* order
    double* scores
    int* sets
    unsigned char* separated
    unsigned char* improved
    int64_t* insufficient
    int64_t* separating
    const int* middle_starts
    const int* middles
    int64_t* members
    unsigned char* dependent
    unsigned char* too_few
    const int* stop
    int64_t* done


cdef struct Seek:
    # What one thread needs to walk the sets of a pair.
    Walk walk
    long depth  # size of the sets
    double log_alpha
    bint votes  # whether to count all separating sets instead of ending at the first
    const int* stop
    int* candidates  # column numbers
    int* shared  # candidates of both ends
    long size
    double best  # the largest log p to beat
    bint improved
    int* best_set
    int64_t tests
    int64_t insufficient
    int64_t separating
    int64_t* members  # with votes: how many separating sets each column is a member of
    double* separates  # for each df, the largest statistic known to separate
    double* connects  # and the smallest known not to
    char apart[128]  # so that what two threads write never lies in one line of the cache


ctypedef void (*Task)(Seek*, Job*, Py_ssize_t) noexcept nogil


cdef inline bint open_seek(Seek* s, Job* job, long most, long depth, bint votes) noexcept nogil:
    """Allocate for sets of `depth` of up to `most` candidates; returns False when memory is lacking."""
    cdef long i
    cdef bint ready = open_walk(&s.walk, job.data, depth)
    s.depth, s.votes, s.log_alpha, s.stop = depth, votes, job.log_alpha, job.stop
    s.candidates = <int*> malloc((most + 1) * sizeof(int))
    s.shared = <int*> malloc((most + 1) * sizeof(int))
    s.best_set = <int*> malloc((depth + 1) * sizeof(int))
    s.members = <int64_t*> calloc(job.data.count + 1, sizeof(int64_t))
    s.separates = <double*> malloc(DF_KNOWN * sizeof(double))
    s.connects = <double*> malloc(DF_KNOWN * sizeof(double))
    if not ready or s.candidates == NULL or s.best_set == NULL or s.members == NULL or s.separates == NULL:
        return False
    if s.connects == NULL or s.shared == NULL:
        return False
    for i in range(DF_KNOWN):
        s.separates[i] = -1.0
        s.connects[i] = INFINITY
    return True


cdef inline void close_seek(Seek* s) noexcept nogil:
    close_walk(&s.walk)
    free(s.candidates)
    free(s.shared)
    free(s.best_set)
    free(s.members)
    free(s.separates)
    free(s.connects)


cdef inline bint _out_of_reach(const Reading* r, double log_p) noexcept nogil:
    """Tell whether the p-value is certainly below another, by Chernoff's bound: for s > df,
    log P(chi2_df > s) <= -(s - df - df log(s / df)) / 2."""
    if r.statistic <= r.df or log_p == -INFINITY:
        return False
    return -0.5 * (r.statistic - r.df - r.df * log(r.statistic / r.df)) < log_p - MARGIN * (1.0 + fabs(log_p))


cdef inline bint separates(Seek* s, const Reading* r) noexcept nogil:
    """Tell whether log p > log alpha. For equal df a larger statistic has a smaller p-value, so that each p-value
    computed narrows the range in which the next must be."""
    cdef bint known = r.df < DF_KNOWN
    cdef long df = <long> r.df if known else 0
    cdef bint answer
    if r.df == 0.0:
        return 0.0 > s.log_alpha
    if known:
        if r.statistic < s.separates[df] * (1.0 - MARGIN):
            return True
        if r.statistic > s.connects[df] * (1.0 + MARGIN):
            return False
    if _out_of_reach(r, s.log_alpha):
        return False
    answer = log_p_of(r) > s.log_alpha
    if known and answer:
        s.separates[df] = max(s.separates[df], r.statistic)
    elif known:
        s.connects[df] = min(s.connects[df], r.statistic)
    return answer


cdef inline void _keep(Seek* s, long level, int z, double log_p) noexcept nogil:
    cdef long i
    for i in range(level):
        s.best_set[i] = s.walk.chosen[i]
    s.best_set[level] = z
    s.best = log_p
    s.improved = True


cdef inline bint _ask(Seek* s, long level, int z) noexcept nogil:
    """Test given the chosen variables and z. Returns whether the walk ends here."""
    cdef const Columns* d = s.walk.data
    cdef Sums sums
    cdef Reading r
    cdef double all_strata = 1.0, log_p
    cdef bint hit
    cdef long i
    add_tables(&s.walk, level, z, &sums)
    s.tests += 1
    if d.df_rule == FULL:
        for i in range(level):
            all_strata *= d.levels[s.walk.chosen[i]]
        all_strata *= d.levels[z]
    read_sums(d, &sums, s.walk.x, s.walk.y, all_strata, &r)
    if r.verdict != DECIDED:
        s.insufficient += 1
        return False
    hit = separates(s, &r)
    if hit and s.votes:
        s.separating += 1
        for i in range(level):
            s.members[s.walk.chosen[i]] += 1
        s.members[z] += 1
    elif not hit and (s.votes or (r.df > 0.0 and _out_of_reach(&r, s.best))):
        return False
    log_p = log_p_of(&r)
    if log_p > s.best:
        _keep(s, level, z, log_p)
    return hit and not s.votes


cdef inline bint _descend(Seek* s, long first_end) noexcept nogil:
    """Walk all sets whose first candidate lies before `first_end`, in lexicographic order of their places.
    Returns whether one separates, or the walk was stopped."""
    cdef long last = s.depth - 1, level = 0, q, end
    cdef long places[MOST_DEPTH]
    places[0] = 0
    while level >= 0:
        q = places[level]
        end = s.size - last + level
        if level == 0:
            end = min(end, first_end)
        if level == last:
            for q in range(q, end):
                if causaldisc_stops(s.stop) or _ask(s, level, s.candidates[q]):
                    return True
        elif q < end:
            choose(&s.walk, level, s.candidates[q])
            places[level] = q + 1
            places[level + 1] = q + 1
            level += 1
            continue
        level -= 1
    return False


cdef inline bint _walk_pair(Seek* s, Job* job, Py_ssize_t pair) noexcept nogil:
    """Try the sets of x's candidates, then those of y's that have a member which is none of x's."""
    cdef int x = job.pairs[2 * pair], y = job.pairs[2 * pair + 1]
    cdef const int* of_x = job.candidates + job.starts[x]
    cdef const int* of_y = job.candidates + job.starts[y]
    cdef long count_x = job.starts[x + 1] - job.starts[x], count_y = job.starts[y + 1] - job.starts[y]
    cdef long i, at = 0, private = 0, shared = 0
    s.best = job.scores[pair]
    s.improved = False
    s.insufficient = s.separating = 0
    set_pair(&s.walk, min(x, y), max(x, y))
    s.size = 0
    for i in range(count_x):
        if of_x[i] != y:
            s.candidates[s.size] = of_x[i]
            s.size += 1
    if _descend(s, s.size):
        return True
    # Both lists are in order: one pass tells y's own candidates from those it shares with x.
    for i in range(count_y):
        while at < count_x and of_x[at] < of_y[i]:
            at += 1
        if at < count_x and of_x[at] == of_y[i]:
            s.shared[shared] = of_y[i]
            shared += 1
        elif of_y[i] != x:
            s.candidates[private] = of_y[i]
            private += 1
    for i in range(shared):
        s.candidates[private + i] = s.shared[i]
    s.size = private + shared
    return _descend(s, private)


cdef inline void _report(Seek* s, Job* job, Py_ssize_t pair) noexcept nogil:
    cdef long i
    job.improved[pair] = s.improved
    job.insufficient[pair] = s.insufficient
    job.scores[pair] = s.best
    if s.improved:
        for i in range(s.depth):
            job.sets[pair * s.depth + i] = s.best_set[i]


cdef inline void search_one(Seek* s, Job* job, Py_ssize_t pair) noexcept nogil:
    job.separated[pair] = _walk_pair(s, job, pair)
    _report(s, job, pair)


cdef inline void vote_one(Seek* s, Job* job, Py_ssize_t pair) noexcept nogil:
    cdef int end
    cdef Py_ssize_t j, side
    _walk_pair(s, job, pair)
    job.separating[pair] = s.separating
    for j in range(job.middle_starts[pair], job.middle_starts[pair + 1]):
        job.members[j] = s.members[job.middles[j]]
    for side in range(2):
        end = job.pairs[2 * pair + side]
        for j in range(job.starts[end], job.starts[end + 1]):
            s.members[job.candidates[j]] = 0
    _report(s, job, pair)


cdef inline void test_node(Seek* s, Job* job, Py_ssize_t x) noexcept nogil:
    """Test x without conditioning against all that come after it."""
    cdef Sums sums
    cdef Reading r
    cdef Py_ssize_t p = job.data.count
    cdef int y
    for y in range(<int> x + 1, <int> p):
        if causaldisc_stops(job.stop):
            return
        add_pair(&s.walk, <int> x, y, &sums)
        read_sums(job.data, &sums, <int> x, y, 1.0, &r)
        job.too_few[x * p + y] = r.verdict != DECIDED
        job.dependent[x * p + y] = r.verdict != DECIDED or not separates(s, &r)


cdef inline void do_task(Task task, Seek* s, Job* job, Py_ssize_t place) noexcept nogil:
    """Do the task that comes at a place, unless the work is to end."""
    if not causaldisc_stops(job.stop):
        task(s, job, place if job.order == NULL else job.order[place])
        job.done[omp_get_thread_num()] += 1
