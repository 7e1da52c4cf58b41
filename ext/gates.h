/* The gates of a recurrent cell over many windows: float32 for work, float64 for checks of it. The exponential of the
   float32 one is a polynomial (Cody and Waite's reduction, Taylor's terms up to r^7 / 7!, |r| <= ln 2 / 2), so that
   loops become vector instructions and every machine has the same bits; it errs by less than 3e-7 of itself. */

#ifndef CAUSALDISC_GATES_H
#define CAUSALDISC_GATES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

static inline float causaldisc_exp_float(float x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: sums with it are rounded to whole numbers */
    x = x > 80.0f ? 80.0f : x;
    x = x < -80.0f ? -80.0f : x;
    float shifted = x * 1.44269504f + magic;
    float whole = shifted - magic;
    float r = x - whole * 0.693359375f;
    r = r + whole * 2.12194440e-4f;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    int32_t power = (int32_t)whole;
    uint32_t bits = (uint32_t)(power + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

static inline double causaldisc_exp_double(double x)
{
    return exp(x);
}

/* One unit and one row of n windows. The gates hold their sums before and their values after `forward`, and the slopes
   along their sums after `backward`; `before` is the memory of the row before, or NULL. */
#define CAUSALDISC_GATES(REAL)                                                                                         \
    CAUSALDISC_CLONES                                                                                                  \
    static void causaldisc_forward_##REAL(REAL *restrict in, REAL *restrict forget, REAL *restrict content,            \
                                          REAL *restrict out, const REAL *restrict before, REAL *restrict memory,      \
                                          REAL *restrict squashed, REAL *restrict output, REAL bias_in,                \
                                          REAL bias_forget, REAL bias_content, REAL bias_out, long n)                  \
    {                                                                                                                  \
        for (long k = 0; k < n; k++) {                                                                                 \
            REAL i = 1 / (1 + causaldisc_exp_##REAL(-(in[k] + bias_in)));                                              \
            REAL f = 1 / (1 + causaldisc_exp_##REAL(-(forget[k] + bias_forget)));                                      \
            REAL g = 2 / (1 + causaldisc_exp_##REAL(-2 * (content[k] + bias_content))) - 1;                            \
            REAL o = 1 / (1 + causaldisc_exp_##REAL(-(out[k] + bias_out)));                                            \
            REAL c = i * g + (before ? f * before[k] : 0);                                                             \
            REAL s = 2 / (1 + causaldisc_exp_##REAL(-2 * c)) - 1;                                                      \
            in[k] = i, forget[k] = f, content[k] = g, out[k] = o;                                                      \
            memory[k] = c, squashed[k] = s, output[k] = o * s;                                                         \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    CAUSALDISC_CLONES                                                                                                  \
    static void causaldisc_backward_##REAL(REAL *restrict in, REAL *restrict forget, REAL *restrict content,           \
                                           REAL *restrict out, const REAL *restrict before,                            \
                                           const REAL *restrict squashed, const REAL *restrict along_output,           \
                                           REAL *restrict along_memory, long n)                                        \
    {                                                                                                                  \
        for (long k = 0; k < n; k++) {                                                                                 \
            REAL i = in[k], f = forget[k], g = content[k], o = out[k], s = squashed[k], dh = along_output[k];          \
            REAL dc = along_memory[k] + dh * o * (1 - s * s);                                                          \
            in[k] = dc * g * i * (1 - i);                                                                              \
            forget[k] = before ? dc * before[k] * f * (1 - f) : 0;                                                     \
            content[k] = dc * i * (1 - g * g);                                                                         \
            out[k] = dh * s * o * (1 - o);                                                                             \
            along_memory[k] = dc * f;                                                                                  \
        }                                                                                                              \
    }

CAUSALDISC_GATES(float)
CAUSALDISC_GATES(double)

#endif
