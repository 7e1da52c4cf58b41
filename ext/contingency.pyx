# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""G-squared and Pearson's chi-squared tests of conditional independence on contingency tables."""

from libc.math cimport log
from libc.string cimport memset

import numpy as np

from log_tails cimport log_chi2_tail

cdef enum:
    DECIDED = 0
    INSUFFICIENT = 1

cdef enum:  # how degrees of freedom are counted
    STRATUM = 0  # (rows seen - 1)(columns seen - 1) in each stratum that is seen
    FULL = 1  # (levels of x - 1)(levels of y - 1) in every stratum, seen or not
    OCCUPIED = 2  # (levels of x - 1)(levels of y - 1) in each stratum that is seen

# A test without degrees of freedom (x or y constant within every stratum) says "independent" only when its
# strata hold at least this many rows on average; else rows, not the variables, are what is lacking.
cdef double ROWS_FOR_CONSTANCY = 5.0


cdef Py_ssize_t _strata(
    const int[:, ::1] codes, const int[::1] levels, const int[:, ::1] given, Py_ssize_t row,
    int[::1] stratum, int[::1] renumber
) noexcept nogil:
    """Number the strata of one conditioning set for every row; -1 where a cell is missing. Returns how many.

    After each variable the codes are renumbered by first appearance, so there are never more than rows.
    """
    cdef Py_ssize_t n = codes.shape[1], count = 1, i, j, z
    cdef int key, seen
    for i in range(n):
        stratum[i] = 0
    for j in range(given.shape[1]):
        z = given[row, j]
        memset(&renumber[0], 0xFF, count * levels[z] * sizeof(int))
        seen = 0
        for i in range(n):
            if stratum[i] < 0 or codes[z, i] < 0:
                stratum[i] = -1
                continue
            key = stratum[i] * levels[z] + codes[z, i]
            if renumber[key] < 0:
                renumber[key] = seen
                seen += 1
            stratum[i] = renumber[key]
        count = seen
    return count


cdef double _stratum_statistic(
    const int* table, int lx, int ly, double* row_sum, double* column_sum, bint pearson,
    int* rows_seen, int* columns_seen, double* total
) noexcept nogil:
    """Return the statistic of one table of counts, and how much of it was seen."""
    cdef int i, j
    cdef double observed, expected, statistic = 0.0
    rows_seen[0] = 0
    columns_seen[0] = 0
    total[0] = 0.0
    for j in range(ly):
        column_sum[j] = 0.0
    for i in range(lx):
        row_sum[i] = 0.0
        for j in range(ly):
            row_sum[i] += table[i * ly + j]
            column_sum[j] += table[i * ly + j]
        total[0] += row_sum[i]
        rows_seen[0] += row_sum[i] > 0.0
    for j in range(ly):
        columns_seen[0] += column_sum[j] > 0.0
    for i in range(lx):
        if row_sum[i] == 0.0:
            continue
        for j in range(ly):
            if column_sum[j] == 0.0:
                continue
            observed = table[i * ly + j]
            expected = row_sum[i] * column_sum[j] / total[0]
            if pearson:
                statistic += (observed - expected) * (observed - expected) / expected
            elif observed > 0.0:
                statistic += 2.0 * observed * log(observed / expected)
    return statistic


def tests(
    const int[:, ::1] codes,
    const int[::1] levels,
    const int[::1] x,
    const int[::1] y,
    const int[:, ::1] given,
    bint pearson,
    int df_rule,
    double min_rows_per_df,
    double[::1] log_p,
    double[::1] statistic,
    double[::1] df,
    long long[::1] n,
    unsigned char[::1] verdict,
):
    """Fill log_p, statistic, df, n and verdict (each of length k) for k tests.

    `codes` has shape (variables, rows), values 0..levels-1, or -1 for a missing cell: a test uses the rows in
    which all its variables are known. G^2 = 2 sum O log(O / E), chi^2 = sum (O - E)^2 / E over the cells of all
    strata of the conditioning set. Below `min_rows_per_df` rows for each degree of freedom the verdict is
    "insufficient". x and y are taken in increasing order, so exchanging them changes no bit.
    Raises ValueError for shapes that do not match or values out of range.
    """
    cdef Py_ssize_t k = x.shape[0], rows = codes.shape[1], i, r, s, count, cells
    cdef int u, v, lx, ly, rows_seen, columns_seen
    cdef double total, free
    cdef double all_strata
    _check(codes, levels, x, y, given, log_p, statistic, df, n, verdict)
    cdef int most = max(np.asarray(levels).max(), 1)
    cdef int[::1] stratum = np.empty(max(rows, 1), np.int32)
    cdef int[::1] renumber = np.empty(max(rows, 1) * most, np.int32)
    cdef double[::1] row_sum = np.empty(most)
    cdef double[::1] column_sum = np.empty(most)
    cdef int[::1] table = np.empty(0, np.int32)
    for i in range(k):
        u, v = min(x[i], y[i]), max(x[i], y[i])
        lx, ly = levels[u], levels[v]
        with nogil:
            count = _strata(codes, levels, given, i, stratum, renumber)
        cells = lx * ly
        if table.shape[0] < count * cells:
            table = np.empty(count * cells, np.int32)
        with nogil:
            if count * cells:
                memset(&table[0], 0, count * cells * sizeof(int))
            for r in range(rows):
                if stratum[r] >= 0 and codes[u, r] >= 0 and codes[v, r] >= 0:
                    table[stratum[r] * cells + codes[u, r] * ly + codes[v, r]] += 1
            statistic[i] = df[i] = log_p[i] = 0.0
            n[i] = 0
            free = 0.0
            for s in range(count):
                statistic[i] += _stratum_statistic(
                    &table[s * cells], lx, ly, &row_sum[0], &column_sum[0], pearson,
                    &rows_seen, &columns_seen, &total)
                if total > 0.0:
                    n[i] += <long long> total
                    free += 1.0
                    if df_rule == STRATUM:
                        df[i] += (rows_seen - 1.0) * (columns_seen - 1.0)
            if df_rule == OCCUPIED:
                df[i] = free * (lx - 1.0) * (ly - 1.0)
            elif df_rule == FULL:
                all_strata = 1.0
                for s in range(given.shape[1]):
                    all_strata *= levels[given[i, s]]
                df[i] = all_strata * (lx - 1.0) * (ly - 1.0)
            statistic[i] = max(statistic[i], 0.0)
            if df[i] == 0.0:
                verdict[i] = DECIDED if n[i] > 0 and n[i] >= ROWS_FOR_CONSTANCY * free else INSUFFICIENT
            elif n[i] < min_rows_per_df * df[i] or n[i] == 0:
                verdict[i] = INSUFFICIENT
            else:
                verdict[i] = DECIDED
                log_p[i] = log_chi2_tail(statistic[i], df[i])


def _check(codes, levels, x, y, given, log_p, statistic, df, n, verdict):
    p, k = codes.shape[0], x.shape[0]
    if levels.shape[0] != p or any(a.shape[0] != k for a in (y, given, log_p, statistic, df, n, verdict)):
        raise ValueError("shapes do not match")
    for a in (x, y, given):
        a = np.asarray(a)
        if a.size and (a.min() < 0 or a.max() >= p):
            raise ValueError(f"variables must lie in 0..{p - 1}")
    if p == 0:
        raise ValueError("no variables")
