"""What the tests of partial correlations share: Fisher's transform bound to a correlation matrix, with an engine for
whole depths of a search, or bound to the rows themselves where cells are missing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import gaussian, partial, tails
from causaldisc.citests._covariances import TestWise
from causaldisc.citests.base import Answers, Found, Marginal, Neighbours, Votes, Watch
from causaldisc.context import Context
from causaldisc.data.correlation import correlation, standardised
from causaldisc.data.dataset import Dataset
from causaldisc.data.dependence import find_dependences
from causaldisc.data.validation import FEWEST_ROWS
from causaldisc.errors import DataError
from causaldisc.options import Options
from causaldisc.quoting import as_column

# Looking for exact dependences factors the correlation matrix: a second and more beyond this.
MOST_COLUMNS_EXAMINED = 2000
# Pairs below which their order is not worth sorting: their rows stay in the cache anyway.
WORTH_ORDER = 5000
# Beyond, a correlation counts as this one: its arctangent is finite, and its p-value of no interest.
_LARGEST_SQUARE = 1.0 - 2.0**-52


def accepts(data: Dataset, name: str) -> str | None:
    """Return why a test cannot take the data, or None. Numbers that stand for categories are allowed."""
    for column in data.columns:
        if column.values is None:
            return (
                f"column {column.name!r} holds text, and {name} needs numbers; "
                f"leave it out with --columns '!{as_column(column.name)}' or use a test for discrete data"
            )
    return None


@dataclass(frozen=True)
class FisherZ:
    """A test bound to a correlation matrix, shape (variables, variables), from `rows` rows.

    sqrt((rows - |given| - 3) / variance) atanh(partial correlation) is taken for N(0, 1); the effect is the partial
    correlation.
    """

    correlation: NDArray[np.float64]
    rows: int
    options: Options = Options()
    name: str = "fisherz"
    variance: float = 1.0

    @property
    def variables(self) -> int:
        return len(self.correlation)

    @property
    def deepest(self) -> int | None:
        return self.rows - FEWEST_ROWS

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        starts = np.arange(self.variables + 1, dtype=np.int32)
        partial.tests(
            self.correlation, self.rows, "correlation", self.variance, starts, x, y, given, out.log_p, out.statistic,
            out.df, out.effect, out.verdict,
        )  # fmt: skip
        out.n[:] = self.rows
        return out

    def seconds_per_test(self, depth: int) -> float:
        return 1e-9

    def marginal(self, log_alpha: float, watch: Watch) -> Marginal:
        dependent = np.empty(self.correlation.shape, np.bool_)
        threshold = math.tanh(critical(log_alpha) / self._scale(0)) ** 2
        gaussian.marginal(self.correlation, threshold, dependent.view(np.uint8), watch.threads)
        return Marginal(dependent)

    def scores(self, pairs: NDArray[np.int32]) -> NDArray[np.float64]:
        return self._scores(self.correlation[pairs[:, 0], pairs[:, 1]] ** 2, 0)

    def search(
        self,
        pairs: NDArray[np.int32],
        causes: Neighbours,
        depth: int,
        log_alpha: float,
        scores: NDArray[np.float64],
        watch: Watch,
    ) -> Found:
        bounds, threshold = self._bounds(scores, depth), math.tanh(critical(log_alpha) / self._scale(depth)) ** 2
        before = bounds.copy()
        sets, separated = np.zeros((len(pairs), depth), np.int32), np.zeros(len(pairs), np.bool_)
        tests = gaussian.search(
            self.correlation, pairs, causes.starts, causes.members, depth, threshold, bounds, sets,
            separated.view(np.uint8), _order(pairs, depth, watch), watch.stop, watch.done,
        )  # fmt: skip
        improved = bounds < before
        return Found(separated, np.where(improved, self._scores(bounds, depth), scores), improved, _sorted(sets), tests)

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
        bounds, threshold = self._bounds(scores, depth), math.tanh(critical(log_alpha) / self._scale(depth)) ** 2
        before = bounds.copy()
        sets, separating = np.zeros((len(pairs), depth), np.int32), np.zeros(len(pairs), np.int64)
        members = np.zeros(len(middles.members), np.int32)
        tests = gaussian.vote(
            self.correlation, pairs, causes.starts, causes.members, middles.starts, middles.members, depth, threshold,
            bounds, sets, separating, members, _order(pairs, depth, watch), watch.stop, watch.done,
        )  # fmt: skip
        improved = bounds < before
        scores = np.where(improved, self._scores(bounds, depth), scores)
        return Votes(separating, members.astype(np.int64), scores, improved, _sorted(sets), tests)

    def _scale(self, depth: int) -> float:
        return math.sqrt((self.rows - depth - 3) / self.variance)

    def _scores(self, squares: NDArray[np.float64], depth: int) -> NDArray[np.float64]:
        """Return -|z| of squared correlations given `depth` others."""
        found: NDArray[np.float64] = -self._scale(depth) * np.arctanh(np.sqrt(np.minimum(squares, _LARGEST_SQUARE)))
        return found

    def _bounds(self, scores: NDArray[np.float64], depth: int) -> NDArray[np.float64]:
        """Return the squared correlations that give these scores at `depth`; infinity for no score."""
        return np.where(scores == -np.inf, np.inf, np.tanh(scores / self._scale(depth)) ** 2)


def _order(pairs: NDArray[np.int32], depth: int, watch: Watch) -> NDArray[np.int32] | None:
    """Return the order of the watch or, for sets of one, that of second ends: fetching correlations is what those cost,
    and one row of them then serves many pairs."""
    if depth > 1 or len(pairs) < WORTH_ORDER:
        return watch.order
    seconds = pairs[:, 1]
    return np.argsort(seconds.astype(np.uint16) if seconds.max() < 1 << 16 else seconds, kind="stable").astype(np.int32)


def _sorted(sets: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.sort(sets, axis=1) if sets.shape[1] > 1 else sets


@lru_cache
def critical(log_alpha: float) -> float:
    """Return the z with log P(|N(0,1)| > z) = log_alpha, by Newton's method on the logarithm."""
    z = math.sqrt(max(-2.0 * log_alpha, 1e-3))
    for _ in range(100):
        log_tail = tails.two_sided_normal(z)
        hazard = math.exp(-0.5 * z * z - log_tail) * math.sqrt(2.0 / math.pi)
        step = (log_tail - log_alpha) / hazard
        z = max(z + step, 0.5 * z)
        if abs(step) < 1e-15 * z:
            break
    return z


