"""Tests on data whose zeros may be failures to measure: rows are left out, question by question.

The causal dropout model of H. Dai, I. Ng, G. Luo, P. Spirtes, P. Stojanov, K. Zhang, "Gene regulatory network inference
in the presence of dropouts: a causal view", ICLR 2024: a variable is seen as zero where it is zero or a switch of its
own, which depends on nothing else, has failed. What is seen of x and y given a set, in the rows where no variable of
the set is zero, is then independent just where the variables are; so it is in those where x and y are not zero either.
The first keeps more rows, the second what the zeros hide; which finds more depends on why there are zeros.

With both, the p-values p and q are combined by Y. Liu and J. Xie, "Cauchy combination test", JASA 115 (2020): the mean
of tan((1/2 - p) pi) and tan((1/2 - q) pi) has the tail of one Cauchy variable, however the two depend on each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from causaldisc import citests
from causaldisc.citests import TestChoice, cubic
from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._compressed import Compressed
from causaldisc.citests._missing import treat
from causaldisc.citests._residuals import Allowed, ResidualTest
from causaldisc.citests.base import Answers, Around, CITest, Verdict
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.sparse import AnyColumn
from causaldisc.data.validation import FEWEST_ROWS, is_constant
from causaldisc.errors import DataError
from causaldisc.options import Options

# What the compiled tests regress on: polynomials up to this degree.
COMPILED = {"cubic": cubic.DEGREE, "fisherz": 1}
_TINY = math.log(1e-8)
_LARGEST = 1e15


class Scope(Enum):
    """Whose zeros cost a question rows."""

    CONDITIONING = "conditioning"
    ALL = "all"
    BOTH = "both"


class Thin(Enum):
    """What a question without enough rows says."""

    UNDECIDED = "undecided"
    INDEPENDENT = "independent"


def bind(
    choice: TestChoice,
    data: Dataset,
    zeros: Bitmaps,
    scope: Scope,
    fewest: int,
    thin: Thin,
    context: Context,
    covariate: AnyColumn | None = None,
) -> CITest:
    """Bind the chosen test, `auto` being cubic where that takes the data, to transformed data and the zeros that they
    had. Questions with less than `fewest` rows are not answered. A covariate belongs to the conditioning set of every
    question; its zeros are values.

    Raises DataError as citests.build does.
    """
    if data.correlation is not None:
        raise DataError("zeros are cells, which correlations alone do not have; give the rows")
    name = choice.name
    if name == "auto":
        name = "cubic" if cubic.accepts(data) is None else citests.choose(data)
    if covariate is not None:
        data, zeros = replace(data, columns=(*data.columns, covariate)), zeros.with_none()
    data, zeros = _treated(choice, data, zeros, name, context)
    known = Bitmaps.of((~c.missing for c in data.columns), data.rows)
    present = known.without(zeros)
    compiled = name in COMPILED
    if compiled and (reason := cubic.accepts(data)):
        raise DataError(reason)
    columns = Compressed.of_dataset(data) if compiled else None
    always = () if covariate is None else (len(data) - 1,)

    def bound(allowed: Allowed) -> CITest:
        if columns is not None:
            compiled_test = ResidualTest.bind(name, columns, allowed, COMPILED[name], cubic.Options(), fewest)
            all_serve = allowed.ends.are_all
            test: CITest = compiled_test.tabulated(columns, always, context) if all_serve else compiled_test
        else:
            named = replace(choice, name=name)
            test = RebuiltTest(named, citests.build(named, data, context).options, data, allowed, fewest)
        return GivenCovariate(test) if always else test

    conditioning, both_ends = Allowed(known, present), Allowed(present, present)
    if scope is Scope.BOTH:
        test: CITest = CombinedTest(bound(conditioning), bound(both_ends))
    else:
        test = bound(conditioning if scope is Scope.CONDITIONING else both_ends)
    return ThinIsIndependent(test) if thin is Thin.INDEPENDENT else test


def _treated(choice: TestChoice, data: Dataset, zeros: Bitmaps, name: str, context: Context) -> tuple[Dataset, Bitmaps]:
    """Return the data, and their zeros, without what missing cells take away."""
    kept = treat(data, choice.missing, name, context)
    if kept.rows == data.rows:
        return kept, zeros
    return kept, zeros.take(~np.logical_or.reduce([c.missing for c in data.columns]))


@dataclass(frozen=True)
class RebuiltTest:
    """Any test, bound anew to the rows that a question may use; questions with the same rows share it."""

    choice: TestChoice
    options: Options
    data: Dataset = field(repr=False)
    allowed: Allowed = field(repr=False)
    fewest: int

    @property
    def name(self) -> str:
        return self.choice.name

    @property
    def variables(self) -> int:
        return len(self.data)

    @property
    def deepest(self) -> int | None:
        return self.data.rows - FEWEST_ROWS

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        ends, givens = self.allowed.ends, self.allowed.givens
        everything = Bitmaps.of([np.ones(self.data.rows, np.bool_)], self.data.rows).words
        for set_, places in groupby(range(len(x)), key=lambda i: given[i].tolist()):
            of_set = np.bitwise_and.reduce(np.vstack([everything, givens.words[set_]]))
            alike: dict[bytes, list[int]] = {}
            for i in places:
                alike.setdefault((of_set & ends.words[x[i]] & ends.words[y[i]]).tobytes(), []).append(i)
            for words, questions in alike.items():
                self._answer(ends.mask(np.frombuffer(words, np.uint64)), np.array(questions), x, y, set_, out)
        return out

    def _answer(
        self,
        rows: NDArray[np.bool_],
        questions: NDArray[np.intp],
        x: NDArray[np.int32],
        y: NDArray[np.int32],
        given: list[int],
        out: Answers,
    ) -> None:
        """Answer questions on the same rows. Conditions that are constant there say nothing, and go; of an end that is,
        nothing can be told."""
        out.n[questions], out.verdict[questions] = rows.sum(), Verdict.INSUFFICIENT
        if rows.sum() < self.fewest:
            return
        asked = {*given, *x[questions].tolist(), *y[questions].tolist()}
        chosen = {v: self.data.columns[v].take(rows) for v in sorted(asked)}
        varying = [v for v, column in chosen.items() if not is_constant(column)]
        place = {v: i for i, v in enumerate(varying)}
        answered = np.array([i for i in questions.tolist() if int(x[i]) in place and int(y[i]) in place], np.intp)
        if not len(answered):
            return
        some = replace(self.data, columns=tuple(chosen[v] for v in varying), rows=int(rows.sum()))
        set_ = np.array([place[v] for v in given if v in place], np.int32)
        of_x, of_y = (np.array([place[v] for v in ends[answered].tolist()], np.int32) for ends in (x, y))
        test = citests.build(self.choice, some, Context())
        found = test.answers(of_x, of_y, np.tile(set_, (len(answered), 1)))
        found.verdict[found.n < self.fewest] = Verdict.INSUFFICIENT  # cells may be missing too
        found.log_p[found.n < self.fewest] = 0.0
        out.put(answered, found)


@dataclass(frozen=True)
class GivenCovariate(Around):
    """A test of all variables but the last, which is given in every question."""

    @property
    def variables(self) -> int:
        return self.inner.variables - 1

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        more = np.full((len(x), 1), self.variables, np.int32)
        return self.inner.answers(x, y, np.hstack([given, more]))


@dataclass(frozen=True)
class CombinedTest(Around):
    """The p-values of two ways to delete rows, combined; without conditioning, the first way alone.

    The inner test is the first way, and both must answer. Statistic and effect are those of the smaller p-value, rows
    those of the second way: the fewest.
    """

    narrow: CITest

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        if not given.shape[1]:
            return self.inner.answers(x, y, given)
        out = self.narrow.answers(x, y, given)
        asked = np.flatnonzero(out.decided)
        wide = self.inner.answers(x[asked], y[asked], np.ascontiguousarray(given[asked]))
        narrow = out.take(asked)
        stronger = np.flatnonzero(wide.log_p < narrow.log_p)
        out.statistic[asked[stronger]], out.effect[asked[stronger]] = wide.statistic[stronger], wide.effect[stronger]
        out.log_p[asked] = np.where(wide.decided, cauchy(wide.log_p, narrow.log_p), 0.0)
        out.verdict[asked] = np.where(wide.decided, np.maximum(wide.verdict, narrow.verdict), wide.verdict)
        out.df[:] = 0.0
        return out


def cauchy(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithms of combined p-values, of those of two tests."""
    total = np.zeros(len(first))
    for log_p in (first, second):
        tangent = np.tan((0.5 - np.exp(np.maximum(log_p, _TINY))) * math.pi)
        total += 0.5 * np.clip(tangent, -_LARGEST, _LARGEST)
    plain = np.log(np.arctan2(1.0, total) / math.pi)
    # Of p below 1e-8 the tangent is 1 / (pi p), in all digits that the other could change.
    extreme = math.log(2.0) - np.logaddexp(-first, -second)
    return np.where(np.minimum(first, second) < _TINY, extreme, plain)


@dataclass(frozen=True)
class ThinIsIndependent(Around):
    """A test that takes too few rows for independence, as the authors of the model do."""

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = self.inner.answers(x, y, given)
        out.verdict[out.verdict == Verdict.INSUFFICIENT] = Verdict.DECIDED  # log p is 0
        return out
