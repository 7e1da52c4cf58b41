"""Do two mechanisms change independently? Extended HSIC between their trajectories, with a null law.

Huang, Zhang, Zhang, Ramsey, Sanchez-Romero, Glymour, Schoelkopf, "Causal Discovery from Heterogeneous/Nonstationary
Data", JMLR 21(89), 2020, section 4: of X -> Y, P(X) and P(Y | X) change independently, those of P(Y) and P(X | Y) do
not. The measure is HSIC with Gaussian kernels on the trajectories.

Where we deviate, and why:
- Features of a trajectory count alike once their change is clear of zero (SHARE): else one large change hides how
  others depend on it, such as a mean that swamps a coefficient.
- The width is the mean squared distance, not the median, which is 0 when half of the pairs are alike (two domains).
- HSIC is divided by its largest possible value, so the score is in 0..1 and does not shrink with more causes; and a
  p-value comes with it. Under independence domains are exchangeable, so those of one trajectory are permuted. A smooth
  index has no such symmetry, and a permutation would call any two slow curves dependent. Its cosine coefficients change
  sign instead: that keeps each feature's spectrum and how features of one mechanism move together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import trajectories as kernel
from causaldisc.data.contexts import ContextKind
from causaldisc.search.changing_module import Trajectory
from causaldisc.search.context_index import ContextIndex

Floats = NDArray[np.float64]

DRAWS = 999
# A feature whose variance is this share of the noise's counts half.
SHARE = 0.03
# Features together with less variance than this, beside that of the noise, have not changed as far as the data tell.
UNSEEN = 0.01
FEWEST_DOMAINS = 5
_SAME = 1e-9


@dataclass(frozen=True)
class Dependence:
    """How two trajectories go together: score in 0..1, z-score and p-value under independence.

    `is_seen` is False where either does not change as far as the data tell, or contexts are too few: then p is 1.
    `log_evidence`: how likely the two mechanisms make the data, beside that of the other direction; `change`: the
    variance of the features that change less, beside that of the noise.
    """

    score: float
    z: float
    p_value: float
    is_seen: bool
    log_evidence: float = 0.0
    change: float = math.inf


def dependence(first: Trajectory, second: Trajectory, index: ContextIndex, seed: int = 0) -> Dependence:
    """Test whether two mechanisms change independently. Equal seeds give equal answers, whatever domains are called."""
    domains = index.kind is ContextKind.DOMAIN
    evidence = first.log_evidence + second.log_evidence
    change = min(_variance(first, index), _variance(second, index))
    if change < UNSEEN or (domains and len(index.places) < FEWEST_DOMAINS):
        return Dependence(0.0, 0.0, 1.0, False, evidence, change)
    a, b = (_evened(t, index) for t in (first, second))
    order = np.lexsort(b.at(index.places).T) if domains else np.arange(len(index.places))
    places = np.ascontiguousarray(index.places[order])
    k, _ = gaussian(a.at(places))
    values = b.at(places)
    m, rate = gaussian(values)
    centred = _centred(k)
    rng = np.random.default_rng(seed)
    observed = float(np.sum(centred * m))
    if domains:
        orders = np.argsort(rng.random((DRAWS, len(places))), axis=1, kind="stable").astype(np.int32)
        drawn = kernel.permuted(centred, m, orders)
    else:
        signs = rng.choice(np.array([-1.0, 1.0]), (DRAWS, index.functions))
        drawn = kernel.flipped(centred, places, np.ascontiguousarray(b.coefficients), signs, rate)
    largest = float(np.sqrt(np.sum(centred**2) * np.sum(_centred(m) ** 2)))
    spread = float(drawn.std())
    exceeding = int(np.sum(drawn >= observed - _SAME * largest))
    return Dependence(
        observed / largest if largest else 0.0,
        (observed - float(drawn.mean())) / spread if spread > _SAME * largest else 0.0,
        (1 + exceeding) / (1 + DRAWS),
        True,
        evidence,
        change,
    )


def _variance(trajectory: Trajectory, index: ContextIndex) -> float:
    values = trajectory.at(index.places)
    return float(np.sum(np.mean(values**2, axis=0)))


def _evened(trajectory: Trajectory, index: ContextIndex) -> Trajectory:
    """Return the trajectory with features of nearly the same variance, those that hardly change left small."""
    variances = np.mean(trajectory.at(index.places) ** 2, axis=0)
    return Trajectory(trajectory.coefficients / np.sqrt(variances + SHARE))


def gaussian(values: Floats) -> tuple[Floats, float]:
    """Return the matrix exp(-rate |v_i - v_j|^2) and its rate: 1 over twice the mean squared distance of pairs."""
    squares = np.sum(values**2, axis=1)
    distances = np.maximum(squares[:, None] + squares - 2.0 * values @ values.T, 0.0)
    np.fill_diagonal(distances, 0.0)
    points = len(values)
    mean = float(distances.sum()) / max(points * (points - 1), 1)
    rate = 0.5 / mean if mean > 0.0 else 0.0
    return np.exp(-rate * distances), rate


def _centred(matrix: Floats) -> Floats:
    found: Floats = matrix - matrix.mean(axis=0)
    found = found - found.mean(axis=1)[:, None]
    return np.ascontiguousarray(found)
