"""Markov equivalence: directed acyclic graphs, their v-structures, and the CPDAG that stands for a class.

T. Verma and J. Pearl, "Equivalence and synthesis of causal models", UAI 1990: two DAGs are equivalent iff they
share skeleton and v-structures. D. Dor and M. Tarsi, "A simple algorithm to construct a consistent extension of
a partially oriented graph", UCLA R-185 (1992).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from causaldisc._ext import meek, orientation
from causaldisc.graph.graph import Graph, GraphKind, Mark
from causaldisc.graph.pairs import Way, arrays_of, places, set_ways

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
    pairs, _ = arrays_of(graph)
    found = orientation.unshielded(len(graph), pairs)
    order = np.argsort(found[:, 1], kind="stable")
    return [(a, c, b) for a, c, b in found[order].tolist()]


def v_structures(graph: Graph) -> list[Triple]:
    """Return the unshielded triples (a, c, b) with a --> c <-- b."""
    return [t for t in unshielded_triples(graph) if graph.is_directed(t[0], t[1]) and graph.is_directed(t[2], t[1])]


def cpdag_of(dag: Graph, known: Iterable[tuple[int, int]] = ()) -> Graph:
    """Return the CPDAG of a DAG: arrows where all equivalent DAGs agree.

    With `known` arrows (u, v) of the DAG, return the maximally oriented graph of the equivalent DAGs that have
    those arrows (Meek 1995). Node and edge attributes are kept.
    """
    pairs, ways = arrays_of(dag)
    arrows = list(known)
    assert all(dag.is_directed(u, v) for u, v in arrows)
    stays = np.zeros(len(pairs), np.uint8)
    stays[places(pairs, *np.array(arrows, np.int32).reshape(-1, 2).T)] = 1
    meek.cpdag(len(dag), pairs, ways, stays)
    graph = dag.copy(GraphKind.CPDAG)
    set_ways(graph, pairs, ways)
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
    pairs, ways = arrays_of(graph)
    if (ways == Way.OTHER).any():
        return None, []
    complete, found = orientation.extend(len(graph), pairs, ways)
    forced = [(a, c, b) for a, c, b in found.tolist()]
    if not complete:
        return None, forced
    dag = graph.copy(GraphKind.DAG)
    set_ways(dag, pairs, ways)
    return dag, forced


def has_only(graph: Graph, *pairs: tuple[Mark, Mark]) -> bool:
    """Tell whether every edge has one of the given pairs of marks, in canonical direction."""
    return all((e.mark_source, e.mark_target) in pairs for e in graph.edges())
