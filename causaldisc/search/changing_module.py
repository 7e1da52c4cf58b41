"""How the mechanism of a variable changes over a context: P(effect | causes, context), as a trajectory.

The published way (Huang et al., JMLR 21(89), 2020, section 4) embeds the whole conditional law with a
kernel on causes times a kernel on the context. Where a context has no rows for some values of the causes, that
embedding falls to zero, so that a change of P(causes) shows in it, and the right direction looks dependent too. Here
the mechanism is one that all contexts share plus how each departs from it, in location and in scale:

    y = f(causes) + sum_k a_k(context) g_k(causes) + exp(s(context) + h(causes)) noise

f and h are sums of linear functions and kernel eigenfunctions of the causes; g_k are the constant, the linear and the
first eigenfunctions. What the data leave open is what contexts share, not zero. All variances are learned by evidence
(variance_components.py), and so is how fast a smooth change is. A trajectory is the a_k, in units of the noise, and s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import _kernels
from causaldisc.distinct import numbered
from causaldisc.search import variance_components
from causaldisc.search.context_index import ContextIndex
from causaldisc.search.variance_components import FLAT, Fit, Moments

Floats = NDArray[np.float64]
Variable = NDArray[np.float64] | NDArray[np.int32]

# Eigenfunctions that the shared mechanism may use, and those of them whose weight may change.
CURVES, CHANGING_CURVES = 8, 2
_TOLERANCE, _NEGLIGIBLE = 1e-6, 1e-6
# The location is fitted anew with what is known of the scale; more rounds change nothing that matters.
_ROUNDS = 2
_SCALE_STEPS, _SCALE_ROUNDS = 4, 5
# Of the log of the square of a normal variable's scale, per row: var(e^2) = 2.
_SCALE_NOISE = 2.0
_LARGEST_SURPRISE = 6.0


@dataclass(frozen=True, eq=False)
class Trajectory:
    """How a mechanism changes: each column of `coefficients` is a feature, as weights of the context's functions.

    A unit is a standard deviation of the noise, or sqrt(2) log units of its scale: of each, a step is as easy to see.
    `log_evidence`: that of the effect's locations, given the scales found.
    """

    coefficients: Floats
    log_evidence: float = 0.0

    def at(self, places: Floats) -> Floats:
        """Return the features at places of the context, with mean 0; shape (places, features)."""
        values = places @ self.coefficients
        found: Floats = values - values.mean(axis=0)
        return found


@dataclass(frozen=True, eq=False)
class _Functions:
    """Functions of the causes over rows: the constant, `linear` others, then curves with their `shares`."""

    values: Floats
    linear: int
    shares: Floats

    @property
    def changing(self) -> int:
        return 1 + self.linear + min(CHANGING_CURVES, len(self.shares))


def trajectory(effect: Sequence[Variable], causes: Sequence[Variable], index: ContextIndex) -> Trajectory:
    """Return how P(effect | causes) changes over the index.

    An effect of several columns (a group) has the features of each. Numbers are float64, categories are codes (int32).
    """
    functions = _functions_of(causes, len(index.basis))
    found = [_features(column, functions, index, has_scale) for column, has_scale in _responses(effect)]
    coefficients = np.hstack([features for features, _ in found]) if found else np.zeros((index.functions, 0))
    return Trajectory(coefficients, sum(evidence for _, evidence in found))


def _responses(effect: Sequence[Variable]) -> list[tuple[Floats, bool]]:
    """Return what is regressed, standardised, and whether its scale is a thing of its own: not that of categories."""
    found = []
    for column in effect:
        if column.dtype == np.int32:
            levels, codes = numbered(column)
            kept = range(1 if len(levels) == 2 else 0, len(levels))
            found += [(_standardised((codes == level).astype(np.float64)), False) for level in kept]
        else:
            found.append((_standardised(column.astype(np.float64)), True))
    return found


def _standardised(values: Floats) -> Floats:
    centred = values - values.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return centred / spread if spread > 1e-12 * max(1.0, float(np.abs(values).max())) else np.zeros(len(values))


def _functions_of(causes: Sequence[Variable], rows: int) -> _Functions:
    """Return the constant, linear functions and curves, each of mean square 1, curves orthogonal to the others."""
    constant = np.ones((rows, 1))
    columns = [column for column, _ in _responses(causes) if column.any()]
    if not columns:
        return _Functions(constant, 0, np.zeros(0))
    linear = np.column_stack([constant, *columns])
    factor = _joint_kernel(causes, rows).factor(_TOLERANCE)
    basis = np.linalg.qr(linear)[0]
    factor = factor - basis @ (basis.T @ factor)
    gram_values, gram_vectors = np.linalg.eigh(factor.T @ factor)
    largest = float(gram_values[-1]) if len(gram_values) else 0.0
    kept = np.flatnonzero(gram_values > max(_NEGLIGIBLE * largest, 1e-9 * rows))[::-1][:CURVES]
    curves = factor @ (gram_vectors[:, kept] / np.sqrt(gram_values[kept])) * np.sqrt(rows)
    curves *= np.where(curves[np.argmax(np.abs(curves), axis=0), np.arange(len(kept))] < 0, -1.0, 1.0)
    return _Functions(
        np.hstack([linear, curves]), len(columns), gram_values[kept] / largest if largest else np.zeros(0)
    )


def _joint_kernel(causes: Sequence[Variable], rows: int) -> _kernels.Kernel:
    """Return the product kernel of the causes; numbers as normal scores, so that no tail is out of its reach."""
    features = [
        _kernels.feature_of_codes(c.astype(np.int32))
        if c.dtype == np.int32
        else _kernels.feature_of_numbers(normal_scores(c))
        for c in causes
    ]
    width = max(1.0, float(sum(not f.is_discrete for f in features))) ** 0.5
    return _kernels.product(features, [1.0 / width] * len(features), [0.0] * len(features), rows)


def normal_scores(values: Variable) -> Floats:
    """Return the normal quantiles of the ranks; equal values share their rank.

    By the approximation 26.2.23 of Abramowitz and Stegun, within 4.5e-4: it only spaces a kernel.
    """
    ordered = np.sort(values)
    middle = 0.5 * (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right"))
    share = middle / len(values)
    t = np.sqrt(-2.0 * np.log(np.minimum(share, 1.0 - share)))
    top = 2.515517 + t * (0.802853 + t * 0.010328)
    bottom = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    return np.where(share < 0.5, -1.0, 1.0) * (t - top / bottom)


# ---- location and scale


def _features(response: Floats, functions: _Functions, index: ContextIndex, has_scale: bool) -> tuple[Floats, float]:
    """Return the coefficients of the changes of location, and of scale, and the log evidence.

    The shape of the coefficients is (functions of the context, features).
    """
    rows, changing = len(response), functions.changing
    shared = functions.values.shape[1]
    moving = (functions.values[:, :changing, None] * index.basis[:, None, :]).reshape(rows, -1)
    design = np.hstack([functions.values, moving])
    groups, log_scale = _location_groups(functions, index), np.zeros(rows)
    scale = np.zeros(index.functions)
    for _ in range(_ROUNDS):
        moments = Moments.of(design, response, np.exp(-log_scale))
        location = _likeliest(
            variance_components.fit(moments, groups, _relative(functions, spectrum, changing))
            for spectrum in index.spectra
        )
        left = response - design @ location.coefficients
        taken = np.einsum("ij,ij->i", design @ location.covariance, design) * np.exp(-log_scale) / location.noise
        if not has_scale:
            break
        squares = left**2 / np.clip(1.0 - taken, 0.2, 1.0)
        log_scale, scale = _scale(squares, functions, index)
    level = float(np.sqrt(max(location.noise, 1e-12)))
    changes = location.coefficients[shared:].reshape(changing, -1).T / level
    # Half the log variance is the log of the scale, of which the information is twice that of a location.
    features = np.hstack([changes, (np.sqrt(0.5) * scale)[:, None]]) if has_scale else changes
    return features, location.log_evidence


def _likeliest(fits: Iterable[Fit]) -> Fit:
    """Return the fit of the largest evidence; from slow to fast changes, which cost more, until evidence falls."""
    best: Fit | None = None
    for found in fits:
        if best is not None and found.log_evidence < best.log_evidence:
            break
        best = found
    assert best is not None, "every index has a spectrum"
    return best


def _location_groups(functions: _Functions, index: ContextIndex) -> NDArray[np.intp]:
    """Return whose variance is shared: flat for shared linear functions, one for curves, one for each that changes.

    Changes of all curves share one.
    """
    first = 1 if len(functions.shares) else 0
    changing = [first + min(k, functions.linear + 1) for k in range(functions.changing)]
    shared = [FLAT] * (1 + functions.linear) + [0] * len(functions.shares)
    return np.concatenate([np.array(shared, np.intp), np.repeat(np.array(changing, np.intp), index.functions)])


def _relative(functions: _Functions, spectrum: Floats, changing: int) -> Floats:
    return np.concatenate([np.ones(1 + functions.linear), functions.shares, np.tile(spectrum, changing)])


def _scale(squares: Floats, functions: _Functions, index: ContextIndex) -> tuple[Floats, Floats]:
    """Return the log variance of every row, less its mean, and the coefficients of its change over the context.

    By Fisher's scoring for squares of normal noise with a log link, at the spectrum of the largest evidence.
    """
    rows = len(squares)
    shared = functions.values[:, : 1 + functions.linear + CHANGING_CURVES]
    design = np.hstack([shared, index.basis])
    groups = np.array([FLAT] + [0] * (shared.shape[1] - 1) + [1] * index.functions, np.intp)
    start = np.full(rows, np.log(max(float(squares.mean()), 1e-300)))
    of_design = Moments.of(design, start, np.ones(rows))

    def fitted(spectrum: Floats) -> Fit:
        relative = np.concatenate([np.ones(shared.shape[1]), spectrum])
        log_variance = start
        for _ in range(_SCALE_STEPS):
            surprise = np.clip(squares * np.exp(-log_variance) - 1.0, -1.0, _LARGEST_SURPRISE)
            moments = of_design.with_response(design, log_variance + surprise)
            found = variance_components.fit(moments, groups, relative, _SCALE_NOISE, _SCALE_ROUNDS)
            log_variance = design @ found.coefficients
        return found

    best = _likeliest(fitted(spectrum) for spectrum in index.spectra)
    log_variance = design @ best.coefficients
    return log_variance - float(log_variance.mean()), best.coefficients[shared.shape[1] :]
