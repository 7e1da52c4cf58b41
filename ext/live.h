/* The inner loops of counting by live rows: those in strata where x and y both vary, the only ones that add to a
   statistic. The place of a row is stratum * cells + cell. */

#ifndef CAUSALDISC_LIVE_H
#define CAUSALDISC_LIVE_H

#include "tables.h"

CAUSALDISC_INLINE void causaldisc_count_live_of(const int *restrict rows, const int *restrict places, long count,
                                                const int *restrict code, int size, int dead,
                                                const int *restrict weight, int *restrict keys, int *restrict table)
{
    for (long i = 0; i < count; i++) {
        const int row = rows[i], level = code[row], key = level < 0 ? dead : level * size + places[i];
        if (keys)
            keys[i] = key;
        table[key] += weight ? weight[row] : 1;
    }
}

/* Count listed rows in a dense table, entry code * size + place; the last entry, `dead`, is for missing codes. `weight`
   may be NULL. The entries are kept in `keys`, unless that is NULL. */
static void causaldisc_count_live(const int *rows, const int *places, long count, const int *code, int size, int dead,
                                  const int *weight, int *keys, int *table)
{
    if (weight)
        causaldisc_count_live_of(rows, places, count, code, size, dead, weight, keys, table);
    else if (keys)
        causaldisc_count_live_of(rows, places, count, code, size, dead, NULL, keys, table);
    else
        causaldisc_count_live_of(rows, places, count, code, size, dead, NULL, NULL, table);
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
