"""Bounding the false discovery rate of a skeleton's edges.

The p-value of an edge is the largest of its tests: if the edge is absent, some asked set separates its ends, so that
this p-value is at least that set's, and valid (I. Tsamardinos, L. Brown, "Bounding the false discovery rate in local
Bayesian network learning", AAAI 2008). Y. Benjamini, Y. Hochberg, JRSS B 57 (1995), step-up procedure; Y. Benjamini,
D. Yekutieli, Annals of Statistics 29 (2001), Theorem 1.3, for any dependence. Pairs that a search removed have larger
p-values than alpha: they count among the hypotheses, and none of them comes back.
"""

from __future__ import annotations

import math
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.search.skeleton import Skeleton


class Correction(Enum):
    """How p-values are held against the rate."""

    BH = "bh"
    BY = "by"


def threshold(log_p: NDArray[np.float64], hypotheses: int, rate: float, correction: Correction) -> float:
    """Return the logarithm of the p-value up to which hypotheses are rejected, given the smallest p-values (as log p)
    of all `hypotheses`; those that are not given must be above `rate`."""
    harmonic = float(np.sum(1.0 / np.arange(1, hypotheses + 1))) if correction is Correction.BY else 1.0
    # A p-value that equals its bound stands, whatever the logarithms round to.
    allowed = math.log(rate / (hypotheses * harmonic)) + np.log(np.arange(1, len(log_p) + 1)) + 1e-12
    stands = np.flatnonzero(np.sort(log_p) <= allowed)
    return float(allowed[stands[-1] if len(stands) else 0]) if len(log_p) else math.log(rate)


def adjusted(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values adjusted by Benjamini and Hochberg: at which rate each hypothesis would be rejected."""
    order, count = np.argsort(p_values), len(p_values)
    bounds = np.minimum.accumulate((p_values[order] * count / np.arange(1, count + 1))[::-1])[::-1]
    found = np.empty(count)
    found[order] = np.minimum(bounds, 1.0)
    return found


def prune(skeleton: Skeleton, rate: float, correction: Correction) -> float:
    """Remove the edges that are no discoveries; what spoke most against each is its separating set.

    Edges without a decided test, required ones among them, stay and are no hypotheses. Returns the p-value above
    which a test now separates, at most `rate`.
    """
    weakest = skeleton.weakest
    log_p = skeleton.answers.log_p
    tested = weakest.scores > -np.inf
    hypotheses = int(tested.sum()) + len(skeleton.separations)
    largest = threshold(log_p[tested], hypotheses, rate, correction)
    gone = tested & (log_p > largest)
    for size in range(weakest.sets.shape[1] + 1):
        some = gone & (weakest.sizes == size)
        skeleton.separations.add(skeleton.pairs[some], weakest.sets[some, :size])
    skeleton.keep(~gone)
    return math.exp(largest)
