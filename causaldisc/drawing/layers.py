"""Layers of a drawing: every node on a level, causes above effects wherever no cycle forbids it.

The first two steps of K. Sugiyama, S. Tagawa, M. Toda, IEEE Trans. SMC 11 (1981). Nodes are put in a line by the greedy
rule of P. Eades, X. Lin, W. F. Smyth (Information Processing Letters 47, 1993), which leaves few arrows pointing back;
edges without a direction then follow the line. Levels keep the edges short by moving one node at a time, the sum that
E. R. Gansner et al. (IEEE Trans. Software Engineering 19, 1993, section 2) minimise by a simplex.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from heapq import heapify, heappop, heappush

Arc = tuple[int, int]
MOST_SWEEPS = 20


def in_line(count: int, arrows: Collection[Arc], others: Collection[Arc]) -> list[int]:
    """Return the nodes 0..count-1 in an order that few arrows point against.

    Of those that could come next, one with many `others` (edges without a direction) to earlier nodes does.
    """
    into, out = _ends(count, arrows)
    beside: list[set[int]] = [set() for _ in range(count)]
    for u, v in others:
        beside[u].add(v)
        beside[v].add(u)
    degree = [len(into[v]) + len(out[v]) + len(beside[v]) for v in range(count)]
    met = [0] * count
    left = dict.fromkeys(range(count))
    ready = [(0, -degree[v], v) for v in left if not into[v]]
    heapify(ready)
    line: list[int] = []
    while left:
        if ready:
            _, _, chosen = heappop(ready)
            if chosen not in left:
                continue
        else:
            chosen = max(left, key=lambda v: (len(out[v]) - len(into[v]), met[v], -v))
        del left[chosen]
        line.append(chosen)
        for v in into[chosen]:
            out[v].discard(chosen)
        for v in beside[chosen]:
            met[v] += 1
        for v in out[chosen]:
            into[v].discard(chosen)
        for v in out[chosen] | beside[chosen]:
            if v in left and not into[v]:
                heappush(ready, (-met[v], -degree[v], v))
    return line


def downwards(line: Sequence[int], arcs: Collection[Arc]) -> list[Arc]:
    """Return the arcs, each from the end that is earlier in the line, without repetitions."""
    place = {v: i for i, v in enumerate(line)}
    return sorted({(u, v) if place[u] < place[v] else (v, u) for u, v in arcs})


def levels(line: Sequence[int], arcs: Collection[Arc]) -> list[int]:
    """Return the level of each node, 0 at the top: arcs, all along the line, go down by one or more, and are short."""
    count = len(line)
    into, out = _ends(count, arcs)
    level = [0] * count
    for v in line:
        level[v] = max((level[u] + 1 for u in into[v]), default=0)
    crowd = [0] * (max(level, default=0) + 1)
    for at in level:
        crowd[at] += 1
    for sweep in range(MOST_SWEEPS):
        moved = False
        for v in line if sweep % 2 else reversed(line):
            wanted = _best(v, into, out, level, crowd)
            moved |= wanted != level[v]
            crowd[level[v]] -= 1
            level[v] = wanted
            crowd[wanted] += 1
        if not moved:
            break
    used = {at: i for i, at in enumerate(sorted(set(level)))}
    return [used[at] for at in level]


def narrowed(level: Sequence[int], arcs: Collection[Arc], most: int) -> list[int]:
    """Return levels of at most so many nodes: one with more is split, its ends of arcs above, its starts below."""
    surplus = [0] * len(level)
    for u, v in arcs:
        surplus[u] += 1
        surplus[v] -= 1
    there: list[list[int]] = [[] for _ in range(max(level, default=-1) + 1)]
    for v in sorted(range(len(level)), key=lambda v: (surplus[v], v)):
        there[level[v]].append(v)
    split, first = [0] * len(level), 0
    for members in there:
        parts = -(-len(members) // most)
        for i, v in enumerate(members):
            split[v] = first + i * parts // len(members)
        first += parts
    return split


def _best(v: int, into: list[set[int]], out: list[set[int]], level: list[int], crowd: list[int]) -> int:
    """Return the level that makes the arcs of v shortest; where several do, the emptiest."""
    highest = max((level[u] + 1 for u in into[v]), default=0 if not out[v] else min(level[w] for w in out[v]) - 1)
    lowest = min((level[w] - 1 for w in out[v]), default=highest if into[v] else level[v])
    highest = max(highest, 0)
    if len(out[v]) > len(into[v]):
        return lowest
    if len(into[v]) > len(out[v]):
        return highest
    return min(range(highest, lowest + 1), key=lambda at: (crowd[at] - (at == level[v]), abs(at - level[v])))


def _ends(count: int, arcs: Collection[Arc]) -> tuple[list[set[int]], list[set[int]]]:
    """Return where the arcs of each node come from, and where they go."""
    into: list[set[int]] = [set() for _ in range(count)]
    out: list[set[int]] = [set() for _ in range(count)]
    for u, v in arcs:
        into[v].add(u)
        out[u].add(v)
    return into, out
