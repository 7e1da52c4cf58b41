"""The PC-stable skeleton: remove an edge when some set of neighbours separates its ends.

P. Spirtes, C. Glymour, R. Scheines, "Causation, Prediction, and Search", 2nd ed. (2000), section 5.4.2;
D. Colombo, M. Maathuis, "Order-independent constraint-based causal structure learning", JMLR 15 (2014),
Algorithm 4.1: the neighbours are frozen while a depth is worked through, so its outcome has no order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answer, Answers, CITest, Neighbours
from causaldisc.context import Context
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search import depths
from causaldisc.search.depths import Undecided

Pair = tuple[int, int]
PAIRS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Separated:
    """A set that separates a pair, with the answer that says so."""

    given: tuple[int, ...]
    answer: Answer


@dataclass
class Separations:
    """The separating sets of all removed pairs, as arrays a depth: pairs (k, 2), sets (k, depth), answers."""

    variables: int
    parts: list[tuple[NDArray[np.int32], NDArray[np.int32], Answers]] = field(default_factory=list)

    def add(self, pairs: NDArray[np.int32], sets: NDArray[np.int32], answers: Answers) -> None:
        """Append pairs in increasing order."""
        if len(pairs):
            self.parts.append((pairs, sets, answers))

    def __len__(self) -> int:
        return sum(len(pairs) for pairs, _, _ in self.parts)

    def __iter__(self) -> Iterator[tuple[Pair, Separated]]:
        """Yield pairs with their sets, in increasing order of the pairs."""
        for part, i in self._order():
            x, y = self.parts[part][0][i].tolist()
            yield (x, y), self._at(part, i)

    def rows(self) -> Iterator[tuple[int, int, list[int], float, int]]:
        """Yield x, y, the set, log p and rows used, in increasing order of the pairs; for millions of them."""
        parts = [(p.tolist(), s.tolist(), a.log_p.tolist(), a.n.tolist()) for p, s, a in self.parts]
        for part, i in self._order():
            pairs, sets, log_p, n = parts[part]
            yield pairs[i][0], pairs[i][1], sets[i], log_p[i], n[i]

    def _order(self) -> Iterator[tuple[int, int]]:
        """Yield the part and place of each pair, in increasing order of the pairs."""
        if not self.parts:
            return iter(())
        sizes = [len(keys) for keys in self._all_keys]
        order = np.argsort(np.concatenate(self._all_keys), kind="stable")
        part = np.repeat(np.arange(len(sizes)), sizes)[order]
        place = np.concatenate([np.arange(size) for size in sizes])[order]
        return zip(part.tolist(), place.tolist(), strict=True)

    def find(self, x: int, y: int) -> Separated | None:
        """Return what separates x < y, or None if nothing did."""
        key = x * self.variables + y
        for part, keys in enumerate(self._all_keys):
            i = int(np.searchsorted(keys, key))
            if i < len(keys) and keys[i] == key:
                return self._at(part, i)
        return None

    def of_triples(self, triples: NDArray[np.int32]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return, for triples (a, c, b) with a < b as rows, whether c is in the set that separated a and b, and the
        log p of that separation (-inf, and not inside, for pairs that nothing separated)."""
        inside, log_p = np.zeros(len(triples), np.bool_), np.full(len(triples), -np.inf)
        sought = self._keys(np.ascontiguousarray(triples[:, [0, 2]]))
        for (_, sets, answers), keys in zip(self.parts, self._all_keys, strict=True):
            place = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
            here = keys[place] == sought
            log_p[here] = answers.log_p[place[here]]
            inside[here] = (sets[place[here]] == triples[here, 1, None]).any(axis=1)
        return inside, log_p

    def _at(self, part: int, i: int) -> Separated:
        _, sets, answers = self.parts[part]
        return Separated(tuple(sets[i].tolist()), answers[i])

    @cached_property
    def _all_keys(self) -> list[NDArray[np.int64]]:
        return [self._keys(pairs) for pairs, _, _ in self.parts]

    def _keys(self, pairs: NDArray[np.int32]) -> NDArray[np.int64]:
        return pairs[:, 0].astype(np.int64) * self.variables + pairs[:, 1]


