"""What a generator returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causaldisc.data.dataset import Dataset
from causaldisc.data.sparse import AnyColumn
from causaldisc.graph import Graph, GraphKind, Mark, Node


@dataclass(frozen=True)
class Simulated:
    """Data and the graph that made them; the nodes are the columns, in the same order. `drivers`: what moved the
    mechanisms that change, by place of the context."""

    data: Dataset
    truth: Graph
    drivers: Dataset | None = None


def true_dag(
    columns: Sequence[AnyColumn],
    parents: Sequence[Sequence[int]],
    weights: Sequence[Sequence[float]] | None = None,
) -> Graph:
    """Return the DAG over the columns; `weights[v]` belong to `parents[v]` and become edge attributes."""
    graph = Graph((Node(c.name, {"type": c.kind.value}) for c in columns), GraphKind.DAG)
    for v, causes in enumerate(parents):
        for i, u in enumerate(causes):
            weight = {"weight": float(weights[v][i])} if weights is not None else None
            graph.add_edge(u, v, Mark.TAIL, Mark.ARROW, attributes=weight)
    return graph
