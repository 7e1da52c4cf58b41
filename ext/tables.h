/* The inner loops of counting contingency tables and of turning counts into a statistic.

   Counting is AND and popcount on bitmaps, in three forms that give the same counts: AVX-512 with VPOPCNTDQ, the
   POPCNT instruction, plain C. Which one the machine has is asked once, when the tables are set up.

   Statistics are sums of integers (terms in fixed point), so no order of strata, rows or columns changes a bit. */

#ifndef CAUSALDISC_TABLES_H
#define CAUSALDISC_TABLES_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clones.h"

#ifdef _OPENMP
#include <omp.h>
#else
#define omp_get_thread_num() 0
#endif

#define CAUSALDISC_INLINE static inline __attribute__((always_inline))

/* Words of 64 rows in a block; bitmaps are padded to whole blocks. */
#define CAUSALDISC_BLOCK 8
/* Cells whose counts are kept in registers. */
#define CAUSALDISC_GROUP 16

#if defined(__x86_64__) && defined(__GNUC__)
#define CAUSALDISC_X86 1
#include <immintrin.h>
#endif

/* counts[c] += rows in a, in b and in cell c, for c < cells. Block i of a lies at a + i * a_step, and so on;
   cells lie beside each other within a block. */
typedef void (*causaldisc_Counter)(const uint64_t *a, long a_step, const uint64_t *b, long b_step,
                                   const uint64_t *cell, long cell_step, long cells, long blocks, int *counts);

CAUSALDISC_INLINE void causaldisc_count_words(const uint64_t *a, long a_step, const uint64_t *b, long b_step,
                                              const uint64_t *cell, long cell_step, long cells, long blocks,
                                              int *counts)
{
    for (long i = 0; i < blocks; i++, a += a_step, b += b_step, cell += cell_step) {
        uint64_t both[CAUSALDISC_BLOCK];
        for (int w = 0; w < CAUSALDISC_BLOCK; w++)
            both[w] = a[w] & b[w];
        for (long c = 0; c < cells; c++) {
            int seen = 0;
            for (int w = 0; w < CAUSALDISC_BLOCK; w++)
                seen += __builtin_popcountll(both[w] & cell[c * CAUSALDISC_BLOCK + w]);
            counts[c] += seen;
        }
    }
}

static void causaldisc_count_plain(const uint64_t *a, long a_step, const uint64_t *b, long b_step,
                                   const uint64_t *cell, long cell_step, long cells, long blocks, int *counts)
{
    causaldisc_count_words(a, a_step, b, b_step, cell, cell_step, cells, blocks, counts);
}

#ifdef CAUSALDISC_X86

__attribute__((target("popcnt"))) static void
causaldisc_count_popcnt(const uint64_t *a, long a_step, const uint64_t *b, long b_step, const uint64_t *cell,
                        long cell_step, long cells, long blocks, int *counts)
{
    causaldisc_count_words(a, a_step, b, b_step, cell, cell_step, cells, blocks, counts);
}

#define CAUSALDISC_WIDE __attribute__((target("avx512f,avx512vpopcntdq")))

/* The sums of eight vectors as one vector: a transposition that adds on the way. */
CAUSALDISC_WIDE CAUSALDISC_INLINE __m512i causaldisc_sum_each(const __m512i *v)
{
    __m512i twos[4], fours[2];
    for (int i = 0; i < 4; i++)
        twos[i] = _mm512_add_epi64(_mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]),
                                   _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]));
    for (int i = 0; i < 2; i++)
        fours[i] = _mm512_add_epi64(
            _mm512_permutex2var_epi64(twos[2 * i], _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), twos[2 * i + 1]),
            _mm512_permutex2var_epi64(twos[2 * i], _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15), twos[2 * i + 1]));
    return _mm512_add_epi64(
        _mm512_permutex2var_epi64(fours[0], _mm512_setr_epi64(0, 1, 2, 3, 8, 9, 10, 11), fours[1]),
        _mm512_permutex2var_epi64(fours[0], _mm512_setr_epi64(4, 5, 6, 7, 12, 13, 14, 15), fours[1]));
}

