# cython: language_level=3, cdivision=True
"""From the covariances of x, y and a conditioning set to the answer of a test, in the ways there are.

The matrix holds the columns of the conditioning set, then those of x, then those of y; a variable is one column, or
several (the indicators of categories) for the likelihood ratio. All functions are inline, as in log_tails.pxd.
"""

from libc.math cimport M_PI, atanh, fabs, log, sin, sqrt

from log_tails cimport log_chi2_tail, log_normal_tail

cdef extern from *:
    """
    /* The share of a variable's variance that must be left unexplained for it to count as its own variable.
       Elimination of a correlation matrix in double precision leaves errors of about 1e-15 on these shares. */
    #define CAUSALDISC_SINGULAR_SHARE 1e-11
    #define CAUSALDISC_LARGEST_CORRELATION (1.0 - 1e-16)
    #define CAUSALDISC_SMALLEST_SHARE 1e-16
    /* More than rounding leaves, even of shares of 1e-11: no such correlations exist, as those of a few ranks do not. */
    #define CAUSALDISC_ROUNDING 1e-3
    """
    const double SINGULAR_SHARE "CAUSALDISC_SINGULAR_SHARE"
    const double LARGEST_CORRELATION "CAUSALDISC_LARGEST_CORRELATION"
    const double ROUNDING "CAUSALDISC_ROUNDING"
    const double SMALLEST_SHARE "CAUSALDISC_SMALLEST_SHARE"

cdef enum:
    DECIDED = 0
    INSUFFICIENT = 1
    SINGULAR = 2
    REDUNDANT = 3

# What is asked of the covariances.
cdef enum:
    CORRELATION = 0  # the partial correlation of two columns, by Fisher's transform
    RATIOS = 1  # the same of the parts of a composition, by their logarithms' ratios to a part of the set
    BLOCKS = 2  # the likelihood ratio of two blocks of columns
    RANKS = 3  # the partial correlation, where the columns hold ranks


cdef struct Outcome:
    double log_p
    double statistic
    double df
    double effect
    unsigned char verdict


cdef inline void undecided(Outcome* out, unsigned char verdict) noexcept nogil:
    out.log_p = out.statistic = out.df = 0.0
    out.effect = 0.0 / 0.0
    out.verdict = verdict


