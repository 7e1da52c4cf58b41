"""A part of a graph to draw, where the whole is too large or not wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from causaldisc.graph import Graph
from causaldisc.result import Result


def around(graph: Graph, names: Iterable[str], distance: int) -> list[str]:
    """Return the nodes at most so many edges from any of `names`, in order. Raises KeyError for an unknown name."""
    beside: list[set[int]] = [set() for _ in graph.nodes]
    for edge in graph.edges():
        beside[edge.source].add(edge.target)
        beside[edge.target].add(edge.source)
    near = front = {graph.index(name) for name in names}
    for _ in range(distance):
        front = {w for v in front for w in beside[v]} - near
        near = near | front
    return [graph.names[v] for v in sorted(near)]


def joined(graph: Graph) -> list[str]:
    """Return the nodes that have an edge to another, in order."""
    ends = {v for e in graph.edges() if e.source != e.target for v in (e.source, e.target)}
    return [graph.names[v] for v in sorted(ends)]


def of(result: Result, names: Iterable[str]) -> Result:
    """Return a result of some nodes: their edges, and the separations that name no others."""
    kept = set(names)
    graph = result.graph.without(name for name in result.graph.names if name not in kept)
    separations = [s for s in result.separations if kept.issuperset((s.x, s.y, *s.given))]
    return replace(result, graph=graph, separations=separations)
