"""The order of nodes within their layers, so that few edges cross.

Edges longer than one layer are cut by way points, one a layer. Layers are put in order by the mean place of what each
member is joined to, downwards and upwards in turn (Sugiyama, Tagawa, Toda 1981), then by exchanging neighbours; the
order with the fewest crossings is kept.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

ROUNDS, EXCHANGES = 24, 3  # sweeps, and after how many of them neighbours are exchanged
MOST_WORTH_EXCHANGING = 4000  # members; beyond, exchanges take longer than all else


@dataclass(frozen=True)
class Layered:
    """Members of layers, nodes first and then way points, and the links between members of adjacent layers.

    `above[m]` and `below[m]` are the members that m is linked to; `chains` has for each arc its members, top to bottom.
    """

    layers: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]
    chains: list[list[int]]


def cut(levels: Sequence[int], arcs: Sequence[tuple[int, int]]) -> Layered:
    """Return the layers of nodes on levels, with a way point wherever an arc passes a layer."""
    layers: list[list[int]] = [[] for _ in range(max(levels, default=-1) + 1)]
    for v, level in enumerate(levels):
        layers[level].append(v)
    members, chains = len(levels), []
    for u, v in arcs:
        passed = range(levels[u] + 1, levels[v])
        way = list(range(members, members + len(passed)))
        for point, level in zip(way, passed):
            layers[level].append(point)
        members += len(way)
        chains.append([u, *way, v])
    above: list[list[int]] = [[] for _ in range(members)]
    below: list[list[int]] = [[] for _ in range(members)]
    for chain in chains:
        for a, b in pairwise(chain):
            below[a].append(b)
            above[b].append(a)
    return Layered(layers, above, below, chains)


def ordered(start: Layered) -> Layered:
    """Return the same with each layer in an order that makes few crossings."""
    layers = _walked(start)
    best, fewest = [list(layer) for layer in layers], _total(layers, start)
    for turn in range(ROUNDS):
        if not fewest:
            break
        _sweep(layers, start, down=turn % 2 == 0)
        if turn % EXCHANGES == EXCHANGES - 1 and len(start.above) <= MOST_WORTH_EXCHANGING:
            _exchange(layers, start)
        found = _total(layers, start)
        if found < fewest:
            best, fewest = [list(layer) for layer in layers], found
    return Layered(best, start.above, start.below, start.chains)


def _walked(start: Layered) -> list[list[int]]:
    """Return layers in the order of a walk in depth from the top, so that what hangs together begins together."""
    layers: list[list[int]] = [[] for _ in start.layers]
    level = {m: at for at, layer in enumerate(start.layers) for m in layer}
    seen: set[int] = set()
    for layer in start.layers:
        for root in layer:
            stack = [root]
            while stack:
                m = stack.pop()
                if m in seen:
                    continue
                seen.add(m)
                layers[level[m]].append(m)
                stack += [*reversed(start.above[m]), *reversed(start.below[m])]
    return layers


def _sweep(layers: list[list[int]], of: Layered, down: bool) -> None:
    """Put each layer in the order of the mean places of what its members are linked to, in the layer before."""
    joined = of.above if down else of.below
    numbers = range(1, len(layers)) if down else range(len(layers) - 2, -1, -1)
    for at in numbers:
        before = layers[at - 1 if down else at + 1]
        place = {m: i for i, m in enumerate(before)}
        mean: dict[int, float] = {}
        for i, m in enumerate(layers[at]):
            places = [place[n] for n in joined[m]]
            mean[m] = sum(places) / len(places) if places else i * len(before) / len(layers[at])
        layers[at].sort(key=mean.__getitem__)


def _exchange(layers: list[list[int]], of: Layered) -> None:
    """Exchange neighbours in a layer where that saves crossings, until none does."""
    place = {m: i for layer in layers for i, m in enumerate(layer)}
    better = True
    while better:
        better = False
        for layer in layers:
            for i in range(len(layer) - 1):
                a, b = layer[i], layer[i + 1]
                if _saved(a, b, of, place) > 0:
                    layer[i], layer[i + 1] = b, a
                    place[a], place[b] = i + 1, i
                    better = True


def _saved(a: int, b: int, of: Layered, place: dict[int, int]) -> int:
    """Return how many crossings it saves to have b before a: those there are less those there would be."""
    return sum(
        (place[m] > place[n]) - (place[m] < place[n]) for side in (of.above, of.below) for m in side[a] for n in side[b]
    )


def _total(layers: list[list[int]], of: Layered) -> int:
    """Return how many pairs of links cross."""
    found = 0
    for upper, lower in pairwise(layers):
        place = {m: i for i, m in enumerate(lower)}
        passed: list[int] = []
        for m in upper:
            places = sorted(place[n] for n in of.below[m])
            found += sum(len(passed) - bisect_left(passed, at + 1) for at in places)
            for at in places:
                insort(passed, at)
    return found
