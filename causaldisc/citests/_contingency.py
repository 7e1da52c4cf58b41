"""What the G-squared and chi-squared tests share: options, and the binding to category codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import contingency
from causaldisc.citests._permutation import PermutationTest
from causaldisc.citests.base import Answers, Found, Marginal, Neighbours, Votes, Watch
from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.quoting import as_column


class DfRule(Enum):
    """How degrees of freedom are counted when categories go unseen."""

    STRATUM = "stratum"
    FULL = "full"
    OCCUPIED = "occupied"


_CODES = {DfRule.STRATUM: 0, DfRule.FULL: 1, DfRule.OCCUPIED: 2}


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of the tests on contingency tables."""

    df: DfRule = opt(
        DfRule.STRATUM,
        "Degrees of freedom of gsq and chisq: 'stratum' counts (rows seen - 1)(columns seen - 1) within each "
        "stratum of the conditioning set, 'occupied' counts all levels in the strata seen, 'full' counts all "
        "levels in all strata.",
    )
    min_rows_per_df: float = opt(
        0.0,
        "Rows that gsq and chisq demand for each degree of freedom; with fewer the test is 'insufficient' and "
        "the edge stays.",
        at_least=0,
    )
    permutations: int = opt(
        0,
        "Random permutations behind a p-value of gsq and chisq, for tables too sparse for the chi-squared law, which "
        "is taken without any.",
        at_least=0,
    )
    seed: int = opt(0, "Seed of tests that draw random numbers.", at_least=0)


def accepts(data: Dataset, name: str) -> str | None:
    """Return why the tests cannot take the data, or None."""
    for column in data.columns:
        if column.codes is None:
            spelt = as_column(column.name)
            return (
                f"column {column.name!r} is {column.kind.value}, and {name} needs discrete columns; "
                f"declare it with --types '{spelt}=discrete' or leave it out with --columns '!{spelt}'"
            )
    return None


@dataclass(frozen=True)
class ContingencyTest:
    """A test bound to category codes, shape (variables, rows), -1 where missing.

    The effect is the conditional mutual information in nats, G^2 / 2n, whatever the statistic.
    """

    name: str
    codes: NDArray[np.int32]
    levels: NDArray[np.int32]
    options: Options
    tables: contingency.Tables  # the codes in forms that are fast to count
    pearson: bool
    deepest: int | None = None

    @property
    def variables(self) -> int:
        return len(self.codes)

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = self._tests(self.tables, x, y, given)
        decided = out.decided
        likelihood = out if self._likelihoods is self.tables else self._tests(self._likelihoods, x, y, given)
        out.effect[decided] = likelihood.statistic[decided] / (2 * np.maximum(out.n[decided], 1))
        return out

    @cached_property
    def _likelihoods(self) -> contingency.Tables:
        """The tables that are asked for G^2."""
        if not self.pearson:
            return self.tables
        return contingency.Tables(self.codes, self.levels, False, _CODES[self.options.df], 0.0)

    @staticmethod
    def _tests(
        tables: contingency.Tables, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]
    ) -> Answers:
        out = Answers.empty(len(x))
        tables.tests(x, y, given, out.log_p, out.statistic, out.df, out.n, out.verdict)
        return out

    def seconds_per_test(self, depth: int) -> float:
        return self.tables.seconds_per_test(depth)

    def marginal(self, log_alpha: float, watch: Watch) -> Marginal:
        dependent, too_few = np.zeros((2, self.variables, self.variables), np.bool_)
        self.tables.marginal(
            log_alpha, dependent.view(np.uint8), too_few.view(np.uint8), watch.order, watch.stop, watch.done
        )
        return Marginal(dependent, too_few if too_few.any() else None)

    def scores(self, pairs: NDArray[np.int32]) -> NDArray[np.float64]:
        ends = np.ascontiguousarray(pairs.T)
        answers = self._tests(self.tables, ends[0], ends[1], np.empty((len(pairs), 0), np.int32))
        return np.where(answers.decided, answers.log_p, -np.inf)

    def search(
        self,
        pairs: NDArray[np.int32],
        causes: Neighbours,
        depth: int,
        log_alpha: float,
        scores: NDArray[np.float64],
        watch: Watch,
    ) -> Found:
        k = len(pairs)
        scores, sets, insufficient = scores.copy(), np.zeros((k, depth), np.int32), np.zeros(k, np.int64)
        separated, improved = np.zeros((2, k), np.bool_)
        tests = self.tables.search(
            pairs, causes.starts, causes.members, depth, log_alpha, scores, sets, separated.view(np.uint8),
            improved.view(np.uint8), insufficient, watch.order, watch.stop, watch.done,
        )  # fmt: skip
        undecided = insufficient if insufficient.any() else None
        return Found(separated, scores, improved, np.sort(sets, axis=1), tests, undecided)

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
        k = len(pairs)
        scores, sets, insufficient = scores.copy(), np.zeros((k, depth), np.int32), np.zeros(k, np.int64)
        separating, members = np.zeros(k, np.int64), np.zeros(len(middles.members), np.int64)
        improved = np.zeros(k, np.bool_)
        tests = self.tables.vote(
            pairs, causes.starts, causes.members, middles.starts, middles.members, depth, log_alpha, scores,
            sets, separating, members, improved.view(np.uint8), insufficient, watch.order, watch.stop, watch.done,
        )  # fmt: skip
        undecided = insufficient if insufficient.any() else None
        return Votes(separating, members, scores, improved, np.sort(sets, axis=1), tests, undecided)


def bind(name: str, data: Dataset, pearson: bool, options: Options) -> ContingencyTest | PermutationTest:
    """Bind a test to the codes of the data."""
    levels = np.array([len(c.levels) for c in data.columns], np.int32)
    test = bind_codes(name, data.code_matrix(), levels, pearson, options)
    return PermutationTest(test, pearson) if options.permutations else test


def bind_codes(
    name: str, codes: NDArray[np.int32], levels: NDArray[np.int32], pearson: bool, options: Options
) -> ContingencyTest:
    """Bind a test to category codes, shape (variables, rows), 0..levels-1, -1 where missing."""
    tables = contingency.Tables(codes, levels, pearson, _CODES[options.df], options.min_rows_per_df)
    return ContingencyTest(name, codes, levels, options, tables, pearson)
