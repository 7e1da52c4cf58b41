"""What a conditional-independence test is: bound to data, then pure; it knows no alpha and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from causaldisc.options import Options


class Verdict(IntEnum):
    """Whether an answer is one. Only DECIDED and REDUNDANT answers may be taken for independence.

    The numbers are those that the kernels write.
    """

    DECIDED = 0
    INSUFFICIENT = 1  # too few rows for this test
    SINGULAR = 2  # x or y is an exact function of the conditioning set: the statistic is 0/0
    REDUNDANT = 3  # decided, but the conditioning set is linearly dependent in itself

    @property
    def is_decided(self) -> bool:
        return self in (Verdict.DECIDED, Verdict.REDUNDANT)


@dataclass(frozen=True)
class Answer:
    """The answer of one test of x independent of y given a set.

    `log_p` is the natural logarithm of the p-value (0 when undecided); `statistic` is the test's own;
    `df` its degrees of freedom (0 where it has none); `n` the number of rows used.
    """

    log_p: float
    statistic: float
    df: float
    n: int
    verdict: Verdict

    @property
    def p_value(self) -> float:
        """The p-value in [0, 1]; 0.0 when it is below the smallest double, where `log_p` still ranks."""
        return math.exp(self.log_p)


@dataclass(frozen=True)
class Answers:
    """Answers of k tests as arrays of length k: log_p, statistic, df (float64), n (int64), verdict (uint8)."""

    log_p: NDArray[np.float64]
    statistic: NDArray[np.float64]
    df: NDArray[np.float64]
    n: NDArray[np.int64]
    verdict: NDArray[np.uint8]

    @classmethod
    def empty(cls, k: int) -> Answers:
        """Return arrays for a kernel to fill."""
        return cls(np.zeros(k), np.zeros(k), np.zeros(k), np.zeros(k, np.int64), np.zeros(k, np.uint8))

    def __len__(self) -> int:
        return len(self.log_p)

    def __getitem__(self, i: int) -> Answer:
        return Answer(
            float(self.log_p[i]),
            float(self.statistic[i]),
            float(self.df[i]),
            int(self.n[i]),
            Verdict(int(self.verdict[i])),
        )

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Answers:
        """Return copies of some answers, chosen by mask or number."""
        return Answers(self.log_p[which], self.statistic[which], self.df[which], self.n[which], self.verdict[which])

    def put(self, where: NDArray[np.intp], answers: Answers) -> None:
        """Replace the answers of the given numbers."""
        for mine, other in zip(self._arrays(), answers._arrays(), strict=True):
            mine[where] = other

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return (self.log_p, self.statistic, self.df, self.n, self.verdict)

    def part(self, start: int, stop: int) -> Answers:
        """Return the answers start..stop-1, sharing memory."""
        span = slice(start, stop)
        return Answers(self.log_p[span], self.statistic[span], self.df[span], self.n[span], self.verdict[span])

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

    `separated` (bool, k): whether a set separates; `improved` (bool, k): whether a set with a larger p-value than
    before was met; `sets` (int32, (k, depth)): that set, for separated pairs the separating one; `tests`: their number.
    `insufficient` (int64, k): how many of the tests had too few rows to decide; None if none.
    """

    separated: NDArray[np.bool_]
    improved: NDArray[np.bool_]
    sets: NDArray[np.int32]
    tests: int
    insufficient: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Votes:
    """What all sets of one depth say of k pairs.

    `separating` (int64, k): how many separate; `members` (int64, one for each middle of each pair): how many of those
    hold it; `improved`, `sets`, `insufficient`: as in Found, of separating sets only; `tests`: the number of tests.
    """

    separating: NDArray[np.int64]
    members: NDArray[np.int64]
    improved: NDArray[np.bool_]
    sets: NDArray[np.int32]
    tests: int
    insufficient: NDArray[np.int64] | None = None


class Watch:
    """A look into a long compiled computation, and a way to end it.

    Kernels add to `done` (int64, one number a thread) the pairs they have finished, and return early, with results
    that nobody will read, soon after `stop` (int32, length 1) becomes 1.
    """

    def __init__(self, threads: int) -> None:
        self.done = np.zeros(threads, np.int64)
        self.stop = np.zeros(1, np.int32)


@runtime_checkable
class SearchesDepths(Protocol):
    """A test with an engine of its own for whole depths of a search. Tests without one are asked set by set.

    `weakest`: the answer with the largest p-value so far of each pair (log_p -inf without one). Results are the same
    for every number of threads; `watch` is made for that number.
    """

    def marginal(self, log_alpha: float, threads: int, watch: Watch) -> Marginal:
        """Test all pairs without conditioning."""
        ...

    def search(
        self,
        pairs: NDArray[np.int32],
        causes: Neighbours,
        depth: int,
        log_alpha: float,
        weakest: Answers,
        threads: int,
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
        weakest: Answers,
        threads: int,
        watch: Watch,
    ) -> Votes:
        """Ask all sets of `depth` possible causes of either end, and count those that separate."""
        ...


def answer(test: CITest, x: int, y: int, given: Sequence[int] = ()) -> Answer:
    """Answer a single test."""
    sets = np.array(sorted(given), np.int32).reshape(1, -1)
    return test.answers(np.array([x], np.int32), np.array([y], np.int32), sets)[0]