/* `cells` <= CAUSALDISC_GROUP is known to the compiler, which keeps the sums in registers. */
CAUSALDISC_WIDE CAUSALDISC_INLINE void
causaldisc_count_group(const uint64_t *a, long a_step, const uint64_t *b, long b_step, const uint64_t *cell,
                       long cell_step, const int cells, long blocks, int *counts)
{
    __m512i sums[CAUSALDISC_GROUP];
#pragma GCC unroll 16
    for (int c = 0; c < CAUSALDISC_GROUP; c++)
        sums[c] = _mm512_setzero_si512();
    for (long i = 0; i < blocks; i++, a += a_step, b += b_step, cell += cell_step) {
        __m512i both = _mm512_and_si512(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
#pragma GCC unroll 16
        for (int c = 0; c < cells; c++) {
            __m512i rows = _mm512_and_si512(both, _mm512_loadu_si512(cell + c * CAUSALDISC_BLOCK));
            sums[c] = _mm512_add_epi64(sums[c], _mm512_popcnt_epi64(rows));
        }
    }
#pragma GCC unroll 2
    for (int part = 0; part < cells; part += 8) {
        const int left = cells - part < 8 ? cells - part : 8;
        if (left == 1) {
            counts[part] += (int)_mm512_reduce_add_epi64(sums[part]);
        } else {
            const __mmask16 mask = (__mmask16)((1u << left) - 1);
            __m512i found = _mm512_castsi256_si512(_mm512_cvtepi64_epi32(causaldisc_sum_each(sums + part)));
            __m512i before = _mm512_maskz_loadu_epi32(mask, counts + part);
            _mm512_mask_storeu_epi32(counts + part, mask, _mm512_add_epi32(before, found));
        }
    }
}

CAUSALDISC_WIDE static void
causaldisc_count_wide(const uint64_t *a, long a_step, const uint64_t *b, long b_step, const uint64_t *cell,
                      long cell_step, long cells, long blocks, int *counts)
{
#define CAUSALDISC_CASE(n)                                                                       \
    case n:                                                                                      \
        causaldisc_count_group(a, a_step, b, b_step, cell, cell_step, n, blocks, counts);        \
        return
    for (; cells > CAUSALDISC_GROUP; cells -= CAUSALDISC_GROUP) {
        causaldisc_count_group(a, a_step, b, b_step, cell, cell_step, CAUSALDISC_GROUP, blocks, counts);
        cell += CAUSALDISC_GROUP * CAUSALDISC_BLOCK;
        counts += CAUSALDISC_GROUP;
    }
    switch (cells) {
        CAUSALDISC_CASE(1); CAUSALDISC_CASE(2); CAUSALDISC_CASE(3); CAUSALDISC_CASE(4);
        CAUSALDISC_CASE(5); CAUSALDISC_CASE(6); CAUSALDISC_CASE(7); CAUSALDISC_CASE(8);
        CAUSALDISC_CASE(9); CAUSALDISC_CASE(10); CAUSALDISC_CASE(11); CAUSALDISC_CASE(12);
        CAUSALDISC_CASE(13); CAUSALDISC_CASE(14); CAUSALDISC_CASE(15); CAUSALDISC_CASE(16);
    }
#undef CAUSALDISC_CASE
}

#endif

/* 2: AVX-512, 1: the POPCNT instruction, 0: plain C. */
static int causaldisc_instructions(void)
{
#ifdef CAUSALDISC_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq"))
        return 2;
    if (__builtin_cpu_supports("popcnt"))
        return 1;
#endif
    return 0;
}

static causaldisc_Counter causaldisc_counter(int instructions)
{
#ifdef CAUSALDISC_X86
    if (instructions == 2)
        return causaldisc_count_wide;
    if (instructions == 1)
        return causaldisc_count_popcnt;
#endif
    return causaldisc_count_plain;
}

/* Memory that begins on a cache line, so that no vector straddles two; NULL when there is none. */
static void *causaldisc_lines(size_t bytes)
{
    return aligned_alloc(64, (bytes / 64 + 1) * 64);
}

/* What turns counts into terms: n log n in fixed point with `bits` binary places, from a table below `size`. */
typedef struct {
    const int64_t *table;
    int64_t size;
    int bits;
    int pearson;
} causaldisc_Terms;

/* What a test adds up over its strata. G^2 = 2 sum / 2^bits, chi^2 = sum / 2^bits. */
typedef struct {
    int64_t sum;
    int64_t df;     /* (rows seen - 1)(columns seen - 1) */
    int64_t strata; /* strata seen */
    int64_t n;      /* rows */
} causaldisc_Sums;

CAUSALDISC_INLINE int64_t causaldisc_n_log_n(const causaldisc_Terms *terms, int64_t n)
{
    if (n < terms->size)
        return terms->table[n];
    return (int64_t)ldexp((double)n * log((double)n), terms->bits);
}

/* One cell's O^2 N / (R C); summed over a stratum, less N, this is chi^2. */
CAUSALDISC_INLINE int64_t causaldisc_share(const causaldisc_Terms *terms, int64_t seen, int64_t row, int64_t column,
                                           int64_t total)
{
    double term = (double)seen * (double)seen * (double)total / ((double)row * (double)column);
    return (int64_t)(term * (double)((int64_t)1 << terms->bits) + 0.5);
}

/* Most strata of deep sets are empty: look at two counts at a time. */
CAUSALDISC_INLINE int causaldisc_any(const int *counts, const int cells)
{
    uint64_t any = cells % 2 ? (uint64_t)counts[cells - 1] : 0, two;
    for (int c = 0; c + 1 < cells; c += 2) {
        memcpy(&two, counts + c, sizeof two);
        any |= two;
    }
    return any != 0;
}

CAUSALDISC_INLINE void causaldisc_add_strata_of(const causaldisc_Terms *terms, const int *table, long strata,
                                                const int lx, const int ly, int *margins, causaldisc_Sums *sums)
{
    int *rows = margins, *columns = margins + lx;
    int64_t sum = 0;
    for (long s = 0; s < strata; s++, table += lx * ly) {
        int total = 0, rows_seen = 0, columns_seen = 0;
        if (!causaldisc_any(table, lx * ly))
            continue;
        for (int j = 0; j < ly; j++)
            columns[j] = 0;
        for (int i = 0; i < lx; i++) {
            rows[i] = 0;
            for (int j = 0; j < ly; j++) {
                rows[i] += table[i * ly + j];
                columns[j] += table[i * ly + j];
            }
            total += rows[i];
            rows_seen += rows[i] > 0;
        }
        for (int j = 0; j < ly; j++)
            columns_seen += columns[j] > 0;
        sums->strata += 1;
        sums->n += total;
        if (rows_seen == 1 || columns_seen == 1)
            continue; /* all terms cancel */
        sums->df += (int64_t)(rows_seen - 1) * (columns_seen - 1);
        if (terms->pearson) {
            for (int i = 0; i < lx; i++)
                for (int j = 0; j < ly; j++)
                    if (table[i * ly + j])
                        sum += causaldisc_share(terms, table[i * ly + j], rows[i], columns[j], total);
            sum -= (int64_t)total << terms->bits;
        } else if (total < terms->size) {
            const int64_t *logs = terms->table;
            for (int c = 0; c < lx * ly; c++)
                sum += logs[table[c]];
            for (int i = 0; i < lx; i++)
                sum -= logs[rows[i]];
            for (int j = 0; j < ly; j++)
                sum -= logs[columns[j]];
            sum += logs[total];
        } else {
            for (int c = 0; c < lx * ly; c++)
                sum += causaldisc_n_log_n(terms, table[c]);
            for (int i = 0; i < lx; i++)
                sum -= causaldisc_n_log_n(terms, rows[i]);
            for (int j = 0; j < ly; j++)
                sum -= causaldisc_n_log_n(terms, columns[j]);
            sum += causaldisc_n_log_n(terms, total);
        }
    }
    sums->sum += sum;
}

/* Add `strata` tables of counts, each lx * ly; `margins` has room for lx + ly numbers. */
CAUSALDISC_CLONES
static void causaldisc_add_strata(const causaldisc_Terms *terms, const int *table, long strata, int lx, int ly,
                                  int *margins, causaldisc_Sums *sums)
{
    int few[6];
    if (lx == 2 && ly == 2)
        causaldisc_add_strata_of(terms, table, strata, 2, 2, few, sums);
    else if (lx == 3 && ly == 3)
        causaldisc_add_strata_of(terms, table, strata, 3, 3, few, sums);
    else
        causaldisc_add_strata_of(terms, table, strata, lx, ly, margins, sums);
}

/* after = before * levels + code, -1 where either is missing; `before` may be NULL for one stratum. */
CAUSALDISC_CLONES
static void causaldisc_split(const int *before, const int *code, long levels, long rows, int *after)
{
    if (before)
        for (long i = 0; i < rows; i++)
            after[i] = (before[i] | code[i]) < 0 ? -1 : before[i] * (int)levels + code[i];
    else
        memcpy(after, code, (size_t)rows * sizeof *code);
}

/* Count rows in a dense table: entry (stratum * levels + code) * cells + cell, the last entry for rows with a missing
   code (negative). `stratum`, `code` and `weight` may be NULL: one stratum, one level, weights of one. */
CAUSALDISC_CLONES
static void causaldisc_count_rows(const int *stratum, const int *code, long levels, const int *cell, long cells,
                                  const int *weight, long rows, int dead, int *table)
{
    enum { PORTION = 256 };
    int keys[PORTION];
    for (long start = 0; start < rows; start += PORTION) {
        const long size = rows - start < PORTION ? rows - start : PORTION;
        for (long i = 0; i < size; i++)
            keys[i] = stratum ? stratum[start + i] : 0;
        if (code)
            for (long i = 0; i < size; i++)
                keys[i] = (keys[i] | code[start + i]) < 0 ? -1 : keys[i] * (int)levels + code[start + i];
        for (long i = 0; i < size; i++)
            keys[i] = (keys[i] | cell[start + i]) < 0 ? dead : keys[i] * (int)cells + cell[start + i];
        if (weight)
            for (long i = 0; i < size; i++)
                table[keys[i]] += weight[start + i];
        else
            for (long i = 0; i < size; i++)
                table[keys[i]]++;
    }
}

#endif
