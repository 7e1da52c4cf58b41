"""Meek's orientation rules: what follows from the arrows already there.

C. Meek, "Causal inference and causal explanation with background knowledge", UAI 1995, section 2.1. Rules R1-R3
suffice after colliders alone; R4 is needed once background knowledge has oriented an edge.
"""

from __future__ import annotations

from collections import deque
from itertools import combinations

from causaldisc.graph.graph import Graph


def close(graph: Graph) -> None:
    """Orient, in place, every undirected edge that R1-R4 compel. Edges of other marks stay as they are."""
    waiting = deque((u, v) for u in range(len(graph)) for v in graph.neighbours(u))
    queued = set(waiting)
    while waiting:
        a, b = waiting.popleft()
        queued.discard((a, b))
        if graph.is_undirected(a, b) and _compelled(graph, a, b):
            graph.orient(a, b)
            for edge in _touched(graph, a, b):
                if edge not in queued:
                    queued.add(edge)
                    waiting.append(edge)


def _compelled(graph: Graph, a: int, b: int) -> bool:
    """Tell whether a --- b must be a --> b."""
    into_b = graph.parents(b)
    return (
        # R1: c --> a --- b with c, b not adjacent: else a would be a new collider
        any(not graph.has_edge(c, b) for c in graph.parents(a))
        # R2: a --> c --> b: else a cycle
        or any(graph.is_directed(a, c) for c in into_b)
        # R3: a --- c --> b, a --- d --> b with c, d not adjacent: else a cycle or a new collider at a
        or _two_apart(graph, [c for c in into_b if graph.is_undirected(a, c)])
        # R4: a --- c --> d --> b, a and d adjacent, c and b not: else a cycle or a new collider at a
        or any(
            graph.is_undirected(a, c) and not graph.has_edge(c, b)
            for d in into_b
            if graph.has_edge(a, d)
            for c in graph.parents(d)
        )
    )


def _two_apart(graph: Graph, nodes: list[int]) -> bool:
    return any(not graph.has_edge(c, d) for c, d in combinations(nodes, 2))


def _touched(graph: Graph, u: int, v: int) -> list[tuple[int, int]]:
    """Return the undirected edges, both ways, for which the new arrow u --> v may complete a rule."""
    ends = [u, v, *graph.children(v)]
    return [pair for a in ends for b in graph.neighbours(a) for pair in ((a, b), (b, a))]
