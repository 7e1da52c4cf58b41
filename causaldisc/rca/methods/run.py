"""Rank as RUN does, given a graph: PageRank of an acyclic graph, the defects of its release repaired.

C.-M. Lin et al., "Root cause analysis in microservice using neural Granger causal discovery", AAAI 2024. Of their
ranking: while the graph has a cycle, the edge between the least correlated metrics goes; PageRank with damping 0.85
then starts at metrics without outgoing edges with twice the probability of others. The released code keeps edges of
metrics to themselves, cuts the least correlated edge of the whole graph, by signed correlation, and ranks in the
direction of the effects. Repaired: no loops; an edge on a cycle is cut, by |correlation|; walks go from effects back to
causes, so that those without outgoing edges are those without causes; equal scores share their rank.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca.case import Case
from causaldisc.rca.links import Link
from causaldisc.rca.walk import back_to_causes


def scores(case: Case) -> NDArray[np.float64]:
    """Return the PageRank of each metric; shape (metrics,), of sum 1."""
    links = acyclic(case.links, np.abs(correlations(case.values)))
    start = np.ones(len(case))
    start[[link.effect for link in links]] = 0.5
    return back_to_causes(len(case), links, [1.0] * len(links), start)


def correlations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlations of metrics, shape (metrics, rows), missing cells at the mean; 0 for what is constant."""
    mean = np.nansum(values, axis=1) / np.maximum(np.count_nonzero(~np.isnan(values), axis=1), 1)
    centred = np.where(np.isnan(values), 0.0, values - mean[:, None])
    norm = np.sqrt((centred**2).sum(axis=1))
    centred /= np.where(norm > 0.0, norm, 1.0)[:, None]
    return np.asarray(centred @ centred.T, np.float64)


def acyclic(links: tuple[Link, ...], weight: NDArray[np.float64]) -> tuple[Link, ...]:
    """Return the links without those that are the weakest on a cycle, `weight[cause, effect]`, until there is none."""
    kept = list(links)
    while True:
        component = _components(kept)
        on_cycles = [link for link in kept if component[link.cause] == component[link.effect]]
        if not on_cycles:
            return tuple(kept)
        kept.remove(min(on_cycles, key=lambda link: (weight[link.cause, link.effect], link.cause, link.effect)))


def _components(links: list[Link]) -> dict[int, int]:
    """Return the strongly connected component of each node with a link: S. R. Kosaraju's two passes."""
    ahead: dict[int, list[int]] = {}
    back: dict[int, list[int]] = {}
    for link in links:
        ahead.setdefault(link.cause, []).append(link.effect)
        back.setdefault(link.effect, []).append(link.cause)
    seen: set[int] = set()
    order: list[int] = []
    for node in sorted({*ahead, *back}):
        _visit(node, ahead, seen, order)
    found: dict[int, int] = {}
    seen = set()
    for node in reversed(order):
        members: list[int] = []
        _visit(node, back, seen, members)
        found |= dict.fromkeys(members, node)
    return found


def _visit(start: int, ways: dict[int, list[int]], seen: set[int], done: list[int]) -> None:
    """Append what is reached from a node and not seen yet, in the order in which a depth-first search leaves it."""
    if start in seen:
        return
    seen.add(start)
    stack = [(start, iter(ways.get(start, ())))]
    while stack:
        node, following = stack[-1]
        fresh = next((n for n in following if n not in seen), None)
        if fresh is None:
            done.append(node)
            stack.pop()
        else:
            seen.add(fresh)
            stack.append((fresh, iter(ways.get(fresh, ()))))
