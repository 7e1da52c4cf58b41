"""Graphs as arrays, the form that kernels take: the pairs of nodes with an edge of lag 0, and a way for each.

`pairs` (int32, (k, 2)): u < v, in increasing order; `ways` (uint8, k): what each edge is, a Way.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from causaldisc.graph.graph import Graph, GraphKind, Mark, Node

Pairs = NDArray[np.int32]
Ways = NDArray[np.uint8]


class Way(IntEnum):
    """What an edge is, seen from the first node of its pair. The numbers are those of the kernels (ext/net.pxd)."""

    UNDIRECTED = 0
    OUT = 1
    IN = 2
    OTHER = 3  # any other marks


_MARKS = {
    Way.UNDIRECTED: (Mark.TAIL, Mark.TAIL),
    Way.OUT: (Mark.TAIL, Mark.ARROW),
    Way.IN: (Mark.ARROW, Mark.TAIL),
}
_WAYS = {marks: way for way, marks in _MARKS.items()}


def arrays_of(graph: Graph) -> tuple[Pairs, Ways]:
    """Return the pairs and ways of a graph; edges of a lag are left out."""
    pairs = [(u, v) for u in range(len(graph)) for v in graph.adjacencies(u) if u < v]
    ways = [_WAYS.get((graph.mark(v, u), graph.mark(u, v)), Way.OTHER) for u, v in pairs]  # type: ignore[arg-type]
    return np.array(pairs, np.int32).reshape(-1, 2), np.array(ways, np.uint8)


def set_ways(graph: Graph, pairs: Pairs, ways: Ways) -> None:
    """Give the edges of a graph, which are there already, their ways; those of other marks keep them."""
    for (u, v), way in zip(pairs.tolist(), ways.tolist(), strict=True):
        if way == Way.UNDIRECTED:
            graph.undirect(u, v)
        elif way != Way.OTHER:
            graph.orient(*((u, v) if way == Way.OUT else (v, u)))


def as_graph(nodes: Iterable[str | Node], kind: GraphKind, pairs: Pairs, ways: Ways) -> Graph:
    """Return a new graph of directed and undirected edges."""
    marks = [_MARKS[Way(way)] for way in range(Way.OTHER)]
    return Graph.of_pairs(nodes, kind, pairs.tolist(), [marks[way] for way in ways.tolist()])


def places(pairs: Pairs, u: NDArray[np.integer], v: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return the number of the pair of each u[i] and v[i], in either direction; -1 where there is no edge."""
    if not len(pairs):
        return np.full(len(u), -1)
    nodes = int(max(pairs.max(), u.max(initial=0), v.max(initial=0))) + 1
    keys = pairs[:, 0].astype(np.int64) * nodes + pairs[:, 1]
    sought = np.minimum(u, v).astype(np.int64) * nodes + np.maximum(u, v)
    found = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    return np.where(keys[found] == sought, found, -1)
