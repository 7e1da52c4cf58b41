"""Linear models on a random DAG whose mechanisms drift smoothly over time.

The first column, `time`, numbers the rows, and is a node of the true graph with an arrow to each module that changes.
A driver is a cubic spline through `--turns` + 1 random heights at even distances (E. Catmull, R. Rom, 1974),
standardised over the rows. With `--autocorrelation` the noises are first-order autoregressions of variance one.
`--driving-force` writes the drivers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Column, ColumnKind
from causaldisc.options import opt
from causaldisc.simulate._changing import ChangeOptions, Drivers, draw, plan, simulated, standardised
from causaldisc.simulate._structure import random_structure
from causaldisc.simulate.base import Simulated

Floats = NDArray[np.float64]

HAS_DRIVERS = True
TIME = "time"


@dataclass(frozen=True, kw_only=True)
class Options(ChangeOptions):
    """Changes over time."""

    TITLE = "Changes"

    rows: int = opt(600, "Number of rows.", at_least=2, below=1e12)
    turns: int = opt(4, "Pieces of a driver, each of which rises or falls as it happens.", at_least=1)
    autocorrelation: float = opt(
        0.0, "Correlation of the noise of a variable with its own before.", at_least=0, below=1
    )


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows in order of time, their DAG with the time, and the drivers."""
    structure = random_structure(options, rng)
    planned = plan(options, structure, rng)
    common = driver(options, rng)
    is_common = options.drivers is Drivers.DEPENDENT
    drivers = {v: common if is_common else driver(options, rng) for v in planned.changes}
    noise = [_noise(options, rng) for _ in range(options.nodes)]
    values = draw(options, structure, planned, drivers, noise)
    time = Column(TIME, ColumnKind.TIME, np.arange(1.0, options.rows + 1))
    return simulated(time, values, structure, planned, drivers, time)


def driver(options: Options, rng: np.random.Generator) -> Floats:
    """Return a random smooth curve, shape (rows,)."""
    heights = rng.standard_normal(options.turns + 3)  # one beyond either end gives the slopes there
    places = np.arange(options.rows) / max(options.rows - 1, 1) * options.turns
    piece = np.minimum(places.astype(np.int64), options.turns - 1)
    u = places - piece
    before, start, end, after = (heights[piece + i] for i in range(4))
    cubic = (3.0 * (start - end) + after - before) * u
    square = 2.0 * before - 5.0 * start + 4.0 * end - after
    return standardised(start + 0.5 * u * ((end - before) + u * (square + cubic)))


def _noise(options: Options, rng: np.random.Generator) -> Floats:
    fresh = rng.standard_normal(options.rows)
    if not options.autocorrelation:
        return fresh
    share = math.sqrt(1.0 - options.autocorrelation**2)
    kept, found = float(fresh[0]), np.empty(options.rows)
    found[0] = kept
    for t, news in enumerate(fresh[1:].tolist(), 1):
        kept = options.autocorrelation * kept + share * news
        found[t] = kept
    return found
