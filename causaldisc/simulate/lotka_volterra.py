"""Predators and prey: several species of each, every predator eating a few species of prey.

    (1)  dx_i/dt = a x_i - b x_i sum_{j eats i} y_j - c x_i²
    (2)  dy_j/dt = d y_j sum_{i eaten by j} x_i - r y_j

The many-species Lotka-Volterra system of R. Marcinkevičs and J. Vogt, "Interpretable models for Granger causality using
self-explaining neural networks", ICLR 2021. The truth is a summary: itself and those that eat it cause the prey, itself
and those that it eats the predator, each written at lag 1, the row before. Deviations: rates are our own (a = r = 1.1,
b = d = 0.2 divided by the number of partners, which keeps the pace of a pair, c = 2.75e-5); who eats whom is a ring, no
blocks; the noise multiplies the state at every row, so that no population falls below 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.errors import UsageError
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.simulate._flow import states
from causaldisc.simulate.base import Simulated, true_lagged

Floats = NDArray[np.float64]

_GROWTH, _EATEN, _CROWDING = 1.1, 0.2, 2.75e-5
_PIECES = 10
_MOST_SHAKEN = 0.9  # no row takes more than this share of a population


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Predators and prey."""

    TITLE = "Predators and prey"

    species: int = opt(10, "Number of species of prey, and of predators.", at_least=1, below=1e4)
    partners: int = opt(2, "How many species a predator eats, and is eaten by of a prey.", at_least=1)
    rows: int = opt(2000, "Number of rows, in order of time.", at_least=1, below=1e12)
    interval: float = opt(0.1, "Time between two rows.", above=0, below=1)
    noise_sd: float = opt(0.02, "Noise of each row, relative to the population.", at_least=0, below=0.3)
    burn_in: int = opt(1000, "Rows that are thrown away at the start.", at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.partners > self.species:
            raise UsageError(f"--partners {self.partners} must not exceed --species {self.species}")


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows in order of time and the summary graph that made them: prey1.. and then predator1.."""
    p, partners = options.species, options.partners
    eats = [[(j + s) % p for s in range(partners)] for j in range(p)]

    def slope(state: Floats) -> Floats:
        prey, predators = state[:p], state[p:]
        eaters, food = np.zeros(p), np.zeros(p)
        for s in range(partners):
            eaters += np.roll(predators, s)
            food += np.roll(prey, -s)
        growth = _GROWTH - _EATEN * eaters / partners - _CROWDING * prey
        return np.concatenate([prey * growth, predators * (_EATEN * food / partners - _GROWTH)])

    def shake(state: Floats) -> Floats:
        return state * (1.0 + np.maximum(options.noise_sd * rng.standard_normal(2 * p), -_MOST_SHAKEN))

    path = states(slope, 3.0 + 4.0 * rng.random(2 * p), options.interval, _PIECES, shake)
    values = np.array(list(islice(path, options.burn_in, options.burn_in + options.rows)))
    if not np.isfinite(values).all():
        raise UsageError("the populations grow beyond all numbers; lower --noise-sd or --interval")
    names = [f"{kind}{i + 1}" for kind in ("prey", "predator") for i in range(p)]
    data = Dataset.from_array(values, names)
    links = {(v, v, 1) for v in range(2 * p)}
    links |= {link for j in range(p) for i in eats[j] for link in ((i, p + j, 1), (p + j, i, 1))}
    return Simulated(data, true_lagged(data.columns, sorted(links)))
