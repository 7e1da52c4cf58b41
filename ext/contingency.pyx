# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""G-squared and Pearson's chi-squared tests of conditional independence on contingency tables: one by one, and whole
depths of a search. tables.pxd adds them up, seeks.pxd walks through the sets."""

from cython.parallel cimport prange
from libc.math cimport log, log2
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

import numpy as np

from rows cimport renumber_strata
from seeks cimport DECIDED, Job, Reading, Seek, Task, close_seek, do_task, log_p_of, open_seek, read_sums, search_one
from seeks cimport MOST_DEPTH, test_node, vote_one
from tables cimport BLOCK_COST, ENTRY_COST, ROW_COST, add_pair, add_tables
from walk cimport BYTES_OF_STRATA, CAUSALDISC_BLOCK, MOST_LEVELS, MOST_STRATA, SMALLEST_DENSE
from walk cimport Columns, Sums, Walk, causaldisc_counter, causaldisc_instructions, causaldisc_lines, choose, close_walk
from walk cimport omp_get_thread_num, open_walk, room_to_renumber, set_pair

# Counts below this have their n log n in a table: half a megabyte.
cdef enum:
    MOST_TERMS = 1 << 16
    LARGEST_DENSE = 1 << 24  # entries of a dense table

# Rows are worth merging when this many on average are alike.
cdef int WORTH_MERGING = 4


def instructions():
    """Return the best form of the popcount that this machine has: 2 AVX-512, 1 POPCNT, 0 plain C."""
    return causaldisc_instructions()


cdef class Tables:
    """Category codes, shape (variables, rows), values 0..levels-1 or -1 for a missing cell, bound to a statistic.

    A test uses the rows in which all its variables are known. G^2 = 2 sum O log(O / E), chi^2 = sum (O - E)^2 / E
    over the cells of all strata of the conditioning set. Below `min_rows_per_df` rows for each degree of freedom a
    test is "insufficient". Whatever the way of counting (`way`: 0 the cheapest, 1 bitmaps, 2 rows, 3 sorting; `form`
    of the popcount, -1 for the best; `merge` rows that are alike), the bits of all results are the same, and those of
    x and y exchanged. Never changes after it was made, so that threads may share it.
    """

    cdef Columns data
    cdef readonly int form
    cdef object kept  # the arrays that `data` points into
    cdef object made_of

    def __cinit__(self, const int[:, ::1] codes, const int[::1] levels, bint pearson, int df_rule,
                  double min_rows_per_df, int way=0, int form=-1, bint merge=True):
        cdef Py_ssize_t p = codes.shape[0], rows = codes.shape[1]
        self.made_of = np.asarray(codes), np.asarray(levels), pearson, df_rule, min_rows_per_df, way, form, merge
        if levels.shape[0] != p or p == 0:
            raise ValueError("shapes do not match")
        if rows and ((np.asarray(codes) < -1).any() or (np.asarray(codes).max(axis=1) >= np.asarray(levels)).any()):
            raise ValueError("codes must lie in -1..levels-1")
        if form > causaldisc_instructions():
            raise ValueError(f"this machine has no popcount of form {form}")
        self.form = causaldisc_instructions() if form < 0 else form
        self.kept = [np.asarray(codes), np.asarray(levels)]
        self.data.count, self.data.rows = p, rows
        self.data.blocks = (rows + 64 * CAUSALDISC_BLOCK - 1) // (64 * CAUSALDISC_BLOCK)
        self.data.levels = &levels[0]
        self.data.most_levels = max(np.asarray(levels).max(), 1)
        self.data.df_rule, self.data.min_rows_per_df, self.data.way = df_rule, min_rows_per_df, way
        self.data.counter, self.data.block_cost = causaldisc_counter(self.form), BLOCK_COST[self.form]
        self._take_rows(codes, merge)
        self._draw_bitmaps(codes, levels)
        self._tabulate(pearson)
        self.data.dense = min(max(16 * self.data.distinct, <long> SMALLEST_DENSE), <long> LARGEST_DENSE)
        self.data.strata = BYTES_OF_STRATA // max(self.data.blocks * 64, 1)
        self.data.strata = max(min(self.data.strata, <long> MOST_STRATA), 1)

    def __reduce__(self):
        return Tables, self.made_of

    def __dealloc__(self):
        free(self.data.bits)

    @property
    def distinct(self):
        """The number of rows that are counted, after merging."""
        return self.data.distinct

    cdef _take_rows(self, const int[:, ::1] codes, bint merge):
        """Merge rows that are alike if that shortens the data much."""
        cdef Py_ssize_t p = codes.shape[0], rows = codes.shape[1], v
        cdef long count = 1, room = room_to_renumber(rows)
        cdef int[::1] number = np.zeros(max(rows, 1), np.int32)
        cdef int[::1] numbers
        cdef int64_t[::1] keys
        cdef const int[:, ::1] shorter = codes
        cdef const int[::1] weights
        if merge and rows:
            numbers, keys = np.empty(room, np.int32), np.empty(room, np.int64)
            for v in range(p):
                count = renumber_strata(&number[0], count, &codes[v, 0], self.data.levels[v], True, rows, &number[0],
                                        &numbers[0], &keys[0])
                if count * WORTH_MERGING > rows:
                    break
            else:
                first = np.unique(np.asarray(number), return_index=True)[1]
                shorter = np.ascontiguousarray(np.asarray(codes)[:, first])
                weights = np.bincount(np.asarray(number), minlength=count).astype(np.int32)
                self.data.weights = &weights[0]
                self.kept += [np.asarray(shorter), np.asarray(weights)]
        self.data.distinct = shorter.shape[1]
        self.data.codes = &shorter[0, 0] if shorter.shape[1] else NULL

    cdef _draw_bitmaps(self, const int[:, ::1] codes, const int[::1] levels):
        """Set a bit for each cell, in the bitmap of its level."""
        cdef Py_ssize_t p = codes.shape[0], rows = codes.shape[1], v, r
        cdef long words = self.data.blocks * CAUSALDISC_BLOCK, total = 0, block_of = 64 * CAUSALDISC_BLOCK
        cdef int64_t[::1] first = np.full(p, -1, np.int64), margin_first = np.zeros(p, np.int64)
        cdef unsigned char[::1] complete = np.ascontiguousarray((np.asarray(codes) >= 0).all(axis=1), np.uint8)
        cdef uint64_t* bits
        cdef int* margin
        cdef int code
        for v in range(p):
            if levels[v] <= MOST_LEVELS:
                first[v] = total * words
                margin_first[v] = total
                total += levels[v]
        cdef int[::1] margins = np.zeros(total + 1, np.int32)
        self.data.bits = <uint64_t*> causaldisc_lines((total + 1) * words * sizeof(uint64_t))
        if self.data.bits == NULL:
            raise MemoryError
        memset(self.data.bits, 0, (total + 1) * words * sizeof(uint64_t))
        for v in range(p):
            # A bitmap that is full counts what is left, so a variable without levels is never complete.
            complete[v] = complete[v] and levels[v] > 0
            if first[v] < 0:
                continue
            bits, margin = self.data.bits + first[v], &margins[margin_first[v]]
            with nogil:
                for r in range(rows):
                    code = codes[v, r]
                    if code >= 0:
                        margin[code] += 1
                        bits[(r // block_of * levels[v] + code) * CAUSALDISC_BLOCK + r % block_of // 64] |= (
                            <uint64_t> 1 << (r % 64))
        bits = self.data.bits + total * words
        for r in range(words):
            bits[r] = ~<uint64_t> 0
        self.data.ones = bits
        self.data.first, self.data.margin_first = &first[0], &margin_first[0]
        self.data.margins, self.data.complete = &margins[0], &complete[0]
        self.kept += [np.asarray(first), np.asarray(margin_first), np.asarray(margins), np.asarray(complete)]

    cdef _tabulate(self, bint pearson):
        """Choose the binary places of a term, so that no sum overflows, and fill the table of n log n."""
        cdef double n = self.data.rows
        cdef double largest = n * self.data.most_levels if pearson else n * log(max(n, 2.0))
        cdef int64_t[::1] table = np.zeros(min(self.data.rows + 1, <long> MOST_TERMS), np.int64)
        cdef Py_ssize_t i
        self.data.terms.pearson = pearson
        self.data.terms.bits = min(<int> (60.0 - log2(largest + 1.0)), 52)
        for i in range(1, table.shape[0]):
            table[i] = <int64_t> (<double> i * log(<double> i) * <double> (<int64_t> 1 << self.data.terms.bits))
        self.data.terms.table, self.data.terms.size = &table[0], table.shape[0]
        self.kept.append(np.asarray(table))

    def seconds_per_test(self, int depth):
        """Return what a test given `depth` variables takes, by the cost model and the mean number of levels."""
        cdef double levels = max(np.asarray(self.kept[1]).mean(), 1.0)
        cdef double strata = levels**depth, cells = levels * levels
        cdef double bitmaps = strata * cells * self.data.blocks * self.data.block_cost
        cdef double rows = self.data.distinct * ROW_COST
        return 1e-9 * (min(bitmaps, rows) + min(strata, <double> self.data.distinct + 1) * cells * ENTRY_COST)

    def tests(
        self,
        const int[::1] x,
        const int[::1] y,
        const int[:, ::1] given,
        double[::1] log_p,
        double[::1] statistic,
        double[::1] df,
        long long[::1] n,
        unsigned char[::1] verdict,
    ):
        """Fill log_p, statistic, df, n and verdict (each of length k) for k tests of x[i], y[i] given row i of `given`.

        Raises ValueError for shapes that do not match or values out of range, MemoryError.
        """
        cdef Py_ssize_t k = x.shape[0], depth = given.shape[1], i, j, same
        cdef Walk walk
        cdef Sums sums
        cdef Reading r
        cdef double all_strata
        _check_lengths(k, y, given, log_p, statistic, df, n, verdict)
        self._check_variables(x, y, given)
        cdef bint ready = open_walk(&walk, &self.data, depth)
        if ready:
            with nogil:
                for i in range(k):
                    if depth == 0:
                        add_pair(&walk, min(x[i], y[i]), max(x[i], y[i]), &sums)
                    else:
                        same = 0
                        if walk.x == min(x[i], y[i]) and walk.y == max(x[i], y[i]):
                            while same < depth - 1 and given[i, same] == walk.chosen[same]:
                                same += 1
                        set_pair(&walk, min(x[i], y[i]), max(x[i], y[i]))
                        for j in range(same, depth - 1):
                            choose(&walk, j, given[i, j])
                        add_tables(&walk, depth - 1, given[i, depth - 1], &sums)
                    all_strata = 1.0
                    for j in range(depth):
                        all_strata *= self.data.levels[given[i, j]]
                    read_sums(&self.data, &sums, x[i], y[i], all_strata, &r)
                    statistic[i], df[i], n[i] = r.statistic, r.df, r.n
                    verdict[i] = r.verdict
                    log_p[i] = log_p_of(&r) if r.verdict == DECIDED else 0.0
        close_walk(&walk)
        if not ready:
            raise MemoryError

    def marginal(
        self,
        double log_alpha,
        unsigned char[:, ::1] dependent,
        unsigned char[:, ::1] too_few,
        const int[::1] order,
        const int[::1] stop,
        int64_t[::1] done,
    ):
        """Fill, above the diagonal of shapes (variables, variables), where x and y are not separated at log p >
        log_alpha without conditioning, and where rows did not suffice to tell.

        First nodes are taken in `order` (None for their own). There are as many threads as `done` has places, where
        each counts the nodes that it finished. Soon after stop[0] becomes 1 the work ends, and its results are of no
        use."""
        cdef Job job
        p = self.data.count
        _check_lengths(p, dependent, too_few, dependent.T, too_few.T)
        memset(&job, 0, sizeof(Job))
        job.data, job.log_alpha = &self.data, log_alpha
        job.dependent, job.too_few = &dependent[0, 0], &too_few[0, 0]
        self._run(test_node, &job, p, 0, 0, False, 1, order, stop, done)

    def search(
        self,
        const int[:, ::1] pairs,
        const int[::1] starts,
        const int[::1] candidates,
        int depth,
        double log_alpha,
        double[::1] scores,
        int[:, ::1] sets,
        unsigned char[::1] separated,
        unsigned char[::1] improved,
        int64_t[::1] insufficient,
        const int[::1] order,
        const int[::1] stop,
        int64_t[::1] done,
    ):
        """Search, for each of k pairs, the first set of `depth` >= 1 candidates that separates; returns the tests made.

        The candidates of node v are candidates[starts[v]:starts[v + 1]], in increasing order; sets of the first node's
        come first, then those of the second's that are not among them. `scores`, length k, holds the largest log p
        so far and gets that of a set that beats it; `improved` gets 1 there, `sets`, shape (k, depth), that set;
        `separated` 1 or 0; `insufficient` the number of tests that rows did not suffice for. `order` (of pairs),
        `stop` and `done`: as in `marginal`.
        Raises ValueError for shapes that do not match or values out of range, MemoryError.
        """
        cdef Job job
        k = pairs.shape[0]
        _check_lengths(k, scores, sets, separated, improved, insufficient)
        self._check_sets(pairs, starts, candidates, depth, sets)
        if not k:
            return 0
        memset(&job, 0, sizeof(Job))
        job.data, job.log_alpha = &self.data, log_alpha
        job.pairs, job.starts = &pairs[0, 0], &starts[0]
        job.candidates = &candidates[0] if candidates.shape[0] else NULL
        job.scores, job.sets, job.separated = &scores[0], &sets[0, 0], &separated[0]
        job.improved, job.insufficient = &improved[0], &insufficient[0]
        return self._run(search_one, &job, k, _most(starts), depth, False, 4, order, stop, done)

    def vote(
        self,
        const int[:, ::1] pairs,
        const int[::1] starts,
        const int[::1] candidates,
        const int[::1] middle_starts,
        const int[::1] middles,
        int depth,
        double log_alpha,
        double[::1] scores,
        int[:, ::1] sets,
        int64_t[::1] separating,
        int64_t[::1] members,
        unsigned char[::1] improved,
        int64_t[::1] insufficient,
        const int[::1] order,
        const int[::1] stop,
        int64_t[::1] done,
    ):
        """Count, for each of k pairs, the sets of `depth` >= 1 candidates that separate; returns the tests made.

        As `search`, but all sets are tried. `separating`, length k, gets how many separate, and `members`, length of
        `middles`, how many of those hold each of the columns middles[middle_starts[i]:middle_starts[i + 1]] of pair i.
        `scores`, `improved` and `sets` are about separating sets only.
        """
        cdef Job job
        k = pairs.shape[0]
        _check_lengths(k, scores, sets, separating, improved, insufficient)
        self._check_sets(pairs, starts, candidates, depth, sets)
        _check_starts(middle_starts, middles, k)
        self._check_variables(middles)
        _check_lengths(middles.shape[0], members)
        if not k:
            return 0
        memset(&job, 0, sizeof(Job))
        job.data, job.log_alpha = &self.data, log_alpha
        job.pairs, job.starts = &pairs[0, 0], &starts[0]
        job.candidates = &candidates[0] if candidates.shape[0] else NULL
        job.scores, job.sets, job.separating = &scores[0], &sets[0, 0], &separating[0]
        job.improved, job.insufficient = &improved[0], &insufficient[0]
        job.middle_starts = &middle_starts[0]
        job.middles = &middles[0] if middles.shape[0] else NULL
        job.members = &members[0] if members.shape[0] else NULL
        return self._run(vote_one, &job, k, _most(starts), depth, True, 4, order, stop, done)

    cdef int64_t _run(self, Task task, Job* job, Py_ssize_t count, long most, long depth, bint votes, int portion,
                      const int[::1] order, const int[::1] stop, int64_t[::1] done) except -1:
        """Do the task for 0..count-1 in some order, on threads that take portions; returns the number of tests."""
        cdef int threads = done.shape[0]
        cdef Seek* seeks
        cdef int64_t tests = 0
        cdef Py_ssize_t i
        cdef bint ready
        if threads < 1 or stop.shape[0] != 1 or (order is not None and order.shape[0] != count):
            raise ValueError("shapes do not match")
        if order is not None and (np.sort(order) != np.arange(count)).any():
            raise ValueError("the order must hold every number once")
        job.order = &order[0] if order is not None and count else NULL
        job.stop, job.done = &stop[0], &done[0]
        seeks = <Seek*> calloc(threads, sizeof(Seek))
        ready = seeks != NULL
        if ready:
            for i in range(threads):
                ready = open_seek(&seeks[i], job, most, depth, votes) and ready
            if ready and threads == 1:
                with nogil:
                    for i in range(count):
                        do_task(task, &seeks[0], job, i)
            elif ready:
                for i in prange(count, nogil=True, num_threads=threads, schedule="dynamic", chunksize=portion):
                    do_task(task, &seeks[omp_get_thread_num()], job, i)
            for i in range(threads):
                tests += seeks[i].tests
                close_seek(&seeks[i])
            free(seeks)
        if not ready:
            raise MemoryError
        return tests

    def _check_variables(self, *arrays):
        for a in map(np.asarray, arrays):
            if a.size and (a.min() < 0 or a.max() >= self.data.count):
                raise ValueError(f"variables must lie in 0..{self.data.count - 1}")

    def _check_sets(self, pairs, starts, candidates, depth, sets):
        if pairs.shape[1] != 2 or not 1 <= depth <= MOST_DEPTH or sets.shape[1] != depth:
            raise ValueError("shapes do not match")
        _check_starts(starts, candidates, self.data.count)
        self._check_variables(pairs, candidates)


cdef long _most(const int[::1] starts) noexcept:
    """Return the largest number of candidates of a node."""
    cdef long most = 0, i
    for i in range(starts.shape[0] - 1):
        most = max(most, starts[i + 1] - starts[i])
    return most


def _check_lengths(count, *arrays):
    if any(len(a) != count for a in arrays):
        raise ValueError("shapes do not match")


def _check_starts(starts, members, count):
    starts = np.asarray(starts)
    if len(starts) != count + 1:
        raise ValueError("shapes do not match")
    if starts[0] != 0 or starts[count] != members.shape[0] or (np.diff(starts) < 0).any():
        raise ValueError("starts must run from 0 to the number of members")
