"""What a greedy search says of each pair: the comparison that spoke most against an edge, or least against none.

An edge stands against the deletions that its state allows; the one of the largest p-value is its evidence. A pair
without an edge stands against insertions; the separation given is that whose p-value is the smallest, the nearest to
an edge. So both are what the last state was judged by, not what was passed on the way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.search.comparison import ByTest
from causaldisc.search.greedy import Search
from causaldisc.search.operators import Kind, candidates, is_open
from causaldisc.search.partial_graph import Nodes, members
from causaldisc.search.separations import Separations
from causaldisc.search.skeleton import Skeleton, Weakest

Pair = tuple[int, int]


def skeleton_of(search: Search, comparison: ByTest) -> Skeleton:
    """Return the skeleton of a search's state with its evidence."""
    test = comparison.test
    pairs, _ = search.state.as_pairs()
    against = _judged(Kind.DELETE, search, comparison)
    asked = [against.get((u, v)) for u, v in pairs.tolist()]
    sizes = np.array([-1 if a is None else a[1].bit_count() for a in asked], np.int32)
    sets = np.zeros((len(pairs), max(sizes.max(initial=0), 0)), np.int32)
    for row, a in zip(sets, asked, strict=True):
        if a is not None:
            row[: a[1].bit_count()] = members(a[1])
    weakest = Weakest(np.array([-np.inf if a is None else a[0] for a in asked]), sizes, sets)
    found = Skeleton(test, pairs, weakest, Separations(test, np.zeros((test.variables,) * 2, np.bool_)))
    _add_separations(found, {pair: given for pair, (_, given) in _judged(Kind.INSERT, search, comparison).items()})
    found.undecided = comparison.undecided
    found.tests_by_depth = np.bincount([q[2].bit_count() for q in comparison.known], minlength=1).tolist()
    return found


def _judged(kind: Kind, search: Search, comparison: ByTest) -> dict[Pair, tuple[float, Nodes]]:
    """Return, for each pair with a possible move that was decided, log p and the set of the one that came nearest to
    being made."""
    state, found = search.state, dict[Pair, tuple[float, Nodes]]()
    nearest = 1 if kind is Kind.DELETE else -1
    for x in range(len(state)):
        for y in range(len(state)):
            for move in candidates(kind, state, x, y, search.most, search.knowledge) if x != y else ():
                given = move.without if kind is Kind.DELETE else move.with_
                assert given is not None
                pair = min(x, y), max(x, y)
                answer = comparison.known.get((*pair, given))  # none where time was up
                if answer is None or answer.gain is None or not is_open(move, state):
                    continue
                if pair not in found or nearest * answer.log_p > nearest * found[pair][0]:
                    found[pair] = answer.log_p, given
    return found


def _add_separations(found: Skeleton, sets: dict[Pair, Nodes]) -> None:
    by_size: dict[int, list[Pair]] = {}
    for pair, given in sorted(sets.items()):
        by_size.setdefault(given.bit_count(), []).append(pair)
    for size, pairs in sorted(by_size.items()):
        rows: NDArray[np.int32] = np.array([members(sets[pair]) for pair in pairs], np.int32).reshape(len(pairs), size)
        found.separations.add(np.array(pairs, np.int32), rows)
