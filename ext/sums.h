/* Sums of products in eight lanes: compilers make vector instructions of them, and the order of the additions is the
   same on every machine. */

#ifndef CAUSALDISC_SUMS_H
#define CAUSALDISC_SUMS_H

#include "clones.h"

#define CAUSALDISC_SUM_LANES 8

/* Return the sum of a[i] b[i] for i in [0, n); both arrays are padded with zeros to whole lanes. */
CAUSALDISC_CLONES
static double causaldisc_dot(const double *restrict a, const double *restrict b, long n)
{
    double sums[CAUSALDISC_SUM_LANES] = {0};
    for (long i = 0; i < n; i += CAUSALDISC_SUM_LANES)
        for (int l = 0; l < CAUSALDISC_SUM_LANES; l++)
            sums[l] += a[i + l] * b[i + l];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* Return the sum of a[i] for i in [0, n), padded likewise. */
CAUSALDISC_CLONES
static double causaldisc_total(const double *restrict a, long n)
{
    double sums[CAUSALDISC_SUM_LANES] = {0};
    for (long i = 0; i < n; i += CAUSALDISC_SUM_LANES)
        for (int l = 0; l < CAUSALDISC_SUM_LANES; l++)
            sums[l] += a[i + l];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

#endif