def bind(
    name: str, data: Dataset, values: NDArray[np.float64], options: Options, context: Context
) -> FisherZ | TestWise:
    """Bind a test to numbers, shape (variables, rows), NaN where missing.

    Raises DataError when there are fewer than four rows, or a column is constant.
    """
    require_rows(data, name)
    known = ~np.isnan(values)
    if not known.all():
        return TestWise.bind(name, standardised(values, data.names), known, "correlation", options)
    matrix = correlation(values, data.names, context.threads)
    warn_of_singularity(values, matrix, data.names, context)
    return FisherZ(matrix, data.rows, options, name)


def require_rows(data: Dataset, name: str) -> None:
    """Raise DataError when there are fewer than four rows."""
    if data.rows < FEWEST_ROWS:
        raise DataError(f"{data.source or 'the data'}: {data.rows} rows are left, and {name} needs {FEWEST_ROWS}")


def warn_of_singularity(
    values: NDArray[np.float64], matrix: NDArray[np.float64], names: tuple[str, ...], context: Context
) -> None:
    """Name the columns that are exact combinations of others: tests given all of those cannot decide."""
    columns, rows = values.shape
    if rows <= columns:
        context.warn(
            "more-columns-than-rows",
            f"{columns} columns but only {rows} rows: conditioning sets end at {rows - FEWEST_ROWS} columns",
        )
    elif columns <= MOST_COLUMNS_EXAMINED:
        for dependence in find_dependences(names, values, matrix):
            context.warn(
                "dependent-columns",
                f"exactly {dependence}: tests given the other columns in it decide nothing; "
                f"better leave one out, such as --columns '!{as_column(dependence.column)}'",
            )
