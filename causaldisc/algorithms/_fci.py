"""The search of FCI: causal-learn's adjacency search and orientation rules, asked with our tests.

The rules are J. Zhang's (Artificial Intelligence 172, 2008). Where causal-learn 0.1.4.8 goes wrong, ours stand in:
colliders (a separating set is looked up from both sides); knowledge (marks are put before any rule, since what is no
cause need not be an effect where causes may be hidden); R8 (theirs sees a triple from one side only); and R4 is always
tried. R5 to R7 are left out: they are for selection bias, which we assume away, and theirs makes undirected edges
without it, since the ends of its circle paths are not checked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, permutations
from typing import Any

import numpy as np

from causaldisc.citests import Answer, CITest, answer
from causaldisc.context import Context
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import reaches
from causaldisc.graph.validity import problems
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search.undecided import Undecided

TAIL, ARROW, CIRCLE = -1, 1, 2
Pair = tuple[int, int]
Given = tuple[int, ...]


@dataclass
class Asked:
    """What was asked, and what was answered: `weakest` of each pair is the set with the largest p-value."""

    test: CITest
    knowledge: BoundKnowledge
    context: Context
    known: dict[tuple[int, int, Given], float] = field(default_factory=dict)
    weakest: dict[Pair, tuple[Given, Answer]] = field(default_factory=dict)
    undecided: Undecided = field(default_factory=Undecided)

    def p_value(self, x: int, y: int, given: Given) -> float:
        """Return the p-value; 0 where the test decides nothing, which is never taken for independence, and for a pair
        that is required."""
        x, y = (x, y) if x < y else (y, x)
        if self.knowledge.requires_pair(x, y):
            return 0.0
        key = (x, y, given)
        if key not in self.known:
            self.context.check_time()
            self.known[key] = self._ask(x, y, given)
        return self.known[key]

    def _ask(self, x: int, y: int, given: Given) -> float:
        found = answer(self.test, x, y, given)
        if found.verdict:
            self.undecided.note(found.verdict, 1, (x, y, given))
        if not found.verdict.is_decided:
            return 0.0
        before = self.weakest.get((x, y))
        if before is None or found.log_p > before[1].log_p:
            self.weakest[x, y] = (given, found)
        return math.exp(found.log_p)


def search(asked: Asked, names: tuple[str, ...], alpha: float, max_depth: int | None) -> Graph:
    """Return the PAG that the tests give, over the variables in the order of `names`."""
    from causallearn.graph.GraphNode import GraphNode
    from causallearn.search.ConstraintBased import FCI
    from causallearn.utils.FAS import fas

    from causaldisc.algorithms._causal_learn import labels

    variables = [GraphNode(name) for name in labels(len(names))]
    depth = -1 if max_depth is None else max_depth
    bridge = _bridge(asked)
    empty = np.zeros((2, len(names)))
    theirs, sets, _ = fas(empty, variables, bridge, alpha, depth=depth, show_progress=False)
    separators: dict[Pair, set[int]] = {(x, y): set(given) for (x, y), given in sets.items()}
    _start(theirs, separators, asked.knowledge)
    _by_possible_d_separation(theirs, separators, bridge, alpha, max_depth)
    _start(theirs, separators, asked.knowledge)
    changed = True
    while changed:
        changed = FCI.rulesR1R2cycle(theirs, None, False)
        changed = FCI.ruleR3(theirs, separators, None, changed)
        changed = FCI.ruleR4B(theirs, -1, empty, bridge, alpha, separators, changed, None)
        changed = _rule8(theirs.graph) or changed
        changed = FCI.rule9(theirs, variables, changed)
        changed = FCI.rule10(theirs, changed)
    return _graph(theirs.graph, names)


def _bridge(asked: Asked) -> Any:
    """Return our test as one of causal-learn's."""
    from causallearn.utils.cit import CIT_Base

    class Bridge(CIT_Base):  # type: ignore[misc]
        def __init__(self) -> None:  # theirs takes the data, and hashes what they look like in print
            self.method = "causaldisc"

        def __call__(self, x: int, y: int, given: Any = ()) -> float:
            return asked.p_value(int(x), int(y), tuple(sorted(int(z) for z in given or ())))

    return Bridge()


