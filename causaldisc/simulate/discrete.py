"""Discrete Bayesian networks on a random DAG, with probabilities drawn from Dirichlet distributions.

Each row of each table of conditional probabilities is an independent draw from a symmetric Dirichlet
distribution. A small concentration makes rows that are nearly certain and edges that are strong; 1 is uniform
over all rows; a large one makes every level about as likely, and edges weak.

Levels are text (v1, v2, ...), so that whoever reads the file back takes them for categories.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causaldisc.errors import UsageError
from causaldisc.options import opt
from causaldisc.simulate._bayesnet import Network, Variable
from causaldisc.simulate._structure import StructureOptions, random_structure
from causaldisc.simulate.base import Simulated

MAX_TABLE = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Options(StructureOptions):
    """Discrete networks."""

    max_parents: int | None = opt(4, "Most parents of a node; excess ones are dropped at random.", at_least=1)
    levels: int = opt(3, "Number of levels of a variable.", at_least=2)
    max_levels: int | None = opt(
        None, "Draw the number of levels of each variable between --levels and this.", at_least=2
    )
    concentration: float = opt(0.5, "Concentration of the Dirichlet distributions; small is strong.", above=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_levels is not None and self.max_levels < self.levels:
            raise UsageError(f"--max-levels {self.max_levels} must be at least --levels {self.levels}")


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows of a random discrete network and its DAG."""
    structure = random_structure(options, rng)
    spread = (options.max_levels or options.levels) - options.levels + 1
    counts = [options.levels + int(spread * u) for u in rng.random(options.nodes)]
    variables = tuple(
        Variable(
            f"X{v + 1}",
            _level_names(counts[v]),
            parents,
            _table(options, counts[v], [counts[u] for u in parents], rng),
        )
        for v, parents in enumerate(structure.parents)
    )
    network = Network(variables)
    data = network.sample(options.rows, rng)
    return Simulated(data, network.graph(data))


def _level_names(count: int) -> tuple[str, ...]:
    # Leading zeros make the alphabet agree with the numbers.
    width = len(str(count))
    return tuple(f"v{i:0{width}}" for i in range(1, count + 1))


def _table(
    options: Options, levels: int, parent_levels: list[int], rng: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    combinations = 1
    for count in parent_levels:
        combinations *= count
    if combinations * levels > MAX_TABLE:
        raise UsageError(
            f"a variable with {len(parent_levels)} parents needs {combinations * levels:,} probabilities; "
            "lower --max-parents or --levels"
        )
    return rng.dirichlet(np.full(levels, options.concentration), combinations)