cdef inline int eliminate(double* a, Py_ssize_t m, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Reduce the lower triangle of the m by m matrix `a` by its variables first..last-1, in place.

    Variables that the earlier ones explain are passed over; returns the number of those that were not.
    """
    cdef Py_ssize_t i, j, k
    cdef double factor
    cdef int rank = 0
    for k in range(first, last):
        if a[k * m + k] < SINGULAR_SHARE:
            continue
        rank += 1
        for i in range(k + 1, m):
            factor = a[i * m + k] / a[k * m + k]
            if factor != 0.0:
                for j in range(k + 1, i + 1):
                    a[i * m + j] -= factor * a[j * m + k]
    return rank


cdef inline void standardise(double* a, Py_ssize_t m) noexcept nogil:
    """Make correlations of covariances (the lower triangle); all of a constant are 0."""
    cdef Py_ssize_t i, j
    for i in range(m):
        a[i * m + i] = 1.0 / sqrt(a[i * m + i]) if a[i * m + i] > 0.0 else 0.0
    for i in range(m):
        for j in range(i):
            a[i * m + j] *= a[i * m + i] * a[j * m + j]
    for i in range(m):
        a[i * m + i] = 1.0 if a[i * m + i] > 0.0 else 0.0


cdef inline void as_of_scores(double* a, Py_ssize_t m) noexcept nogil:
    """Turn correlations of ranks into those of the Gaussian scores behind them, r = 2 sin(pi r / 6)."""
    cdef Py_ssize_t i, j
    for i in range(m):
        for j in range(i):
            a[i * m + j] = 2.0 * sin(M_PI / 6.0 * a[i * m + j])


cdef inline void judge_correlation(double* a, Py_ssize_t m, double rows, double variance, Outcome* out) noexcept nogil:
    """Test column m-2 against column m-1 given the others, all standardised; sqrt(dof / variance) atanh(r) is N(0, 1)."""
    cdef int rank
    cdef double vx, vy, rho, dof
    rank = eliminate(a, m, 0, m - 2)
    dof = rows - rank - 3.0
    if dof <= 0.0:
        undecided(out, INSUFFICIENT)
        return
    vx = a[(m - 2) * m + m - 2]
    vy = a[(m - 1) * m + m - 1]
    if vx < SINGULAR_SHARE or vy < SINGULAR_SHARE:
        undecided(out, SINGULAR)
        return
    rho = a[(m - 1) * m + m - 2] / sqrt(vx * vy)
    if fabs(rho) > 1.0 + ROUNDING:
        undecided(out, SINGULAR)
        return
    if fabs(rho) > LARGEST_CORRELATION:
        rho = LARGEST_CORRELATION if rho > 0.0 else -LARGEST_CORRELATION
    out.statistic = sqrt(dof / variance) * atanh(rho)
    out.log_p = log_normal_tail(fabs(out.statistic))
    out.df = 0.0
    out.effect = rho
    out.verdict = DECIDED if rank == m - 2 else REDUNDANT


cdef inline void refer(double* a, Py_ssize_t m, double* column) noexcept nogil:
    """Make the (m-1) by (m-1) covariances of the differences from column 0, in place; `column` holds m doubles."""
    cdef Py_ssize_t i, j, k = m - 1
    cdef double whole, part
    for i in range(m):
        column[i] = a[i * m]
    for i in range(1, m):
        whole = a[i * m + i] + column[0]
        for j in range(1, i + 1):
            a[(i - 1) * k + j - 1] = a[i * m + j] - column[i] - column[j] + column[0]
        part = a[(i - 1) * k + i - 1]
        # Parts in a constant proportion: what is left of the difference is rounding.
        a[(i - 1) * k + i - 1] = part if part > SINGULAR_SHARE * whole else 0.0


cdef inline void judge_blocks(
    double* a, Py_ssize_t m, Py_ssize_t of_set, Py_ssize_t of_x, double rows, double* b, Outcome* out
) noexcept nogil:
    """Test the block of x against that of y given the others, all standardised: Wilks' lambda with Bartlett's factor.

    lambda = det(y | set, x) / det(y | set) over the columns that are not explained; `b` holds m * m doubles.
    """
    cdef Py_ssize_t of_y = m - of_set - of_x, i, j, at
    cdef int rank, rank_x, rank_y
    cdef double share, log_lambda = 0.0, factor
    rank = eliminate(a, m, 0, of_set)
    for i in range(of_y):
        for j in range(i + 1):
            b[i * of_y + j] = a[(m - of_y + i) * m + m - of_y + j]
    rank_y = eliminate(b, of_y, 0, of_y)
    rank_x = eliminate(a, m, of_set, of_set + of_x)
    factor = rows - 1.0 - rank - 0.5 * (rank_x + rank_y + 1.0)
    if rows - 1.0 - rank - rank_x - rank_y < 1.0:
        undecided(out, INSUFFICIENT)
        return
    if rank_x == 0 or rank_y == 0:
        undecided(out, SINGULAR)
        return
    eliminate(a, m, of_set + of_x, m)
    for i in range(of_y):
        if b[i * of_y + i] >= SINGULAR_SHARE:
            at = (m - of_y + i) * m + m - of_y + i
            share = a[at] / b[i * of_y + i]
            log_lambda += log(min(max(share, SMALLEST_SHARE), 1.0))
    out.statistic = -factor * log_lambda
    out.df = rank_x * rank_y
    out.log_p = log_chi2_tail(out.statistic, out.df)
    out.effect = -0.5 * log_lambda
    out.verdict = DECIDED


cdef inline void judge(
    int question, double* a, Py_ssize_t m, Py_ssize_t of_set, Py_ssize_t of_x, double rows, double variance,
    double* spare, Outcome* out
) noexcept nogil:
    """Answer from the lower triangle of `a`, which is lost; `spare` holds m * m doubles.

    A composition of two parts has one ratio: each part determines the other, whatever the data say.
    """
    if question == BLOCKS:
        standardise(a, m)
        judge_blocks(a, m, of_set, of_x, rows, spare, out)
        return
    if question == RATIOS:
        if m == 2:
            undecided(out, SINGULAR)
            return
        refer(a, m, spare)
        m -= 1
    standardise(a, m)
    if question == RANKS:
        as_of_scores(a, m)
    judge_correlation(a, m, rows, variance, out)
