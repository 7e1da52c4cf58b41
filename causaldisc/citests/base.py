"""What a conditional-independence test is: bound to data, then pure; it knows no alpha and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import neighbours
from causaldisc.options import Options


class Verdict(IntEnum):
    """Whether an answer is one. Only DECIDED and REDUNDANT answers may be taken for independence.

    The numbers are those that the kernels write, none of which writes UNTOLD.
    """

    DECIDED = 0
    INSUFFICIENT = 1  # too few rows for this test
    SINGULAR = 2  # x or y is an exact function of the conditioning set: the statistic is 0/0
    REDUNDANT = 3  # decided, but the conditioning set is linearly dependent in itself
    UNTOLD = 4  # own pasts may have hidden a drift (search/own_past.py)

    @property
    def is_decided(self) -> bool:
        return self in (Verdict.DECIDED, Verdict.REDUNDANT)


@dataclass(frozen=True)
class Answer:
    """The answer of one test of x independent of y given a set.

    `log_p` is the natural logarithm of the p-value (0 when undecided); `statistic` is the test's own;
    `df` its degrees of freedom (0 where it has none); `n` the number of rows used; `effect` its size, the partial
    correlation or the conditional mutual information in nats, as the test says (None where undecided or there is none).
    """

    log_p: float
    statistic: float
    df: float
    n: int
    verdict: Verdict
    effect: float | None = None

    @property
    def p_value(self) -> float:
        """The p-value in [0, 1]; 0.0 when it is below the smallest double, where `log_p` still ranks."""
        return math.exp(self.log_p)


@dataclass(frozen=True)
class Answers:
    """Answers of k tests as arrays of length k: log_p, statistic, df (float64), n (int64), verdict (uint8), effect
    (float64, NaN for none). See Answer."""

    log_p: NDArray[np.float64]
    statistic: NDArray[np.float64]
    df: NDArray[np.float64]
    n: NDArray[np.int64]
    verdict: NDArray[np.uint8]
    effect: NDArray[np.float64]

    @classmethod
    def empty(cls, k: int) -> Answers:
        """Return arrays for a kernel to fill; the effects are NaN."""
        n, verdict = np.zeros(k, np.int64), np.zeros(k, np.uint8)
        return cls(np.zeros(k), np.zeros(k), np.zeros(k), n, verdict, np.full(k, np.nan))

    def __len__(self) -> int:
        return len(self.log_p)

    def __getitem__(self, i: int) -> Answer:
        return Answer(
            float(self.log_p[i]),
            float(self.statistic[i]),
            float(self.df[i]),
            int(self.n[i]),
            Verdict(int(self.verdict[i])),
            None if math.isnan(self.effect[i]) else float(self.effect[i]),
        )

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Answers:
        """Return copies of some answers, chosen by mask or number."""
        return Answers(*(array[which] for array in self._arrays()))

    def put(self, where: NDArray[np.intp], answers: Answers) -> None:
        """Replace the answers of the given numbers."""
        for mine, other in zip(self._arrays(), answers._arrays(), strict=True):
            mine[where] = other

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return (self.log_p, self.statistic, self.df, self.n, self.verdict, self.effect)

    def part(self, start: int, stop: int) -> Answers:
        """Return the answers start..stop-1, sharing memory."""
        span = slice(start, stop)
        return Answers(*(array[span] for array in self._arrays()))

    @property
    def decided(self) -> NDArray[np.bool_]:
        """True where the answer is one; shape (k,)."""
        found: NDArray[np.bool_] = (self.verdict == Verdict.DECIDED) | (self.verdict == Verdict.REDUNDANT)
        return found


class CITest(Protocol):
    """A test bound to data. Variables are column numbers 0..variables-1; every call with equal arguments,
    and with x and y exchanged, gives equal bits."""

    @property
    def name(self) -> str: ...

    @property
    def variables(self) -> int: ...

    @property
    def options(self) -> Options: ...

    @property
    def deepest(self) -> int | None:
        """The largest conditioning set that the rows allow; None without such a limit."""

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        """Test x[i] against y[i] given the row given[i], for i in 0..k-1; `given` has shape (k, depth)."""
        ...


@dataclass(frozen=True)
class Around:
    """A test that asks another one, `inner`: what it does not say itself is as there."""

    inner: CITest

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def variables(self) -> int:
        return self.inner.variables

    @property
    def options(self) -> Options:
        return self.inner.options

    @property
    def deepest(self) -> int | None:
        return self.inner.deepest


@dataclass(frozen=True)
class Neighbours:
    """Numbers for each node: those of v are members[starts[v]:starts[v + 1]], in increasing order (int32)."""

    starts: NDArray[np.int32]
    members: NDArray[np.int32]

    def of(self, v: int) -> list[int]:
        found: list[int] = self.members[self.starts[v] : self.starts[v + 1]].tolist()
        return found

    @classmethod
    def build(cls, owners: NDArray[np.int32], members: NDArray[np.int32], count: int) -> Neighbours:
        """Return the members of owners 0..count-1, given as pairs in any order."""
        order = np.lexsort((members, owners))
        starts = np.zeros(count + 1, np.int32)
        np.cumsum(np.bincount(owners, minlength=count), out=starts[1:])
        return cls(starts, np.ascontiguousarray(members[order], np.int32))

    @classmethod
    def of_pairs(cls, pairs: NDArray[np.int32], count: int, forbidden: NDArray[np.bool_] | None = None) -> Neighbours:
        """Return the neighbours of each of `count` nodes, from pairs in increasing order; with `forbidden` only
        those that may cause it (forbidden[u, v] says that u may not cause v)."""
        starts, members = np.empty(count + 1, np.int32), np.empty(2 * len(pairs), np.int32)
        mask = None if forbidden is None else forbidden.view(np.uint8)
        filled = neighbours.of_pairs(pairs, mask, starts, members)
        return cls(starts, members[:filled])


@dataclass(frozen=True)
class Marginal:
    """What the tests without conditioning say of all pairs.

    `dependent` (bool, (p, p)): True above the diagonal where the pair is not separated; False on and below it.
    `insufficient`: the same shape, True where the rows did not suffice (such pairs are dependent too); None if nowhere.
    """

    dependent: NDArray[np.bool_]
    insufficient: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Found:
    """What the search of one depth found for k pairs.

    `separated` (bool, k): whether a set separates; `scores` (float64, k): those given or, where a set of this depth
    has a larger one, its own, for separated pairs that of the separating set; `improved` (bool, k): whether the score
    is of this depth; `sets` (int32, (k, depth)): the set it comes from; `tests`: the number of tests;
    `insufficient` (int64, k): how many of them had too few rows to decide, None if none.
    """

    separated: NDArray[np.bool_]
    scores: NDArray[np.float64]
    improved: NDArray[np.bool_]
    sets: NDArray[np.int32]
    tests: int
    insufficient: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Votes:
    """What all sets of one depth say of k pairs.

    `separating` (int64, k): how many separate; `members` (int64, one for each middle of each pair): how many of those
    hold it; `scores`, `improved`, `sets`: as in Found, of separating sets only; `tests`, `insufficient`: as there.
    """

    separating: NDArray[np.int64]
    members: NDArray[np.int64]
    scores: NDArray[np.float64]
    improved: NDArray[np.bool_]
    sets: NDArray[np.int32]
    tests: int
    insufficient: NDArray[np.int64] | None = None


class Watch:
    """A look into a long compiled computation, and a way to end it.

    Kernels use `threads` threads, work through the pairs in `order` (int32, or None for that in which they come),
    count in `done` (int64, one number a thread) the pairs they have finished, and return early, with results that
    nobody will read, soon after `stop` (int32, length 1) becomes 1.
    """

    def __init__(self, threads: int = 1, order: NDArray[np.int32] | None = None) -> None:
        self.threads = threads
        self.order = order
        self.done = np.zeros(threads, np.int64)
        self.stop = np.zeros(1, np.int32)


class SearchesDepths(CITest, Protocol):
    """A test with an engine of its own for whole depths of a search. Tests without one are asked set by set.

    A score ranks answers as their p-values do, whatever the depth; its scale is the test's own, -inf stands for no
    answer. `scores` are the largest so far of each pair. Results are the same for
    every number of threads and every order.
    """

    def seconds_per_test(self, depth: int) -> float:
        """Say roughly what one test of this depth costs, for deciding how to run the work."""
        ...

    def marginal(self, log_alpha: float, watch: Watch) -> Marginal:
        """Test all pairs without conditioning. The work is counted, and ordered, by first nodes."""
        ...

    def scores(self, pairs: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the scores of pairs without conditioning."""
        ...

    def search(
        self,
        pairs: NDArray[np.int32],
        causes: Neighbours,
        depth: int,
        log_alpha: float,
        scores: NDArray[np.float64],
        watch: Watch,
    ) -> Found:
        """Find, for each pair, the first set of `depth` possible causes of one end that separates."""
        ...

    def vote(
        self,
        pairs: NDArray[np.int32],
        causes: Neighbours,
        middles: Neighbours,
        depth: int,
        log_alpha: float,
        scores: NDArray[np.float64],
        watch: Watch,
    ) -> Votes:
        """Ask all sets of `depth` possible causes of either end, and count those that separate."""
        ...


def has_engine(test: CITest) -> TypeGuard[SearchesDepths]:
    """Tell whether a test searches depths itself."""
    return hasattr(test, "seconds_per_test")


def answer(test: CITest, x: int, y: int, given: Sequence[int] = ()) -> Answer:
    """Answer a single test."""
    sets = np.array(sorted(given), np.int32).reshape(1, -1)
    return test.answers(np.array([x], np.int32), np.array([y], np.int32), sets)[0]
