"""Markov equivalence: directed acyclic graphs, their v-structures, and the CPDAG that stands for a class.

T. Verma and J. Pearl, "Equivalence and synthesis of causal models", UAI 1990: two DAGs are equivalent iff they
share skeleton and v-structures. D. Dor and M. Tarsi, "A simple algorithm to construct a consistent extension of
a partially oriented graph", UCLA R-185 (1992).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations

from causaldisc.graph.graph import Graph, GraphKind, Mark
from causaldisc.graph.meek import close

Triple = tuple[int, int, int]


def is_acyclic(graph: Graph) -> bool:
    """Tell whether the directed edges of lag 0 form no cycle."""
    waiting = [len(graph.parents(v)) for v in range(len(graph))]
    ready = [v for v, parents in enumerate(waiting) if not parents]
    done = 0
    while ready:
        done += 1
        for child in graph.children(ready.pop()):
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    return done == len(graph)


def reaches(children: Sequence[Collection[int]], source: int, target: int) -> bool:
    """Tell whether a directed path leads from source to target (a node reaches itself), given each node's children."""
    seen, stack = {source}, [source]
    while stack:
        node = stack.pop()
        if node == target:
            return True
        fresh = [child for child in children[node] if child not in seen]
        seen.update(fresh)
        stack.extend(fresh)
    return False


def unshielded_triples(graph: Graph) -> list[Triple]:
    """Return all (a, c, b) with a < b, both adjacent to c and not to each other, in order of c, a, b."""
    return [
        (a, c, b)
        for c in range(len(graph))
        for a, b in combinations(graph.adjacencies(c), 2)
        if not graph.has_edge(a, b)
    ]


def v_structures(graph: Graph) -> list[Triple]:
    """Return the unshielded triples (a, c, b) with a --> c <-- b."""
    return [t for t in unshielded_triples(graph) if graph.is_directed(t[0], t[1]) and graph.is_directed(t[2], t[1])]


def cpdag_of(dag: Graph, known: Iterable[tuple[int, int]] = ()) -> Graph:
    """Return the CPDAG of a DAG: arrows where all equivalent DAGs agree.

    With `known` arrows (u, v) of the DAG, return the maximally oriented graph of the equivalent DAGs that have
    those arrows (Meek 1995). Node and edge attributes are kept.
    """
    graph = dag.copy(GraphKind.CPDAG)
    for edge in dag.edges():
        graph.undirect(edge.source, edge.target)
    for a, c, b in v_structures(dag):
        graph.orient(a, c)
        graph.orient(b, c)
    for u, v in known:
        assert dag.is_directed(u, v)
        graph.orient(u, v)
    close(graph)
    return graph


def consistent_extension(graph: Graph) -> Graph | None:
    """Return a DAG with the graph's skeleton, arrows and v-structures, or None when there is none."""
    dag, forced = extend(graph)
    return None if forced or dag is None else dag


def extend(graph: Graph) -> tuple[Graph | None, list[Triple]]:
    """Orient the undirected edges of a graph so that a DAG results, by Dor and Tarsi's removal of sinks.

    Where no sink can be removed without a new v-structure, the one with the fewest is forced; the new
    v-structures come back beside the DAG, an empty list for a consistent extension. The DAG is None only when
    the arrows form a cycle or the graph has other marks. Ties go by node order.
    """
    state = _Remaining(graph)
    dag = graph.copy(GraphKind.DAG)
    forced: list[Triple] = []
    if state.has_other_marks:
        return None, forced
    for _ in range(len(graph)):
        sink = state.next_sink()
        if sink is None:
            sink = state.cheapest_sink()
            if sink is None:
                return None, forced
            forced += state.new_v_structures(sink)
        for u in state.undirected[sink]:
            dag.orient(u, sink)
        state.remove(sink)
    return dag, forced


class _Remaining:
    """The part of a graph that Dor and Tarsi's algorithm has not removed yet."""

    def __init__(self, graph: Graph) -> None:
        nodes = range(len(graph))
        self.adjacent = [set(graph.adjacencies(v)) for v in nodes]
        self.undirected = [set(graph.neighbours(v)) for v in nodes]
        self.children = [set(graph.children(v)) for v in nodes]
        self.left = set(nodes)
        self.candidates = list(nodes)
        self.has_other_marks = any(not (e.is_directed or e.is_undirected) for e in graph.edges() if not e.lag)

    def next_sink(self) -> int | None:
        """Return the first node that has no child and whose neighbours are joined to all around it."""
        while self.candidates:
            v = heapq.heappop(self.candidates)
            if v in self.left and self._is_sink(v):
                return v
        return None

    def _is_sink(self, v: int) -> bool:
        return not self.children[v] and all(self.adjacent[v] - {u} <= self.adjacent[u] for u in self.undirected[v])

    def cheapest_sink(self) -> int | None:
        childless = sorted(v for v in self.left if not self.children[v])
        return min(childless, key=lambda v: len(self.new_v_structures(v)), default=None)

    def new_v_structures(self, v: int) -> list[Triple]:
        """Return the v-structures that would arise at v if it were made a sink."""
        return [
            (a, v, b)
            for a, b in combinations(sorted(self.adjacent[v]), 2)
            if b not in self.adjacent[a] and (a in self.undirected[v] or b in self.undirected[v])
        ]

    def remove(self, v: int) -> None:
        self.left.discard(v)
        for u in self.adjacent[v]:
            for sets in (self.adjacent, self.undirected, self.children):
                sets[u].discard(v)
            heapq.heappush(self.candidates, u)


def has_only(graph: Graph, *pairs: tuple[Mark, Mark]) -> bool:
    """Tell whether every edge has one of the given pairs of marks, in canonical direction."""
    return all((e.mark_source, e.mark_target) in pairs for e in graph.edges())
