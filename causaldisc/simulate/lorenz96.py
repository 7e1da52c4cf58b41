"""Lorenz-96: chaotic weather on a circle, each place driven by four.

    (1)  dx_i/dt = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F

E. Lorenz, "Predictability: a problem partly solved" (1996), as a benchmark in A. Tank et al., "Neural Granger
causality", TPAMI 44 (2022): seen every 0.1 units of time after a burn-in, with noise of measurement.
The truth is a summary: i - 2, i - 1, i and i + 1 cause i, and since the flow has no lags each is written at lag 1, the
row before. The larger F, the more chaotic.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.simulate._flow import states
from causaldisc.simulate.base import Simulated, true_lagged

_PIECES = 10  # steps of 0.01 between two rows


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Weather on a circle."""

    TITLE = "Lorenz-96"

    nodes: int = opt(10, "Number of places on the circle.", at_least=4, below=1e4)
    rows: int = opt(1000, "Number of rows, in order of time.", at_least=1, below=1e12)
    forcing: float = opt(10.0, "F: the larger, the more chaotic.")
    interval: float = opt(0.1, "Time between two rows.", above=0, below=1)
    noise_sd: float = opt(0.1, "Standard deviation of the noise of measurement.", at_least=0)
    burn_in: int = opt(1000, "Rows that are thrown away at the start.", at_least=0)


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows in order of time and the summary graph that made them."""
    p = options.nodes

    def slope(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + options.forcing

    start = options.forcing + 0.01 * rng.standard_normal(p)
    path = states(slope, start, options.interval, _PIECES)
    values = np.array(list(islice(path, options.burn_in, options.burn_in + options.rows)))
    values += options.noise_sd * rng.standard_normal(values.shape)
    data = Dataset.from_array(values)
    return Simulated(data, true_lagged(data.columns, [(j, i, 1) for i in range(p) for j in causes(i, p)]))


def causes(i: int, p: int) -> list[int]:
    """Return the places that drive place i of p."""
    return sorted({(i - 2) % p, (i - 1) % p, i, (i + 1) % p})
