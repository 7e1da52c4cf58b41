"""The PC-stable skeleton: remove an edge when some set of neighbours separates its ends.

P. Spirtes, C. Glymour, R. Scheines, "Causation, Prediction, and Search", 2nd ed. (2000), section 5.4.2;
D. Colombo, M. Maathuis, "Order-independent constraint-based causal structure learning", JMLR 15 (2014),
Algorithm 4.1: the neighbours are frozen while a depth is worked through, so its outcome has no order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answer, Answers, CITest, Verdict
from causaldisc.context import Context
from causaldisc.knowledge import BoundKnowledge

Pair = tuple[int, int]
# Few tests at first, since most removed edges go early; then enough to hide the cost of a call.
FIRST_CHUNK, LARGEST_CHUNK = 8, 4096
PAIRS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Separated:
    """A set that separates a pair, with the answer that says so."""

    given: tuple[int, ...]
    answer: Answer


@dataclass
class Skeleton:
    """Which pairs are adjacent, and the evidence; pairs are (x, y) with x < y.

    `weakest` holds, for each pair, the decided answer with the largest p-value among its tests: what speaks
    most against the edge. `undecided` counts tests without a plain answer, `examples` holds the first of each
    sort as (x, y, given). `collider_tests` counts those asked again to judge colliders.
    """

    adjacent: list[set[int]]
    separations: dict[Pair, Separated] = field(default_factory=dict)
    weakest: dict[Pair, Answer] = field(default_factory=dict)
    tests_by_depth: list[int] = field(default_factory=list)
    collider_tests: int = 0
    undecided: dict[Verdict, int] = field(default_factory=dict)
    examples: dict[Verdict, tuple[int, int, tuple[int, ...]]] = field(default_factory=dict)

    def pairs(self) -> list[Pair]:
        """Return the adjacent pairs in order."""
        return [(x, y) for x, around in enumerate(self.adjacent) for y in sorted(around) if x < y]

    @property
    def depth(self) -> int:
        """The largest size of conditioning set that was tried."""
        return len(self.tests_by_depth) - 1

    def record(self, x: int, y: int, sets: NDArray[np.int32], answers: Answers) -> None:
        """Count the tests of a pair and keep the weakest."""
        depth = sets.shape[1]
        self.tests_by_depth += [0] * (depth + 1 - len(self.tests_by_depth))
        self.tests_by_depth[depth] += len(answers)
        if answers.verdict.any():
            self.note_undecided(x, y, sets, answers)
        log_p = np.where(answers.decided, answers.log_p, -np.inf)
        best = int(log_p.argmax())
        if log_p[best] > -np.inf and ((x, y) not in self.weakest or log_p[best] > self.weakest[x, y].log_p):
            self.weakest[x, y] = answers[best]

    def note_undecided(self, x: int, y: int, sets: NDArray[np.int32], answers: Answers) -> None:
        """Count the answers that are not plainly decided, and keep the first example of each sort."""
        for verdict in map(Verdict, np.unique(answers.verdict[answers.verdict != Verdict.DECIDED])):
            where = np.flatnonzero(answers.verdict == verdict)
            self.undecided[verdict] = self.undecided.get(verdict, 0) + len(where)
            self.examples.setdefault(verdict, (x, y, tuple(map(int, sets[where[0]]))))


def learn(test: CITest, alpha: float, max_depth: int | None, knowledge: BoundKnowledge, context: Context) -> Skeleton:
    """Return the skeleton: the complete graph less the pairs that knowledge forbids or some test separates.

    Independence is p > alpha. A required edge is never tested. The first separating set ends the search for a
    pair; sets are tried by size, those of x's neighbours before those of y's, in order of the columns.
    """
    p = test.variables
    skeleton = Skeleton([{y for y in range(p) if y != x and knowledge.allows_pair(x, y)} for x in range(p)])
    log_alpha = math.log(alpha)
    _marginal(test, log_alpha, skeleton, knowledge, context)
    depth = 1
    while (max_depth is None or depth <= max_depth) and any(len(a) > depth for a in skeleton.adjacent):
        frozen = [sorted(around) for around in skeleton.adjacent]
        pairs = [pair for pair in skeleton.pairs() if not knowledge.requires_pair(*pair)]
        for done, (x, y) in enumerate(pairs):
            context.progress(done, len(pairs), f"depth {depth}")
            sets = candidates(x, y, frozen, depth, knowledge)
            found = _first_separation(test, x, y, sets, depth, log_alpha, skeleton)
            if found:
                _separate(skeleton, x, y, found)
        depth += 1
    return skeleton


def _separate(skeleton: Skeleton, x: int, y: int, found: Separated) -> None:
    skeleton.adjacent[x].discard(y)
    skeleton.adjacent[y].discard(x)
    skeleton.separations[x, y] = found


def _marginal(test: CITest, log_alpha: float, skeleton: Skeleton, knowledge: BoundKnowledge, context: Context) -> None:
    """Work through depth 0, many pairs in one call."""
    pairs = np.array([q for q in skeleton.pairs() if not knowledge.requires_pair(*q)], np.int32).reshape(-1, 2)
    skeleton.tests_by_depth.append(0)
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        context.progress(start, len(pairs), "depth 0")
        part = pairs[start : start + PAIRS_AT_ONCE]
        x, y = np.ascontiguousarray(part.T)
        empty = np.empty((len(part), 0), np.int32)
        answers = test.answers(x, y, empty)
        skeleton.tests_by_depth[0] += len(part)
        decided = answers.decided
        independent = decided & (answers.log_p > log_alpha)
        for i, (u, v) in enumerate(part.tolist()):
            if independent[i]:
                _separate(skeleton, u, v, Separated((), answers[i]))
            elif decided[i]:
                skeleton.weakest[u, v] = answers[i]
        for i in np.flatnonzero(answers.verdict != Verdict.DECIDED).tolist():
            skeleton.note_undecided(int(x[i]), int(y[i]), empty[:1], answers.part(i, i + 1))


def candidates(
    x: int, y: int, adjacent: Sequence[Sequence[int]], depth: int, knowledge: BoundKnowledge
) -> Iterator[tuple[int, ...]]:
    """Yield the sets of `depth` neighbours of x, then those of y not yet tried, without x and y.

    Only a variable that may cause x (or y) is taken: the parents of one end separate any non-adjacent pair.
    """
    of_x = [z for z in adjacent[x] if z != y and knowledge.may_cause(z, x)]
    of_y = [z for z in adjacent[y] if z != x and knowledge.may_cause(z, y)]
    yield from combinations(of_x, depth)
    tried = set(of_x)
    yield from (s for s in combinations(of_y, depth) if not tried.issuperset(s))


def chunks(sets: Iterator[tuple[int, ...]], depth: int) -> Iterator[NDArray[np.int32]]:
    """Yield the sets as arrays of shape (k, depth), k growing."""
    size = FIRST_CHUNK
    while part := list(islice(sets, size)):
        yield np.array(part, np.int32).reshape(len(part), depth)
        size = min(4 * size, LARGEST_CHUNK)


def ask(test: CITest, x: int, y: int, sets: NDArray[np.int32]) -> Answers:
    """Test one pair given each of several sets."""
    return test.answers(np.full(len(sets), x, np.int32), np.full(len(sets), y, np.int32), sets)


def _first_separation(
    test: CITest,
    x: int,
    y: int,
    candidates: Iterator[tuple[int, ...]],
    depth: int,
    log_alpha: float,
    skeleton: Skeleton,
) -> Separated | None:
    for sets in chunks(candidates, depth):
        answers = ask(test, x, y, sets)
        hits = np.flatnonzero(answers.decided & (answers.log_p > log_alpha))
        used = int(hits[0]) + 1 if len(hits) else len(sets)
        skeleton.record(x, y, sets[:used], answers.part(0, used))
        if len(hits):
            return Separated(tuple(map(int, sets[used - 1])), answers[used - 1])
    return None
