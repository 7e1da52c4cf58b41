"""Pairs whose gain is that of an indirect cause: small beside the others', with a path of large ones to account for it.

Where rows are further apart than a mechanism is quick, or measured with noise, a cause of a cause still helps to
predict; with enough rows any test says so. Such gains are far smaller than those of the causes themselves. So the
logarithms of the gains of the pairs that stand are described by one normal distribution and by a mixture of two
(A. Dempster, N. Laird, D. Rubin, JRSS B 39 (1977)); where the mixture is the better by H. Akaike's criterion (IEEE TAC
19 (1974)) and its two parts are apart (D > 2: K. Ashman, C. Bird, S. Zepf, Astronomical Journal 108 (1994)), the pairs
of the part with the small gains are indirect if a path of pairs of the other leads from source to target.

What is told apart here is strong from weak, not direct from indirect: a weak cause that also has a strong path is taken
for indirect, and where gains of all sizes are about as frequent, two groups are often seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 6  # pairs: below, two groups are not to be told from one
APART = 2.0
BEGINNINGS = (0.2, 0.35, 0.5, 0.65, 0.8)  # quantiles at which the groups are parted at first
MOST_STEPS = 500
SETTLED = 1e-8
NARROWEST = 0.1  # deviation of a part, as a share of that of all


def find(gains: Floats, stands: Mask) -> Mask:
    """Return which pairs that stand are indirect; both shapes (targets, sources)."""
    apart = stands & ~np.eye(len(gains), dtype=bool) & (gains > 0.0)
    least = border(np.log(gains[apart]))
    if least is None:
        return np.zeros_like(stands)
    strong = apart & (np.log(np.maximum(gains, 1e-300)) >= least)
    return apart & ~strong & _reached(strong)


def _reached(pairs: Mask) -> Mask:
    """Return the pairs (target, source) between which a path leads."""
    reached = pairs.copy()
    for through in range(len(pairs)):
        reached |= reached[:, through][:, None] & reached[through][None, :]
    return reached


def border(values: Floats) -> float | None:
    """Return the number that parts two groups of numbers, None where one will do."""
    n = len(values)
    if n < FEWEST or not values.std() > 0.0:
        return None
    one = -0.5 * n * (np.log(2.0 * np.pi * values.var()) + 1.0)
    fits = [fit for start in BEGINNINGS if (fit := _mixture(values, float(np.quantile(values, start)))) is not None]
    if not fits:
        return None
    likelihood, shares, means, variances = max(fits, key=lambda fit: fit[0])
    # Three more parameters than one distribution has.
    if likelihood - one <= 3.0:
        return None
    if np.sqrt(2.0) * abs(means[1] - means[0]) <= APART * np.sqrt(variances.sum()):
        return None
    between = np.linspace(means.min(), means.max(), 2001)
    densities = _densities(between, shares, means, variances)
    return float(between[np.argmin(np.abs(densities[:, 0] - densities[:, 1]))])


def _mixture(values: Floats, start: float) -> tuple[float, Floats, Floats, Floats] | None:
    """Return the log-likelihood, shares, means and variances of two groups, None where one of them empties."""
    n = len(values)
    floor = NARROWEST**2 * values.var()
    upper = (values > start).astype(np.float64)
    for _ in range(MOST_STEPS):
        parts = np.column_stack([1.0 - upper, upper])
        counts = parts.sum(axis=0)
        if counts.min() < 2.0:
            return None
        means = values @ parts / counts
        variances = np.maximum(((values[:, None] - means) ** 2 * parts).sum(axis=0) / counts, floor)
        densities = _densities(values, counts / n, means, variances)
        whole = np.logaddexp(densities[:, 0], densities[:, 1])
        before, upper = upper, np.exp(densities[:, 1] - whole)
        if np.abs(upper - before).max() < SETTLED:
            break
    return float(whole.sum()), counts / n, means, variances


def _densities(values: Floats, shares: Floats, means: Floats, variances: Floats) -> Floats:
    """Return the logarithms of the densities of both groups, shape (n, 2)."""
    scaled = (values[:, None] - means) ** 2 / variances
    return np.asarray(np.log(shares) - 0.5 * (np.log(2.0 * np.pi * variances) + scaled))
