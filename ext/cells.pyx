# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The conditional-Gaussian likelihood ratio: numbers are Gaussian within each cell of the categories.

Rows are sorted into strata of the categories conditioned on, once for all questions with the same set; a question
sums over its rows twice, for the means and for the products about them. See causaldisc/citests/cg.py for the statistic.
"""

from libc.math cimport log
from libc.string cimport memset

import numpy as np

from causaldisc._ext.partial import check

from conditional cimport DECIDED, INSUFFICIENT, SINGULAR, SINGULAR_SHARE, Outcome, eliminate, standardise, undecided
from log_tails cimport log_chi2_tail

cdef extern from "sums.h":
    double causaldisc_dot(const double* a, const double* b, long n) noexcept nogil
    double causaldisc_total(const double* a, long n) noexcept nogil
    const long LANES "CAUSALDISC_SUM_LANES"

# As many rows beyond the numbers conditioned on must a cell have as Fisher's Z demands.
cdef enum:
    ROWS_BEYOND = 4


cdef struct Work:
    int* rows  # those in which the set is known, sorted by stratum
    int* starts  # of the strata among them, and the end
    long strata
    int* set  # its numeric variables
    int of_set  # how many they are
    int* numbers  # those to be summed over: of the set, then of the question
    int* some  # the rows of a stratum that a question can use
    int* sorted  # the same, sorted by x or into cells
    int* cells  # the same, sorted into cells
    int* places
    int* more_places
    int* counts  # zeros, one for each level
    int* touched
    int* slots  # of the levels of y in a stratum
    double* columns  # `room` apart
    long room
    double* a
    double* products  # of one group of rows: m * m, with its means
    double* means
    double* pooled
    double* pooled_means
    double* groups  # for x, then for each level of y: m * m products, m means, the rows
    long group


cdef struct Sum:
    double statistic  # twice the logarithm of the likelihood ratio
    double expected  # its mean under the null
    double df
    long rows
    bint too_few  # there was a stratum or a cell with too few rows
    bint determined  # there was a stratum in which x or y is determined
    bint unbounded  # a cell is determined where its stratum is not


cdef double digamma(double x) noexcept nogil:
    """Derivative of log gamma at x > 0: recurrence to 10, then the asymptotic series (DLMF 5.11.2)."""
    cdef double found = 0.0, inverse
    while x < 10.0:
        found -= 1.0 / x
        x += 1.0
    inverse = 1.0 / (x * x)
    return found + log(x) - 0.5 / x - inverse * (
        1.0 / 12 - inverse * (1.0 / 120 - inverse * (1.0 / 252 - inverse * (1.0 / 240 - inverse / 132))))


cdef double expected_log(double rows, double fitted) noexcept nogil:
    """Mean of rows * log(variance as estimated / variance), after `fitted` coefficients."""
    return rows * (digamma(0.5 * (rows - fitted)) + log(2.0 / rows))


cdef void merge(double* s, double* means, double rows, const double* more, const double* more_means, double more_rows,
                Py_ssize_t m) noexcept nogil:
    """Add products about their means to others, and the means to the means."""
    cdef Py_ssize_t i, j
    cdef double weight = rows * more_rows / (rows + more_rows)
    for i in range(m):
        for j in range(i + 1):
            s[i * m + j] += more[i * m + j] + weight * (more_means[i] - means[i]) * (more_means[j] - means[j])
    for i in range(m):
        means[i] += (more_means[i] - means[i]) * (more_rows / (rows + more_rows))


cdef class Cells:
    """Numbers and category codes, both of shape (variables, rows), centred and scaled; codes are -1 where missing.

    A variable is numeric where `levels` is 0: its codes are then 0, or -1 where missing. Never changes after it was
    made, so that threads may share it.
    """

    cdef const double[:, ::1] numbers
    cdef const int[:, ::1] codes
    cdef const int[::1] levels

    def __cinit__(self, const double[:, ::1] numbers, const int[:, ::1] codes, const int[::1] levels):
        shape = np.asarray(codes).shape
        if np.asarray(numbers).shape != shape or levels.shape[0] != shape[0] or 0 in shape:
            raise ValueError("shapes do not match")
        if (np.asarray(codes) < -1).any() or (np.asarray(codes).max(axis=1) >= np.maximum(levels, 1)).any():
            raise ValueError("codes must lie in -1..levels-1")
        self.numbers, self.codes, self.levels = numbers, codes, levels

    def __reduce__(self):
        return Cells, (np.asarray(self.numbers), np.asarray(self.codes), np.asarray(self.levels))

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
        """Fill the results (each of length k) for k tests; n is the number of rows in the cells used.

        Raises ValueError for shapes that do not match or variables out of range.
        """
        cdef Py_ssize_t k = x.shape[0], depth = given.shape[1], i, j
        cdef long rows = self.codes.shape[1], most_levels = max(np.asarray(self.levels).max(), 1)
        cdef long most = check(self.codes.shape[0], np.arange(self.codes.shape[0] + 1), x, y, given,
                               (log_p, statistic, df, effect, n, verdict))
        cdef Work w
        cdef Outcome out
        cdef bint same
        w.room = rows + LANES
        w.group = most * most + most + 1
        cdef int[:, ::1] whole = np.empty((7, rows + 2), np.int32)
        cdef int[:, ::1] small = np.zeros((3, most_levels), np.int32)
        cdef int[:, ::1] chosen = np.empty((2, most), np.int32)
        cdef double[:, ::1] columns = np.empty((most, w.room))
        cdef double[::1] scratch = np.empty(3 * most * most + 2 * most + (most_levels + 1) * w.group)
        w.rows, w.starts, w.some, w.sorted = &whole[0, 0], &whole[1, 0], &whole[2, 0], &whole[3, 0]
        w.cells, w.places, w.more_places = &whole[4, 0], &whole[5, 0], &whole[6, 0]
        w.counts, w.touched, w.slots = &small[0, 0], &small[1, 0], &small[2, 0]
        w.set, w.numbers, w.columns = &chosen[0, 0], &chosen[1, 0], &columns[0, 0]
        w.a, w.products, w.pooled = &scratch[0], &scratch[most * most], &scratch[2 * most * most]
        w.means, w.pooled_means = &scratch[3 * most * most], &scratch[3 * most * most + most]
        w.groups = &scratch[3 * most * most + 2 * most]
        with nogil:
            for i in range(k):
                same = i > 0
                for j in range(depth):
                    same = same and given[i, j] == given[i - 1, j]
                if not same:
                    self._choose_set(&w, &given[i, 0] if depth else NULL, depth)
                n[i] = self._test(&w, min(x[i], y[i]), max(x[i], y[i]), &out)
                log_p[i], statistic[i], df[i] = out.log_p, out.statistic, out.df
                effect[i], verdict[i] = out.effect, out.verdict

    cdef void _choose_set(self, Work* w, const int* given, Py_ssize_t depth) noexcept nogil:
        """Sort the rows in which the set is known into strata of its categories."""
        cdef long rows = 0, r, stratum, at, count, i
        cdef Py_ssize_t j
        cdef bint is_known
        w.of_set = 0
        for r in range(self.codes.shape[1]):
            is_known = True
            for j in range(depth):
                is_known = is_known and self.codes[given[j], r] >= 0
            w.rows[rows] = <int> r
            rows += is_known
        w.strata = 1 if rows else 0
        w.starts[0], w.starts[w.strata] = 0, <int> rows
        for j in range(depth):
            if self.levels[given[j]] == 0:
                w.set[w.of_set] = given[j]
                w.of_set += 1
                continue
            count = 0
            for stratum in range(w.strata):
                at = w.starts[stratum]
                i = self._split(w, w.rows + at, w.starts[stratum + 1] - at, given[j], w.some + at, w.more_places)
                for r in range(i):
                    w.places[count] = <int> (at + w.more_places[r])
                    count += 1
            w.places[count] = <int> rows
            w.strata = count
            for r in range(rows):
                w.rows[r] = w.some[r]
            for r in range(count + 1):
                w.starts[r] = w.places[r]

    cdef long _split(self, Work* w, const int* rows, long length, int variable, int* out, int* starts) noexcept nogil:
        """Sort rows by a category, in the order in which its levels appear; returns how many do."""
        cdef const int* codes = &self.codes[variable, 0]
        cdef long r, levels = 0, level, total = 0
        for r in range(length):
            if w.counts[codes[rows[r]]] == 0:
                w.touched[levels] = codes[rows[r]]
                levels += 1
            w.counts[codes[rows[r]]] += 1
        for level in range(levels):
            starts[level] = <int> total
            total += w.counts[w.touched[level]]
            w.counts[w.touched[level]] = starts[level]
        starts[levels] = <int> total
        for r in range(length):
            out[w.counts[codes[rows[r]]]] = rows[r]
            w.counts[codes[rows[r]]] += 1
        for level in range(levels):
            w.counts[w.touched[level]] = 0
        return levels

    cdef long _test(self, Work* w, int x, int y, Outcome* out) noexcept nogil:
        """Answer a question; returns the number of rows used."""
        cdef Sum total
        cdef long stratum, r, count
        cdef Py_ssize_t i
        memset(&total, 0, sizeof(Sum))
        for stratum in range(w.strata):
            for i in range(w.of_set):
                w.numbers[i] = w.set[i]
            count = 0
            for r in range(w.starts[stratum], w.starts[stratum + 1]):
                w.some[count] = w.rows[r]
                count += self.codes[x, w.rows[r]] >= 0 and self.codes[y, w.rows[r]] >= 0
            if count == 0:
                continue
            if self.levels[x] == 0 and self.levels[y] == 0:
                self._add_numbers(w, x, y, count, &total)
            elif self.levels[x] == 0:
                self._add_groups(w, x, y, count, &total)
            elif self.levels[y] == 0:
                self._add_groups(w, y, x, count, &total)
            else:
                self._add_tables(w, x, y, count, &total)
        if total.unbounded:
            undecided(out, SINGULAR)
        elif total.df > 0.0:
            out.statistic = max(total.statistic, 0.0) * total.df / total.expected
            out.df = total.df
            out.log_p = log_chi2_tail(out.statistic, total.df)
            out.effect = max(total.statistic, 0.0) / (2.0 * total.rows)
            out.verdict = DECIDED
        elif total.too_few or not (total.determined or total.rows):
            undecided(out, INSUFFICIENT)
        elif total.determined:
            undecided(out, SINGULAR)
        else:
            # Every stratum has one category of x or of y: nothing there can depend on it.
            undecided(out, DECIDED)
            out.effect = 0.0
        return total.rows

    cdef void _sum(self, Work* w, const int* rows, long length, Py_ssize_t m) noexcept nogil:
        """Fill `products` (lower triangle) and `means` with those of the first m numbers in some rows.

        Means are taken of differences from the first row, so that a constant leaves zeros, not rounding.
        """
        cdef Py_ssize_t i, j
        cdef long r
        cdef const double* cells
        cdef double* column
        cdef double mean
        for i in range(m):
            cells, column = &self.numbers[w.numbers[i], 0], w.columns + i * w.room
            for r in range(length):
                column[r] = cells[rows[r]] - cells[rows[0]]
            for r in range(length, length + LANES):
                column[r] = 0.0
            mean = causaldisc_total(column, length) / length
            for r in range(length):
                column[r] -= mean
            w.means[i] = cells[rows[0]] + mean
        for i in range(m):
            for j in range(i + 1):
                w.products[i * m + j] = causaldisc_dot(w.columns + i * w.room, w.columns + j * w.room, length)

    cdef int _reduce(self, Work* w, const double* products, Py_ssize_t m, Py_ssize_t last) noexcept nogil:
        """Fill `a` with standardised products, reduced by the first `last` numbers; returns their rank."""
        cdef Py_ssize_t i
        for i in range(m * m):
            w.a[i] = products[i]
        standardise(w.a, m)
        return eliminate(w.a, m, 0, last)

    cdef void _add_numbers(self, Work* w, int x, int y, long count, Sum* total) noexcept nogil:
        """Both numeric: n log(1 - r^2) of the partial correlation in the stratum."""
        cdef Py_ssize_t m = w.of_set + 2
        cdef int rank
        cdef double vx, vy, share
        if count < w.of_set + ROWS_BEYOND:
            total.too_few = True
            return
        w.numbers[w.of_set], w.numbers[w.of_set + 1] = x, y
        self._sum(w, w.some, count, m)
        rank = self._reduce(w, w.products, m, m - 2)
        vx, vy = w.a[(m - 2) * m + m - 2], w.a[(m - 1) * m + m - 1]
        if vx < SINGULAR_SHARE or vy < SINGULAR_SHARE:
            total.determined = True
            return
        share = 1.0 - w.a[(m - 1) * m + m - 2] / vx * (w.a[(m - 1) * m + m - 2] / vy)
        total.statistic -= count * log(max(share, 1e-16))
        total.expected += expected_log(count, rank + 1) - expected_log(count, rank + 2)
        total.df += 1.0
        total.rows += count

    cdef void _add_groups(self, Work* w, int number, int category, long count, Sum* total) noexcept nogil:
        """One numeric: is its regression on the set, and what that leaves, the same in all categories?"""
        cdef Py_ssize_t m = w.of_set + 1, i, last = m * m - 1
        cdef long cell, cells = self._split(w, w.some, count, category, w.sorted, w.places), used = 0, rows = 0, length
        cdef double statistic = 0.0, expected = 0.0, df = 0.0, variance
        cdef int rank
        if cells < 2:
            # What the stratum determines is independent there, if that is seen in rows enough.
            total.too_few = total.too_few or count < w.of_set + ROWS_BEYOND
            total.rows += count
            return
        w.numbers[w.of_set] = number
        for cell in range(cells):
            length = w.places[cell + 1] - w.places[cell]
            if length < w.of_set + ROWS_BEYOND:
                total.too_few = True
                continue
            self._sum(w, w.sorted + w.places[cell], length, m)
            if used == 0:
                memset(w.pooled, 0, m * m * sizeof(double))
                for i in range(m):
                    w.pooled_means[i] = w.means[i]
            merge(w.pooled, w.pooled_means, rows, w.products, w.means, length, m)
            rank = self._reduce(w, w.products, m, m - 1)
            variance = w.a[last] * w.products[last] / length
            # A mark for "determined", to be held against the stratum below.
            w.groups[used] = variance if w.a[last] >= SINGULAR_SHARE else 0.0
            statistic -= length * log(max(variance, 1e-300))
            expected -= expected_log(length, rank + 1)
            df += rank + 2
            rows += length
            used += 1
        if used < 2:
            return
        rank = self._reduce(w, w.pooled, m, m - 1)
        variance = w.a[last] * w.pooled[last] / rows
        if w.a[last] < SINGULAR_SHARE:
            total.determined = True
            return
        for cell in range(used):
            if w.groups[cell] <= SINGULAR_SHARE * variance:
                total.unbounded = True
        total.statistic += statistic + rows * log(variance)
        total.expected += expected + expected_log(rows, rank + 1)
        total.df += df - (rank + 2)
        total.rows += rows

    cdef void _add_tables(self, Work* w, int x, int y, long count, Sum* total) noexcept nogil:
        """Both categories: G^2, and what the numbers of the set say of the cells beyond the margins."""
        cdef Py_ssize_t m = w.of_set, keep = 0, i
        cdef long of_x = self._split(w, w.some, count, x, w.sorted, w.places), of_y = 0, i_x, cell, cells, length, row
        cdef long least = count, all_cells = 0
        cdef double statistic = 0.0, expected = 0.0, scale
        cdef double* group
        cdef double* of_row = w.groups
        # The numbers of the set that say something in this stratum.
        if m:
            self._sum(w, w.some, count, m)
            self._reduce(w, w.products, m, m)
            for i in range(m):
                if w.a[i * m + i] >= SINGULAR_SHARE:
                    w.numbers[keep] = w.set[i]
                    keep += 1
        m = keep
        # The levels of y that occur get places in the order in which they appear.
        for row in range(count):
            i = self.codes[y, w.some[row]]
            if w.counts[i] == 0:
                w.slots[i] = <int> of_y
                memset(w.groups + (of_y + 1) * w.group, 0, w.group * sizeof(double))
                of_y += 1
            w.counts[i] += 1
        for row in range(count):
            w.counts[self.codes[y, w.some[row]]] = 0
        if of_x < 2 or of_y < 2:
            total.too_few = total.too_few or count < 2
            total.rows += count
            return
        for i_x in range(of_x):
            memset(of_row, 0, w.group * sizeof(double))
            length = w.places[i_x + 1] - w.places[i_x]
            cells = self._split(w, w.sorted + w.places[i_x], length, y, w.cells, w.more_places)
            all_cells += cells
            for cell in range(cells):
                length = w.more_places[cell + 1] - w.more_places[cell]
                least = min(least, length)
                statistic += 2.0 * length * log(<double> length)
                group = w.groups + (w.slots[self.codes[y, w.cells[w.more_places[cell]]]] + 1) * w.group
                if m and length >= m + ROWS_BEYOND:
                    self._sum(w, w.cells + w.more_places[cell], length, m)
                    self._take(w, w.products, length, m, -1.0, &statistic, &expected, &least)
                    self._put(w, of_row, length, m)
                    self._put(w, group, length, m)
                else:
                    of_row[w.group - 1] += length
                    group[w.group - 1] += length
            statistic -= 2.0 * of_row[w.group - 1] * log(of_row[w.group - 1])
            if m:
                self._take(w, of_row, <long> of_row[w.group - 1], m, 1.0, &statistic, &expected, &least)
        if m and (least < m + ROWS_BEYOND or all_cells < of_x * of_y):
            total.too_few = True
            return
        memset(of_row, 0, w.group * sizeof(double))
        for i in range(of_y):
            group = w.groups + (i + 1) * w.group
            statistic -= 2.0 * group[w.group - 1] * log(group[w.group - 1])
            if m:
                self._take(w, group, <long> group[w.group - 1], m, 1.0, &statistic, &expected, &least)
        statistic += 2.0 * count * log(<double> count)
        if m:
            self._sum(w, w.some, count, m)
            self._take(w, w.products, count, m, -1.0, &statistic, &expected, &least)
        if least <= 0:
            total.too_few = True
            return
        scale = (of_x - 1.0) * (of_y - 1.0)
        total.statistic += statistic
        total.expected += expected + scale
        total.df += scale * (1.0 + 0.5 * m * (m + 3))
        total.rows += count

    cdef void _put(self, Work* w, double* group, long length, Py_ssize_t m) noexcept nogil:
        """Add the products and means of some rows to those of a group."""
        cdef Py_ssize_t i
        cdef double* means = group + m * m
        if group[w.group - 1] == 0.0:
            for i in range(m):
                means[i] = w.means[i]
        merge(group, means, group[w.group - 1], w.products, w.means, length, m)
        group[w.group - 1] += length

    cdef void _take(self, Work* w, const double* products, long rows, Py_ssize_t m, double sign, double* statistic,
                    double* expected, long* least) noexcept nogil:
        """Add rows * log det of the covariances, and its mean; where there is none, `least` becomes 0."""
        cdef Py_ssize_t i
        cdef double found = 0.0
        if rows <= m or self._reduce(w, products, m, m) < m:
            least[0] = 0
            return
        for i in range(m):
            found += log(w.a[i * m + i]) + log(products[i * m + i] / rows)
            expected[0] += sign * expected_log(rows, i + 1)
        statistic[0] += sign * rows * found