def _start(theirs: Any, separators: dict[Pair, set[int]], known: BoundKnowledge) -> None:
    """Put circles everywhere, then what is known, then the arrowheads of colliders."""
    marks = theirs.graph
    marks[marks != 0] = CIRCLE
    for u, v in np.argwhere(marks != 0).tolist():
        if known.forbidden[u, v]:
            marks[u, v] = ARROW  # u is no cause of v
    for u, v in known.required:
        if marks[u, v]:
            marks[u, v], marks[v, u] = TAIL, ARROW
    for b in range(len(marks)):
        for a, c in combinations(np.flatnonzero(marks[b]).tolist(), 2):
            given = separators.get((a, c), separators.get((c, a)))
            if marks[a, c] or given is None or b in given or TAIL in (marks[b, a], marks[b, c]):
                continue
            marks[b, a] = marks[b, c] = ARROW
    theirs.reconstitute_dpath(theirs.get_graph_edges())


def _by_possible_d_separation(
    theirs: Any, separators: dict[Pair, set[int]], bridge: Any, alpha: float, max_depth: int | None
) -> None:
    """Remove the edges whose ends a set of possible d-separators separates that is no set of neighbours."""
    for edge in theirs.get_graph_edges():
        ends = edge.get_node1(), edge.get_node2()
        x, y = (theirs.node_map[node] for node in ends)
        found = next(_separators(theirs, ends, bridge, alpha, max_depth), None)
        if found is not None:
            theirs.remove_edge(edge)
            separators[x, y] = separators[y, x] = set(found)


def _separators(theirs: Any, ends: Any, bridge: Any, alpha: float, max_depth: int | None) -> Iterator[Given]:
    from causallearn.search.ConstraintBased.FCI import getPossibleDsep

    x, y = (theirs.node_map[node] for node in ends)
    beside = [set(np.flatnonzero(theirs.graph[v]).tolist()) for v in (x, y)]
    for one, other in (ends, ends[::-1]):
        possible = [theirs.node_map[node] for node in getPossibleDsep(one, other, theirs, -1)]
        most = len(possible) if max_depth is None else min(len(possible), max_depth)
        for size in range(2, most + 1):
            for given in combinations(possible, size):
                if any(near.issuperset(given) for near in beside):
                    continue  # asked before
                if bridge(x, y, given) > alpha:
                    yield given


def _rule8(marks: Any) -> bool:
    """Orient a o-> c as a --> c where a --> b --> c or a --o b --> c."""
    changed = False
    for a, b, c in permutations(range(len(marks)), 3):
        if (
            marks[a, c] == CIRCLE and marks[c, a] == ARROW
            and marks[a, b] == TAIL and marks[b, a] in (ARROW, CIRCLE)
            and marks[b, c] == TAIL and marks[c, b] == ARROW
        ):  # fmt: skip
            marks[a, c] = TAIL
            changed = True
    return changed


_MARKS = {TAIL: Mark.TAIL, ARROW: Mark.ARROW, CIRCLE: Mark.CIRCLE}


def _graph(marks: Any, names: tuple[str, ...]) -> Graph:
    graph = Graph(names, GraphKind.PAG)
    for u, v in np.argwhere(np.triu(marks != 0, 1)).tolist():
        graph.add_edge(u, v, _MARKS[int(marks[u, v])], _MARKS[int(marks[v, u])])
    return graph


def repair(graph: Graph, context: Context) -> None:
    """Where the evidence makes a directed or almost directed cycle, give its edges circles for tails, and mark them."""
    while found := problems(graph):
        children = [graph.children(v) for v in range(len(graph))]
        goals = [(v, v) for v in range(len(graph))]
        for e in graph.edges():
            if e.mark_source is e.mark_target is Mark.ARROW:
                goals += [(e.source, e.target), (e.target, e.source)]
        for start, end in goals:
            on_way = [
                (u, v)
                for u, ends in enumerate(children)
                for v in ends
                if reaches(children, start, u) and reaches(children, v, end)
            ]
            for u, v in on_way:
                if graph.is_directed(u, v):
                    attributes = {**graph.attributes(u, v), "conflict": True}
                    graph.remove_edge(u, v)
                    graph.add_edge(u, v, Mark.CIRCLE, Mark.ARROW, attributes=attributes)
        context.warn("conflict", f"the tests contradict one another: {found[0]}; its edges have circles for tails")
