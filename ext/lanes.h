/* The inner loops of the Gaussian search, most of them over the last variable of a conditioning set.

   They hold no branch and no division, so compilers turn them into vector instructions; where the loader can
   choose at start (glibc on x86-64) they are compiled for three generations of processors. All compute with the
   same single operations in the same order, without fused multiply-add, so all give the same bits. */

#ifndef CAUSALDISC_LANES_H
#define CAUSALDISC_LANES_H

#include "clones.h"

/* Arrays are padded with this many zeros; a lane of zeros is never a hit. */
#define CAUSALDISC_LANES 16

/* Return the first z in [start, end) whose squared partial correlation is below `bound`, or `end`.

   x[z], y[z]: covariances of z with x and y given the prefix; v[z]: variance of z; cxy, cxx, cyy: those of x, y. */
CAUSALDISC_CLONES
static long causaldisc_scan(const double *restrict x, const double *restrict y, const double *restrict v, long start,
                            long end, double cxy, double cxx, double cyy, double bound)
{
    for (long z = start; z < end; z += CAUSALDISC_LANES) {
        int hits[CAUSALDISC_LANES], any = 0;
        for (int l = 0; l < CAUSALDISC_LANES; l++) {
            double a = x[z + l], b = y[z + l], w = v[z + l];
            double cross = cxy * w - a * b;
            hits[l] = cross * cross < bound * ((cxx * w - a * a) * (cyy * w - b * b));
            any |= hits[l];
        }
        if (any)
            for (int l = 0; l < CAUSALDISC_LANES; l++)
                if (hits[l])
                    return z + l < end ? z + l : end;
    }
    return end;
}

/* The same for the whole set {z}: x[z] are correlations with x, y is a row of the correlation matrix, of which the z
   are columns[z]. */
CAUSALDISC_CLONES
static long causaldisc_scan_singles(const double *restrict x, const double *restrict y, const int *restrict columns,
                                    long start, long end, double cxy, double bound)
{
    for (long z = start; z < end; z += CAUSALDISC_LANES) {
        int hits[CAUSALDISC_LANES], any = 0;
        for (int l = 0; l < CAUSALDISC_LANES; l++) {
            double a = x[z + l], b = y[columns[z + l]];
            double cross = cxy - a * b;
            hits[l] = cross * cross < bound * ((1.0 - a * a) * (1.0 - b * b));
            any |= hits[l];
        }
        if (any)
            for (int l = 0; l < CAUSALDISC_LANES; l++)
                if (hits[l])
                    return z + l < end ? z + l : end;
    }
    return end;
}

/* The same with one more variable in the prefix, whose covariances are `c` and whose elimination is done on the
   way: ax = x[q] / v[q], ay = y[q] / v[q], av = 1 / v[q]. */
CAUSALDISC_CLONES
static long causaldisc_scan_eliminating(const double *restrict x, const double *restrict y, const double *restrict v,
                                        const double *restrict c, long start, long end, double ax, double ay,
                                        double av, double cxy, double cxx, double cyy, double bound)
{
    for (long z = start; z < end; z += CAUSALDISC_LANES) {
        int hits[CAUSALDISC_LANES], any = 0;
        for (int l = 0; l < CAUSALDISC_LANES; l++) {
            double k = c[z + l];
            double a = x[z + l] - ax * k, b = y[z + l] - ay * k, w = v[z + l] - (av * k) * k;
            double cross = cxy * w - a * b;
            hits[l] = cross * cross < bound * ((cxx * w - a * a) * (cyy * w - b * b));
            any |= hits[l];
        }
        if (any)
            for (int l = 0; l < CAUSALDISC_LANES; l++)
                if (hits[l])
                    return z + l < end ? z + l : end;
    }
    return end;
}

/* out[z] = row[z] - factor * c[z] for z in [start, end), rounded up to whole lanes. */
CAUSALDISC_CLONES
static void causaldisc_eliminate(double *restrict out, const double *restrict row, const double *restrict c,
                                 double factor, long start, long end)
{
    for (long z = start; z < end; z += CAUSALDISC_LANES)
        for (int l = 0; l < CAUSALDISC_LANES; l++)
            out[z + l] = row[z + l] - factor * c[z + l];
}

/* out[z] = whether row[z] squared is above `threshold`, for z in [start, end). */
CAUSALDISC_CLONES
static void causaldisc_above(unsigned char *restrict out, const double *restrict row, double threshold, long start,
                             long end)
{
    for (long z = start; z < end; z++)
        out[z] = row[z] * row[z] > threshold;
}

#endif
