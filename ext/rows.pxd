# cython: language_level=3, cdivision=True
"""Counting by rows: in dense tables, whose stratum numbers are kept for each prefix, or by sorting where those would be
too large, so that memory is bounded by rows whatever the number of levels and strata."""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memset

from walk cimport SORTING, Columns, Sums, Terms, Walk, causaldisc_add_strata, causaldisc_n_log_n, causaldisc_share
from walk cimport room_to_renumber

cdef extern from "tables.h":
    void causaldisc_split(const int*, const int*, long, long, int*) noexcept nogil
    void causaldisc_count_rows(
        const int*, const int*, long, const int*, long, const int*, long, int, int*) noexcept nogil

cdef extern from *:
    const double EMPTY_COST "0.3"  # nanoseconds for an entry of a dense table in a stratum without rows; an estimate
    const double NUMBER_COST "2.0"  # for a row whose stratum is numbered; an estimate


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


cdef inline const int* codes_of(Walk* w, int v) noexcept nogil:
    return w.data.codes + <Py_ssize_t> v * w.data.distinct


cdef inline long _split_codes(Walk* w, const int* before, long strata, int z, int* after) noexcept nogil:
    """Split strata by z; returns how many there are. They are renumbered only when tables with a place for each
    that there could be, those of sets with one more variable, would take longer than that."""
    cdef const Columns* d = w.data
    cdef double could_be = <double> strata * d.levels[z]
    if (could_be - min(could_be, <double> d.distinct)) * d.levels[z] * w.cells * EMPTY_COST < d.distinct * NUMBER_COST:
        causaldisc_split(before, codes_of(w, z), d.levels[z], d.distinct, after)
        return strata * d.levels[z]
    return renumber_strata(
        before, strata, codes_of(w, z), d.levels[z], False, d.distinct, after, w.renumber, w.keys)


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


cdef inline void cells_of_rows(Walk* w) noexcept nogil:
    """Make the cell of each row, once a pair."""
    cdef const int* of_x = codes_of(w, w.x)
    cdef const int* of_y = codes_of(w, w.y)
    cdef long i
    if w.cells_ready:
        return
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
    cdef const int* of_y = codes_of(w, w.y)
    cdef long i, size
    _bucket(NULL, w.data.distinct, codes_of(w, w.x), w.lx, w.starts, w.sorted_rows)
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
    cdef const int* of_x = codes_of(w, w.x)
    cdef const int* of_y = codes_of(w, w.y)
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


cdef inline void add_by_rows(Walk* w, long level, int z, Sums* sums) noexcept nogil:
    """Add the strata of a level, split by z (z < 0: not split)."""
    cdef const Columns* d = w.data
    cdef const int* stratum = _stratum_codes(w, level)
    cdef long strata = w.code_strata[level], entries
    cdef int lz = d.levels[z] if z >= 0 else 1
    entries = strata * lz * w.cells
    if z >= 0 and (entries > d.dense or d.way == SORTING):
        strata = renumber_strata(
            stratum, strata, codes_of(w, z), lz, False, d.distinct, w.codes + (level + 1) * d.distinct, w.renumber,
            w.keys)
        stratum = w.codes + (level + 1) * d.distinct
        w.code_level = min(w.code_level, level)
        z, lz = -1, 1
        entries = strata * w.cells
    if entries > d.dense or d.way == SORTING:
        _sort_and_add(w, stratum, strata, sums)
        return
    cells_of_rows(w)
    memset(w.dense, 0, (entries + 1) * sizeof(int))
    causaldisc_count_rows(
        stratum, codes_of(w, z) if z >= 0 else NULL, lz, w.cell, w.cells, d.weights, d.distinct, <int> entries, w.dense)
    causaldisc_add_strata(&d.terms, w.dense, strata * lz, w.lx, w.ly, w.margins, sums)
