"""How narrow the kernel of a conditioning set must be, learned from the data.

A kernel as wide as the median distance leaves part of a wiggly function of Z in the residuals of both variables, and
that is taken for dependence; one that is always narrow loses degrees of freedom, and power. So the width is chosen by
the likelihood of Gaussian processes from Z to features of the variable (the idea of section 3.3 of Zhang et al. 2011,
who follow the gradient; here few candidates, so that the choice is repeatable and cheap).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import _kernels
from causaldisc.citests._representatives import representatives
from causaldisc.citests._rowwise import Question, RowTest

# How much narrower than the median distance, from wide to narrow.
CANDIDATES = (1.0, 1.5, 2.0, 3.0, 4.0)
LEARNING_ROWS = 400
_TOLERANCE = 1e-4
# The main features of a variable leave out this share of the variance of its kernel.
_MINOR = 0.05
# Noise to signal.
_NOISES = 10.0 ** np.arange(-4.0, 2.1, 0.5)

Spectrum = tuple[NDArray[np.float64], NDArray[np.float64]]


def narrowing(test: RowTest, question: Question) -> float:
    """Return how much narrower K_Z is than the median width: as the variable that needs it more asks for."""
    if all(f.is_discrete or f.constant for f in test.features(question.given, question)):
        return 1.0  # the kernel of categories has no width
    # More rows than it was learned on bear a narrower kernel, and show smaller errors of the regression.
    growth = max(question.rows / LEARNING_ROWS, 1.0) ** (1.0 / 6.0)
    return float(growth * max(_learned(test, v, question) for v in (question.x, question.y)))


def _learned(test: RowTest, variable: int, question: Question) -> float:
    """Return the candidate of the largest likelihood, tried from wide to narrow until that falls."""

    def make() -> float:
        rows = representatives(test, question.given, (variable,), LEARNING_ROWS, question)
        feature = test.feature(variable, question).on(rows)
        scales = _kernels.median_scales([feature], [1.0])
        kernel = _kernels.product([feature], scales, [0.0], len(feature.values))
        features = _kernels.thinned(_kernels.centred(kernel.factor(_TOLERANCE)), _MINOR)
        best, chosen = -math.inf, CANDIDATES[0]
        for candidate in CANDIDATES:
            found = log_likelihood(*_spectrum(test, candidate, rows, question), features)
            if found < best:
                break
            best, chosen = found, candidate
        return chosen

    return test.cache.get(("learned", variable, question.given, question.incomplete), make, lambda _: 8)


def _spectrum(test: RowTest, candidate: float, rows: NDArray[np.intp], question: Question) -> Spectrum:
    """Return the eigenvalues that are not 0, and their eigenvectors, of K_Z on some rows.

    These may differ with the variable that is to be explained, but are then equal in Z: it serves all variables.
    """

    def make() -> Spectrum:
        features = [f.on(rows) for f in test.features(question.given, question)]
        scales = [candidate * scale for scale in _kernels.median_scales(features, [1.0] * len(features))]
        kernel = _kernels.product(features, scales, [0.0] * len(features), len(features[0].values))
        factor = _kernels.centred(kernel.factor(_TOLERANCE))
        values, vectors = np.linalg.eigh(factor.T @ factor)
        kept = values > max(1e-6 * values[-1], 1e-12)
        return values[kept], factor @ (vectors[:, kept] / np.sqrt(values[kept]))

    key = ("spectrum", question.given, candidate, question.incomplete)
    return test.cache.get(key, make, lambda s: s[0].nbytes + s[1].nbytes)


def log_likelihood(
    eigenvalues: NDArray[np.float64], vectors: NDArray[np.float64], features: NDArray[np.float64]
) -> float:
    """Return the log likelihood of features as draws of N(0, s (K + noise I)), s and the noise at their best.

    Up to a constant, and for each feature.
    """
    n = len(features)
    projected = np.sum((vectors.T @ features) ** 2, axis=1)
    noise = _NOISES[:, None]
    shrunk = np.sum(eigenvalues / (eigenvalues + noise) * projected, axis=1)
    quadratic_form = (np.sum(features * features) - shrunk) / _NOISES
    determinant = np.sum(np.log1p(eigenvalues / noise), axis=1) + n * np.log(_NOISES)
    return float(np.max(-0.5 * (determinant + n * np.log(quadratic_form))))
