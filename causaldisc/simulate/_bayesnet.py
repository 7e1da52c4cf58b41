"""Discrete Bayesian networks: a DAG with a table of conditional probabilities for each variable."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.graph import Graph
from causaldisc.simulate.base import true_dag


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable, its parents by number, and its probabilities.

    `table`: shape (combinations of the parents' levels, levels); the last parent changes fastest.
    """

    name: str
    levels: tuple[str, ...]
    parents: tuple[int, ...]
    table: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Network:
    """A Bayesian network; its variables may come in any order."""

    variables: tuple[Variable, ...]

    def sample(self, rows: int, rng: np.random.Generator) -> Dataset:
        """Return rows drawn from the network, parents before children."""
        codes = np.empty((len(self.variables), rows), np.int32)
        for v in topological_order([variable.parents for variable in self.variables]):
            codes[v] = self._draw(self.variables[v], codes, rng)
        columns = (category_column(v.name, row, v.levels) for v, row in zip(self.variables, codes, strict=True))
        return Dataset(tuple(columns), rows)

    def _draw(self, variable: Variable, codes: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int32]:
        combination = np.zeros(codes.shape[1], np.int64)
        for u in variable.parents:
            combination = combination * len(self.variables[u].levels) + codes[u]
        bounds = _upper_bounds(variable.table)
        uniform = rng.random(codes.shape[1])
        drawn = np.zeros(codes.shape[1], np.int32)
        # One pass a level keeps the memory at one number a row, however many levels there are.
        for level in range(bounds.shape[1] - 1):
            drawn += uniform >= bounds[:, level][combination]
        return drawn

    def graph(self, data: Dataset) -> Graph:
        """Return the DAG, its nodes typed as the columns of `data`."""
        return true_dag(data.columns, [variable.parents for variable in self.variables])


def _upper_bounds(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cumulated probabilities, exactly one from the last possible level on.

    Without that, rounding would now and then draw a level of probability zero.
    """
    bounds = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
    possible = table > 0
    possible_from_here = np.cumsum(possible[:, ::-1], axis=1)[:, ::-1]
    bounds[possible_from_here - possible == 0] = 1.0
    return bounds


def topological_order(parents: Sequence[Sequence[int]]) -> list[int]:
    """Return the nodes, parents first and small numbers early, without those on or after a directed cycle."""
    waiting = [len(causes) for causes in parents]
    children: list[list[int]] = [[] for _ in parents]
    for v, causes in enumerate(parents):
        for u in causes:
            children[u].append(v)
    ready = [v for v, count in enumerate(waiting) if count == 0]
    order = []
    while ready:
        order.append(heapq.heappop(ready))
        for v in children[order[-1]]:
            waiting[v] -= 1
            if waiting[v] == 0:
                heapq.heappush(ready, v)
    return order


def category_column(name: str, codes: NDArray[np.int32], levels: Sequence[str]) -> Column:
    """Return a discrete column, its levels in the usual order: numbers by size, text by alphabet."""
    numbers = _numbers(levels)
    keys = np.array(numbers if numbers else levels)
    order = np.argsort(keys, kind="stable")
    place = np.empty(len(levels), np.int32)
    place[order] = np.arange(len(levels), dtype=np.int32)
    kind = ColumnKind.BINARY if len(levels) <= 2 else ColumnKind.DISCRETE
    values = np.array(numbers)[codes] if numbers else None
    return Column(name, kind, values, place[codes], tuple(levels[i] for i in order))


def _numbers(levels: Sequence[str]) -> list[float]:
    """Return the levels as numbers, or nothing unless all are different finite numbers."""
    try:
        numbers = [float(level) for level in levels]
    except ValueError:
        return []
    return numbers if all(map(math.isfinite, numbers)) and len(set(numbers)) == len(numbers) else []
