"""What a generator returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from causaldisc.data.dataset import Dataset
from causaldisc.data.sparse import AnyColumn
from causaldisc.graph import Graph, GraphKind, Mark, Node


@dataclass(frozen=True)
class Simulated:
    """Data and the graph that made them; the nodes are the columns (but for times), in the same order. `drivers`: what
    moved the mechanisms that change, by place of the context. `calls`: which service calls which. `facts`: what else
    is true, as JSON values, for the provenance of the truth."""

    data: Dataset
    truth: Graph
    drivers: Dataset | None = None
    calls: Graph | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


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


def true_lagged(
    columns: Sequence[AnyColumn], links: Iterable[tuple[int, int, int]], weights: Sequence[float] | None = None
) -> Graph:
    """Return the graph of links (source, target, lag), lag 1 or more, from the past of a column to a column."""
    graph = Graph((Node(c.name, {"type": c.kind.value}) for c in columns), GraphKind.LAGGED)
    for i, (source, target, lag) in enumerate(links):
        weight = {"weight": weights[i]} if weights is not None else None
        graph.add_edge(source, target, Mark.TAIL, Mark.ARROW, lag, weight)
    return graph
