"""Graphs of causes and of pairs that share hidden ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.context import Context
from causaldisc.graph import Graph, GraphKind, Mark, Value
from causaldisc.graph.equivalence import is_acyclic, reaches

MAX_ROWS = "Most rows that are used, as memory grows with their square; beyond, so many are drawn at random."


def graph_of(
    found: adapter.Numbers,
    causes: Iterable[tuple[int, int, Mapping[str, Value]]],
    confounded: Iterable[tuple[int, int]],
    context: Context,
) -> Graph:
    """Return the graph of causes (source, target, attributes) and of pairs with a hidden common cause.

    The marks say nothing of ancestors, so that its kind is mixed. Directed edges on a cycle are marked as conflicts.
    """
    graph = Graph(adapter.nodes(found.data, found.names), GraphKind.MIXED)
    for u, v, attributes in causes:
        if graph.has_edge(u, v):  # each was found to cause the other
            graph.remove_edge(u, v)
            graph.add_edge(u, v, Mark.ARROW, Mark.ARROW, attributes={"conflict": True})
        else:
            graph.add_edge(u, v, Mark.TAIL, Mark.ARROW, attributes=attributes)
    for u, v in confounded:
        if not graph.has_edge(u, v):
            graph.add_edge(u, v, Mark.ARROW, Mark.ARROW)
    _mark_cycles(graph, context)
    return graph


def _mark_cycles(graph: Graph, context: Context) -> None:
    if is_acyclic(graph):
        return
    children = [graph.children(v) for v in range(len(graph))]
    for u, ends in enumerate(children):
        for v in ends:
            if reaches(children, v, u):
                graph.annotate(u, v, conflict=True)
    context.warn("conflict", "the causes that were found form a cycle; its edges are marked")
