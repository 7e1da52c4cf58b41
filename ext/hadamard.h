/* Sums over the element-wise product of two matrices, in lanes that compilers turn into vector instructions.

   Every sum is made of CAUSALDISC_SUMS partial sums over fixed places, so each processor gives the same bits. */

#ifndef CAUSALDISC_HADAMARD_H
#define CAUSALDISC_HADAMARD_H

#include "clones.h"

#define CAUSALDISC_SUMS 16

/* Add sum a b and sum (a b)^2 over `n` places to `sum` and `squares`. */
CAUSALDISC_CLONES
static void causaldisc_products(const double *restrict a, const double *restrict b, long n, double *restrict sum,
                                double *restrict squares)
{
    double s[CAUSALDISC_SUMS] = {0.0}, q[CAUSALDISC_SUMS] = {0.0};
    long i = 0;
    for (; i + CAUSALDISC_SUMS <= n; i += CAUSALDISC_SUMS)
        for (int l = 0; l < CAUSALDISC_SUMS; l++) {
            double m = a[i + l] * b[i + l];
            s[l] += m;
            q[l] += m * m;
        }
    for (int l = 0; i + l < n; l++) {
        double m = a[i + l] * b[i + l];
        s[l] += m;
        q[l] += m * m;
    }
    for (int l = 0; l < CAUSALDISC_SUMS; l++) {
        *sum += s[l];
        *squares += q[l];
    }
}

/* Return sum (a b)^2 over `n` places of single precision, summed in double precision. */
CAUSALDISC_CLONES
static double causaldisc_squares(const float *restrict a, const float *restrict b, long n)
{
    double q[CAUSALDISC_SUMS] = {0.0}, total = 0.0;
    long i = 0;
    for (; i + CAUSALDISC_SUMS <= n; i += CAUSALDISC_SUMS)
        for (int l = 0; l < CAUSALDISC_SUMS; l++) {
            double m = (double)(a[i + l] * b[i + l]);
            q[l] += m * m;
        }
    for (int l = 0; i + l < n; l++) {
        double m = (double)(a[i + l] * b[i + l]);
        q[l] += m * m;
    }
    for (int l = 0; l < CAUSALDISC_SUMS; l++)
        total += q[l];
    return total;
}

#endif
