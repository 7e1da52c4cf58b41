"""Sparse vector autoregressions: every variable depends on its own past and on that of a few others.

    (1)  x_i(t) = sum_k sum_j a_ij x_j(t - k) + e_i(t),   k = 1..lags

The benchmark of A. Tank et al., "Neural Granger causality", TPAMI 44 (2022): each variable has itself and
`--density` times nodes, less one, others as parents, with one coefficient for all edges and lags, which is
multiplied by 0.95 until the spectral radius of the companion matrix is at most `--radius`; noise is normal. The truth
holds an edge for each lag, those of a variable to itself among them. Deviations: `--mixed-signs`; every variable has a
parent besides itself, where the nodes allow it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.simulate.base import Simulated, true_lagged

_SHRINKAGE = 0.95


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Vector autoregressions."""

    TITLE = "Autoregression"

    nodes: int = opt(10, "Number of variables.", at_least=1, below=1e4)
    rows: int = opt(1000, "Number of rows, in order of time.", at_least=1, below=1e12)
    lags: int = opt(3, "How far back causes reach.", at_least=1, below=100)
    density: float = opt(0.2, "Share of the variables that are parents of one, itself among them.", at_least=0, below=1)
    coefficient: float = opt(1.0, "Weight of every edge, before it is made small enough to be stable.", above=0)
    mixed_signs: bool = opt(False, "Let a coin decide the sign of each edge but those of a variable to itself.")
    radius: float = opt(0.97, "Largest spectral radius.", above=0, below=1)
    noise_sd: float = opt(0.1, "Standard deviation of the noise.", above=0)
    burn_in: int = opt(100, "Rows that are thrown away at the start.", at_least=0)


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows in order of time and the lagged graph that made them."""
    sources, targets, weights = _links(options, rng)
    weights = _stable(options, sources, targets, weights)
    total = options.lags + options.burn_in + options.rows
    values = options.noise_sd * rng.standard_normal((total, options.nodes))
    for t in range(options.lags, total):
        for k in range(1, options.lags + 1):
            np.add.at(values[t], targets, weights * values[t - k, sources])
    data = Dataset.from_array(values[total - options.rows :])
    links = [(int(j), int(i), k) for i, j in zip(targets, sources) for k in range(1, options.lags + 1)]
    return Simulated(data, true_lagged(data.columns, links, np.repeat(weights, options.lags).tolist()))


def _links(
    options: Options, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return sources, targets and weights of the edges, as they are at every lag."""
    sources, targets, weights = [], [], []
    count = min(max(round(options.density * options.nodes) - 1, 1), options.nodes - 1)
    for i in range(options.nodes):
        others = [j for j in range(options.nodes) if j != i]
        chosen = [others[place] for place in np.sort(rng.permutation(len(others))[:count])]
        signs = np.where(rng.random(count) < 0.5, -1.0, 1.0) if options.mixed_signs else np.ones(count)
        sources += [i, *chosen]
        targets += [i] * (count + 1)
        weights += [options.coefficient, *(options.coefficient * signs).tolist()]
    return np.array(sources), np.array(targets), np.array(weights)


def _stable(
    options: Options, sources: NDArray[np.int64], targets: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weights made small enough for the companion matrix of (1) to have the radius asked for."""
    p, size = options.nodes, options.nodes * options.lags
    while True:
        companion = np.eye(size, k=-p)
        for k in range(options.lags):
            companion[targets, k * p + sources] = weights
        if np.abs(np.linalg.eigvals(companion)).max() <= options.radius:
            return weights
        weights = weights * _SHRINKAGE
