"""Partially directed graphs as sets of bits: the state of a greedy search over equivalence classes.

Bit v of a number stands for the node v. A state is a CPDAG or, where knowledge forbids directions, the maximally
oriented graph of the DAGs that obey it; an operator leaves arrows and lines that one DAG at least extends, and
`completed` returns the state that this DAG belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causaldisc._ext import meek, orientation
from causaldisc.graph.pairs import Pairs, Way, Ways
from causaldisc.knowledge import BoundKnowledge

Nodes = int  # a set of nodes: bit v for node v


def members(nodes: Nodes) -> list[int]:
    """Return the nodes of a set, in order."""
    found = []
    while nodes:
        lowest = nodes & -nodes
        found.append(lowest.bit_length() - 1)
        nodes ^= lowest
    return found


class PartialGraph:
    """Arrows and lines between nodes 0..count-1; `parents[v]`, `children[v]` and `neighbours[v]` are sets."""

    def __init__(self, count: int) -> None:
        self.parents = [0] * count
        self.children = [0] * count
        self.neighbours = [0] * count

    def __len__(self) -> int:
        return len(self.parents)

    @classmethod
    def of_pairs(cls, count: int, pairs: Pairs, ways: Ways) -> PartialGraph:
        """Return the graph of pairs and their ways; see graph/pairs.py."""
        graph = cls(count)
        for (u, v), way in zip(pairs.tolist(), ways.tolist(), strict=True):
            if way == Way.UNDIRECTED:
                graph.neighbours[u] |= 1 << v
                graph.neighbours[v] |= 1 << u
            else:
                graph.direct(*((u, v) if way == Way.OUT else (v, u)))
        return graph

    def as_pairs(self) -> tuple[Pairs, Ways]:
        """Return the pairs, in increasing order, and their ways."""
        rows, ways = [], []
        for u in range(len(self)):
            for v in members(self.adjacent(u) & (-2 << u)):
                rows.append((u, v))
                out, line = self.children[u] >> v & 1, self.neighbours[u] >> v & 1
                ways.append(Way.UNDIRECTED if line else Way.OUT if out else Way.IN)
        return np.array(rows, np.int32).reshape(-1, 2), np.array(ways, np.uint8)

    def copy(self) -> PartialGraph:
        twin = PartialGraph(0)
        twin.parents, twin.children, twin.neighbours = self.parents[:], self.children[:], self.neighbours[:]
        return twin

    def changed(self, other: PartialGraph) -> Nodes:
        """Return the nodes that have another edge, or another mark on one, than in another graph."""
        mine, theirs = (zip(g.parents, g.children, g.neighbours, strict=True) for g in (self, other))
        return sum(1 << v for v, (one, two) in enumerate(zip(mine, theirs, strict=True)) if one != two)

    # ---- changing edges

    def direct(self, u: int, v: int) -> None:
        """Make u --> v, whatever was between them."""
        self.remove(u, v)
        self.children[u] |= 1 << v
        self.parents[v] |= 1 << u

    def remove(self, u: int, v: int) -> None:
        """Remove what is between u and v."""
        for sets in (self.parents, self.children, self.neighbours):
            sets[u] &= ~(1 << v)
            sets[v] &= ~(1 << u)

    # ---- asking

    def adjacent(self, v: int) -> Nodes:
        return self.parents[v] | self.children[v] | self.neighbours[v]

    def cliques(self, holding: Nodes, among: Nodes, most: int) -> Iterator[Nodes]:
        """Yield each set of at most `most` nodes, all adjacent to each other, that has all of `holding` and others of
        `among` only; the smaller before its supersets."""
        if holding.bit_count() <= most and all(not holding & ~self.adjacent(v) & ~(1 << v) for v in members(holding)):
            for v in members(holding):
                among &= self.adjacent(v)
            yield from self._grown(holding, among, most)

    def _grown(self, clique: Nodes, among: Nodes, most: int) -> Iterator[Nodes]:
        """Yield a clique and what it grows to by nodes of `among`, all of which are adjacent to it."""
        yield clique
        if clique.bit_count() < most:
            for v in members(among):
                among &= ~(1 << v)
                yield from self._grown(clique | 1 << v, among & self.adjacent(v), most)

    def leads(self, start: int, goal: int, blocked: Nodes, *, directly: bool = True) -> bool:
        """Tell whether a path of lines and arrows forwards goes from start to goal past the blocked nodes; one edge
        alone counts only where `directly`."""
        fresh = self.children[start] | self.neighbours[start]
        if not directly:
            fresh &= ~(1 << goal)
        seen = blocked | 1 << start
        fresh &= ~seen
        while fresh:
            if fresh >> goal & 1:
                return True
            seen |= fresh
            reached = 0
            for v in members(fresh):
                reached |= self.children[v] | self.neighbours[v]
            fresh = reached & ~seen
        return False

    def separates(self, between: Nodes, one: Nodes, other: Nodes, within: Nodes) -> bool:
        """Tell whether, of the graph on the nodes `within`, no path leads from `one` to `other` past `between`."""
        seen, fresh = between, one
        while fresh:
            if fresh & other:
                return False
            seen |= fresh
            reached = 0
            for v in members(fresh):
                reached |= self.adjacent(v)
            fresh = reached & within & ~seen
        return True

    def completed(self, knowledge: BoundKnowledge) -> PartialGraph | None:
        """Return the state of the DAGs that extend this graph; None where there are none without a new v-structure."""
        pairs, ways = self.as_pairs()
        complete, forced = orientation.extend(len(self), pairs, ways)
        if not complete or len(forced):
            return None
        u, v = pairs.T
        back = np.where(ways == Way.OUT, knowledge.forbidden[v, u], knowledge.forbidden[u, v])
        meek.cpdag(len(self), pairs, ways, back.astype(np.uint8))
        return PartialGraph.of_pairs(len(self), pairs, ways)
