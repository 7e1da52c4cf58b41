# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Products of residuals over the rows that a question may use.

Each variable says which rows it allows when it is an end of a question, and which when it is conditioned on. The rows
that a conditioning set allows are ANDed from bitmaps once for all questions that follow each other with that set, and
so are the basis of its regression and the residuals of each end. Only where the ends leave out further rows is the
regression that of a single question. Columns are kept without their zeros: what a set does not allow is never touched.
"""

from libc.math cimport atanh, fabs, sqrt
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

import numpy as np

from causaldisc._ext.partial import check

from conditional cimport DECIDED, INSUFFICIENT, LARGEST_CORRELATION, REDUNDANT, SINGULAR
from log_tails cimport log_normal_tail

cdef extern from "sums.h":
    double causaldisc_dot(const double* a, const double* b, long n) noexcept nogil
    double causaldisc_total(const double* a, long n) noexcept nogil
    const long LANES "CAUSALDISC_SUM_LANES"

cdef extern from *:
    int bits_of "__builtin_popcountll"(uint64_t word) noexcept nogil

cdef enum:
    # A regression must leave so many dimensions, and the share 1 / MOST_TAKEN of them.
    FEWEST_LEFT = 10
    MOST_TAKEN = 10
# Of the sum of squares of a function of the set, what must be new for it to join the basis.
cdef double WORTH_JOINING = 1e-8
# Of that of an end, what the set must leave.
cdef double SHARE_LINEAR = 1e-11
cdef double SHARE_CUBIC = 1e-6
# Of the sum of squares before the mean is taken off, what is more than rounding.
cdef double ROUNDING_SHARE = 1e-24
# Orthogonalised once more where less of the norm than this is left.
cdef double CANCELS = 0.1
# Numbers of residuals kept for a set.
cdef long BUDGET = 1 << 25


cdef struct Work:
    uint64_t* prefixes  # rows that the first 0, 1, ... of the conditioning set allow, a bitmap each
    uint64_t* of_set  # the last of them: those that all of it allows
    uint64_t* mask  # those of a single question
    int* before  # how many rows of the mask in use come before each word of it
    long count, stride  # rows in use; distance of columns
    double* given  # standardised columns of the set
    double* basis  # orthonormal functions of the set
    long rank
    bint redundant
    double correction
    double* e
    double* f
    double* products
    double* left  # residuals of ends on the rows of the set
    int* slots  # where those of a variable are, -1 for nowhere
    int* owners
    unsigned char* verdicts
    long used, room


cdef struct Sums:
    # Over rows, of residuals e and f: e f, e e, f f and (e f)^2.
    double total, x, y, squares


cdef class Residuals:
    """Columns in compressed form: the values of variable v that are not 0 are values[starts[v]:starts[v + 1]] (float32
    or float64), in the increasing rows `places`; `ends` and `givens`, (variables, words): the rows a variable allows as an end and as a
    condition, bit r % 64 of word r // 64. Never changes after it was made, so that threads may share it.

    The regression is on the polynomials up to `degree` of each condition and, unless it is linear, their products in
    pairs. A linear one gives Fisher's Z of the partial correlation, any other the generalised covariance measure.
    """

    cdef const long long[::1] starts
    cdef const int[::1] places
    cdef const double[::1] doubles  # the values are here,
    cdef const float[::1] singles  # or here
    cdef const uint64_t[:, ::1] ends
    cdef const uint64_t[:, ::1] givens
    cdef unsigned char[::1] is_free  # whether a variable allows all rows as an end
    cdef long rows, fewest
    cdef int degree
    cdef bint is_single
    cdef object made_of

    def __cinit__(self, long rows, const long long[::1] starts, const int[::1] places, values,
                  const uint64_t[:, ::1] ends, const uint64_t[:, ::1] givens, int degree, long fewest):
        cdef Py_ssize_t v, i, p = starts.shape[0] - 1
        cdef long allowed
        arrays = np.asarray(starts), np.asarray(places), np.asarray(values), np.asarray(ends), np.asarray(givens)
        self.made_of = rows, *arrays, degree, fewest
        self.is_single = values.dtype == np.float32
        if (ends.shape[0] != p or givens.shape[0] != p or ends.shape[1] != (rows + 63) // 64
                or givens.shape[1] != ends.shape[1] or places.shape[0] != values.shape[0]):
            raise ValueError("shapes do not match")
        if not 1 <= degree <= 3:
            raise ValueError("degree must be 1, 2 or 3")
        if np.any(np.diff(starts) < 0) or starts[0] != 0 or starts[p] != places.shape[0]:
            raise ValueError("starts do not cut the values into columns")
        if places.shape[0] and not (0 <= np.min(places) and np.max(places) < rows):
            raise ValueError("places lie beyond the rows")
        if rows % 64 and (np.any(np.asarray(ends)[:, -1] >> np.uint64(rows % 64))
                          or np.any(np.asarray(givens)[:, -1] >> np.uint64(rows % 64))):
            raise ValueError("masks allow rows that there are not")
        if self.is_single:
            self.singles = values
        else:
            self.doubles = values
        self.rows, self.starts, self.places = rows, starts, places
        self.ends, self.givens, self.degree, self.fewest = ends, givens, degree, fewest
        self.is_free = np.zeros(p, np.uint8)
        for v in range(p):
            allowed = 0
            for i in range(ends.shape[1]):
                allowed += bits_of(ends[v, i])
            self.is_free[v] = allowed == rows

    def __reduce__(self):
        return Residuals, self.made_of

    def tests(
        self,
        const int[::1] x,
        const int[::1] y,
        const int[:, ::1] given,
        double[::1] log_p,
        double[::1] statistic,
        double[::1] effect,
        long long[::1] n,
        unsigned char[::1] verdict,
    ):
        """Fill the results (each of length k) for k tests; n is the number of rows used.

        Raises ValueError for shapes that do not match or variables out of range.
        """
        cdef Py_ssize_t k = x.shape[0], depth = given.shape[1], p = self.starts.shape[0] - 1, i, j
        cdef long words = max(self.ends.shape[1], 1), most, stride, of_set = 0
        cdef Work w
        cdef bint ready = False
        cdef int a, b
        one_each = np.arange(p + 1, dtype=np.int32)
        check(p, one_each, x, y, given, (log_p, statistic, effect, n, verdict))
        if not k:
            return
        most = depth * self.degree + (depth * (depth - 1) // 2 if self.degree > 1 else 0)
        stride = (self.rows + LANES - 1) // LANES * LANES
        w.room = min(<long> k + 1, max(2, min(<long> p, BUDGET // max(stride, 1)))) * stride
        cdef uint64_t[:, ::1] masks = np.empty((depth + 2, words), np.uint64)
        cdef int[::1] before = np.empty(words, np.int32)
        cdef double[::1] numbers = np.empty((depth + most + 3) * stride)
        cdef double[::1] left = np.empty(w.room)
        cdef int[::1] slots = np.full(p, -1, np.int32)
        cdef int[::1] owners = np.empty(p, np.int32)
        cdef unsigned char[::1] verdicts = np.empty(p, np.uint8)
        w.prefixes, w.of_set, w.mask, w.before = &masks[0, 0], &masks[depth, 0], &masks[depth + 1, 0], &before[0]
        w.e, w.f, w.products = &numbers[0], &numbers[stride], &numbers[2 * stride]
        w.given, w.basis = &numbers[2 * stride] + stride, &numbers[2 * stride] + (1 + depth) * stride
        w.left, w.slots, w.owners, w.verdicts, w.used = &left[0], &slots[0], &owners[0], &verdicts[0], 0
        with nogil:
            self._allow_all(&w)
            for i in range(k):
                j = 0
                while i > 0 and j < depth and given[i, j] == given[i - 1, j]:
                    j += 1
                if i == 0 or j < depth:
                    of_set = self._choose(&w, &given[i, 0] if depth else NULL, j, depth)
                    ready = False
                a, b = min(x[i], y[i]), max(x[i], y[i])
                n[i] = of_set
                if not (self.is_free[a] and self.is_free[b]):
                    n[i] = self._narrow(&w, a, b)
                log_p[i] = statistic[i] = 0.0
                effect[i] = 0.0 / 0.0
                if n[i] < self.fewest:
                    verdict[i] = INSUFFICIENT
                elif n[i] == of_set:
                    if not ready:
                        self._forget(&w)
                        self._prepare(&w, w.of_set, &given[i, 0] if depth else NULL, depth)
                        ready = True
                    verdict[i] = self._shared(&w, a, b, depth, &log_p[i], &statistic[i], &effect[i])
                else:
                    self._prepare(&w, w.mask, &given[i, 0] if depth else NULL, depth)
                    ready = False
                    verdict[i] = self._alone(&w, a, b, depth, &log_p[i], &statistic[i], &effect[i])

    cdef void _allow_all(self, Work* w) noexcept nogil:
        cdef Py_ssize_t words = self.givens.shape[1]
        memset(w.prefixes, 0xFF, words * sizeof(uint64_t))
        if self.rows % 64:
            w.prefixes[words - 1] = ((<uint64_t> 1) << (self.rows % 64)) - 1

    cdef long _choose(self, Work* w, const int* given, Py_ssize_t known, Py_ssize_t depth) noexcept nogil:
        """Mark the rows that a conditioning set allows, whose first `known` are marked; returns their number."""
        cdef Py_ssize_t words = self.givens.shape[1], j, i
        cdef uint64_t* before
        cdef uint64_t* mask
        cdef long count = 0
        for j in range(known, depth):
            before, mask = w.prefixes + j * max(words, 1), w.prefixes + (j + 1) * max(words, 1)
            for i in range(words):
                mask[i] = before[i] & self.givens[given[j], i]
        for i in range(words):
            count += bits_of(w.of_set[i])
        return count

    cdef long _narrow(self, Work* w, int x, int y) noexcept nogil:
        """Mark those of them that the ends allow too; returns their number."""
        cdef Py_ssize_t i
        cdef long count = 0
        for i in range(self.ends.shape[1]):
            w.mask[i] = w.of_set[i] & self.ends[x, i] & self.ends[y, i]
            count += bits_of(w.mask[i])
        return count

    cdef void _forget(self, Work* w) noexcept nogil:
        cdef long i
        for i in range(w.used):
            w.slots[w.owners[i]] = -1
        w.used = 0

    cdef void _prepare(self, Work* w, const uint64_t* mask, const int* given, Py_ssize_t depth) noexcept nogil:
        """Make the orthonormal basis of a conditioning set on the rows of a mask."""
        cdef Py_ssize_t i, j, power
        cdef long r
        cdef double norm, total
        cdef double* column
        cdef double* other
        w.count = 0
        for i in range(self.ends.shape[1]):
            w.before[i] = <int> w.count
            w.count += bits_of(mask[i])
        w.stride = (w.count + LANES - 1) // LANES * LANES
        w.rank, w.redundant = 0, False
        for j in range(depth):
            column = w.given + j * w.stride
            self._gather(w, mask, given[j], column)
            norm = self._centre(w, column)
            norm = sqrt(w.count / norm) if norm > 0.0 else 0.0
            for r in range(w.count):
                column[r] *= norm
            self._join(w, column)
            w.redundant = w.redundant or w.rank <= j
        for power in range(2, self.degree + 1):
            for j in range(depth):
                column = w.given + j * w.stride
                memset(w.products, 0, w.stride * sizeof(double))
                for r in range(w.count):
                    w.products[r] = column[r] * column[r] if power == 2 else column[r] * column[r] * column[r]
                self._centre(w, w.products)
                self._join(w, w.products)
        if self.degree > 1:
            for j in range(depth):
                for i in range(j):
                    column, other = w.given + j * w.stride, w.given + i * w.stride
                    memset(w.products, 0, w.stride * sizeof(double))
                    for r in range(w.count):
                        w.products[r] = column[r] * other[r]
                    self._centre(w, w.products)
                    self._join(w, w.products)
        # tr Q / sum_i Q_ii^2 with Q the projection on what is left: see Regression.correction.
        for r in range(w.count):
            w.products[r] = 1.0 - 1.0 / w.count
        for j in range(w.rank):
            column = w.basis + j * w.stride
            for r in range(w.count):
                w.products[r] -= column[r] * column[r]
        total = 0.0
        for r in range(w.count):
            total += w.products[r] * w.products[r]
        w.correction = (w.count - 1.0 - w.rank) / total

    cdef inline double _value(self, long long i) noexcept nogil:
        return self.singles[i] if self.is_single else self.doubles[i]

    cdef void _gather(self, Work* w, const uint64_t* mask, int variable, double* out) noexcept nogil:
        """Write the column of a variable in the rows of a mask, padded with zeros."""
        cdef long long i
        cdef int row
        cdef uint64_t word
        memset(out, 0, w.stride * sizeof(double))
        for i in range(self.starts[variable], self.starts[variable + 1]):
            row = self.places[i]
            word = mask[row >> 6]
            if word >> (row & 63) & 1:
                out[w.before[row >> 6] + bits_of(word & (((<uint64_t> 1) << (row & 63)) - 1))] = self._value(i)

    cdef double _centre(self, Work* w, double* column) noexcept nogil:
        """Take off the mean; returns the sum of squares that is left, 0 for what is but rounding."""
        cdef double whole = causaldisc_dot(column, column, w.stride), left
        cdef double mean = causaldisc_total(column, w.stride) / w.count
        cdef long r
        for r in range(w.count):
            column[r] -= mean
        left = causaldisc_dot(column, column, w.stride)
        return left if left > ROUNDING_SHARE * whole else 0.0

    cdef void _join(self, Work* w, const double* column) noexcept nogil:
        """Add a centred column to the basis, unless it is in its span."""
        cdef double* fresh = w.basis + w.rank * w.stride
        cdef double whole, left
        cdef long r
        memcpy(fresh, column, w.stride * sizeof(double))
        whole = causaldisc_dot(fresh, fresh, w.stride)
        left = self._take_off(w, fresh, whole)
        if left > WORTH_JOINING * whole and w.rank < w.count - 1:
            left = 1.0 / sqrt(left)
            for r in range(w.count):
                fresh[r] *= left
            w.rank += 1

    cdef double _take_off(self, Work* w, double* column, double whole) noexcept nogil:
        """Take off what the basis says of a centred column; returns the sum of squares that is left."""
        cdef double share, left = whole
        cdef long j, r
        cdef int turn
        cdef const double* direction
        for turn in range(3):
            for j in range(w.rank):
                direction = w.basis + j * w.stride
                share = causaldisc_dot(direction, column, w.stride)
                for r in range(w.count):
                    column[r] -= share * direction[r]
            whole, left = left, causaldisc_dot(column, column, w.stride)
            if left > CANCELS * CANCELS * whole:
                break
        return left

    cdef unsigned char _residual(self, Work* w, const uint64_t* mask, int variable, double* out) noexcept nogil:
        """Write what the conditioning set leaves of an end."""
        cdef double whole, left
        self._gather(w, mask, variable, out)
        whole = self._centre(w, out)
        if whole <= 0.0:
            return INSUFFICIENT  # one value in all rows: nothing can be told from them
        left = self._take_off(w, out, whole)
        if not left > (SHARE_LINEAR if self.degree == 1 else SHARE_CUBIC) * whole:
            return SINGULAR
        return DECIDED

    cdef unsigned char _shared(self, Work* w, int x, int y, Py_ssize_t depth, double* log_p, double* statistic,
                               double* effect) noexcept nogil:
        """Answer a question on all rows of its set, with residuals that others may use."""
        if (w.used + 2) * w.stride > w.room:
            self._forget(w)
        self._keep(w, x)
        self._keep(w, y)
        if w.verdicts[x] != DECIDED:
            return w.verdicts[x]
        if w.verdicts[y] != DECIDED:
            return w.verdicts[y]
        return self._judge(w, w.left + w.slots[x] * w.stride, w.left + w.slots[y] * w.stride, depth, log_p, statistic,
                           effect)

    cdef void _keep(self, Work* w, int variable) noexcept nogil:
        """See to it that the residuals of an end are kept."""
        if w.slots[variable] < 0:
            w.slots[variable], w.owners[w.used] = <int> w.used, variable
            w.verdicts[variable] = self._residual(w, w.of_set, variable, w.left + w.used * w.stride)
            w.used += 1

    cdef unsigned char _alone(self, Work* w, int x, int y, Py_ssize_t depth, double* log_p, double* statistic,
                              double* effect) noexcept nogil:
        """Answer a question whose ends leave out rows of the set."""
        cdef unsigned char of_x = self._residual(w, w.mask, x, w.e), of_y
        if of_x != DECIDED:
            return of_x
        of_y = self._residual(w, w.mask, y, w.f)
        if of_y != DECIDED:
            return of_y
        return self._judge(w, w.e, w.f, depth, log_p, statistic, effect)

    cdef unsigned char _judge(self, Work* w, const double* e, const double* f, Py_ssize_t depth, double* log_p,
                              double* statistic, double* effect) noexcept nogil:
        """Test the mean of the products of residuals."""
        cdef long r
        cdef unsigned char verdict
        cdef double squares = 0.0
        cdef Sums of
        if self.degree > 1:
            for r in range(w.stride):
                w.products[r] = e[r] * f[r]
            squares = causaldisc_dot(w.products, w.products, w.stride)
        of.total, of.squares = causaldisc_dot(e, f, w.stride), squares
        of.x, of.y = causaldisc_dot(e, e, w.stride), causaldisc_dot(f, f, w.stride)
        verdict = self._conclude(of, w.count, w.rank, depth, w.correction, log_p, statistic, effect)
        return REDUNDANT if verdict == DECIDED and w.redundant else verdict

    cdef unsigned char _conclude(self, Sums of, long count, long rank, Py_ssize_t depth, double correction,
                                 double* log_p, double* statistic, double* effect) noexcept nogil:
        """Judge by sums over `count` rows, of residuals that `rank` functions of `depth` conditions have left."""
        cdef long free = count - 1 - rank
        cdef double spread, rho = of.total / sqrt(of.x * of.y)
        rho = min(max(rho, -LARGEST_CORRELATION), LARGEST_CORRELATION)
        if self.degree == 1:
            if count <= <long> depth + 3:
                return INSUFFICIENT
            statistic[0] = sqrt(<double> (count - <long> depth - 3)) * atanh(rho)
        else:
            if free < FEWEST_LEFT or MOST_TAKEN * free < count:
                return INSUFFICIENT
            spread = of.squares - of.total * of.total / count
            if not spread > 0.0:
                return SINGULAR
            statistic[0] = of.total / sqrt(spread * correction)
        effect[0] = rho
        log_p[0] = log_normal_tail(fabs(statistic[0]))
        return DECIDED

    def conclude(
        self,
        const double[::1] total,
        const double[::1] of_x,
        const double[::1] of_y,
        const double[::1] squares,
        double[::1] log_p,
        double[::1] statistic,
        double[::1] effect,
        long long[::1] n,
        unsigned char[::1] verdict,
        Py_ssize_t depth,
        long rank,
        double correction,
    ):
        """Fill the results (each of length k) for k questions on all rows, given `depth` conditions, from the sums of
        the products of two columns' residuals, of the squares of either (0 for a constant column), and of the squares
        of the products; `rank` functions of the conditions were taken off, see Regression.correction.

        Raises ValueError for lengths that differ.
        """
        cdef Py_ssize_t k = total.shape[0], i
        cdef Sums of
        for i in (of_x.shape[0], of_y.shape[0], squares.shape[0], log_p.shape[0], statistic.shape[0], effect.shape[0],
                  n.shape[0], verdict.shape[0]):
            if i != k:
                raise ValueError("lengths differ")
        with nogil:
            for i in range(k):
                of.total, of.x, of.y, of.squares = total[i], of_x[i], of_y[i], squares[i]
                n[i], log_p[i], statistic[i], effect[i] = self.rows, 0.0, 0.0, 0.0 / 0.0
                if self.rows < self.fewest or not (of.x > 0.0 and of.y > 0.0):
                    verdict[i] = INSUFFICIENT
                else:
                    verdict[i] = self._conclude(of, self.rows, rank, depth, correction, &log_p[i], &statistic[i],
                                                &effect[i])
