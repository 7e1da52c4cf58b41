"""Kernel embeddings of P(effect | causes, context) and P(cause | context), as published.

Huang et al., JMLR 21(89), 2020, section 4. With k for the context, A = (K_X o K_C + e I)^-1, the embedding at c of the
conditional law, times the pooled law of the causes so that a change of theirs drops out, is

    mu_c = Phi_Y' A diag(k(c, c_i)) K_X Phi_X / n,    M = K_C [K_X^3 o (A K_Y A)] K_C / n^2

(K_X^3: a power of the matrix), and that of the marginal law M = K_C (K_C + e I)^-1 K_Y (K_C + e I)^-1 K_C. Here
K = G G' (citests/_kernels.py), so that a mu_c is a vector of rank x rank numbers and no matrix of rows by rows is
formed. For domains K_C is 1 within a domain and 0 between, and one place a domain says all.

For comparison only: the program's directions and drivers come from search/changing_module.py, whose page says why.
Widths and e are those of the largest likelihood, not fixed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import _kernels
from causaldisc.citests._kernels import Feature
from causaldisc.distinct import distinct

Floats = NDArray[np.float64]

TOLERANCE = 1e-5
PLACES = 100
# Rows that widths are learned on, and the candidates: of the causes, relative to the median; of a smooth context,
# relative to its range, in standard deviations of a uniform variable.
LEARNING_ROWS = 400
NARROWER = (1.0, 2.0, 4.0)
CONTEXT_WIDTHS = (0.02, 0.05, 0.1, 0.2)
NOISES = 10.0 ** np.arange(-3.0, 1.1, 0.5)
_MINOR = 0.05


@dataclass(frozen=True)
class Widths:
    """What the causes are multiplied by beyond the median rule, the width of the context, and the ridge."""

    narrower: float
    context: float
    ridge: float


def conditional(causes: Floats, effect: Floats, places: Floats, context: Floats, ridge: float) -> Floats:
    """Return the embeddings of P(effect | causes, context) at places; shape (places, features).

    `causes`, `effect` and `context` are factors of kernels over rows; `places`: k between places and rows, of contexts.
    """
    rows = len(causes)
    products = (causes[:, :, None] * context[:, None, :]).reshape(rows, -1)
    solved = _ridge(products, effect, ridge)
    values, vectors = np.linalg.eigh(causes.T @ causes)
    # (G_i S)(G_j S)' = (K_X^3)_ij where S = G'G.
    weighted = causes @ (vectors * np.maximum(values, 0.0)) @ vectors.T
    return _contracted(places, weighted, solved) / rows


def marginal(effect: Floats, places: Floats, context: Floats, ridge: float) -> Floats:
    """Return the embeddings of P(effect | context) at places; shape (places, features)."""
    found: Floats = places @ _ridge(context, effect, ridge)
    return found


def _contracted(places: Floats, first: Floats, second: Floats) -> Floats:
    """Return sum_i places[c, i] first[i, a] second[i, b], as rows over (a, b)."""
    return np.stack([((first * weights[:, None]).T @ second).ravel() for weights in places])


def _ridge(factor: Floats, right: Floats, ridge: float) -> Floats:
    """Return (F F' + ridge I)^-1 right."""
    gram = factor.T @ factor
    gram[np.diag_indices_from(gram)] += ridge
    found: Floats = (right - factor @ np.linalg.solve(gram, factor.T @ right)) / ridge
    return found


def gaussianised(embeddings: Floats) -> Floats:
    """Return M^G = exp(-D / (2 median D)), D the squared distances of embeddings; the mean where the median is 0."""
    squares = np.sum(embeddings**2, axis=1)
    distances = np.maximum(squares[:, None] + squares - 2.0 * embeddings @ embeddings.T, 0.0)
    lower = distances[np.tril_indices(len(distances), -1)]
    middle = float(np.median(lower)) if len(lower) else 0.0
    middle = middle if middle > 0.0 else float(lower.mean()) if len(lower) else 0.0
    return np.exp(-distances / (2.0 * middle)) if middle > 0.0 else np.ones_like(distances)


def extended_hsic(first: Floats, second: Floats) -> float:
    """Return tr(H M1 H M2) / places^2 of two Gaussianised matrices."""
    centred = first - first.mean(axis=0)
    centred = centred - centred.mean(axis=1)[:, None]
    return float(np.sum(centred * second)) / len(first) ** 2


def score(cause: Feature, effect: Feature, context: Feature) -> float:
    """Return the published score of cause -> effect: the smaller, the more independently the two mechanisms change."""
    trajectories = (embedded(cause, None, context), embedded(effect, cause, context))
    return extended_hsic(*(gaussianised(t) for t in trajectories))


def embedded(effect: Feature, cause: Feature | None, context: Feature) -> Floats:
    """Return the embeddings of P(effect | cause, context), or of P(effect | context), with learned widths."""
    rows = len(context.values)
    widths = learned(effect, cause, context)
    of_context = _context_kernel(context, widths.context)
    chosen = _places(context)
    at_places = np.ascontiguousarray(of_context.rows_of(chosen))
    factor = of_context.factor(TOLERANCE)
    of_effect = _factor(effect, 1.0, rows)
    if cause is None:
        return marginal(of_effect, at_places, factor, widths.ridge)
    return conditional(_factor(cause, widths.narrower, rows), of_effect, at_places, factor, widths.ridge)


def learned(effect: Feature, cause: Feature | None, context: Feature) -> Widths:
    """Return the widths and the ridge under which the effect's main features are likeliest, on evenly spread rows."""
    step = -(-len(context.values) // LEARNING_ROWS)
    e, c = (replace(f, values=f.values[::step].copy()) for f in (effect, context))
    x = None if cause is None else replace(cause, values=cause.values[::step].copy())
    rows = len(c.values)
    features = _kernels.thinned(_kernels.centred(_factor(e, 1.0, rows)), _MINOR)
    best, found = -math.inf, Widths(1.0, CONTEXT_WIDTHS[-1], 1.0)
    for narrower in NARROWER if x is not None else (1.0,):
        of_cause = np.ones((rows, rows)) if x is None else _gram(_kernel(x, narrower, rows))
        for width in (1.0,) if c.is_discrete else CONTEXT_WIDTHS:
            values, vectors = np.linalg.eigh(of_cause * _gram(_context_kernel(c, width)))
            projected = np.sum((vectors.T @ features) ** 2, axis=1)
            for noise in NOISES.tolist():
                spread = np.maximum(values, 0.0) + noise
                likelihood = -0.5 * float(
                    features.shape[1] * np.sum(np.log(spread))
                    + rows * features.shape[1] * math.log(float(np.sum(projected / spread)))
                )
                if likelihood > best:
                    best, found = likelihood, Widths(narrower, width, noise)
    return found


def _kernel(feature: Feature, narrower: float, rows: int) -> _kernels.Kernel:
    scales = [narrower * s for s in _kernels.median_scales([feature], [1.0])]
    return _kernels.product([feature], scales, [0.0], rows)


def _factor(feature: Feature, narrower: float, rows: int) -> Floats:
    return _kernel(feature, narrower, rows).factor(TOLERANCE)


def _gram(kernel: _kernels.Kernel) -> Floats:
    found: Floats = kernel.rows_of(np.arange(kernel.rows))
    return found


def _context_kernel(context: Feature, width: float) -> _kernels.Kernel:
    """Return the kernel of the context: between domains 0, of a smooth index as wide as that share of its range."""
    return _kernels.product([context], [1.0 / (width * math.sqrt(12.0))], [0.0], len(context.values))


def _places(context: Feature) -> NDArray[np.intp]:
    """Return the rows where embeddings are compared: one of each domain, or some evenly spread over the index."""
    if context.is_discrete:
        ordered = np.argsort(context.values, kind="stable")
        return ordered[np.searchsorted(context.values[ordered], distinct(context.values))]
    ordered = np.argsort(context.values, kind="stable")
    return ordered[np.linspace(0, len(ordered) - 1, min(PLACES, len(ordered))).astype(np.intp)]
