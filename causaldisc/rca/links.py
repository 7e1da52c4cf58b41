"""The arrows of a graph as root-cause ranking takes them, and the ways along them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from causaldisc.graph import Graph
from causaldisc.graph.ranking import arrows, strength


@dataclass(frozen=True)
class Link:
    """A cause and an effect by number, the lags (0 or more, in order) at which it acts, and how strong the graph says
    it is (0 or more; None where the graph says nothing)."""

    cause: int
    effect: int
    lags: tuple[int, ...]
    strength: float | None = None


def of_graph(graph: Graph, places: Sequence[int]) -> tuple[Link, ...]:
    """Return the arrows that the marks of a graph allow, one a pair, in order; `places[v]` is the number of node v.

    Edges of a node to itself are no arrows: nothing is the root cause of itself. An edge without direction stands for
    both.
    """
    lags: dict[tuple[int, int], set[int]] = {}
    strongest: dict[tuple[int, int], float] = {}
    for edge in graph.edges():
        for u, v in arrows(edge):
            if u == v:
                continue
            pair = places[u], places[v]
            lags.setdefault(pair, set()).update(_all_lags(edge.attributes.get("lags"), edge.lag))
            found = strength(edge.attributes)
            if found is not None:
                strongest[pair] = max(found, strongest.get(pair, 0.0))
    return tuple(Link(*pair, tuple(sorted(lags[pair])), strongest.get(pair)) for pair in sorted(lags))


def _all_lags(text: object, lag: int) -> set[int]:
    """Return the lags of an edge; those of a summary are a text such as '1,3'."""
    words = text.split(",") if isinstance(text, str) else []
    return {int(w) for w in words} if words and all(w.isdecimal() for w in words) else {lag}


def way(links: Iterable[Link], start: int, goal: int) -> list[int]:
    """Return the shortest way along the arrows from start to goal, both included; empty when there is none.

    Of several, the one whose numbers come first.
    """
    effects: dict[int, list[int]] = {}
    for link in links:
        effects.setdefault(link.cause, []).append(link.effect)
    before: dict[int, int] = {start: start}
    queue = deque([start])
    while queue and goal not in before:
        node = queue.popleft()
        for effect in sorted(effects.get(node, ())):
            if effect not in before:
                before[effect] = node
                queue.append(effect)
    if goal not in before:
        return []
    path = [goal]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]
