"""Linear models whose mechanisms change along a context: what the generators of changing data share.

A module is a variable with its mechanism given its causes, and noise of variance one:

    (1)  x_v = sum_u (b_uv + coefficient) x_u + mean + noise_v

The driver g of a changing module is a number for each row, of mean 0 and variance 1 over the context. What it moves is
the mean, by `strength` g; the coefficients, each multiplied by 1 + `strength` g; or the noise, whose standard deviation
runs between 1 and 1 + 2 `strength` in proportion to g, less what makes its mean square 1. A module without causes has
no coefficients to change, and changes in the mean instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column
from causaldisc.errors import UsageError
from causaldisc.graph import Graph, GraphKind, Mark, Node
from causaldisc.options import opt
from causaldisc.simulate._structure import Structure, StructureOptions
from causaldisc.simulate.base import Simulated

Floats = NDArray[np.float64]


class Change(Enum):
    """What of a module changes."""

    MEAN = "mean"
    COEFFICIENT = "coefficient"
    NOISE = "noise"
    ANY = "any"


class Drivers(Enum):
    """Whether the modules change each in its own way, or all together."""

    INDEPENDENT = "independent"
    DEPENDENT = "dependent"


@dataclass(frozen=True, kw_only=True)
class ChangeOptions(StructureOptions):
    """What changes, and how much."""

    nodes: int = opt(6, "Number of variables.", at_least=1, below=1e6)
    low: float = opt(0.5, "Least absolute weight of an edge; the sign is a coin's.", at_least=0)
    high: float = opt(1.0, "Greatest absolute weight of an edge.", at_least=0)
    changing: float = opt(0.5, "Share of the modules that change.", at_least=0)
    change: Change = opt(Change.ANY, "What of a module changes; 'any': each changing module draws one of the three.")
    drivers: Drivers = opt(
        Drivers.INDEPENDENT, "Whether each changing module has a driver of its own, or all the same."
    )
    strength: float = opt(1.0, "How much it changes; for the mean, in standard deviations of the noise.", at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low <= self.high < float("inf"):
            raise UsageError(f"--low {self.low:g} must not exceed --high {self.high:g}, and both must be finite")
        if self.changing > 1:
            raise UsageError(f"--changing is a share, at most 1, not {self.changing:g}")


@dataclass(frozen=True)
class Plan:
    """Which modules change, in what, and the weights of the edges."""

    changes: Mapping[int, Change]
    weights: tuple[Floats, ...]


def plan(options: ChangeOptions, structure: Structure, rng: np.random.Generator) -> Plan:
    """Draw weights, and what changes."""
    weights = []
    for parents in structure.parents:
        sizes = options.low + (options.high - options.low) * rng.random(len(parents))
        weights.append(np.where(rng.random(len(parents)) < 0.5, -sizes, sizes))
    count = math.floor(options.changing * options.nodes + 0.5)
    modules = sorted(np.argsort(rng.random(options.nodes), kind="stable")[:count].tolist())
    kinds = [Change.MEAN, Change.COEFFICIENT, Change.NOISE]
    changes = {}
    for v in modules:
        kind = kinds[int(3 * rng.random())] if options.change is Change.ANY else options.change
        changes[v] = Change.MEAN if kind is Change.COEFFICIENT and not structure.parents[v] else kind
    return Plan(changes, tuple(weights))


def standardised(values: Floats) -> Floats:
    """Return numbers with mean 0 and variance 1; by exactly rounded sums, so that they are the same everywhere."""
    centred = values - math.fsum(values) / len(values)
    scale = math.sqrt(math.fsum(centred * centred) / len(values))
    return centred / scale if scale > 0 else centred


def draw(
    options: ChangeOptions, structure: Structure, planned: Plan, drivers: Mapping[int, Floats], noise: Sequence[Floats]
) -> Floats:
    """Return the variables of (1), shape (nodes, rows), given a driver for each changing module, by row."""
    values = np.empty((options.nodes, options.rows))
    with np.errstate(over="ignore", invalid="ignore"):
        for v in structure.order:
            kind, driver = planned.changes.get(v), drivers.get(v, np.zeros(options.rows))
            values[v] = noise[v] * _spread(driver, options.strength) if kind is Change.NOISE else noise[v]
            if kind is Change.MEAN:
                values[v] += options.strength * driver
            factor = 1.0 + options.strength * driver if kind is Change.COEFFICIENT else 1.0
            for u, weight in zip(structure.parents[v], planned.weights[v], strict=True):
                values[v] += weight * factor * values[u]
    if not np.isfinite(values).all():
        raise UsageError("the variables grow beyond all numbers along the graph; lower --high or --strength")
    return values


def _spread(driver: Floats, strength: float) -> Floats:
    low, high = float(driver.min()), float(driver.max())
    if high <= low:
        return np.ones(len(driver))
    found = 1.0 + 2.0 * strength * (driver - low) / (high - low)
    return found / math.sqrt(math.fsum(found * found) / len(found))


def simulated(
    context: Column, values: Floats, structure: Structure, planned: Plan, drivers: Mapping[int, Floats], along: Column
) -> Simulated:
    """Return the data with their context in front, the true graph with an arrow from the context to each changing
    module, and the drivers, a column each, by module, beside the places of the context in `along`."""
    columns = [continuous_column(f"X{v + 1}", row) for v, row in enumerate(values)]
    kind = ColumnKind.CONTEXT.value
    nodes = [Node(context.name, {"type": kind}), *(Node(c.name, {"type": c.kind.value}) for c in columns)]
    truth = Graph(nodes, GraphKind.DAG)
    for v, parents in enumerate(structure.parents):
        if v in planned.changes:
            truth.add_edge(0, v + 1, Mark.TAIL, Mark.ARROW, attributes={"change": planned.changes[v].value})
        for u, weight in zip(parents, planned.weights[v].tolist(), strict=True):
            truth.add_edge(u + 1, v + 1, Mark.TAIL, Mark.ARROW, attributes={"weight": weight})
    forces = Dataset((along, *(continuous_column(f"X{v + 1}", drivers[v]) for v in sorted(drivers))), _length(along))
    return Simulated(Dataset((context, *columns), values.shape[1]), truth, forces)


def _length(column: Column) -> int:
    return len(column.missing)
