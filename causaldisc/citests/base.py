"""What a conditional-independence test is: bound to data, then pure; it knows no alpha and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

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

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        """Test x[i] against y[i] given the row given[i], for i in 0..k-1; `given` has shape (k, depth)."""
        ...


def answer(test: CITest, x: int, y: int, given: Sequence[int] = ()) -> Answer:
    """Answer a single test."""
    sets = np.array(sorted(given), np.int32).reshape(1, -1)
    return test.answers(np.array([x], np.int32), np.array([y], np.int32), sets)[0]
