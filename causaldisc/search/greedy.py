"""Greedy search over equivalence classes of DAGs: insert, delete and turn edges as long as that gains.

D. M. Chickering, "Optimal structure identification with greedy search", JMLR 3 (2002): with a score that is locally
consistent (definition 6), insertions until none gains and then deletions end in the true class when data are many
(lemmas 9 and 10); that is `run(Kind.INSERT)` and `run(Kind.DELETE)`. Turns follow A. Hauser and P. Bühlmann, JMLR 13
(2012). ORDER is that of A. Nazaret and D. Blei, "Extremely greedy equivalence search", UAI 2024 (XGES-0): what can be
deleted is deleted before more is inserted, so that fewer wrong edges get a hold; the limit is the same.

Deviations: the search knows no score but only local comparisons (comparison.py), which need not sum up to one, so that
moves could go in circles: no pair is joined, and no edge turned, more than OFTEN times. Knowledge starts the search at
the required edges and bars states without a DAG that obeys it. Of moves that gain equally the first in order of nodes
is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from causaldisc.context import Context
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search.comparison import LocalComparison, Question
from causaldisc.search.operators import Kind, Operator, applied, candidates, is_open
from causaldisc.search.partial_graph import Nodes, PartialGraph, members

_STAGES = {Kind.INSERT: "inserting", Kind.DELETE: "deleting", Kind.TURN: "turning"}
ORDER = (Kind.DELETE, Kind.TURN, Kind.INSERT)
OFTEN = 3
# Gains that differ by less are rounding: a move must gain more.
NOTHING = 1e-9

# The gain, negative, and where the move stands among equals; the number of moves when it was found; the move.
Entry = tuple[tuple[float, tuple[int, int, list[int]]], int, Operator]


@dataclass
class Search:
    """A search under way; `state` is valid at any time."""

    comparison: LocalComparison
    most: int  # the largest set to compare given
    knowledge: BoundKnowledge
    context: Context
    state: PartialGraph
    moves: int = 0
    _made: Counter[tuple[Kind, int, int]] = field(default_factory=Counter)

    def run(self, *kinds: Kind) -> None:
        """Move until nothing gains, by moves of some kinds; a later kind has its turn only where none of an earlier
        one gains. Raises OutOfTime when the context's time is up."""
        agendas = [_Agenda(kind, self) for kind in kinds]
        while (found := next(filter(None, map(self._best, agendas)), None)) is not None:
            for agenda in agendas:
                agenda.touched |= found.changed(self.state)
            self.state = found
            self.moves += 1

    def _best(self, agenda: _Agenda) -> PartialGraph | None:
        """Return the state that the best possible move leads to; None where no move gains."""
        for operator in agenda.by_gain():
            made = operator.kind, min(operator[1:3]), max(operator[1:3])
            if self._made[made] < OFTEN and is_open(operator, self.state):
                found = applied(operator, self.state, self.knowledge)
                if found is not None:
                    self._made[made] += 1
                    return found
        return None


class _Agenda:
    """The moves of one kind that would gain, the best first, kept up as the state changes.

    The moves for x and y hang on the edges of x and of y, and on which of the neighbours of y are adjacent. Whether
    paths allow one hangs on all edges, so moves that cannot be made are kept for the next state.
    """

    def __init__(self, kind: Kind, search: Search) -> None:
        self.kind, self.search = kind, search
        self.touched: Nodes = (1 << len(search.state)) - 1  # nodes whose edges have changed since the moves were found
        self.heap: list[Entry] = []
        self.passed: list[Entry] = []
        self.stamps: dict[tuple[int, int], int] = {}

    def _look_again(self) -> None:
        """Find anew the moves that hang on the edges of touched nodes."""
        search, state, touched = self.search, self.search.state, self.touched
        while self.passed:
            heappush(self.heap, self.passed.pop())
        operators: list[Operator] = []
        for y in range(len(state)):
            every = (touched >> y & 1) or state.neighbours[y] & touched
            for x in members((1 << len(state)) - 1 if every else touched):
                if x != y:
                    self.stamps[x, y] = search.moves
                    operators += candidates(self.kind, state, x, y, search.most, search.knowledge)
        search.comparison.prepare(_questions(operators), _STAGES[self.kind], search.context)
        self.touched = 0
        for operator in operators:
            gain = self._gain(operator)
            if gain is not None and gain > NOTHING:
                heappush(self.heap, ((-gain, operator.order), search.moves, operator))

    def by_gain(self) -> Iterator[Operator]:
        """Yield the moves that would gain, the best first."""
        self._look_again()
        while self.heap:
            entry = heappop(self.heap)
            _, stamp, operator = entry
            if stamp == self.stamps[operator.x, operator.y]:
                self.passed.append(entry)
                yield operator

    def _gain(self, operator: Operator) -> float | None:
        total = 0.0
        for given, sign in ((operator.with_, 1), (operator.without, -1)):
            if given is not None:
                gain = self.search.comparison.gain(operator.x, operator.y, given)
                if gain is None:
                    return None
                total += sign * gain
        return total


def _questions(operators: list[Operator]) -> Iterator[Question]:
    for _, x, y, _, *sets in operators:
        yield from ((min(x, y), max(x, y), given) for given in sets if given is not None)


def start(nodes: int, knowledge: BoundKnowledge) -> PartialGraph:
    """Return the state of the DAGs that have the required edges and no others."""
    graph = PartialGraph(nodes)
    for u, v in knowledge.required:
        graph.direct(u, v)
    found = graph.completed(knowledge)
    assert found is not None, "required edges form no cycle"
    return found
