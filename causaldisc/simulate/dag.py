"""Linear models on a random DAG with Gaussian or other noise.

Every variable is a weighted sum of its parents plus noise of mean zero and variance one:

    (1)  x = B x + e,   so   Cov(x) = (I - B)^-1 (I - B)^-T

With `standardize` each equation is divided by the standard deviation that (1) implies for it, on its way
through the causal order, so that every variable has variance one in the population, parents enter at that
scale, and neither do variances grow along the order nor betray it. (Ormaniec et al. 2024, "Standardizing
structural causal models"; they use the variance in the sample, which would tie the rows to one another.)
The truth holds the weights as they were used.

The bytes depend on the seed alone: numbers are made by the generator's uniforms and ziggurats, and by sums,
products, quotients and roots in a fixed order, never by a matrix product or a vectorised logarithm, whose
last digits differ from machine to machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.errors import UsageError
from causaldisc.options import opt
from causaldisc.simulate._latent import hidden
from causaldisc.simulate._structure import Structure, StructureOptions, random_structure
from causaldisc.simulate.base import Simulated, true_dag

Floats = NDArray[np.float64]


class Noise(Enum):
    """The distribution of the noise, centred and of variance one."""

    GAUSSIAN = "gaussian"
    UNIFORM = "uniform"
    LAPLACE = "laplace"
    STUDENT_T = "student-t"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, kw_only=True)
class Options(StructureOptions):
    """Linear models."""

    low: float = opt(0.5, "Least absolute weight of an edge; the sign is a coin's.", at_least=0)
    high: float = opt(1.0, "Greatest absolute weight of an edge.", at_least=0)
    noise: Noise = opt(Noise.GAUSSIAN, "Distribution of the noise, of variance one.")
    df: int = opt(5, "Degrees of freedom of student-t noise.", at_least=3)
    standardize: bool = opt(False, "Scale every variable to variance one as it is made.")
    latent: int = opt(
        0, "Hide so many variables that have two children or more; the truth is the PAG of the others.", at_least=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low <= self.high < float("inf"):
            raise UsageError(f"--low {self.low:g} must not exceed --high {self.high:g}, and both must be finite")


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows of a random linear model and its DAG."""
    structure = random_structure(options, rng)
    weights = [_weights(options, len(parents), rng) for parents in structure.parents]
    scales = np.ones(options.nodes)
    if options.standardize:
        weights, scales = standardized(structure, weights)
    values = np.empty((options.nodes, options.rows))
    with np.errstate(over="ignore", invalid="ignore"):
        for v in structure.order:
            values[v] = scales[v] * DRAW[options.noise](options, rng)
            for u, weight in zip(structure.parents[v], weights[v], strict=True):
                values[v] += weight * values[u]
    if not np.isfinite(values).all():
        raise UsageError("the variables grow beyond all numbers along the graph; lower --high or say --standardize")
    data = Dataset.from_array(values.T)
    made = Simulated(data, true_dag(data.columns, structure.parents, [w.tolist() for w in weights]))
    return hidden(made, options.latent, rng) if options.latent else made


def _weights(options: Options, count: int, rng: np.random.Generator) -> Floats:
    sizes = options.low + (options.high - options.low) * rng.random(count)
    return np.where(rng.random(count) < 0.5, -sizes, sizes)


def standardized(structure: Structure, weights: list[Floats]) -> tuple[list[Floats], Floats]:
    """Return weights and noise scales of the same model with every variance one in the population."""
    covariance = np.zeros((len(weights), len(weights)))
    scaled, scales = list(weights), np.ones(len(weights))
    for v in structure.order:
        with_others = np.zeros(len(weights))
        for u, weight in zip(structure.parents[v], weights[v], strict=True):
            with_others += weight * covariance[u]
        explained = sum(
            float(weight * with_others[u]) for u, weight in zip(structure.parents[v], weights[v], strict=True)
        )
        scales[v] = 1 / math.sqrt(1 + explained)
        scaled[v] = weights[v] * scales[v]
        covariance[v] = covariance[:, v] = with_others * scales[v]
        covariance[v, v] = 1
    return scaled, scales


# ---- noise


def _gaussian(options: Options, rng: np.random.Generator) -> Floats:
    return rng.standard_normal(options.rows)


def _uniform(options: Options, rng: np.random.Generator) -> Floats:
    return (rng.random(options.rows) - 0.5) * math.sqrt(12)


def _laplace(options: Options, rng: np.random.Generator) -> Floats:
    # The difference of two exponentials, because a quantile needs a logarithm.
    return (rng.standard_exponential(options.rows) - rng.standard_exponential(options.rows)) / math.sqrt(2)


def _student_t(options: Options, rng: np.random.Generator) -> Floats:
    # Chi-squared is twice a sum of exponentials, and one squared normal more for odd degrees of freedom.
    normal, chi2 = rng.standard_normal(options.rows), np.zeros(options.rows)
    for _ in range(options.df // 2):
        chi2 += 2 * rng.standard_exponential(options.rows)
    if options.df % 2:
        chi2 += rng.standard_normal(options.rows) ** 2
    return normal * np.sqrt((options.df - 2) / chi2)


def _exponential(options: Options, rng: np.random.Generator) -> Floats:
    return rng.standard_exponential(options.rows) - 1


DRAW: dict[Noise, Callable[[Options, np.random.Generator], Floats]] = {
    Noise.GAUSSIAN: _gaussian,
    Noise.UNIFORM: _uniform,
    Noise.LAPLACE: _laplace,
    Noise.STUDENT_T: _student_t,
    Noise.EXPONENTIAL: _exponential,
}
