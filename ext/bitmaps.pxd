# cython: language_level=3, cdivision=True
"""Counting by bitmaps, one for each level of a variable: the strata of a prefix of the set are ANDed once and used for
all sets that continue it; the last level of a complete variable is what is left."""

from libc.stdint cimport uint64_t
from libc.string cimport memset

from walk cimport CAUSALDISC_BLOCK, MOST_CELLS, TILE, Columns, Walk


cdef inline uint64_t* planes_of(Walk* w, long level) noexcept nogil:
    return w.planes + level * w.data.strata * w.data.blocks * CAUSALDISC_BLOCK


cdef inline int* _tables_of(Walk* w, long level) noexcept nogil:
    return w.tables + level * w.data.strata * MOST_CELLS


cdef inline void split_pair(Walk* w) noexcept nogil:
    """Make the bitmaps of the cells, and the table without conditioning."""
    cdef const Columns* d = w.data
    cdef const uint64_t* of_x = d.bits + d.first[w.x]
    cdef const uint64_t* of_y = d.bits + d.first[w.y]
    cdef uint64_t* out = w.cell_bits
    cdef long i, word
    cdef int a, b
    for i in range(d.blocks):
        for a in range(w.lx):
            for b in range(w.ly):
                for word in range(CAUSALDISC_BLOCK):
                    out[word] = of_x[a * CAUSALDISC_BLOCK + word] & of_y[b * CAUSALDISC_BLOCK + word]
                out += CAUSALDISC_BLOCK
        of_x += w.lx * CAUSALDISC_BLOCK
        of_y += w.ly * CAUSALDISC_BLOCK
    pair_table(w, w.x, w.y, _tables_of(w, 0))
    w.strata[0] = 1
    w.bit_level = 0


cdef inline void pair_table(Walk* w, int x, int y, int* table) noexcept nogil:
    """Count the cells of two variables that have bitmaps."""
    cdef const Columns* d = w.data
    cdef const uint64_t* of_x = d.bits + d.first[x]
    cdef const uint64_t* of_y = d.bits + d.first[y]
    cdef int lx = d.levels[x], ly = d.levels[y], counted = lx - d.complete[x], a, b, left
    cdef long step_x = lx * CAUSALDISC_BLOCK, step_y = ly * CAUSALDISC_BLOCK
    memset(table, 0, lx * ly * sizeof(int))
    for a in range(counted):
        d.counter(of_x + a * CAUSALDISC_BLOCK, step_x, of_x + a * CAUSALDISC_BLOCK, step_x, of_y, step_y, ly, d.blocks,
                  table + a * ly)
    if counted < lx:
        for b in range(ly):
            left = d.margins[d.margin_first[y] + b]
            for a in range(counted):
                left -= table[a * ly + b]
            table[counted * ly + b] = left


cdef inline void split_strata(Walk* w, long level, int z, int* tables) noexcept nogil:
    """Count the cells in the strata of a level, each split by the levels of z."""
    cdef const Columns* d = w.data
    cdef const uint64_t* of_z = d.bits + d.first[z]
    cdef const uint64_t* planes = planes_of(w, level) if level else d.ones
    cdef int* before = _tables_of(w, level)
    cdef int lz = d.levels[z], counted = lz - d.complete[z], l
    cdef long strata = w.strata[level], words = d.blocks * CAUSALDISC_BLOCK, cells = w.cells
    cdef long part, tile, size, s, c, left
    memset(tables, 0, strata * lz * cells * sizeof(int))
    for part in range((d.blocks + TILE - 1) // TILE):
        tile = part * TILE
        size = min(<long> TILE, d.blocks - tile)
        for s in range(strata):
            for l in range(counted):
                d.counter(
                    planes + s * words + tile * CAUSALDISC_BLOCK, CAUSALDISC_BLOCK,
                    of_z + (tile * lz + l) * CAUSALDISC_BLOCK, lz * CAUSALDISC_BLOCK,
                    w.cell_bits + tile * cells * CAUSALDISC_BLOCK, cells * CAUSALDISC_BLOCK,
                    cells, size, tables + (s * lz + l) * cells)
    if counted < lz:
        for s in range(strata):
            for c in range(cells):
                left = before[s * cells + c]
                for l in range(counted):
                    left -= tables[(s * lz + l) * cells + c]
                tables[(s * lz + counted) * cells + c] = left


cdef inline bint planes_fit(Walk* w, long strata, int z) noexcept nogil:
    """Tell whether there can be bitmaps of strata that are split by z."""
    return w.data.first[z] >= 0 and strata * w.data.levels[z] <= w.data.strata


cdef inline void next_planes(Walk* w) noexcept nogil:
    """Make the bitmaps of one more level, of the strata that have rows."""
    cdef const Columns* d = w.data
    cdef long k = w.bit_level, seen = 0, words = d.blocks * CAUSALDISC_BLOCK, s, l, c, total
    cdef int z = w.chosen[k], lz = d.levels[z]
    cdef int* after = _tables_of(w, k + 1)
    cdef int* table
    split_strata(w, k, z, after)
    for s in range(w.strata[k]):
        for l in range(lz):
            table = after + (s * lz + l) * w.cells
            total = 0
            for c in range(w.cells):
                after[seen * w.cells + c] = table[c]
                total += table[c]
            if total == 0:
                continue
            _make_plane(
                planes_of(w, k) + s * words if k else d.ones, d.bits + d.first[z] + l * CAUSALDISC_BLOCK,
                lz * CAUSALDISC_BLOCK, d.blocks, planes_of(w, k + 1) + seen * words)
            seen += 1
    w.strata[k + 1] = seen
    w.bit_level = k + 1


cdef inline void _make_plane(
    const uint64_t* stratum, const uint64_t* level, long step, long blocks, uint64_t* out
) noexcept nogil:
    cdef long i, word
    for i in range(blocks):
        for word in range(CAUSALDISC_BLOCK):
            out[i * CAUSALDISC_BLOCK + word] = stratum[i * CAUSALDISC_BLOCK + word] & level[i * step + word]
