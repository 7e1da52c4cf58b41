# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Covariances over the rows in which all variables of a question are known, and the tests that they answer.

Questions that follow each other share work: the rows in which a conditioning set is known, then those in which x is
known too, with the sums of products over them. For y, what belongs to rows without it is taken off, or, where that
would cost digits, everything is summed anew.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memset

import numpy as np

from causaldisc._ext.partial import QUESTIONS, check

from conditional cimport BLOCKS, INSUFFICIENT, Outcome, judge, undecided

cdef extern from "sums.h":
    double causaldisc_dot(const double* a, const double* b, long n) noexcept nogil
    double causaldisc_total(const double* a, long n) noexcept nogil
    const long LANES "CAUSALDISC_SUM_LANES"

cdef extern from *:
    int first_bit "__builtin_ctzll"(uint64_t word) noexcept nogil

# Less than this share of the sum of squares left: two more digits would be lost than the columns have to spare.
cdef double WORTH_KEEPING = 1e-2
# Fewer rows than this decide nothing, whatever is asked.
cdef enum:
    FEWEST_ROWS = 4


cdef struct Work:
    uint64_t* words_set  # rows in which the conditioning set is known
    uint64_t* words  # and x too
    int* rows  # the numbers of those
    int* without  # places among them at which y is unknown
    double* columns  # the cells in those rows: set, x, y; `room` apart
    double* products  # lower triangle of their sums of products, before y is looked at; `most` apart
    double* sums
    double* full  # the sums of squares before rows are taken off
    double* a
    double* spare
    long room, most


