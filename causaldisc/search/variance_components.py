"""Ridge regression whose penalties are learned: groups of coefficients, each with a variance of its own.

The variances maximise the evidence of y ~ N(Z b, noise / weights), b ~ N(0, diag(variances)). The updates are those of
D. MacKay, "Bayesian interpolation", Neural Computation 4 (1992), equations 4.9 and 4.10: a variance is the sum of
squares of its coefficients, over the number of them that the data determine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDS = 12
FLAT = -1
_FLAT_PRECISION = 1e-6
_SMALLEST, _LARGEST = 1e-7, 1e3


@dataclass(frozen=True)
class Moments:
    """What a weighted regression needs of its rows: Z'WZ, Z'Wy, y'Wy and how many there are."""

    gram: Floats
    products: Floats
    squares: float
    rows: int

    @classmethod
    def of(cls, design: Floats, response: Floats, weights: Floats) -> Moments:
        weighted = design * weights[:, None]
        return cls(design.T @ weighted, weighted.T @ response, float(weights @ response**2), len(response))

    def with_response(self, design: Floats, response: Floats) -> Moments:
        """Return the moments of another response; only for weights of 1."""
        return Moments(self.gram, design.T @ response, float(response @ response), self.rows)


@dataclass(frozen=True)
class Fit:
    """Coefficients, their posterior covariance, the variances of groups and of noise, and the log evidence.

    The evidence is that of the response, but for the constant of the normal density.
    """

    coefficients: Floats
    covariance: Floats
    variances: Floats
    noise: float
    log_evidence: float


def fit(
    moments: Moments, groups: NDArray[np.intp], relative: Floats, noise: float | None = None, rounds: int = ROUNDS
) -> Fit:
    """Fit the regression; `groups` number the variance that each coefficient shares, FLAT for none.

    `relative` are the variances of coefficients relative to others of the group: 0 where a coefficient is none. `noise`
    is learned unless it is given.
    """
    used = np.flatnonzero(relative)
    if len(used) < len(relative):
        part = Moments(moments.gram[np.ix_(used, used)], moments.products[used], moments.squares, moments.rows)
        inner = fit(part, groups[used], relative[used], noise, rounds)
        coefficients, of_all = np.zeros(len(relative)), np.zeros((len(relative), len(relative)))
        coefficients[used] = inner.coefficients
        of_all[np.ix_(used, used)] = inner.covariance
        return Fit(coefficients, of_all, inner.variances, inner.noise, inner.log_evidence)
    learned = noise is None
    level = max(0.5 * moments.squares / moments.rows, 1e-9) if noise is None else noise
    is_flat = groups == FLAT
    variances = np.full(int(groups.max(initial=0)) + 1, 0.3)
    for _ in range(rounds):
        precisions = _precisions(variances, groups, relative, is_flat)
        covariance = _inverse(moments.gram / level + np.diag(precisions))
        found = covariance @ moments.products / level
        determined = 1.0 - precisions * np.diag(covariance)
        for group in range(len(variances)):
            own = groups == group
            if own.any():
                known = max(float(determined[own].sum()), 1e-3)
                ratio = float(np.sum(found[own] ** 2 / relative[own])) / known
                variances[group] = min(max(ratio, _SMALLEST), _LARGEST)
        if learned:
            left = moments.squares - 2.0 * found @ moments.products + found @ moments.gram @ found
            level = max(float(left) / max(moments.rows - float(determined.sum()), 1.0), 1e-9)
    precisions = _precisions(variances, groups, relative, is_flat)
    system = moments.gram / level + np.diag(precisions)
    covariance = _inverse(system)
    found = covariance @ moments.products / level
    evidence = (
        0.5 * float(np.log(precisions).sum())
        - float(np.log(np.diag(np.linalg.cholesky(system))).sum())
        - 0.5 * moments.rows * float(np.log(level))
        - 0.5 * (moments.squares - float(moments.products @ found)) / level
    )
    return Fit(found, covariance, variances, level, evidence)


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), np.float64)


def _precisions(variances: Floats, groups: NDArray[np.intp], relative: Floats, is_flat: NDArray[np.bool_]) -> Floats:
    return np.where(is_flat, _FLAT_PRECISION, 1.0 / (variances[np.maximum(groups, 0)] * relative))
