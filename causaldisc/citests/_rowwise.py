"""What tests on rows share: they are asked one question at a time, on the rows where its columns are known."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests._cache import Cache
from causaldisc.citests._columns import Columns
from causaldisc.citests._kernels import Feature, Regression
from causaldisc.citests.base import Answers, Verdict
from causaldisc.options import Options

FEWEST_ROWS = 10
# A conditioning set that leaves less than this share of the dimensions of noise is too large for the rows.
_LEAST_LEFT = 0.1

# log p, statistic, degrees of freedom
Found = tuple[float, float, float]


@dataclass(frozen=True)
class Question:
    """x < y given a set in increasing order; `incomplete`: which of them have missing cells; `rows`: how many serve."""

    x: int
    y: int
    given: tuple[int, ...]
    incomplete: tuple[int, ...]
    rows: int


@dataclass(frozen=True)
class RowTest:
    """A test bound to columns. What is kept is keyed by variables and by those whose missing cells choose the rows."""

    name: str
    columns: Columns
    options: Options
    cache: Cache = field(compare=False)
    deepest: int | None = None

    @property
    def variables(self) -> int:
        return len(self.columns)

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        for i, (a, b, z) in enumerate(zip(x.tolist(), y.tolist(), given.tolist(), strict=True)):
            incomplete = self.columns.incomplete((a, b, *z))
            rows = self.columns.count_known(incomplete)
            out.n[i] = rows
            found = self._answer(Question(min(a, b), max(a, b), tuple(sorted(z)), incomplete, rows))
            if isinstance(found, Verdict):
                out.verdict[i] = found
            else:
                out.log_p[i], out.statistic[i], out.df[i] = found
        return out

    def _answer(self, question: Question) -> Found | Verdict:
        """Return the answer, or why there is none."""
        if question.rows < FEWEST_ROWS:
            return Verdict.INSUFFICIENT
        if any(self.feature(v, question).constant for v in (question.x, question.y)):
            return Verdict.SINGULAR
        if all(self.feature(z, question).constant for z in question.given):
            return self.unconditional(question)
        if not self.can_follow(question):
            return Verdict.INSUFFICIENT
        regression = self.regression(question)
        if regression.degrees_left < max(FEWEST_ROWS, _LEAST_LEFT * question.rows):
            return Verdict.INSUFFICIENT
        return self.conditional(question, regression)

    def can_follow(self, question: Question) -> bool:
        """Tell whether the regression can be about as sharp as the data ask for."""
        return True

    @abstractmethod
    def regression(self, question: Question) -> Regression:
        """Return the regression on the conditioning set."""

    @abstractmethod
    def unconditional(self, question: Question) -> Found | Verdict:
        """Answer a question whose conditioning set is empty or constant."""

    @abstractmethod
    def conditional(self, question: Question, regression: Regression) -> Found | Verdict:
        """Answer a question with a conditioning set."""

    def feature(self, variable: int, question: Question) -> Feature:
        """Return a column on the rows of a question."""
        return self.cache.get(
            ("feature", variable, question.incomplete),
            lambda: self.columns.feature(variable, question.incomplete),
            lambda f: f.values.nbytes,
        )

    def features(self, variables: tuple[int, ...], question: Question) -> list[Feature]:
        return [self.feature(v, question) for v in variables]
