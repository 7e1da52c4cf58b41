# cython: language_level=3, cdivision=True
"""Counting by live rows: those in strata of a prefix where x and y both vary.

Where one of them does not vary it never will in a finer stratum, which adds nothing to the statistic and no degrees of
freedom. So each level lists its live rows only, and the deeper a set, the less there is to count. Lost are the numbers
of rows and of strata: rows are counted by `known_rows`, and strata are not asked for where there are degrees of freedom
by the rule that `sparse` stands for.
"""

from libc.string cimport memset

from rows cimport cells_of_rows, codes_of
from walk cimport Columns, Sums, Walk, causaldisc_add_live

cdef extern from "live.h":
    void causaldisc_count_live(
        const int*, const int*, long, const int*, int, int, const int*, int*, int*) noexcept nogil
    long causaldisc_number_live(int*, long, int, int) noexcept nogil
    long causaldisc_keep_live(const int*, const int*, long, const int*, int*, int*) noexcept nogil


cdef inline int* _rows(Walk* w, long level) noexcept nogil:
    return w.live_rows + level * w.data.distinct


cdef inline int* _places(Walk* w, long level) noexcept nogil:
    return w.live_places + level * w.data.distinct


cdef inline void live_from_all_rows(Walk* w) noexcept nogil:
    """Begin with all rows in one stratum."""
    cdef long i, seen = 0
    cells_of_rows(w)
    for i in range(w.data.distinct):
        _rows(w, 0)[seen] = <int> i
        _places(w, 0)[seen] = w.cell[i]
        seen += w.cell[i] >= 0
    w.live_count[0] = seen
    w.live_strata[0] = 1
    w.live_level = 0


cdef inline bint _count(Walk* w, long level, int z, int* keys) noexcept nogil:
    """Count the live rows of a level, split by z, level of z after level; returns whether there is room for that."""
    cdef const Columns* d = w.data
    cdef long size = w.live_strata[level] * w.cells, entries = size * d.levels[z]
    if entries > d.dense:
        return False
    memset(w.dense, 0, (entries + 1) * sizeof(int))
    causaldisc_count_live(
        _rows(w, level), _places(w, level), w.live_count[level], codes_of(w, z), <int> size, <int> entries, d.weights,
        keys, w.dense)
    return True


cdef inline bint live_down_to(Walk* w, long level) noexcept nogil:
    """Make the live rows of all levels down to this one; returns False where a table would be too large."""
    cdef long k, strata
    while w.live_level < level:
        k = w.live_level
        if not _count(w, k, w.chosen[k], w.keys_of_live):
            return False
        strata = w.live_strata[k] * w.data.levels[w.chosen[k]]
        w.live_strata[k + 1] = causaldisc_number_live(w.dense, strata, w.lx, w.ly)
        w.dense[strata * w.cells] = -1  # for rows that miss a code
        w.live_count[k + 1] = causaldisc_keep_live(
            _rows(w, k), w.keys_of_live, w.live_count[k], w.dense, _rows(w, k + 1), _places(w, k + 1))
        w.live_level = k + 1
    return True


cdef inline bint add_live(Walk* w, long level, int z, Sums* sums) noexcept nogil:
    """Add the strata of a level, split by z; returns False where the table would be too large."""
    if not _count(w, level, z, NULL):
        return False
    causaldisc_add_live(
        &w.data.terms, w.dense, w.live_strata[level] * w.data.levels[z], w.lx, w.ly, w.margins, sums)
    return True
