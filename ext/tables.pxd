# cython: language_level=3, cdivision=True
"""Counting the contingency tables of x and y in the strata of a growing conditioning set.

There are three ways, which give the same counts. Bitmaps, one for each level of a variable: the strata of a prefix of
the set are ANDed once and used for all sets that continue it; the last level of a complete variable is what is left.
Dense tables: one pass over the rows, whose stratum numbers are kept for each prefix. Sorting: rows bucketed by stratum
and x, so that memory is bounded by rows whatever the number of levels and strata. A cost model chooses.
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
    void causaldisc_split(const int*, const int*, long, long, int*) noexcept nogil
    void causaldisc_count_rows(
        const int*, const int*, long, const int*, long, const int*, long, int, int*) noexcept nogil
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

# Costs in nanoseconds, of an AMD EPYC (Zen 4); `python benchmarks/discrete.py paths` measures the like.
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
    const double EMPTY_COST "0.3"  # the same of one in a stratum without rows
    const double NUMBER_COST "2.0"  # one row whose stratum is numbered
    const double SORT_COST "6.0"  # one row by sorting


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
    long* strata  # strata seen, a number a level; -1 where they are too many for bitmaps
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
        and w.margins != NULL and w.column != NULL and w.touched != NULL and w.touched_cells != NULL and w.in_row != NULL
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


# ---- bitmaps


cdef inline uint64_t* _planes(Walk* w, long level) noexcept nogil:
    return w.planes + level * w.data.strata * w.data.blocks * CAUSALDISC_BLOCK


cdef inline int* _tables(Walk* w, long level) noexcept nogil:
    return w.tables + level * w.data.strata * MOST_CELLS


cdef inline void _split_pair(Walk* w) noexcept nogil:
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
    pair_table(w, w.x, w.y, _tables(w, 0))
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


cdef inline void _split_strata(Walk* w, long level, int z, int* tables) noexcept nogil:
    """Count the cells in the strata of a level, each split by the levels of z."""
    cdef const Columns* d = w.data
    cdef const uint64_t* of_z = d.bits + d.first[z]
    cdef const uint64_t* planes = _planes(w, level) if level else d.ones
    cdef int* before = _tables(w, level)
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


cdef inline bint _bitmaps_are_cheaper(Walk* w, long level, int last) noexcept nogil:
    """Tell whether counting the strata of a level, split by a last variable, takes less by bitmaps than by rows.
    How many strata there are is known up to the last level with bitmaps, from there all possible ones count. The
    bitmaps still to be made are charged in full: most prefixes serve few sets, and where they serve many either way
    costs about the same."""
    cdef const Columns* d = w.data
    cdef double strata = w.strata[w.bit_level], one = w.cells * d.blocks * d.block_cost + STRATUM_COST
    cdef double bitmaps = 0.0, rows = d.distinct * ROW_COST
    cdef long k
    cdef int z
    for k in range(w.bit_level, level):
        z = w.chosen[k]
        bitmaps += strata * (d.levels[z] - d.complete[z]) * one
        strata = min(strata * d.levels[z], <double> d.distinct)
        bitmaps += strata * d.blocks * PLANE_COST
    bitmaps += strata * (d.levels[last] - d.complete[last]) * one
    if strata * d.levels[last] * w.cells > d.dense:
        rows = d.distinct * SORT_COST
    return bitmaps <= rows


cdef inline bint _by_bitmaps(Walk* w, long level, int last) noexcept nogil:
    """Tell whether the strata of a level, split by a last variable, are to be counted by bitmaps, and make those of
    the level."""
    cdef const Columns* d = w.data
    cdef int* before
    cdef int* after
    cdef uint64_t* into
    cdef const uint64_t* out_of
    cdef const uint64_t* of_z
    cdef long k, s, l, c, i, word, seen, words = d.blocks * CAUSALDISC_BLOCK
    cdef int z, lz
    cdef bint any_row
    if not w.bitmaps:
        return False
    if w.bit_level < 0:
        _split_pair(w)
    while True:
        k = w.bit_level
        if w.strata[k] < 0 or (d.way == CHEAPEST and not _bitmaps_are_cheaper(w, level, last)):
            return False
        if k == level:
            return True
        z = w.chosen[k]
        lz = d.levels[z]
        w.bit_level = k + 1
        if w.strata[k] < 0 or d.first[z] < 0 or w.strata[k] * lz > d.strata:
            w.strata[k + 1] = -1
            continue
        before, after = _tables(w, k), _tables(w, k + 1)
        _split_strata(w, k, z, after)
        seen = 0
        into = _planes(w, k + 1)
        of_z = d.bits + d.first[z]
        for s in range(w.strata[k]):
            out_of = _planes(w, k) + s * words if k else d.ones
            for l in range(lz):
                any_row = False
                for c in range(w.cells):
                    after[seen * w.cells + c] = after[(s * lz + l) * w.cells + c]
                    any_row = any_row or after[seen * w.cells + c]
                if not any_row:
                    continue
                for i in range(d.blocks):
                    for word in range(CAUSALDISC_BLOCK):
                        into[i * CAUSALDISC_BLOCK + word] = (
                            out_of[i * CAUSALDISC_BLOCK + word] & of_z[(i * lz + l) * CAUSALDISC_BLOCK + word])
                into += words
                seen += 1
        w.strata[k + 1] = seen


# ---- rows


cdef inline long room_to_renumber(long rows) noexcept nogil:
    """Return a power of two, at least twice the rows."""
    cdef long room = SMALLEST_DENSE
    while room < 2 * rows:
        room *= 2
    return room


cdef inline long renumber_strata(
    const int* before, long count, const int* codes, long levels, bint keep_missing, long rows, int* after,
    int* numbers, int64_t* keys
) noexcept nogil:
    """Split strata by one more variable and number them by first appearance; -1 where a cell is missing, unless
    that counts as a level. `before` may be NULL for one stratum. `numbers` and `keys` have room_to_renumber(rows)
    entries. Returns how many there are, never more than rows."""
    cdef long room = room_to_renumber(rows), i, slot, seen = 0
    cdef int64_t key, size = levels + keep_missing
    cdef bint direct = count * size <= room
    cdef int stratum
    memset(numbers, 0xFF, (count * size if direct else room) * sizeof(int))
    for i in range(rows):
        stratum = 0 if before == NULL else before[i]
        if stratum < 0 or (codes[i] < 0 and not keep_missing):
            after[i] = -1
            continue
        key = stratum * size + codes[i] + keep_missing
        slot = key
        if not direct:  # open addressing; the product scatters keys over the room (Fibonacci hashing)
            slot = <long> ((<uint64_t> key * <uint64_t> 0x9E3779B97F4A7C15) >> 32) & (room - 1)
            while numbers[slot] >= 0 and keys[slot] != key:
                slot = (slot + 1) & (room - 1)
            keys[slot] = key
        if numbers[slot] < 0:
            numbers[slot] = <int> seen
            seen += 1
        after[i] = numbers[slot]
    return seen


cdef inline const int* _codes(Walk* w, int v) noexcept nogil:
    return w.data.codes + <Py_ssize_t> v * w.data.distinct


cdef inline long _split_codes(Walk* w, const int* before, long strata, int z, int* after) noexcept nogil:
    """Split strata by z; returns how many there are. They are renumbered only when tables with a place for each
    that there could be, those of sets with one more variable, would take longer than that."""
    cdef const Columns* d = w.data
    cdef double could_be = <double> strata * d.levels[z]
    if (could_be - min(could_be, <double> d.distinct)) * d.levels[z] * w.cells * EMPTY_COST < d.distinct * NUMBER_COST:
        causaldisc_split(before, _codes(w, z), d.levels[z], d.distinct, after)
        return strata * d.levels[z]
    return renumber_strata(
        before, strata, _codes(w, z), d.levels[z], False, d.distinct, after, w.renumber, w.keys)


cdef inline const int* _stratum_codes(Walk* w, long level) noexcept nogil:
    """Return the stratum of each row at a level; NULL where there is only one."""
    cdef const Columns* d = w.data
    cdef long k
    cdef int z
    if w.code_level < 0:
        w.code_strata[0] = 1
        w.code_level = 0
    while w.code_level < level:
        k = w.code_level
        z = w.chosen[k]
        w.code_strata[k + 1] = _split_codes(
            w, w.codes + k * d.distinct if k else NULL, w.code_strata[k], z, w.codes + (k + 1) * d.distinct)
        w.code_level = k + 1
    return w.codes + level * d.distinct if level else NULL


cdef inline void _cells(Walk* w) noexcept nogil:
    """Make the cell of each row."""
    cdef const int* of_x = _codes(w, w.x)
    cdef const int* of_y = _codes(w, w.y)
    cdef long i
    for i in range(w.data.distinct):
        w.cell[i] = -1 if (of_x[i] | of_y[i]) < 0 else of_x[i] * w.ly + of_y[i]
    w.cells_ready = True


cdef inline void _bucket(
    const int* rows, long count, const int* codes, long levels, int* starts, int* out
) noexcept nogil:
    """Sort rows by a code, keeping their order among equals; rows with a negative code are left out.
    The rows of code c end up in out[starts[c]:starts[c + 1]]."""
    cdef long i
    cdef int row
    memset(starts, 0, (levels + 2) * sizeof(int))
    for i in range(count):
        row = i if rows == NULL else rows[i]
        if codes[row] >= 0:
            starts[codes[row] + 2] += 1
    for i in range(2, levels + 1):
        starts[i] += starts[i - 1]
    for i in range(count):
        row = i if rows == NULL else rows[i]
        if codes[row] >= 0:
            out[starts[codes[row] + 1]] = row
            starts[codes[row] + 1] += 1


cdef inline void _order(Walk* w) noexcept nogil:
    """Order the rows by x, without those where x or y is missing."""
    cdef const int* of_y = _codes(w, w.y)
    cdef long i, size
    _bucket(NULL, w.data.distinct, _codes(w, w.x), w.lx, w.starts, w.sorted_rows)
    size = w.starts[w.lx]
    w.ordered = 0
    for i in range(size):
        if of_y[w.sorted_rows[i]] >= 0:
            w.order[w.ordered] = w.sorted_rows[i]
            w.ordered += 1
    w.order_ready = True


cdef inline void _sort_and_add(Walk* w, const int* stratum, long strata, Sums* sums) noexcept nogil:
    """Add the strata by sorting rows; `stratum` may be NULL for one."""
    cdef long s
    cdef const int* rows = w.order
    if not w.order_ready:
        _order(w)
    if stratum == NULL:
        _add_sorted(w, rows, w.ordered, sums)
        return
    _bucket(w.order, w.ordered, stratum, strata, w.starts, w.sorted_rows)
    for s in range(strata):
        _add_sorted(w, w.sorted_rows + w.starts[s], w.starts[s + 1] - w.starts[s], sums)


cdef inline void _add_sorted(Walk* w, const int* rows, long count, Sums* sums) noexcept nogil:
    """Add one stratum, given as rows ordered by x."""
    cdef const int* of_x = _codes(w, w.x)
    cdef const int* of_y = _codes(w, w.y)
    cdef const int* weights = w.data.weights
    cdef const Terms* terms = &w.data.terms
    cdef long i, j, start, columns = 0, in_row, rows_seen = 0
    cdef int64_t total = 0, row, sum = 0
    cdef int y
    if count == 0:
        return
    for i in range(count):
        y = of_y[rows[i]]
        if w.column[y] == 0:
            w.touched[columns] = y
            columns += 1
        w.column[y] += weights[rows[i]] if weights != NULL else 1
        total += weights[rows[i]] if weights != NULL else 1
    start = 0
    while start < count:
        i = start
        in_row = row = 0
        while i < count and of_x[rows[i]] == of_x[rows[start]]:
            y = of_y[rows[i]]
            if w.in_row[y] == 0:
                w.touched_cells[in_row] = y
                in_row += 1
            w.in_row[y] += weights[rows[i]] if weights != NULL else 1
            row += weights[rows[i]] if weights != NULL else 1
            i += 1
        for j in range(in_row):
            y = w.touched_cells[j]
            if terms.pearson:
                sum += causaldisc_share(terms, w.in_row[y], row, w.column[y], total)
            else:
                sum += causaldisc_n_log_n(terms, w.in_row[y])
            w.in_row[y] = 0
        if not terms.pearson:
            sum -= causaldisc_n_log_n(terms, row)
        rows_seen += 1
        start = i
    for j in range(columns):
        if not terms.pearson:
            sum -= causaldisc_n_log_n(terms, w.column[w.touched[j]])
        w.column[w.touched[j]] = 0
    if rows_seen > 1 and columns > 1:  # else all terms cancel
        sums.sum += sum + (causaldisc_n_log_n(terms, total) if not terms.pearson else -(total << terms.bits))
    sums.df += (rows_seen - 1) * (columns - 1)
    sums.strata += 1
    sums.n += total


cdef inline void _add_by_rows(Walk* w, long level, int z, Sums* sums) noexcept nogil:
    """Add the strata of a level, split by z (z < 0: not split)."""
    cdef const Columns* d = w.data
    cdef const int* stratum = _stratum_codes(w, level)
    cdef long strata = w.code_strata[level], entries
    cdef int lz = d.levels[z] if z >= 0 else 1
    entries = strata * lz * w.cells
    if z >= 0 and (entries > d.dense or d.way == SORTING):
        strata = renumber_strata(
            stratum, strata, _codes(w, z), lz, False, d.distinct, w.codes + (level + 1) * d.distinct, w.renumber,
            w.keys)
        stratum = w.codes + (level + 1) * d.distinct
        w.code_level = min(w.code_level, level)
        z, lz = -1, 1
        entries = strata * w.cells
    if entries > d.dense or d.way == SORTING:
        _sort_and_add(w, stratum, strata, sums)
        return
    if not w.cells_ready:
        _cells(w)
    memset(w.dense, 0, (entries + 1) * sizeof(int))
    causaldisc_count_rows(
        stratum, _codes(w, z) if z >= 0 else NULL, lz, w.cell, w.cells, d.weights, d.distinct, <int> entries, w.dense)
    causaldisc_add_strata(&d.terms, w.dense, strata * lz, w.lx, w.ly, w.margins, sums)


# ---- either


cdef inline void add_tables(Walk* w, long level, int z, Sums* sums) noexcept nogil:
    """Add up the tables of the pair given the first `level` chosen variables and z."""
    cdef const Columns* d = w.data
    sums.sum = sums.df = sums.strata = sums.n = 0
    if d.first[z] >= 0 and _by_bitmaps(w, level, z):
        _split_strata(w, level, z, w.last)
        causaldisc_add_strata(&d.terms, w.last, w.strata[level] * d.levels[z], w.lx, w.ly, w.margins, sums)
    else:
        _add_by_rows(w, level, z, sums)


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
        _add_by_rows(w, 0, -1, sums)
