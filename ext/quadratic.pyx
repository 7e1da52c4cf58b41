# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The tail of a weighted sum of squares of independent standard normal variables.

P(sum_j w_j N_j^2 > t) = 1/(2 pi i) int exp(K(s) - s t) / s ds with K(s) = -1/2 sum_j log(1 - 2 w_j s), along any path
from -i infinity to i infinity that crosses the real axis between 0 and 1/(2 max w). We cross at the saddle point and
bend the path to the right, into the half plane where exp(-s t) dies: the integrand then falls off as exp(-u^2), and
the trapezoidal rule is exact to about 1e-12 of the tail itself, however small that is. (Davies, Applied Statistics 29
(1980), integrates along the imaginary axis, exact to an absolute error only.)
"""

from libc.math cimport M_PI, atan2, cos, exp, fabs, hypot, log, sin, sqrt

import numpy as np

cdef double FAR_BELOW = 8.0  # P(sum < mean - 8 sd) < exp(-32): Laurent and Massart, Annals of Statistics 28 (2000)
cdef int MOST_NODES = 200000


cdef double _slope(const double[::1] w, double s) noexcept nogil:
    """K'(s)."""
    cdef Py_ssize_t j
    cdef double total = 0.0
    for j in range(w.shape[0]):
        total += w[j] / (1.0 - 2.0 * w[j] * s)
    return total


cdef double _crossing(const double[::1] w, double t, double least) noexcept nogil:
    """Return where K'(s) = t in [least, 1/2), by bisection; `least` if K' is above t there. The largest w is 1."""
    cdef double low = least, high = 0.5, middle
    cdef int k
    if _slope(w, least) >= t:
        return least
    for k in range(60):
        middle = 0.5 * (low + high)
        if _slope(w, middle) < t:
            low = middle
        else:
            high = middle
    return low


cdef double _log_tail(const double[::1] w, double t) noexcept nogil:
    """log P(sum w_j N_j^2 > t) for weights in (0, 1], the largest of which is 1."""
    cdef Py_ssize_t n = w.shape[0], j
    cdef double mean = 0.0, variance = 0.0, s0, bend, step, u, re, im, a, b, size, angle, at_crossing, value, total
    cdef double curvature = 0.0
    cdef int k, small = 0
    for j in range(n):
        mean += w[j]
        variance += 2.0 * w[j] * w[j]
    if t <= mean - FAR_BELOW * sqrt(variance) or t <= 0.0:
        return 0.0
    # Not too near the pole at 0, which is harmless where the tail is large.
    s0 = _crossing(w, t, 0.5 / sqrt(variance))
    for j in range(n):
        a = w[j] / (1.0 - 2.0 * w[j] * s0)
        curvature += 2.0 * a * a
    bend = 0.5 / (0.5 - s0)
    # The trapezoidal rule errs by exp(-2 pi d / step), d being how far the integrand is smooth.
    step = min(min(s0, 0.5 - s0) / 6.0, 0.6 / sqrt(curvature))
    at_crossing = -s0 * t
    for j in range(n):
        at_crossing -= 0.5 * log(1.0 - 2.0 * w[j] * s0)
    total = 0.5 / s0
    for k in range(1, MOST_NODES):
        u = k * step
        re = s0 + bend * u * u
        im = u
        size = -re * t - at_crossing
        angle = -im * t
        for j in range(n):
            a = 1.0 - 2.0 * w[j] * re
            b = -2.0 * w[j] * im
            size -= 0.25 * log(a * a + b * b)
            angle -= 0.5 * atan2(b, a)
        # exp(...) ds / s, with ds/du = i + 2 bend u
        size = exp(size) / (re * re + im * im)
        a = 2.0 * bend * u * re + im
        b = re - 2.0 * bend * u * im
        value = size * (sin(angle) * a + cos(angle) * b)
        total += value
        small = small + 1 if size * hypot(a, b) < 1e-17 * fabs(total) else 0
        if small == 3:
            break
    if total <= 0.0:
        return 0.0
    return min(at_crossing + log(total * step / M_PI), 0.0)


def log_tail(weights, double statistic):
    """Natural logarithm of P(sum_j weights[j] N_j^2 > statistic) for independent standard normal N_j.

    Weights below 1e-13 of the largest count as zero. Raises ValueError when no weight is positive.
    """
    cdef double[::1] scaled
    cdef double result, t
    found = np.asarray(weights, np.float64).ravel()
    largest = float(found.max()) if found.size else 0.0
    if not largest > 0.0:
        raise ValueError("no weight is positive")
    scaled = np.ascontiguousarray(np.sort(found[found > 1e-13 * largest] / largest))
    t = statistic / largest
    with nogil:
        result = _log_tail(scaled, t)
    return result
