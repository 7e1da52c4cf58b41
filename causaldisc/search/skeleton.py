"""The PC-stable skeleton: remove an edge when some set of neighbours separates its ends.

P. Spirtes, C. Glymour, R. Scheines, "Causation, Prediction, and Search", 2nd ed. (2000), section 5.4.2;
D. Colombo, M. Maathuis, "Order-independent constraint-based causal structure learning", JMLR 15 (2014),
Algorithm 4.1: the neighbours are frozen while a depth is worked through, so its outcome has no order.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answers, CITest, Neighbours
from causaldisc.context import Context, OutOfTime
from causaldisc.distinct import distinct
from causaldisc.errors import ComputationError
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search import depths
from causaldisc.search import pairs as pairs_of
from causaldisc.search.separations import Separations
from causaldisc.search.undecided import Undecided


@dataclass
class Weakest:
    """What speaks most against each edge: the set with the largest score among its tests.

    `scores` (float64, k), -inf where no test decided; `sizes` (int32, k) of the sets, -1 where the pair was not tested;
    `sets` (int32, (k, largest size)): their members, in the first `sizes` places.
    """

    scores: NDArray[np.float64]
    sizes: NDArray[np.int32]
    sets: NDArray[np.int32]

    def keep(self, which: NDArray[np.intp]) -> None:
        self.scores, self.sizes, self.sets = self.scores[which], self.sizes[which], self.sets.take(which, axis=0)

    def put(self, where: NDArray[np.intp], scores: NDArray[np.float64], sets: NDArray[np.int32]) -> None:
        """Replace those of the numbers `where`, by sets of a size not smaller than any before."""
        size = sets.shape[1]
        if size > self.sets.shape[1]:
            wider = np.zeros((len(self.sets), size), np.int32)
            wider[:, : self.sets.shape[1]] = self.sets
            self.sets = wider
        self.scores[where], self.sizes[where], self.sets[where] = scores, size, sets


@dataclass
class Skeleton:
    """Which pairs are adjacent, and the evidence.

    `pairs` (int32, (k, 2)): x < y, in increasing order. `collider_tests` counts the tests asked again to judge
    colliders. `unfinished`: where the time limit ended the search, what was left undone, as a sentence.
    """

    test: CITest
    pairs: NDArray[np.int32]
    weakest: Weakest
    separations: Separations
    tests_by_depth: list[int] = field(default_factory=list)
    collider_tests: int = 0
    undecided: Undecided = field(default_factory=Undecided)
    unfinished: str | None = None

    @property
    def variables(self) -> int:
        return self.test.variables

    def neighbours(self, knowledge: BoundKnowledge | None = None) -> Neighbours:
        """Return the neighbours of each node; with knowledge, only those that may cause it."""
        forbidden = knowledge.forbidden if knowledge is not None and knowledge.prohibits else None
        return Neighbours.of_pairs(self.pairs, self.variables, forbidden)

    def largest_neighbourhood(self) -> int:
        return int(np.bincount(self.pairs.ravel(), minlength=1).max()) if len(self.pairs) else 0

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Remove the pairs that are not marked."""
        # Rows are taken by number: by mask they take twenty times as long.
        kept = which.nonzero()[0]
        self.pairs = self.pairs.take(kept, axis=0)
        self.weakest.keep(kept)
        self.__dict__.pop("answers", None)

    @cached_property
    def answers(self) -> Answers:
        """For each pair the decided answer with the largest p-value (log_p -inf where none decided)."""
        found = Answers.empty(len(self.pairs))
        found.log_p[:] = -np.inf
        for size in distinct(self.weakest.sizes[self.weakest.sizes >= 0]).tolist():
            where = np.flatnonzero((self.weakest.sizes == size) & (self.weakest.scores > -np.inf))
            ends = np.ascontiguousarray(self.pairs[where].T)
            sets = np.ascontiguousarray(self.weakest.sets[where, :size])
            found.put(where, self.test.answers(ends[0], ends[1], sets))
        return found


