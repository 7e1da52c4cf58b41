# cython: language_level=3, cdivision=True
"""Adding up the contingency tables of x and y in the strata of a growing conditioning set, the cheapest way.

Four ways give the same sums: bitmaps (bitmaps.pxd) while strata are few, dense tables of all rows (rows.pxd) where
there are more, live rows (live.pxd) in the deepest sets, sorting where tables would be too large. A cost model chooses.
All functions are inline, as in log_tails.pxd.
"""

from libc.math cimport INFINITY, ldexp

from bitmaps cimport next_planes, pair_table, planes_fit, split_pair, split_strata
from live cimport add_live, live_down_to, live_from_all_rows
from rows cimport EMPTY_COST, add_by_rows
from walk cimport BITMAPS, CHEAPEST, LIVE, MOST_CELLS, MOST_STRATA, ROWS, Columns, Sums, Walk, causaldisc_add_live
from walk cimport causaldisc_add_strata, known_rows, set_pair

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
    const double LIVE_COST "1.0"  # one live row, counted
    const double FILTER_COST "2.5"  # one live row, counted and kept or not in the next level
    const double ROWS_OF_LIVE "6.0"  # rows of a live stratum of a deep set, on average


cdef inline int _cheapest(Walk* w, long level, int last) noexcept nogil:
    """Choose how the strata of a level, split by a last variable, are counted: BITMAPS, LIVE, or ROWS.

    How many strata there are is known up to the last level with bitmaps, from there on all possible ones count. What
    has to be made of a level is shared: the sets that begin alike are about twice as many for each variable less."""
    cdef const Columns* d = w.data
    cdef double read = d.levels[last] * w.cells * EMPTY_COST, all_strata = 1.0, bitmaps = INFINITY, live = INFINITY
    cdef double rows
    cdef long k
    for k in range(level):
        all_strata = min(all_strata * d.levels[w.chosen[k]], <double> d.distinct)
    if all_strata * d.levels[last] * w.cells > d.dense:
        rows = d.distinct * SORT_COST
    else:
        rows = d.distinct * ROW_COST + all_strata * read
    if d.sparse:
        live = d.distinct * (FILTER_COST + LIVE_COST) + min(all_strata, d.distinct / ROWS_OF_LIVE) * read
    if w.bitmaps:
        bitmaps = _cost_of_bitmaps(w, level, last) + min(all_strata, MOST_STRATA) * read
    if bitmaps <= min(rows, live):
        return BITMAPS
    return LIVE if live < rows else ROWS


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
    return cost + strata * (d.levels[last] - d.complete[last]) * one if d.first[last] >= 0 else INFINITY


cdef inline int _prepare(Walk* w, long level, int last) noexcept nogil:
    """Choose a way, and make what it needs of a level."""
    cdef const Columns* d = w.data
    cdef int way = d.way
    if w.bitmaps and w.bit_level < 0:
        split_pair(w)
    if way == CHEAPEST:
        way = LIVE if w.live_level == level else _cheapest(w, level, last)
    if way == BITMAPS and w.bitmaps and d.first[last] >= 0:
        while w.bit_level < level:
            if not planes_fit(w, w.strata[w.bit_level], w.chosen[w.bit_level]):
                return ROWS
            next_planes(w)
        return BITMAPS
    if way == LIVE and d.sparse:
        if w.live_level < 0:
            live_from_all_rows(w)
        return LIVE if live_down_to(w, level) else ROWS
    return ROWS


cdef inline void add_tables(Walk* w, long level, int z, Sums* sums) noexcept nogil:
    """Add up the tables of the pair given the first `level` chosen variables and z."""
    cdef const Columns* d = w.data
    cdef int way = _prepare(w, level, z)
    sums.sum = sums.df = sums.strata = sums.n = 0
    if way == BITMAPS:
        split_strata(w, level, z, w.last)
        if not d.sparse:
            causaldisc_add_strata(&d.terms, w.last, w.strata[level] * d.levels[z], w.lx, w.ly, w.margins, sums)
            return
        causaldisc_add_live(&d.terms, w.last, w.strata[level] * d.levels[z], w.lx, w.ly, w.margins, sums)
    if way == ROWS or (way == LIVE and not add_live(w, level, z, sums)):
        add_by_rows(w, level, z, sums)
    elif sums.df > 0:
        # Dropped strata have rows too, which are counted apart; how many strata there are is asked only without df.
        sums.n = known_rows(w, level, z)
    else:
        sums.sum = sums.strata = sums.n = 0
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
