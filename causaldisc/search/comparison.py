"""Local comparisons, by which a greedy search decides: what does the parent x add to what other parents tell of y?

The Bayesian information criterion of linear Gaussian variables gains -N/2 log(1 - r²) - log(N)/2 by the parent x, r
the partial correlation of x and y given the other parents (G. Schwarz, Annals of Statistics 6, 1978). So a test can
stand for a score, as in H. Dai et al. (ICLR 2024), whose tests leave out rows: each question has rows of its own, n of
N. The evidence of a question is the likelihood ratio e = -n/2 log(1 - r²) where

    atanh r = z / sqrt(n - |S| - 3), z the standard normal value of the test's p-value,

so that any test may be used and p-values may be combined. An edge is worth its price where e is more than c, the
penalty times log(N)/2: one level for all questions. The gain is (e - c) N / m, what N such rows would show; m are the
rows that e comes from. With Fisher's Z on complete data m = n = N, and the score is the criterion itself.

Deviations: Dai et al. take for the gain what N rows with the same z would show, which is e. But most dependences can be
explained by one structure or by another, and e grows with the rows: structures with few conditions would win over true
ones. What a row shows does not depend on how many there are; likelihoods of incomplete data are compared by it, too
(N. Balov, Electronic Journal of Statistics 7, 2013). Where two ways to delete rows are combined, m is e over the
information that the effect says a row holds, between n and N. Their penalty is log(N) divided by a parameter, and |S|
does not count among their degrees of freedom.

A test without an answer, as of too few rows, is no gain and no loss: nothing is decided by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from causaldisc.citests.base import Answer, CITest
from causaldisc.context import Context
from causaldisc.normal import normal_value
from causaldisc.search import setwise
from causaldisc.search.partial_graph import Nodes, members
from causaldisc.search.undecided import Undecided

Question = tuple[int, int, Nodes]  # x < y given a set

_LARGEST = 1 - 2**-50


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
    """Comparisons by a test whose data have so many rows; `penalty` is a multiple of log(rows) / 2.

    `in_nats`: whether the effects of the test are information in nats; else they are correlations.
    """

    test: CITest
    rows: int
    penalty: float
    in_nats: bool = False
    known: dict[Question, Compared] = field(default_factory=dict)
    undecided: Undecided = field(default_factory=Undecided)

    @property
    def deepest(self) -> int:
        """The largest set that can be conditioned on."""
        most = self.test.variables - 2
        return max(most if self.test.deepest is None else min(most, self.test.deepest), 0)

    @property
    def cost(self) -> float:
        """What a parent costs, in units of evidence."""
        return self.penalty * math.log(max(self.rows, 2)) / 2

    @property
    def critical(self) -> float:
        """The normal value above which a gain is positive, where rows are many."""
        return math.sqrt(2 * self.cost)

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
                for i, question in enumerate(asked[start : start + len(answers)]):
                    answer = answers[i]
                    gain = self._gain(answer, size) if answer.verdict.is_decided else None
                    self.known[question] = Compared(answer.log_p, gain)

    def gain(self, x: int, y: int, given: Nodes) -> float | None:
        return self.known[min(x, y), max(x, y), given].gain

    def _gain(self, answer: Answer, size: int) -> float:
        rows: float = max(answer.n, 2)
        evidence = rows * information(math.tanh(normal_value(answer.log_p) / math.sqrt(max(rows - size - 3, 1))))
        if answer.effect is not None:
            held = answer.effect if self.in_nats else information(answer.effect)
            rows = min(max(rows, evidence / held), self.rows) if held > 0 else self.rows
        return (evidence - self.cost) * self.rows / rows


def information(correlation: float) -> float:
    """Return what Gaussian variables of a correlation tell of each other, in nats."""
    return -math.log1p(-min(correlation * correlation, _LARGEST)) / 2
