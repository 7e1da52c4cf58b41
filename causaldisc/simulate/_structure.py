"""Random directed acyclic graphs: Erdős–Rényi and scale-free.

Nodes enter in causal order and choose their parents among those before them; the numbers they bear outside
are a random permutation, so that the order of the columns says nothing about the order of causes.

Erdős & Rényi (1959): each pair is joined with the same probability, here degree / (nodes - 1).
Barabási & Albert (1999): a newcomer joins degree / 2 nodes, each with probability proportional to its degree
plus one. Edges point to the newcomer, so the hubs are common causes and no node has many parents.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.options import Options, opt


class Shape(Enum):
    """How the edges are spread over the nodes."""

    ERDOS_RENYI = "erdos-renyi"
    SCALE_FREE = "scale-free"


@dataclass(frozen=True, kw_only=True)
class StructureOptions(Options):
    """What every generator on a random DAG asks."""

    nodes: int = opt(20, "Number of variables.", at_least=1, below=1e6)
    rows: int = opt(1000, "Number of rows.", at_least=1, below=1e12)
    degree: float = opt(2.0, "Expected number of neighbours of a node; a complete graph from nodes - 1 on.", at_least=0)
    shape: Shape = opt(Shape.ERDOS_RENYI, "How edges are spread over the nodes; scale-free has hubs that cause many.")
    max_parents: int | None = opt(None, "Most parents of a node; excess ones are dropped at random.", at_least=1)


@dataclass(frozen=True)
class Structure:
    """A DAG: the nodes in causal order, and the parents of each node by number."""

    order: tuple[int, ...]
    parents: tuple[tuple[int, ...], ...]


def random_structure(options: StructureOptions, rng: np.random.Generator) -> Structure:
    """Return a random DAG."""
    order = [int(v) for v in rng.permutation(options.nodes)]
    parents: list[tuple[int, ...]] = [()] * options.nodes
    choose = {Shape.ERDOS_RENYI: _equal_chances, Shape.SCALE_FREE: _preferential}[options.shape]
    for node, places in zip(order, choose(options, rng), strict=True):
        if options.max_parents is not None:
            # The smallest of as many random keys: a draw without replacement.
            places = places[np.argsort(rng.random(len(places)), kind="stable")[: options.max_parents]]
        parents[node] = tuple(sorted(order[place] for place in places))
    return Structure(tuple(order), tuple(parents))


def _equal_chances(options: StructureOptions, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return the parents of each place in the causal order, as places."""
    probability = options.degree / max(options.nodes - 1, 1)
    return [np.flatnonzero(rng.random(place) < probability) for place in range(options.nodes)]


def _preferential(options: StructureOptions, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return the parents of each place in the causal order, as places."""
    attraction = np.ones(options.nodes)
    chosen = []
    for place in range(options.nodes):
        # The fraction of degree / 2 is the chance of one parent more.
        count = min(place, int(options.degree / 2 + rng.random()))
        # Whoever of exponential clocks with these rates rings first: a weighted draw without replacement.
        clocks = rng.standard_exponential(place) / attraction[:place]
        chosen.append(np.argsort(clocks, kind="stable")[:count])
        attraction[chosen[-1]] += 1
        attraction[place] += count
    return chosen
