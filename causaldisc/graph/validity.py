"""Whether a graph is what its kind claims."""

from __future__ import annotations

from collections.abc import Callable

from causaldisc.graph.equivalence import consistent_extension, has_only, is_acyclic, reaches
from causaldisc.graph.graph import Graph, GraphKind, Mark
from causaldisc.graph.meek import close

_DIRECTED = (Mark.TAIL, Mark.ARROW)
_UNDIRECTED = (Mark.TAIL, Mark.TAIL)


def problems(graph: Graph) -> list[str]:
    """Return what is wrong with the graph for its kind, as phrases; an empty list means valid."""
    return _CHECKS[graph.kind](graph)


def _dag(graph: Graph) -> list[str]:
    found = []
    if not has_only(graph, _DIRECTED):
        found.append("a DAG has only directed edges")
    if not is_acyclic(graph):
        found.append("there is a directed cycle")
    return found


def _cpdag(graph: Graph) -> list[str]:
    """A CPDAG, or with background knowledge a maximally oriented PDAG: extendable and closed under Meek's rules."""
    if not has_only(graph, _DIRECTED, _UNDIRECTED):
        return ["a CPDAG has only directed and undirected edges"]
    if not is_acyclic(graph):
        return ["there is a directed cycle"]
    if consistent_extension(graph) is None:
        return ["no DAG has its skeleton, arrows and v-structures"]
    closed = graph.copy()
    close(closed)
    return [] if closed == graph else ["Meek's rules orient more edges"]


def _pag(graph: Graph) -> list[str]:
    """Ancestral marks: no directed cycle, and no a <-> b where a reaches b by a directed path."""
    found = [] if is_acyclic(graph) else ["there is a directed cycle"]
    children = [graph.children(v) for v in range(len(graph))]
    for e in graph.edges():
        if e.mark_source is e.mark_target is Mark.ARROW and (
            reaches(children, e.source, e.target) or reaches(children, e.target, e.source)
        ):
            found.append(f"{graph.names[e.source]} and {graph.names[e.target]} form an almost directed cycle")
    return found


def _lagged(graph: Graph) -> list[str]:
    return [] if is_acyclic(graph) else ["there is a directed cycle at lag 0"]


def _anything(graph: Graph) -> list[str]:
    return []


_CHECKS: dict[GraphKind, Callable[[Graph], list[str]]] = {
    GraphKind.DAG: _dag,
    GraphKind.CPDAG: _cpdag,
    GraphKind.PAG: _pag,
    GraphKind.LAGGED: _lagged,
    GraphKind.MIXED: _anything,
}
