"""Greedy equivalence search by a test, in place of PC: the same kind of result with the same kind of evidence."""

from __future__ import annotations

from causaldisc.context import Context, OutOfTime
from causaldisc.errors import ComputationError
from causaldisc.graph import Graph, GraphKind
from causaldisc.graph.pairs import as_graph
from causaldisc.knowledge import BoundKnowledge
from causaldisc.result import TIME_LIMIT
from causaldisc.search import evidence, greedy, greedy_evidence
from causaldisc.search.comparison import ByTest
from causaldisc.search.skeleton import Skeleton
from causaldisc.words import counted


def search(
    comparison: ByTest,
    names: tuple[str, ...],
    max_depth: int | None,
    knowledge: BoundKnowledge,
    context: Context,
) -> tuple[Graph, Skeleton]:
    """Return the CPDAG and its evidence; where the context's time is up, those of the state that was reached.

    Raises ComputationError when not even the first move was found.
    """
    most = comparison.deepest if max_depth is None else min(max_depth, comparison.deepest)
    state = greedy.start(len(names), knowledge)
    under_way = greedy.Search(comparison, most, knowledge, context, state)
    unfinished = None
    try:
        under_way.run(*greedy.ORDER)
    except OutOfTime:
        if not under_way.moves:
            raise ComputationError("time was up before the first edge; give it more, or fewer columns") from None
        unfinished = f"time was up after {counted(under_way.moves, 'move')}: others might have gained more"
        context.warn(TIME_LIMIT, unfinished)
    graph = as_graph(names, GraphKind.CPDAG, *under_way.state.as_pairs())
    found = greedy_evidence.skeleton_of(under_way, comparison)
    found.unfinished = unfinished
    evidence.annotate(graph, found)
    return graph, found
