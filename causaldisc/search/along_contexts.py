"""Directions and drivers of changes (CD-NOD, phases 3 and 4), along each context in turn.

A graph has the variables of the data as its nodes, and then the contexts. Mechanisms are compared along one context;
others that change a variable are always among its causes, and so is its own past where that is conditioned on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from causaldisc.curves import Curves
from causaldisc.data.contexts import Contextual
from causaldisc.data.series import Series
from causaldisc.data.sparse import AnyColumn
from causaldisc.graph import Graph
from causaldisc.search import driving_force
from causaldisc.search.changing_module import Variable
from causaldisc.search.evidence import rounded
from causaldisc.search.mechanisms import Mechanisms
from causaldisc.search.orient_changes import Judgement, Outcome, orient_changes


@dataclass(frozen=True)
class Along:
    """The mechanisms of the variables along one context, and which of them change."""

    context: str
    mechanisms: Mechanisms
    changing: tuple[int, ...]


def mechanisms(
    graph: Graph, parted: Contextual, names: tuple[str, ...], lags: Mapping[str, int], series: Series | None, seed: int
) -> list[Along]:
    """Bind the mechanisms of the variables, which are `names` in the graph's order, to each context."""
    columns = [parted.data.columns[parted.data.index(name)] for name in names]
    own = {v: _past(column, lags.get(column.name, 0), series) for v, column in enumerate(columns)}
    found = []
    for context, kind in parted.kinds.items():
        always = {
            v: [*past, *(n for other in _others(graph, v, parted, context) for n in _numbers(parted.column(other)))]
            for v, past in own.items()
        }
        index = _numbers(parted.column(context))[0]
        bound = Mechanisms(names, [_numbers(c) for c in columns], kind, index, always, seed)
        changing = tuple(v for v in range(len(names)) if graph.has_edge(graph.index(context), v))
        found.append(Along(context, bound, changing))
    return found


def orient(graph: Graph, along: list[Along], alpha: float) -> list[tuple[str, Judgement]]:
    """Orient in place what independent changes decide; returns the judgements by context."""
    return [(a.context, judged) for a in along for judged in orient_changes(graph, a.mechanisms, a.changing, alpha)]


def annotate(graph: Graph, names: tuple[str, ...], judged: list[tuple[str, Judgement]]) -> None:
    """Write on each edge that was judged what came of it, and how the mechanisms of either direction depend.

    `reverse` are those of the direction that the edge does not have; an undirected one is told from the node of the
    smaller number, as `Graph.edges` does. Of several contexts the one that oriented the edge counts, else the first.
    """
    counts: dict[tuple[int, int], Judgement] = {}
    for _, judgement in judged:
        if judgement.outcome is Outcome.ORIENTED:
            counts[judgement.x, judgement.y] = judgement
        counts.setdefault((judgement.x, judgement.y), judgement)
    for judgement in counts.values():
        x, y = (graph.index(names[v]) for v in (judgement.x, judgement.y))
        told, reverse = judgement.forward, judgement.backward
        if graph.is_directed(y, x) or (graph.is_undirected(x, y) and y < x):
            told, reverse = reverse, told
        graph.annotate(
            x,
            y,
            independent_changes=judgement.outcome.value,
            changes_p_value=rounded(told.p_value),
            changes_p_value_reverse=rounded(reverse.p_value),
            changes_score=rounded(told.score),
            changes_score_reverse=rounded(reverse.score),
        )


def drivers(graph: Graph, along: list[Along], parted: Contextual) -> list[Curves]:
    """Return what drives each changing mechanism given its parents in the graph."""
    return [
        curve
        for a in along
        for curve in driving_force.as_curves(
            driving_force.driving_forces(graph, a.mechanisms, a.changing),
            a.mechanisms.names,
            a.context,
            parted.column(a.context).levels,
        )
    ]


def _others(graph: Graph, v: int, parted: Contextual, context: str) -> Iterator[str]:
    for other in parted.kinds:
        if other != context and graph.has_edge(graph.index(other), v):
            yield other


def _past(column: AnyColumn, count: int, series: Series | None) -> list[Variable]:
    if series is None:
        return []
    return [n for steps in range(1, count + 1) for n in _numbers(series.lagged(column, steps))]


def _numbers(column: AnyColumn) -> list[Variable]:
    """Return a column as mechanisms take it: codes, or numbers; the members of a group one by one."""
    if column.codes is not None:
        return [column.codes]
    assert column.values is not None
    if column.values.ndim == 1:
        return [column.values]
    return [np.ascontiguousarray(member) for member in column.values.T]
