# cython: language_level=3, cdivision=True
"""Adding up the contingency tables of x and y in the strata of a growing conditioning set, the cheapest way.

Four ways give the same sums: bitmaps (bitmaps.pxd) while strata are few, live rows (live.pxd) where they are many,
dense tables of all rows or sorting (rows.pxd) where neither can be used. A cost model chooses.
All functions are inline, as in log_tails.pxd.
"""

from libc.math cimport INFINITY

from bitmaps cimport next_planes, pair_table, planes_fit, split_pair, split_strata
from live cimport add_live, live_down_to, live_from_all_rows, live_from_bitmaps
from rows cimport add_by_rows
from walk cimport BITMAPS, CHEAPEST, LIVE, MOST_CELLS, ROWS, Columns, Sums, Walk, causaldisc_add_strata, known_rows
from walk cimport set_pair

# Nanoseconds, of an AMD EPYC (Zen 4). BLOCK, ROW, SORT and LIVE are measured by `benchmarks/discrete.py paths`; the
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
    const double UNPACK_COST "1.5"  # one live row, found in a bitmap
    const double FILTER_COST "2.5"  # one live row, counted and kept or not in the next level
    const double SETS_SHARE "2.0"  # how many sets a prefix serves, about


cdef inline int _cheapest(Walk* w, long level, int last) noexcept nogil:
    """Choose how the strata of a level, split by a last variable, are counted: LIVE to turn from the bitmaps that there
    are to live rows, BITMAPS to make those of one more level or to count if there is none, or ROWS.

    How many strata and rows there are is known up to the last level with bitmaps; from there on all possible strata
    count, and as many rows."""
    cdef const Columns* d = w.data
    cdef double strata = w.strata[w.bit_level], one = w.cells * d.blocks * d.block_cost + STRATUM_COST
    cdef double live_rows = w.plane_rows[w.bit_level], made = 0.0, now = INFINITY, best = INFINITY, bitmaps = INFINITY
    cdef double rows = SETS_SHARE * d.distinct * ROW_COST, cost
    cdef bint can_live = d.sparse and d.weights == NULL
    cdef long k
    cdef int z
    for k in range(w.bit_level, level + 1):
        if can_live:
            cost = made + live_rows * (UNPACK_COST + (level - k) * FILTER_COST + SETS_SHARE * LIVE_COST)
            best = min(best, cost)
            now = cost if k == w.bit_level else now
        z = w.chosen[k] if k < level else last
        if d.first[z] < 0 or (k < level and strata * d.levels[z] > d.strata):
            break
        cost = strata * (d.levels[z] - d.complete[z]) * one
        strata = min(strata * d.levels[z], <double> d.distinct)
        if k == level:
            bitmaps = made + SETS_SHARE * cost
        else:
            made += cost + strata * d.blocks * PLANE_COST
    if strata * w.cells > d.dense:
        rows = SETS_SHARE * d.distinct * SORT_COST
    if rows < min(best, bitmaps):
        return ROWS
    return LIVE if now <= min(best, bitmaps) else BITMAPS


cdef inline int _prepare(Walk* w, long level, int last) noexcept nogil:
    """Choose a way, and make what it needs of a level."""
    cdef const Columns* d = w.data
    cdef int way = BITMAPS
    if d.way == LIVE and d.sparse and w.live_level < 0:
        live_from_all_rows(w)
    while w.live_level < 0:
        if not w.bitmaps:
            return ROWS
        if w.bit_level < 0:
            split_pair(w)
        if d.way == CHEAPEST:
            way = _cheapest(w, level, last)
        if way == ROWS:
            return ROWS
        if way == LIVE:
            live_from_bitmaps(w)
        elif w.bit_level == level:
            return BITMAPS if d.first[last] >= 0 else ROWS
        elif planes_fit(w, w.strata[w.bit_level], w.chosen[w.bit_level]):
            next_planes(w)
        else:
            return ROWS
    return LIVE if live_down_to(w, level) else ROWS


cdef inline void add_tables(Walk* w, long level, int z, Sums* sums) noexcept nogil:
    """Add up the tables of the pair given the first `level` chosen variables and z."""
    cdef const Columns* d = w.data
    cdef int way = _prepare(w, level, z)
    sums.sum = sums.df = sums.strata = sums.n = 0
    if way == BITMAPS:
        split_strata(w, level, z, w.last)
        causaldisc_add_strata(&d.terms, w.last, w.strata[level] * d.levels[z], w.lx, w.ly, w.margins, sums)
        if not d.sparse:
            return
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
