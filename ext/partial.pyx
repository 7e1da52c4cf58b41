# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Tests that a correlation or covariance matrix answers, for many (x, y, given) at once."""

import numpy as np

from conditional cimport BLOCKS, Outcome, judge

QUESTIONS = {"correlation": 0, "ratios": 1, "blocks": 2, "ranks": 3}


def tests(
    const double[:, ::1] matrix,
    Py_ssize_t rows,
    str question,
    double variance,
    const int[::1] starts,
    const int[::1] x,
    const int[::1] y,
    const int[:, ::1] given,
    double[::1] log_p,
    double[::1] statistic,
    double[::1] df,
    double[::1] effect,
    unsigned char[::1] verdict,
):
    """Fill log_p, statistic, df, effect and verdict (each of length k) for k tests on a matrix of `rows` rows.

    Variable v has the columns starts[v]..starts[v+1]-1 of the matrix. `question`: "correlation", where
    statistic = sqrt((rows - |given| - 3) / variance) atanh(partial correlation) is N(0, 1) (Fisher 1924); "ratios",
    the same for a composition; "ranks", for ranks; "blocks", the likelihood ratio. Each conditioning set is taken in the order given, x
    and y in increasing order, so that exchanging them changes no bit.
    Raises ValueError for shapes that do not match or variables out of range.
    """
    cdef Py_ssize_t k = x.shape[0], depth = given.shape[1], i, j, column, row, m, of_set, of_x
    cdef int kind = QUESTIONS[question]
    cdef int variable
    cdef Outcome out
    widest = check(matrix.shape[0], starts, x, y, given, (log_p, statistic, df, effect, verdict))
    if matrix.shape[1] != matrix.shape[0] or (kind != BLOCKS and widest > depth + 2):
        raise ValueError("shapes do not match")
    cdef double[::1] a = np.empty(widest * widest), spare = np.empty(widest * widest)
    cdef int[::1] chosen = np.empty(widest, np.int32)
    with nogil:
        for i in range(k):
            m = of_set = of_x = 0
            for j in range(depth + 2):
                variable = given[i, j] if j < depth else min(x[i], y[i]) if j == depth else max(x[i], y[i])
                for column in range(starts[variable], starts[variable + 1]):
                    chosen[m] = <int> column
                    m += 1
                if j < depth:
                    of_set = m
                elif j == depth:
                    of_x = m - of_set
            for row in range(m):
                for column in range(row + 1):
                    a[row * m + column] = matrix[chosen[row], chosen[column]]
            judge(kind, &a[0], m, of_set, of_x, rows, variance, &spare[0], &out)
            log_p[i], statistic[i], df[i] = out.log_p, out.statistic, out.df
            effect[i], verdict[i] = out.effect, out.verdict


def check(columns, starts, x, y, given, results):
    """Return the most columns that a question has. Raises ValueError for what does not fit together."""
    starts, x, y, given = (np.asarray(a) for a in (starts, x, y, given))
    k, p = len(x), len(starts) - 1
    if len(y) != k or len(given) != k or any(r.shape[0] != k for r in results):
        raise ValueError("shapes do not match")
    if p < 1 or starts[0] != 0 or starts[p] != columns or (np.diff(starts) < 1).any():
        raise ValueError("starts must rise from 0 to the number of columns")
    for a in (x, y, given):
        if a.size and (a.min() < 0 or a.max() >= p):
            raise ValueError(f"variables must lie in 0..{p - 1}")
    if not k:
        return 2
    wide = np.diff(starts)
    return int((wide[x] + wide[y] + wide[given].sum(axis=1)).max())
