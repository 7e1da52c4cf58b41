# cython: language_level=3, cdivision=True
"""What counting contingency tables works on: the columns, and what one thread keeps of a pair and a growing set.

All functions are inline, as in log_tails.pxd.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

cdef extern from "tables.h":
    enum: CAUSALDISC_BLOCK
    ctypedef void (*Counter "causaldisc_Counter")(
        const uint64_t*, long, const uint64_t*, long, const uint64_t*, long, long, long, int*) noexcept nogil
    ctypedef struct Terms "causaldisc_Terms":
        const int64_t* table
        int64_t size
        int bits
        int pearson
    ctypedef struct Sums "causaldisc_Sums":
        int64_t sum
        int64_t df
        int64_t strata
        int64_t n
    int causaldisc_instructions() noexcept nogil
    Counter causaldisc_counter(int) noexcept nogil
    void* causaldisc_lines(size_t) noexcept nogil
    int64_t causaldisc_n_log_n(const Terms*, int64_t) noexcept nogil
    int64_t causaldisc_share(const Terms*, int64_t, int64_t, int64_t, int64_t) noexcept nogil
    void causaldisc_add_strata(const Terms*, const int*, long, int, int, int*, Sums*) noexcept nogil
    int omp_get_thread_num() noexcept nogil

cdef enum Way:
    CHEAPEST = 0
    BITMAPS = 1  # wherever memory allows
    ROWS = 2  # dense tables, or sorting where those would be too large
    SORTING = 3

cdef enum:
    MOST_LEVELS = 64  # of a variable with bitmaps
    MOST_CELLS = 256  # of a pair counted by bitmaps
    MOST_STRATA = 256  # of a prefix with bitmaps
    TILE = 32  # blocks of 512 rows that are counted in all strata before the next, so that they stay in the cache
    BYTES_OF_STRATA = 1 << 25  # for the bitmaps of one prefix
    SMALLEST_DENSE = 1 << 12  # entries of a dense table that are always allowed


cdef struct Columns:
    # The data, which all threads read.
    Py_ssize_t count  # variables
    long rows
    long blocks  # of bitmaps
    const int* levels
    const unsigned char* complete  # no cell is missing
    uint64_t* bits  # block i of level l of variable v: at first[v] + (i * levels[v] + l) * CAUSALDISC_BLOCK
    const int64_t* first  # -1: too many levels for bitmaps
    uint64_t* ones  # a bitmap with all bits set
    const int* margins  # rows of each level of the variables with bitmaps; those of v at margin_first[v]
    const int64_t* margin_first
    long distinct  # rows that differ, or all rows
    const int* codes  # shape (count, distinct), -1 where missing
    const int* weights  # how often each distinct row occurs; NULL for once
    int most_levels
    long dense  # the largest dense table
    long strata  # the most strata of a prefix with bitmaps
    int way
    double block_cost
    Counter counter
    Terms terms
    int df_rule
    double min_rows_per_df


cdef struct Walk:
    # What one thread needs to count the tables of a pair. Level k stands for the first k variables of the set.
    const Columns* data
    long depth  # the most variables of a set
    int x
    int y
    int lx
    int ly
    long cells
    bint bitmaps  # whether the pair is counted by bitmaps at all
    int* chosen
    long bit_level  # the last level whose `strata` are known; -1 before the first
    long code_level  # the same of `codes`
    long* strata  # strata with bitmaps, a number a level
    long* code_strata
    uint64_t* cell_bits  # bitmaps of the cells of x and y, block by block
    uint64_t* planes  # bitmaps of the strata of each level
    int* tables  # counts in the strata of each level
    int* last  # counts in the strata of a whole set
    int* codes  # stratum of each row, a level after the other; -1 where a cell is missing
    bint cells_ready
    int* cell  # x * ly + y of each row, -1 where missing
    int* dense
    bint order_ready
    long ordered
    int* order  # rows without a missing x or y, by x
    int* sorted_rows
    int* starts
    int* renumber
    int64_t* keys
    int* margins  # of one table
    int* column  # counts by level of y
    int* touched
    int* touched_cells
    int* in_row


cdef inline long room_to_renumber(long rows) noexcept nogil:
    """Return a power of two, at least twice the rows."""
    cdef long room = SMALLEST_DENSE
    while room < 2 * rows:
        room *= 2
    return room


cdef inline bint open_walk(Walk* w, const Columns* data, long depth) noexcept nogil:
    """Allocate for sets of up to `depth`; returns False when memory is lacking. Untouched pages cost nothing."""
    cdef long levels = depth + 1, rows = max(data.distinct, 1), words = max(data.blocks, 1) * CAUSALDISC_BLOCK
    memset(w, 0, sizeof(Walk))
    w.data = data
    w.depth = depth
    w.x = w.y = -1
    w.bit_level = w.code_level = -1
    w.chosen = <int*> calloc(levels, sizeof(int))
    w.strata = <long*> calloc(levels, sizeof(long))
    w.code_strata = <long*> calloc(levels, sizeof(long))
    w.cell_bits = <uint64_t*> causaldisc_lines(MOST_CELLS * words * sizeof(uint64_t))
    w.planes = <uint64_t*> causaldisc_lines(levels * data.strata * words * sizeof(uint64_t))
    w.tables = <int*> malloc(levels * data.strata * MOST_CELLS * sizeof(int))
    w.last = <int*> malloc(data.strata * MOST_LEVELS * MOST_CELLS * sizeof(int))
    w.codes = <int*> malloc(levels * rows * sizeof(int))
    w.cell = <int*> malloc(rows * sizeof(int))
    w.dense = <int*> malloc((data.dense + 1) * sizeof(int))
    w.order = <int*> malloc(rows * sizeof(int))
    w.sorted_rows = <int*> malloc(rows * sizeof(int))
    w.starts = <int*> malloc((max(rows, <long> data.most_levels) + 2) * sizeof(int))
    w.renumber = <int*> malloc(room_to_renumber(rows) * sizeof(int))
    w.keys = <int64_t*> malloc(room_to_renumber(rows) * sizeof(int64_t))
    w.margins = <int*> malloc(2 * max(data.most_levels, 1) * sizeof(int))
    w.column = <int*> calloc(max(data.most_levels, 1), sizeof(int))
    w.touched = <int*> malloc(max(data.most_levels, 1) * sizeof(int))
    w.touched_cells = <int*> malloc(max(data.most_levels, 1) * sizeof(int))
    w.in_row = <int*> calloc(max(data.most_levels, 1), sizeof(int))
    return (
        w.chosen != NULL and w.strata != NULL and w.code_strata != NULL and w.cell_bits != NULL and w.planes != NULL
        and w.tables != NULL and w.last != NULL and w.codes != NULL and w.cell != NULL and w.dense != NULL
        and w.order != NULL and w.sorted_rows != NULL and w.starts != NULL and w.renumber != NULL and w.keys != NULL
        and w.margins != NULL and w.column != NULL and w.touched != NULL and w.touched_cells != NULL
        and w.in_row != NULL
    )


cdef inline void close_walk(Walk* w) noexcept nogil:
    free(w.chosen)
    free(w.strata)
    free(w.code_strata)
    free(w.cell_bits)
    free(w.planes)
    free(w.tables)
    free(w.last)
    free(w.codes)
    free(w.cell)
    free(w.dense)
    free(w.order)
    free(w.sorted_rows)
    free(w.starts)
    free(w.renumber)
    free(w.keys)
    free(w.margins)
    free(w.column)
    free(w.touched)
    free(w.touched_cells)
    free(w.in_row)


cdef inline void set_pair(Walk* w, int x, int y) noexcept nogil:
    """Turn to another pair; the set is empty."""
    if w.x == x and w.y == y:
        return
    w.x, w.y = x, y
    w.lx, w.ly = w.data.levels[x], w.data.levels[y]
    w.cells = <long> w.lx * w.ly
    w.bitmaps = w.data.way <= BITMAPS and w.data.first[x] >= 0 and w.data.first[y] >= 0 and w.cells <= MOST_CELLS
    w.bit_level = w.code_level = -1
    w.cells_ready = w.order_ready = False


cdef inline void choose(Walk* w, long place, int z) noexcept nogil:
    """Let z be the variable at a place of the set; those after it are open."""
    w.chosen[place] = z
    w.bit_level = min(w.bit_level, place)
    w.code_level = min(w.code_level, place)
