# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Permutations of a contingency table: how many have a statistic at least as large, all margins of all strata kept."""

from libc.math cimport fabs, log
from libc.stdint cimport uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

# Statistics closer than this share are equal: they are those of tables that differ in order only.
cdef double SAME = 1e-9


cdef inline uint64_t _random(uint64_t* state) noexcept nogil:
    """SplitMix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014."""
    cdef uint64_t z
    state[0] += <uint64_t> 0x9E3779B97F4A7C15
    z = state[0]
    z = (z ^ (z >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * <uint64_t> 0x94D049BB133111EB
    return z ^ (z >> 31)


cdef double _statistic(
    const int* x, const int* y, Py_ssize_t rows, int lx, int ly, const int* of_x, const int* of_y, bint pearson,
    int* table
) noexcept nogil:
    """Return what varies of the statistic of one stratum while its margins stay: sum O log O, or sum O^2 / (R C)."""
    cdef Py_ssize_t i
    cdef int a, b, seen
    cdef double sum = 0.0
    memset(table, 0, lx * ly * sizeof(int))
    for i in range(rows):
        table[x[i] * ly + y[i]] += 1
    for a in range(lx):
        for b in range(ly):
            seen = table[a * ly + b]
            if seen and pearson:
                sum += <double> seen * seen / (<double> of_x[a] * of_y[b])
            elif seen > 1:
                sum += seen * log(seen)
    return sum


def at_least_as_large(
    const int[::1] x,
    const int[::1] y,
    const int[::1] starts,
    int lx,
    int ly,
    bint pearson,
    int permutations,
    uint64_t seed,
):
    """Return how many of so many random permutations of y within strata have a statistic at least as large.

    `x` in 0..lx-1 and `y` in 0..ly-1, one code a row, rows sorted by stratum: those of stratum s are
    starts[s]..starts[s + 1] - 1. The statistic is G^2, or chi^2 if `pearson`. Equal seeds give equal numbers.
    Raises ValueError for shapes that do not match or codes out of range, MemoryError.
    """
    cdef Py_ssize_t rows = x.shape[0], strata = starts.shape[0] - 1, s, i, j, start, size
    cdef int larger = 0, turn, kept
    cdef double observed = 0.0, sum
    _check(x, y, starts, lx, ly)
    cdef int* mixed = <int*> malloc((rows + 1) * sizeof(int))
    cdef int* table = <int*> malloc(lx * ly * sizeof(int))
    cdef int* of_x = <int*> malloc((strata * lx + 1) * sizeof(int))
    cdef int* of_y = <int*> malloc((strata * ly + 1) * sizeof(int))
    cdef double* weight = <double*> malloc((strata + 1) * sizeof(double))
    try:
        if mixed == NULL or table == NULL or of_x == NULL or of_y == NULL or weight == NULL:
            raise MemoryError
        with nogil:
            memset(of_x, 0, strata * lx * sizeof(int))
            memset(of_y, 0, strata * ly * sizeof(int))
            for s in range(strata):
                for i in range(starts[s], starts[s + 1]):
                    of_x[s * lx + x[i]] += 1
                    of_y[s * ly + y[i]] += 1
                # chi^2 of a stratum is N times its sum, less N; G^2 is twice its sum, less what the margins say.
                weight[s] = <double> (starts[s + 1] - starts[s]) if pearson else 1.0
            if rows:
                memcpy(mixed, &y[0], rows * sizeof(int))
            for turn in range(-1, permutations):
                sum = 0.0
                for s in range(strata):
                    start, size = starts[s], starts[s + 1] - starts[s]
                    if turn >= 0:
                        for i in range(size - 1, 0, -1):
                            j = ((_random(&seed) >> 32) * <uint64_t> (i + 1)) >> 32
                            kept = mixed[start + i]
                            mixed[start + i] = mixed[start + j]
                            mixed[start + j] = kept
                    if size:
                        sum += weight[s] * _statistic(
                            &x[start], mixed + start, size, lx, ly, of_x + s * lx, of_y + s * ly, pearson, table)
                if turn < 0:
                    observed = sum
                elif sum >= observed - SAME * fabs(observed):
                    larger += 1
    finally:
        free(mixed)
        free(table)
        free(of_x)
        free(of_y)
        free(weight)
    return larger


cdef _check(const int[::1] x, const int[::1] y, const int[::1] starts, int lx, int ly):
    cdef Py_ssize_t rows = x.shape[0], i
    cdef bint wrong = False
    if y.shape[0] != rows or starts.shape[0] < 1 or starts[0] != 0 or starts[starts.shape[0] - 1] != rows:
        raise ValueError("shapes do not match")
    for i in range(starts.shape[0] - 1):
        wrong |= starts[i] > starts[i + 1]
    for i in range(rows):
        wrong |= x[i] < 0 or x[i] >= lx or y[i] < 0 or y[i] >= ly
    if wrong:
        raise ValueError("codes or strata out of range")