@dataclass
class Skeleton:
    """Which pairs are adjacent, and the evidence.

    `pairs` (int32, (k, 2)): x < y, in increasing order; `weakest`: for each, the decided answer with the largest
    p-value among its tests, what speaks most against the edge (log_p -inf where none was decided).
    `collider_tests` counts the tests asked again to judge colliders.
    """

    variables: int
    pairs: NDArray[np.int32]
    weakest: Answers
    separations: Separations
    tests_by_depth: list[int] = field(default_factory=list)
    collider_tests: int = 0
    undecided: Undecided = field(default_factory=Undecided)

    def neighbours(self, knowledge: BoundKnowledge | None = None) -> Neighbours:
        """Return the neighbours of each node; with knowledge, only those that may cause it."""
        owners = np.concatenate([self.pairs[:, 0], self.pairs[:, 1]])
        members = np.concatenate([self.pairs[:, 1], self.pairs[:, 0]])
        if knowledge is not None:
            allowed = ~knowledge.forbidden[members, owners]
            owners, members = owners[allowed], members[allowed]
        return Neighbours.build(owners, members, self.variables)

    def largest_neighbourhood(self) -> int:
        return int(np.bincount(self.pairs.ravel(), minlength=1).max()) if len(self.pairs) else 0

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Remove the pairs that are not marked."""
        self.pairs = np.ascontiguousarray(self.pairs[which])
        self.weakest = self.weakest.take(which)


def learn(test: CITest, alpha: float, max_depth: int | None, knowledge: BoundKnowledge, context: Context) -> Skeleton:
    """Return the skeleton: the complete graph less the pairs that knowledge forbids or some test separates.

    Independence is p > alpha. A required edge is never tested. The first separating set ends the search for a
    pair; sets are tried by size, those of x's possible causes before those of y's, in order of the columns.
    """
    log_alpha = math.log(alpha)
    skeleton = _marginal(test, log_alpha, knowledge, context)
    depth = 1
    while depth <= depths.deepest(test, max_depth) and skeleton.largest_neighbourhood() > depth:
        _work_through(test, skeleton, depth, log_alpha, knowledge, context)
        depth += 1
    return skeleton


def _marginal(test: CITest, log_alpha: float, knowledge: BoundKnowledge, context: Context) -> Skeleton:
    """Work through depth 0, many pairs in one call."""
    p = test.variables
    x, y = np.triu_indices(p, 1)
    allowed = ~(knowledge.forbidden[x, y] & knowledge.forbidden[y, x])
    pairs = np.column_stack([x[allowed], y[allowed]]).astype(np.int32)
    weakest = Answers.empty(len(pairs))
    weakest.log_p[:] = -np.inf
    skeleton = Skeleton(p, pairs, weakest, Separations(p))
    testable = np.flatnonzero(~knowledge.required_among(pairs))
    empty = np.empty((len(testable), 0), np.int32)
    for start in range(0, len(testable), PAIRS_AT_ONCE):
        context.progress(start, len(testable), "depth 0")
        some = testable[start : start + PAIRS_AT_ONCE]
        ends = np.ascontiguousarray(pairs[some].T)
        answers = test.answers(ends[0], ends[1], empty[: len(some)])
        for i in np.flatnonzero(answers.verdict != 0).tolist():
            skeleton.undecided.note(int(ends[0, i]), int(ends[1, i]), empty[:1], answers.part(i, i + 1))
        answers.log_p[~answers.decided] = -np.inf
        weakest.put(some, answers)
    skeleton.tests_by_depth.append(len(testable))
    separated = weakest.log_p > log_alpha
    skeleton.separations.add(pairs[separated], empty[: int(separated.sum())], weakest.take(separated))
    skeleton.keep(~separated)
    return skeleton


def _work_through(
    test: CITest, skeleton: Skeleton, depth: int, log_alpha: float, knowledge: BoundKnowledge, context: Context
) -> None:
    """Try all sets of one size, then remove what they separate."""
    testable = np.flatnonzero(~knowledge.required_among(skeleton.pairs))
    pairs = np.ascontiguousarray(skeleton.pairs[testable])
    causes = skeleton.neighbours(knowledge)
    weakest = skeleton.weakest.take(testable)
    found = depths.search(test, pairs, causes, depth, log_alpha, weakest, skeleton.undecided, context)
    skeleton.tests_by_depth.append(found.tests)
    news = np.flatnonzero(found.separated | found.improved)
    sets = np.ascontiguousarray(found.sets[news])
    ends = np.ascontiguousarray(pairs[news].T)
    answers = test.answers(ends[0], ends[1], sets)
    skeleton.weakest.put(testable[news], answers)
    gone = found.separated[news]
    skeleton.separations.add(pairs[news[gone]], sets[gone], answers.take(gone))
    stays = np.ones(len(skeleton.pairs), np.bool_)
    stays[testable[found.separated]] = False
    skeleton.keep(stays)
