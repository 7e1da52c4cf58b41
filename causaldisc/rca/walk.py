"""PageRank from effects back to causes.

    (1)  pi = damping P' pi + (1 - damping) v

S. Brin, L. Page, "The anatomy of a large-scale hypertextual web search engine" (1998), personalised by v; the walk goes
from an effect to one of its causes. From a metric without causes it goes where it starts: v.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca.links import Link

Floats = NDArray[np.float64]

DAMPING = 0.85  # the usual one
_SETTLED = 1e-12
_MOST = 1000


def back_to_causes(
    size: int, links: Sequence[Link], weights: Sequence[float], start: Floats, damping: float = DAMPING
) -> Floats:
    """Return (1), shape (size,), of sum 1; a walk takes a link back in proportion to its weight, 0 or more.

    `start`, shape (size,): v up to a factor; where it is 0 everywhere, all metrics start alike.
    """
    p = np.zeros((size, size))
    for link, weight in zip(links, weights, strict=True):
        p[link.effect, link.cause] += weight
    v = start / start.sum() if start.sum() > 0.0 else np.full(size, 1.0 / size)
    total = p.sum(axis=1)
    p = np.where(total[:, None] > 0.0, p / np.where(total > 0.0, total, 1.0)[:, None], v)
    pi = v
    for _ in range(_MOST):
        following = damping * (pi @ p) + (1.0 - damping) * v
        if np.abs(following - pi).sum() < _SETTLED:
            return np.asarray(following, np.float64)
        pi = following
    return pi


def ranks(scores: Floats) -> Floats:
    """Return ranks from 1, the largest score first; equal scores get the mean of their ranks."""
    largest = np.abs(scores).max(initial=0.0)
    alike = np.round(scores / largest, 12) if largest > 0.0 else scores  # rounding makes no difference of equals
    _, place, counts = np.unique(-alike, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2.0)[place], np.float64)
