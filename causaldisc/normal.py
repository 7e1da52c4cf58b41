"""Standard normal values of p-values."""

from __future__ import annotations

import math
from statistics import NormalDist

from causaldisc._ext import tails

_SMALL = math.log(1e-300)
_NORMAL = NormalDist()


def normal_value(log_p: float) -> float:
    """Return the z of which exp(log_p) is the two-sided p-value under N(0, 1)."""
    if log_p > _SMALL:
        return -_NORMAL.inv_cdf(math.exp(log_p) / 2) if log_p < 0 else 0.0
    z = math.sqrt(-2 * log_p - math.log(-math.pi * log_p))
    for _ in range(4):  # Newton's steps; the slope of log p is -z - 1/z, nearly
        z += (tails.two_sided_normal(z) - log_p) / (z + 1 / z)
    return z
