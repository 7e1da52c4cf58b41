"""The moves of a greedy search over equivalence classes: insert, delete and turn an edge.

D. M. Chickering, "Optimal structure identification with greedy search", JMLR 3 (2002): Insert (definition 12,
theorem 15, corollary 16) and Delete (definition 13, theorem 17, corollary 18). A. Hauser, P. Bühlmann,
"Characterization and greedy learning of interventional Markov equivalence classes of directed acyclic graphs", JMLR 13
(2012): Turn, of a line (proposition 31) and of an arrow (proposition 34); here without interventions.

The gain of each move is a difference of one or two local comparisons: what the parent x adds to what other parents
tell of y. For state G, Ne(y) are the nodes joined to y by a line, NA = Ne(y) ∩ Adj(x), Pa(y) the parents of y.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from causaldisc.knowledge import BoundKnowledge
from causaldisc.search.partial_graph import Nodes, PartialGraph, members


class Kind(IntEnum):
    """What a move does to the edge of x and y."""

    INSERT = 0
    DELETE = 1
    TURN = 2


class Operator(NamedTuple):
    """A move: afterwards x --> y with `chosen` --> y, or of a deletion no edge and x, y --> `chosen`.

    It gains what x adds to the parents `with_` of y, less what x adds to the parents `without`; None is nothing.
    """

    kind: Kind
    x: int
    y: int
    chosen: Nodes
    with_: Nodes | None
    without: Nodes | None

    @property
    def order(self) -> tuple[int, int, list[int]]:
        """Where the move stands among those of equal gain."""
        return self.x, self.y, members(self.chosen)


def candidates(
    kind: Kind, graph: PartialGraph, x: int, y: int, most: int, knowledge: BoundKnowledge
) -> Iterator[Operator]:
    """Yield the moves of one kind for x and y that meet all conditions but that on paths, see `is_open`.

    Moves that compare given more than `most` nodes, or that knowledge rules out, are left out.
    """
    between = graph.adjacent(y) >> x & 1
    if kind is Kind.INSERT:
        if not between and knowledge.may_cause(x, y):
            yield from _inserts(graph, x, y, most)
    elif not between or knowledge.requires_pair(x, y):
        return
    elif kind is Kind.DELETE:
        if not graph.children[y] >> x & 1:
            yield from _deletes(graph, x, y, most)
    elif knowledge.may_cause(x, y) and not graph.parents[y] >> x & 1:
        turns = _turns_of_line if graph.neighbours[y] >> x & 1 else _turns_of_arrow
        yield from turns(graph, x, y, most)


def _inserts(graph: PartialGraph, x: int, y: int, most: int) -> Iterator[Operator]:
    """Insert(x, y, T), T ⊆ Ne(y) \\ Adj(x)."""
    shared, parents = graph.neighbours[y] & graph.adjacent(x), graph.parents[y]
    others = graph.neighbours[y] & ~shared
    # (1) NA ∪ T is a clique
    for clique in graph.cliques(shared, others, most - parents.bit_count()):
        yield Operator(Kind.INSERT, x, y, clique & ~shared, clique | parents, None)


def _deletes(graph: PartialGraph, x: int, y: int, most: int) -> Iterator[Operator]:
    """Delete(x, y, H), H ⊆ NA, of a line or an arrow from x to y."""
    shared, parents = graph.neighbours[y] & graph.adjacent(x), graph.parents[y] & ~(1 << x)
    # (1) NA \ H is a clique
    for clique in graph.cliques(0, shared, most - parents.bit_count()):
        yield Operator(Kind.DELETE, x, y, shared & ~clique, None, clique | parents)


def _turns_of_line(graph: PartialGraph, x: int, y: int, most: int) -> Iterator[Operator]:
    """Turn(x, y, C) of a line, C ⊆ Ne(y) \\ {x}: in the DAGs meant, x has the parents Pa(x), C ∩ NA and y."""
    beside, shared = graph.neighbours[y] & ~(1 << x), graph.neighbours[y] & graph.adjacent(x)
    of_x, of_y = graph.parents[x], graph.parents[y]
    # (i) C is a clique
    for clique in graph.cliques(0, beside, most - of_y.bit_count()):
        both = clique & shared
        if (
            clique & ~shared  # (ii) C \ NA ≠ ∅
            and graph.separates(both, clique & ~shared, shared & ~clique, graph.neighbours[y])  # (iii)
            and (of_x | both).bit_count() <= most
        ):
            yield Operator(Kind.TURN, x, y, clique, of_y | clique, of_x | both)


def _turns_of_arrow(graph: PartialGraph, x: int, y: int, most: int) -> Iterator[Operator]:
    """Turn(x, y, C) of an arrow from y to x, NA ⊆ C ⊆ Ne(y)."""
    shared = graph.neighbours[y] & graph.adjacent(x)
    of_x, of_y = graph.parents[x] & ~(1 << y), graph.parents[y]
    if of_x.bit_count() <= most:
        # (i) C is a clique, (ii) NA ⊆ C
        for clique in graph.cliques(shared, graph.neighbours[y], most - of_y.bit_count()):
            yield Operator(Kind.TURN, x, y, clique, of_y | clique, of_x)


def is_open(operator: Operator, graph: PartialGraph) -> bool:
    """Tell whether no path from y to x, in the DAGs meant, would make the arrow from x to y close a cycle."""
    kind, x, y, chosen, *_ = operator
    if kind is Kind.INSERT:
        # (2) every path of lines and forward arrows from y to x has a node of NA ∪ T
        return not graph.leads(y, x, graph.neighbours[y] & graph.adjacent(x) | chosen)
    if kind is Kind.TURN and graph.parents[x] >> y & 1:
        # (iii) so has every one but the arrow itself, of C ∪ Ne(x)
        return not graph.leads(y, x, chosen | graph.neighbours[x], directly=False)
    return True


def applied(operator: Operator, graph: PartialGraph, knowledge: BoundKnowledge) -> PartialGraph | None:
    """Return the state that a move leads to; None where no DAG is in it, which only knowledge can bring about."""
    kind, x, y, chosen, *_ = operator
    moved = graph.copy()
    if kind is Kind.DELETE:
        moved.remove(x, y)
        for h in members(chosen):
            moved.direct(y, h)
            if graph.neighbours[x] >> h & 1:
                moved.direct(x, h)
    else:
        moved.direct(x, y)
        for t in members(chosen):
            moved.direct(t, y)
    return moved.completed(knowledge)
