"""Where the members of ordered layers stand from left to right: edges as upright as they can be, nothing overlapping.

Minimised is the sum of the horizontal lengths of the links, heavier for way points so that long edges run straight
(weights 1, 2, 8 of Gansner et al. 1993, section 4), by reweighted least squares: one layer at a time, given the others,
which is a regression under order constraints (R. E. Barlow et al., "Statistical inference under order restrictions",
1972, pool adjacent violators).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from causaldisc.drawing.crossings import Layered

REWEIGHTINGS, SWEEPS = 10, 6
NEAR = 2.0  # lengths below this count as none
HOLD = 1e-3  # how much a member without links keeps its place


def across(layered: Layered, nodes: int, room: Sequence[float]) -> list[float]:
    """Return the middle of each member; the first `nodes` are nodes, and each has `room` to itself."""
    middles = [0.0] * len(room)
    apart: list[list[float]] = []
    for layer in layered.layers:
        steps = [(room[a] + room[b]) / 2 for a, b in pairwise(layer)]
        apart.append([0.0, *steps])
        at = -sum(steps) / 2
        for m, step in zip(layer, apart[-1]):
            at += step
            middles[m] = at
    weights = {
        (a, b): (1.0, 2.0, 8.0)[(a >= nodes) + (b >= nodes)] for chain in layered.chains for a, b in pairwise(chain)
    }
    for _ in range(REWEIGHTINGS):
        pulls = _pulls(middles, weights)
        for _ in range(SWEEPS):
            for number in [*range(len(layered.layers)), *range(len(layered.layers) - 2, 0, -1)]:
                _settle(layered.layers[number], apart[number], middles, pulls)
    left = min((m - w / 2 for m, w in zip(middles, room)), default=0.0)
    return [m - left for m in middles]


def _pulls(middles: list[float], weights: dict[tuple[int, int], float]) -> list[list[tuple[int, float]]]:
    """Return what pulls each member, and how much: least squares with these are near least lengths."""
    pulls: list[list[tuple[int, float]]] = [[] for _ in middles]
    for (a, b), weight in weights.items():
        pull = weight / max(abs(middles[a] - middles[b]), NEAR)
        pulls[a].append((b, pull))
        pulls[b].append((a, pull))
    return pulls


def _settle(layer: list[int], apart: list[float], middles: list[float], pulls: list[list[tuple[int, float]]]) -> None:
    """Move a layer to the best places, given the other layers."""
    blocks: list[tuple[float, float, int]] = []  # wanted place less what stands before it, weight, members
    offset = 0.0
    for m, step in zip(layer, apart):
        offset += step
        weight = HOLD + sum(pull for _, pull in pulls[m])
        wanted = (HOLD * middles[m] + sum(pull * middles[n] for n, pull in pulls[m])) / weight - offset
        block = (wanted, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            place, heavy, count = blocks.pop()
            total = heavy + block[1]
            block = ((place * heavy + block[0] * block[1]) / total, total, count + block[2])
        blocks.append(block)
    offset, at = 0.0, iter(zip(layer, apart))
    for place, _, count in blocks:
        for _ in range(count):
            m, step = next(at)
            offset += step
            middles[m] = place + offset