cdef class KnownRows:
    """Columns of numbers, shape (columns, rows), with the rows (a mask (variables, rows)) in which each is known.

    Variable v has the columns starts[v]..starts[v+1]-1. The columns are best centred and scaled; where unknown they
    must hold zeros. Never changes after it was made, so that threads may share it.
    """

    cdef const double[:, ::1] values
    cdef const int[::1] starts
    cdef uint64_t[:, ::1] bits
    cdef int question
    cdef double variance
    cdef object made_of

    def __cinit__(self, const double[:, ::1] values, const int[::1] starts, const unsigned char[:, ::1] known,
                  str question="correlation", double variance=1.0):
        cdef Py_ssize_t p = known.shape[0], n = known.shape[1], v, r
        self.made_of = np.asarray(values), np.asarray(starts), np.asarray(known), question, variance
        nothing = np.empty(0, np.int32)
        check(values.shape[0], starts, nothing, nothing, nothing.reshape(0, 0), ())
        if starts.shape[0] != p + 1 or values.shape[1] != n:
            raise ValueError("shapes do not match")
        self.question = QUESTIONS[question]
        if self.question != BLOCKS and values.shape[0] != p:
            raise ValueError("only blocks have variables of several columns")
        self.values, self.starts, self.variance = values, starts, variance
        self.bits = np.zeros((p, max((n + 63) // 64, 1)), np.uint64)
        with nogil:
            for v in range(p):
                for r in range(n):
                    if known[v, r]:
                        self.bits[v, r // 64] |= <uint64_t> 1 << (r % 64)

    def __reduce__(self):
        return KnownRows, self.made_of

    def tests(
        self,
        const int[::1] x,
        const int[::1] y,
        const int[:, ::1] given,
        double[::1] log_p,
        double[::1] statistic,
        double[::1] df,
        double[::1] effect,
        long long[::1] n,
        unsigned char[::1] verdict,
    ):
        """Fill the results (each of length k) for k tests; n is the number of rows used.

        Raises ValueError for shapes that do not match or variables out of range.
        """
        cdef Py_ssize_t k = x.shape[0], depth = given.shape[1], i, words = self.bits.shape[1]
        cdef Work w
        cdef Outcome out
        cdef long count = 0, kept, most
        cdef bint same_set, same_x
        most = check(self.values.shape[0], self.starts, x, y, given, (log_p, statistic, df, effect, n, verdict))
        if not k:
            return
        w.most = most
        w.room = self.values.shape[1] + LANES
        cdef uint64_t[:, ::1] masks = np.empty((2, words), np.uint64)
        cdef int[:, ::1] places = np.empty((2, w.room), np.int32)
        cdef double[:, ::1] columns = np.empty((most, w.room))
        cdef double[::1] numbers = np.empty(3 * most * most + 2 * most)
        w.words_set, w.words = &masks[0, 0], &masks[1, 0]
        w.rows, w.without = &places[0, 0], &places[1, 0]
        w.columns, w.products = &columns[0, 0], &numbers[0]
        w.a, w.spare = &numbers[most * most], &numbers[2 * most * most]
        w.sums, w.full = &numbers[3 * most * most], &numbers[3 * most * most + most]
        with nogil:
            for i in range(k):
                same_set = i > 0 and self._is_same(&given[i, 0], &given[i - 1, 0], depth) if depth else i > 0
                same_x = same_set and min(x[i], y[i]) == min(x[i - 1], y[i - 1])
                if not same_set:
                    self._choose_set(&w, &given[i, 0] if depth else NULL, depth)
                if not same_x:
                    count = self._choose_x(&w, &given[i, 0] if depth else NULL, depth, min(x[i], y[i]))
                kept = self._finish(&w, &given[i, 0] if depth else NULL, depth, min(x[i], y[i]), max(x[i], y[i]),
                                    count, &out)
                n[i] = kept
                log_p[i], statistic[i], df[i] = out.log_p, out.statistic, out.df
                effect[i], verdict[i] = out.effect, out.verdict

    cdef bint _is_same(self, const int* a, const int* b, Py_ssize_t length) noexcept nogil:
        cdef Py_ssize_t j
        for j in range(length):
            if a[j] != b[j]:
                return False
        return True

    cdef void _choose_set(self, Work* w, const int* given, Py_ssize_t depth) noexcept nogil:
        """Mark the rows in which the conditioning set is known."""
        cdef Py_ssize_t words = self.bits.shape[1], j, i
        memset(w.words_set, 0xFF, words * sizeof(uint64_t))
        for j in range(depth):
            for i in range(words):
                w.words_set[i] &= self.bits[given[j], i]

    cdef long _choose_x(self, Work* w, const int* given, Py_ssize_t depth, int x) noexcept nogil:
        """Gather the rows in which set and x are known, and sum over them; returns their number."""
        cdef Py_ssize_t i, j, m = 0
        cdef long count = 0
        cdef uint64_t word
        for i in range(self.bits.shape[1]):
            word = w.words_set[i] & self.bits[x, i]
            while word:
                w.rows[count] = <int> (64 * i + first_bit(word))
                count += 1
                word &= word - 1
        for j in range(depth):
            m = self._gather(w, given[j], m, w.rows, count)
        m = self._gather(w, x, m, w.rows, count)
        for i in range(m):
            w.sums[i] = causaldisc_total(w.columns + i * w.room, count)
            for j in range(i + 1):
                w.products[i * w.most + j] = causaldisc_dot(w.columns + i * w.room, w.columns + j * w.room, count)
        return count

    cdef Py_ssize_t _gather(self, Work* w, int variable, Py_ssize_t m, const int* rows, long count) noexcept nogil:
        """Append the cells of a variable in some rows as columns m, ...; returns the number of columns then."""
        cdef Py_ssize_t column
        cdef long r
        cdef const double* cells
        cdef double* out
        for column in range(self.starts[variable], self.starts[variable + 1]):
            cells, out = &self.values[column, 0], w.columns + m * w.room
            for r in range(count):
                out[r] = cells[rows[r]]
            for r in range(count, count + LANES):
                out[r] = 0.0
            m += 1
        return m

    cdef long _finish(self, Work* w, const int* given, Py_ssize_t depth, int x, int y, long count,
                      Outcome* out) noexcept nogil:
        """Answer a question; returns the number of rows used."""
        cdef Py_ssize_t of_x = self.starts[x + 1] - self.starts[x], of_set = 0, m, j
        cdef long unknown = 0, r, kept
        for j in range(depth):
            of_set += self.starts[given[j] + 1] - self.starts[given[j]]
        for r in range(count):
            w.without[unknown] = <int> r
            unknown += not (self.bits[y, w.rows[r] // 64] >> (w.rows[r] % 64) & 1)
        kept = count - unknown
        if kept < FEWEST_ROWS:
            undecided(out, INSUFFICIENT)
            return kept
        m = self._gather(w, y, of_set + of_x, w.rows, count)
        if 2 * unknown > count or not self._take_off(w, of_set + of_x, m, count, unknown):
            self._sum_anew(w, given, depth, x, y, count, kept)
        judge(self.question, w.a, m, of_set, of_x, kept, self.variance, w.spare, out)
        return kept

    cdef bint _take_off(self, Work* w, Py_ssize_t others, Py_ssize_t m, long count, long unknown) noexcept nogil:
        """Fill `a` with covariances: sums over all rows less those over rows without y. Tells whether that was safe."""
        cdef Py_ssize_t i, j
        cdef long r
        cdef double kept = count - unknown, total, square
        cdef const double* left
        cdef const double* right
        for i in range(m):
            left = w.columns + i * w.room
            for j in range(i + 1):
                right = w.columns + j * w.room
                if i < others:
                    total = w.products[i * w.most + j]
                    for r in range(unknown):
                        total -= left[w.without[r]] * right[w.without[r]]
                else:
                    total = causaldisc_dot(left, right, count)  # y is zero where unknown
                w.a[i * m + j] = total
            if i < others:
                w.full[i], total = w.products[i * w.most + i], w.sums[i]
                for r in range(unknown):
                    total -= left[w.without[r]]
                w.spare[i] = total
            else:
                w.full[i], w.spare[i] = w.a[i * m + i], causaldisc_total(left, count)
        for i in range(m):
            for j in range(i + 1):
                w.a[i * m + j] -= w.spare[i] * w.spare[j] / kept
            if not w.a[i * m + i] > WORTH_KEEPING * w.full[i]:
                return False
        return True

    cdef void _sum_anew(self, Work* w, const int* given, Py_ssize_t depth, int x, int y, long count,
                        long kept) noexcept nogil:
        """Fill `a` with covariances from cells less their means in the rows used.

        Means are taken of differences from the first cell, so that a constant leaves zeros, not rounding.
        The columns of set and x are overwritten and gathered again: this is rare.
        """
        cdef Py_ssize_t i, j, m = 0
        cdef long r, place = 0
        cdef double* cells
        cdef double first, mean
        for r in range(count):
            if self.bits[y, w.rows[r] // 64] >> (w.rows[r] % 64) & 1:
                w.without[place] = w.rows[r]
                place += 1
        for j in range(depth):
            m = self._gather(w, given[j], m, w.without, kept)
        m = self._gather(w, x, m, w.without, kept)
        m = self._gather(w, y, m, w.without, kept)
        for i in range(m):
            cells = w.columns + i * w.room
            first = cells[0]
            for r in range(kept):
                cells[r] -= first
            mean = causaldisc_total(cells, kept) / kept
            for r in range(kept):
                cells[r] -= mean
        for i in range(m):
            for j in range(i + 1):
                w.a[i * m + j] = causaldisc_dot(w.columns + i * w.room, w.columns + j * w.room, kept)
        m = 0
        for j in range(depth):
            m = self._gather(w, given[j], m, w.rows, count)
        self._gather(w, x, m, w.rows, count)
