"""Local comparisons, by which a greedy search decides: what does the parent x add to what other parents tell of y?

The Bayesian information criterion of linear Gaussian variables gains -N/2 log(1 - r²) - log(N)/2 by the parent x, r
the partial correlation of x and y given the other parents (G. Schwarz, Annals of Statistics 6, 1978). So a test can
stand for a score. H. Dai et al. (ICLR 2024) let one decide that leaves out rows: r is replaced by the correlation r'
that all N rows would have to show for the statistic that n of them have,

    sqrt(N - |S| - 3) atanh r' = z = sqrt(n - |S| - 3) atanh r.

Here z is the standard normal value of the test's p-value. So any test may be used, several p-values may be combined,
and with Fisher's Z on complete data the score is the criterion itself. Equal evidence gains equally, whatever rows it
comes from: gains can be compared between families. Deviations: |S| counts among the degrees of freedom (theirs: n - 3);
the penalty is a multiple of log(N)/2 (theirs: log(N) divided by a parameter).

A test without an answer, as of too few rows, is no gain and no loss: nothing is decided by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Protocol

import numpy as np

from causaldisc._ext import tails
from causaldisc.citests.base import CITest
from causaldisc.context import Context
from causaldisc.search import setwise
from causaldisc.search.partial_graph import Nodes, members
from causaldisc.search.undecided import Undecided

Question = tuple[int, int, Nodes]  # x < y given a set

_SMALL = math.log(1e-300)
_NORMAL = NormalDist()


class LocalComparison(Protocol):
    """What a greedy search asks. Comparisons of x and y are those of y and x: they are asked with x < y."""

    def prepare(self, questions: Iterable[Question], stage: str, context: Context) -> None:
        """Answer questions, those known already among them, at once."""
        ...

    def gain(self, x: int, y: int, given: Nodes) -> float | None:
        """Return what x adds to the parents `given` of y, less the penalty; None where that is not known."""
        ...


@dataclass
class Compared:
    """The answer to a question: the logarithm of the p-value, and the gain; None where no test decided."""

    log_p: float
    gain: float | None


@dataclass
class ByTest:
    """Comparisons by a test whose data have so many rows; `penalty` is a multiple of log(rows) / 2."""

    test: CITest
    rows: int
    penalty: float
    known: dict[Question, Compared] = field(default_factory=dict)
    undecided: Undecided = field(default_factory=Undecided)

    @property
    def deepest(self) -> int:
        """The largest set that can be conditioned on."""
        most = self.test.variables - 2
        return max(most if self.test.deepest is None else min(most, self.test.deepest), 0)

    @property
    def alpha(self) -> float:
        """The p-value below which a gain is positive."""
        return math.erfc(math.sqrt(self.penalty * math.log(self.rows) / 2))

    def prepare(self, questions: Iterable[Question], stage: str, context: Context) -> None:
        """Answer questions, those known already among them, at once.

        Raises OutOfTime when the context's time is up; what was answered until then is kept.
        """
        by_size: dict[int, list[Question]] = {}
        # Sorted by set: what the test computes for a set then serves all pairs of a lot.
        for question in sorted(set(questions) - self.known.keys(), key=lambda q: (q[2], q[0], q[1])):
            by_size.setdefault(question[2].bit_count(), []).append(question)
        for size, asked in sorted(by_size.items()):
            pairs = np.array([q[:2] for q in asked], np.int32)
            sets = np.array([members(q[2]) for q in asked], np.int32).reshape(len(asked), size)
            for start, answers in setwise.answers(self.test, pairs, sets, self.undecided, stage, context):
                lot = asked[start : start + len(answers)]
                for question, log_p, decided in zip(lot, answers.log_p.tolist(), answers.decided.tolist(), strict=True):
                    self.known[question] = Compared(log_p, self._gain(log_p, size) if decided else None)

    def gain(self, x: int, y: int, given: Nodes) -> float | None:
        return self.known[min(x, y), max(x, y), given].gain

    def _gain(self, log_p: float, size: int) -> float:
        free = max(self.rows - size - 3, 1)
        return self.rows * log_cosh(normal_value(log_p) / math.sqrt(free)) - self.penalty * math.log(self.rows) / 2


def normal_value(log_p: float) -> float:
    """Return the z of which exp(log_p) is the two-sided p-value under N(0, 1)."""
    if log_p > _SMALL:
        return -_NORMAL.inv_cdf(math.exp(log_p) / 2) if log_p < 0 else 0.0
    z = math.sqrt(-2 * log_p - math.log(-math.pi * log_p))
    for _ in range(4):  # Newton's steps; the slope of log p is -z - 1/z, nearly
        z += (tails.two_sided_normal(z) - log_p) / (z + 1 / z)
    return z


def log_cosh(u: float) -> float:
    """Return log cosh u = -log(1 - tanh² u) / 2."""
    return (
        -0.5 * math.log1p(-(math.tanh(u) ** 2))
        if abs(u) < 1
        else abs(u) + math.log1p(math.exp(-2 * abs(u))) - math.log(2)
    )
