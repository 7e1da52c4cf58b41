"""Linear models on a random DAG whose values fail to be measured, and are then zero.

Expression is the linear Gaussian model of `dag`, or log-normal: the exponential of the standardised variables. Of each
variable a share `--zero-rate` of the values fails, chosen by the variable alone, as the causal dropout model (H. Dai et
al., ICLR 2024) has it: those with the lowest s z + e, where z is the standardised variable and s is `--slope`.

Where failures are random, at a constant rate, s is 0; truncation, of the smallest values, has no e; with logistic and
probit e has that distribution, so that small values fail more often. The truth is the DAG of the variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.options import opt
from causaldisc.simulate import dag
from causaldisc.simulate._structure import StructureOptions
from causaldisc.simulate.base import Simulated

Floats = NDArray[np.float64]


class Expression(Enum):
    """The law of the values before any fails."""

    GAUSSIAN = "gaussian"
    LOG_NORMAL = "log-normal"


class Mechanism(Enum):
    """Why values fail."""

    RANDOM = "random"
    TRUNCATION = "truncation"
    LOGISTIC = "logistic"
    PROBIT = "probit"


@dataclass(frozen=True, kw_only=True)
class Options(StructureOptions):
    """Failing measurements."""

    expression: Expression = opt(Expression.LOG_NORMAL, "Values before any fails.")
    mechanism: Mechanism = opt(Mechanism.LOGISTIC, "Why values fail.")
    zero_rate: float = opt(0.5, "Share of the values of each variable that fail.", at_least=0, below=1)
    slope: float = opt(2.0, "How much less a larger value fails, with logistic and probit.", at_least=0)
    low: float = opt(0.5, "Least absolute weight of an edge; the sign is a coin's.", at_least=0)
    high: float = opt(1.0, "Greatest absolute weight of an edge.", at_least=0)


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows with failures, and the DAG of the variables."""
    shared = {name: getattr(options, name) for name in ("nodes", "rows", "degree", "shape", "max_parents")}
    made = dag.generate(dag.Options(**shared, low=options.low, high=options.high, standardize=True), rng)
    values = made.data.matrix()
    # Every variable of the population has mean 0 and variance 1.
    failed = np.array([_failed(z, options, rng) for z in values])
    if options.expression is Expression.LOG_NORMAL:
        values = np.exp(values)
    values[failed] = 0.0
    return Simulated(Dataset.from_array(values.T), made.truth)


def _failed(z: Floats, options: Options, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which values of a variable fail."""
    if options.mechanism is Mechanism.RANDOM:
        chances = rng.random(len(z))
    elif options.mechanism is Mechanism.TRUNCATION:
        chances = z
    elif options.mechanism is Mechanism.PROBIT:
        chances = options.slope * z + rng.standard_normal(len(z))
    else:
        # The logarithm of the ratio of two exponentials is logistic.
        ratio = rng.standard_exponential(len(z)) / rng.standard_exponential(len(z))
        chances = options.slope * z + np.log(ratio)
    failed = np.zeros(len(z), np.bool_)
    failed[np.argsort(chances, kind="stable")[: round(options.zero_rate * len(z))]] = True
    return failed