def learn(test: CITest, alpha: float, max_depth: int | None, knowledge: BoundKnowledge, context: Context) -> Skeleton:
    """Return the skeleton: the complete graph less the pairs that knowledge forbids or some test separates.

    Independence is p > alpha. A required edge is never tested. The first separating set ends the search for a
    pair; sets are tried by size, those of x's possible causes before those of y's, in order of the columns. When
    the context's time is up, the depths that are finished count: the skeleton is that of a smaller `max_depth`.
    Raises ComputationError when not even depth 0 was finished.
    """
    log_alpha = math.log(alpha)
    skeleton = _marginal(test, log_alpha, knowledge, context)
    depth = 1
    while depth <= depths.deepest(test, max_depth) and skeleton.largest_neighbourhood() > depth:
        started = time.monotonic()
        try:
            _work_through(test, skeleton, depth, log_alpha, knowledge, context)
        except OutOfTime as end:
            skeleton.unfinished = _what_is_left(depth, end.share, time.monotonic() - started)
            break
        depth += 1
    return skeleton


def _what_is_left(depth: int, share: float, seconds: float) -> str:
    done = f"{100 * share:.0f}% of depth {depth} was done"
    if share > 0:
        done += f", about {seconds * (1 - share) / share:,.0f} more seconds were needed for that depth"
    return f"time was up: {done}; the skeleton is that of --max-depth {depth - 1}"


def _marginal(test: CITest, log_alpha: float, knowledge: BoundKnowledge, context: Context) -> Skeleton:
    """Work through depth 0: all pairs at once."""
    p, untested = test.variables, _untested(knowledge)
    tests = p * (p - 1) // 2 - (0 if untested is None else int(np.count_nonzero(untested)))
    undecided = Undecided()
    try:
        separated, scores_of = depths.marginal(test, untested, log_alpha, undecided, context)
    except OutOfTime:
        raise ComputationError(
            "time was up before all pairs were tested once; give it more, or fewer columns"
        ) from None
    pairs = pairs_of.unmarked(separated, context.threads)
    if knowledge.prohibits:
        x, y = pairs.T
        pairs = pairs[~(knowledge.forbidden[x, y] & knowledge.forbidden[y, x])]
    sizes, scores = np.zeros(len(pairs), np.int32), scores_of(pairs)
    if untested is not None:
        required = untested[pairs[:, 0], pairs[:, 1]]
        sizes[required], scores[required] = -1, -np.inf
    weakest = Weakest(scores, sizes, np.empty((len(pairs), 0), np.int32))
    return Skeleton(test, pairs, weakest, Separations(test, separated), [tests], undecided=undecided)


def _untested(knowledge: BoundKnowledge) -> NDArray[np.bool_] | None:
    """Return the mask, above the diagonal, of pairs that knowledge decides alone; None where there are none."""
    if not knowledge.prohibits and not knowledge.required:
        return None
    decided: NDArray[np.bool_] = knowledge.forbidden & knowledge.forbidden.T
    for u, v in knowledge.required:
        decided[u, v] = decided[v, u] = True
    return np.triu(decided, 1)


def _work_through(
    test: CITest, skeleton: Skeleton, depth: int, log_alpha: float, knowledge: BoundKnowledge, context: Context
) -> None:
    """Try all sets of one size, then remove what they separate."""
    pairs, scores = skeleton.pairs, skeleton.weakest.scores
    testable: NDArray[np.intp] | None = None  # all
    if knowledge.required:
        testable = (skeleton.weakest.sizes >= 0).nonzero()[0]
        pairs, scores = pairs.take(testable, axis=0), scores.take(testable)
    causes = skeleton.neighbours(knowledge)
    found = depths.search(test, pairs, causes, depth, log_alpha, scores, skeleton.undecided, context)
    skeleton.tests_by_depth.append(found.tests)
    separated, news = found.separated.nonzero()[0], found.improved.nonzero()[0]
    skeleton.separations.add(pairs.take(separated, axis=0), found.sets.take(separated, axis=0))
    places = news if testable is None else testable.take(news)
    skeleton.weakest.put(places, found.scores.take(news), found.sets.take(news, axis=0))
    goes = found.separated
    if testable is not None:
        goes = np.zeros(len(skeleton.pairs), np.bool_)
        goes[testable.take(separated)] = True
    skeleton.keep(np.logical_not(goes))
