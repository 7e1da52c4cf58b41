/* The inner loops of counting by live rows: those in strata where x and y both vary, the only ones that add to a
   statistic. The place of a row is stratum * cells + cell. */

#ifndef CAUSALDISC_LIVE_H
#define CAUSALDISC_LIVE_H

#include "tables.h"

/* Whether x and y both vary in a stratum. Without branches, as deep strata are of either kind by chance. */
CAUSALDISC_INLINE int causaldisc_varies(const int *counts, const int lx, const int ly)
{
    int rows = 0, columns = 0;
    for (int i = 0; i < lx; i++) {
        int any = 0;
        for (int j = 0; j < ly; j++)
            any |= counts[i * ly + j];
        rows += any != 0;
    }
    for (int j = 0; j < ly; j++) {
        int any = 0;
        for (int i = 0; i < lx; i++)
            any |= counts[i * ly + j];
        columns += any != 0;
    }
    return (rows > 1) & (columns > 1);
}

/* List the rows in the bitmaps of strata that have a cell, and their places; returns how many there are. */
CAUSALDISC_CLONES
static long causaldisc_unpack(const uint64_t *planes, long strata, long words, const int *cell, int cells, int *rows,
                              int *places)
{
    long seen = 0;
    for (long s = 0; s < strata; s++)
        for (long word = 0; word < words; word++)
            for (uint64_t left = *planes++; left; left &= left - 1) {
                const int row = (int)(64 * word + __builtin_ctzll(left));
                if (cell[row] < 0)
                    continue;
                rows[seen] = row;
                places[seen++] = (int)s * cells + cell[row];
            }
    return seen;
}

/* Count listed rows in a dense table, entry code * size + place; the last entry, `dead`, is for missing codes. `weight`
   may be NULL. The entries are kept in `keys`, unless that is NULL. */
CAUSALDISC_CLONES
static void causaldisc_count_live(const int *rows, const int *places, long count, const int *code, int size, int dead,
                                  const int *weight, int *keys, int *table)
{
    for (long i = 0; i < count; i++) {
        const int row = rows[i], level = code[row], key = level < 0 ? dead : level * size + places[i];
        if (keys)
            keys[i] = key;
        table[key] += weight ? weight[row] : 1;
    }
}

CAUSALDISC_INLINE long causaldisc_number_live_of(int *table, long strata, const int lx, const int ly)
{
    long seen = 0;
    for (long s = 0; s < strata; s++, table += lx * ly) {
        const int live = causaldisc_varies(table, lx, ly), base = live ? (int)seen * lx * ly : -lx * ly;
        for (int c = 0; c < lx * ly; c++)
            table[c] = base + c;
        seen += live;
    }
    return seen;
}

/* Replace the counts of strata by the places that their cells have when only live strata are numbered, negative in the
   others; returns how many live. */
CAUSALDISC_CLONES
static long causaldisc_number_live(int *table, long strata, int lx, int ly)
{
    if (lx == 2 && ly == 2)
        return causaldisc_number_live_of(table, strata, 2, 2);
    if (lx == 3 && ly == 3)
        return causaldisc_number_live_of(table, strata, 3, 3);
    return causaldisc_number_live_of(table, strata, lx, ly);
}

/* Keep the rows whose entry in a table of places is not negative; returns how many there are. The lists that are
   written have room for `count` rows. */
CAUSALDISC_CLONES
static long causaldisc_keep_live(const int *rows, const int *keys, long count, const int *table, int *kept_rows,
                                 int *kept_places)
{
    long kept = 0;
    for (long i = 0; i < count; i++) {
        const int place = table[keys[i]];
        kept_rows[kept] = rows[i];
        kept_places[kept] = place;
        kept += place >= 0;
    }
    return kept;
}

#endif
