# cython: language_level=3, cdivision=True
"""Adding up the contingency tables of x and y in the strata of a growing conditioning set, the cheapest way.

Three ways give the same sums: bitmaps (bitmaps.pxd) while strata are few, dense tables of all rows (rows.pxd) where
there are more, sorting where tables would be too large. A cost model chooses.
All functions are inline, as in log_tails.pxd.
"""

from libc.math cimport INFINITY, ldexp

from bitmaps cimport next_planes, pair_table, planes_fit, split_pair, split_strata
from rows cimport EMPTY_COST, add_by_rows
from walk cimport BITMAPS, CHEAPEST, MOST_CELLS, MOST_STRATA, Columns, Sums, Walk, causaldisc_add_strata, set_pair

# Nanoseconds, of an AMD EPYC (Zen 4). BLOCK, ROW and SORT are measured by `benchmarks/discrete.py paths`; the
# others are estimates.
cdef extern from *:
    """
    /* One block (512 rows) of one cell of one stratum, by the form of the popcount: plain C, POPCNT, AVX-512. */
    static const double causaldisc_block_cost[3] = {12.5, 2.3, 0.52};
    """
    const double[3] BLOCK_COST "causaldisc_block_cost"
    const double STRATUM_COST "12.0"  # one stratum by bitmaps, whatever the rows
    const double PLANE_COST "2.0"  # one block of the bitmap of a stratum, made
    const double ROW_COST "0.7"  # one row in a dense table
    const double ENTRY_COST "0.7"  # one entry of a dense table, cleared and read
    const double SORT_COST "6.0"  # one row by sorting


cdef inline bint _bitmaps_are_cheaper(Walk* w, long level, int last) noexcept nogil:
    """Tell whether counting the strata of a level, split by a last variable, takes less by bitmaps than by rows.

    How many strata there are is known up to the last level with bitmaps, from there on all possible ones count. What
    has to be made of a level is shared: the sets that begin alike are about twice as many for each variable less."""
    cdef const Columns* d = w.data
    cdef double read = d.levels[last] * w.cells * EMPTY_COST, all_strata = 1.0, rows
    cdef long k
    for k in range(level):
        all_strata = min(all_strata * d.levels[w.chosen[k]], <double> d.distinct)
    if all_strata * d.levels[last] * w.cells > d.dense:
        rows = d.distinct * SORT_COST
    else:
        rows = d.distinct * ROW_COST + all_strata * read
    return _cost_of_bitmaps(w, level, last) + min(all_strata, MOST_STRATA) * read <= rows


cdef inline double _cost_of_bitmaps(Walk* w, long level, int last) noexcept nogil:
    """Return what counting by bitmaps costs, with those that have to be made; infinity where they cannot be."""
    cdef const Columns* d = w.data
    cdef double strata = w.strata[w.bit_level], one = w.cells * d.blocks * d.block_cost + STRATUM_COST
    cdef double cost = 0.0, share = ldexp(1.0, <int> (w.bit_level - level))
    cdef long k
    cdef int z
    for k in range(w.bit_level, level):
        z = w.chosen[k]
        if d.first[z] < 0 or strata * d.levels[z] > d.strata:
            return INFINITY
        cost += strata * (d.levels[z] - d.complete[z]) * one * share
        strata = min(strata * d.levels[z], <double> d.distinct)
        cost += strata * d.blocks * PLANE_COST * share
        share *= 2.0
    return cost + strata * (d.levels[last] - d.complete[last]) * one


cdef inline bint _by_bitmaps(Walk* w, long level, int last) noexcept nogil:
    """Tell whether the strata of a level, split by a last variable, are to be counted by bitmaps, and make those of
    the level."""
    if not w.bitmaps or w.data.first[last] < 0:
        return False
    if w.bit_level < 0:
        split_pair(w)
    if w.data.way == CHEAPEST and not _bitmaps_are_cheaper(w, level, last):
        return False
    while w.bit_level < level:
        if not planes_fit(w, w.strata[w.bit_level], w.chosen[w.bit_level]):
            return False
        next_planes(w)
    return True


cdef inline void add_tables(Walk* w, long level, int z, Sums* sums) noexcept nogil:
    """Add up the tables of the pair given the first `level` chosen variables and z."""
    sums.sum = sums.df = sums.strata = sums.n = 0
    if _by_bitmaps(w, level, z):
        split_strata(w, level, z, w.last)
        causaldisc_add_strata(
            &w.data.terms, w.last, w.strata[level] * w.data.levels[z], w.lx, w.ly, w.margins, sums)
    else:
        add_by_rows(w, level, z, sums)


cdef inline void add_pair(Walk* w, int x, int y, Sums* sums) noexcept nogil:
    """Add up the table of a pair without conditioning."""
    cdef const Columns* d = w.data
    cdef long cells = <long> d.levels[x] * d.levels[y]
    sums.sum = sums.df = sums.strata = sums.n = 0
    if d.way <= BITMAPS and d.first[x] >= 0 and d.first[y] >= 0 and cells <= MOST_CELLS and (
        d.way == BITMAPS or cells * d.blocks * d.block_cost <= d.distinct * ROW_COST
    ):
        pair_table(w, x, y, w.last)
        causaldisc_add_strata(&d.terms, w.last, 1, d.levels[x], d.levels[y], w.margins, sums)
    else:
        set_pair(w, x, y)
        add_by_rows(w, 0, -1, sums)
