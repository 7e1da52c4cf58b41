# cython: language_level=3, cdivision=True
"""Logarithms of tail probabilities, exact far beyond the point where the probability underflows.

A p-value of 1e-400 is no number in double precision, its logarithm is: comparing logarithms keeps the
order of strong dependences that a plain p-value would tie at zero. All functions are inline, so that every
kernel that cimports them carries its own copy and no kernel imports another.
"""

from libc.math cimport M_PI, M_SQRT2, erfc, exp, fabs, lgamma, log, log1p, sqrt

cdef extern from *:
    """
    #define CAUSALDISC_TINY 1e-300
    #define CAUSALDISC_EPSILON 1e-16
    """
    const double TINY "CAUSALDISC_TINY"
    const double EPSILON "CAUSALDISC_EPSILON"


cdef inline double log_normal_tail(double z) noexcept nogil:
    """log P(|N(0,1)| > z) for z >= 0."""
    cdef double t = z / M_SQRT2
    cdef double inverse, term, total
    cdef int k
    if t < 25.0:
        return log(erfc(t))
    # Asymptotic series of erfc (Abramowitz & Stegun 7.1.23); at t >= 25 eight terms reach full precision.
    inverse = 1.0 / (2.0 * t * t)
    term = 1.0
    total = 0.0
    for k in range(1, 9):
        term *= -(2 * k - 1) * inverse
        total += term
    return -t * t - log(t) - 0.5 * log(M_PI) + log1p(total)


cdef inline double _log_upper_gamma_fraction(double a, double x) noexcept nogil:
    """log Q(a, x) by Legendre's continued fraction (DLMF 8.9.2), modified Lentz; for x > a + 1."""
    cdef double b = x + 1.0 - a
    cdef double c = 1.0 / TINY
    cdef double d = 1.0 / b
    cdef double h = d
    cdef double numerator, factor
    cdef int k
    for k in range(1, 100000):
        numerator = -k * (k - a)
        b += 2.0
        d = numerator * d + b
        if fabs(d) < TINY:
            d = TINY
        c = b + numerator / c
        if fabs(c) < TINY:
            c = TINY
        d = 1.0 / d
        factor = d * c
        h *= factor
        if fabs(factor - 1.0) < EPSILON:
            break
    return a * log(x) - x - lgamma(a) + log(h)


cdef inline double _log_upper_gamma_series(double a, double x) noexcept nogil:
    """log Q(a, x) = log(1 - P(a, x)), with the series of P (DLMF 8.7.1); for x <= a + 1."""
    cdef double term = 1.0 / a
    cdef double total = term
    cdef double k = a
    cdef double lower
    while fabs(term) > fabs(total) * EPSILON:
        k += 1.0
        term *= x / k
        total += term
    lower = total * exp(a * log(x) - x - lgamma(a))
    return log1p(-lower) if lower < 1.0 else log(TINY)


cdef inline double log_chi2_tail(double statistic, double df) noexcept nogil:
    """log P(chi2_df > statistic) for df > 0."""
    cdef double a = 0.5 * df
    cdef double x = 0.5 * statistic
    if x <= 0.0:
        return 0.0
    if x > a + 1.0:
        return _log_upper_gamma_fraction(a, x)
    return _log_upper_gamma_series(a, x)
