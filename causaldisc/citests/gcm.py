"""Generalised covariance measure: correlation of what spline regressions leave, fast for many rows.

R. D. Shah, J. Peters, "The hardness of conditional independence testing and the generalised covariance measure",
Annals of Statistics 48 (2020). x and y are regressed on the conditioning set; under independence the products of the
residuals have mean 0 (theorem 6), and n m' S^-1 m, with their mean m and covariance S, is chi-squared. Numbers are one
column, a variable of L categories L - 1 indicators, so that there is one product for two numbers (the square of the
paper's normal statistic) and (L - 1)(M - 1) for two variables of categories.

The regression is a sum of cubic splines, one for each number of the set; of a function of all its categories (of
pairs of them, or of single ones, where the rows do not bear more); and of interactions: slopes that differ between
categories, and products of powers of several numbers, of total degree 3 (2, or none, where the rows do not bear more).
Our deviation: S is multiplied by what makes up for the degrees of freedom that the regression takes,
tr Q^4 / sum_i ((Q^2)_ii)^2 with Q what makes residuals.

With --gcm-null wild the statistic is the largest standardised product (section 3.2 of the paper), better than their sum
where few of many depend, and its law is that of the wild bootstrap with normal multipliers, drawn from the seed. What
these multipliers make of the products is exactly normal with covariance S, and so we draw the sums, not the rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations, combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import tails
from causaldisc.citests._cache import Cache
from causaldisc.citests._columns import Columns
from causaldisc.citests._kernels import Feature, Regression, centred
from causaldisc.citests._representatives import profile
from causaldisc.citests._rowwise import Found, Question, RowTest
from causaldisc.citests.base import Verdict
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.distinct import distinct, numbered
from causaldisc.options import Options as _Options
from causaldisc.options import opt

DEGREE = 3
# Keeps the normal equations solvable where basis functions depend on each other; of a variance of 1.
_RIDGE = 1e-7
# A variable of which less than this share is left is a function of the conditioning set.
_LEAST_SHARE = 1e-6
_BUDGET = 256 << 20
# Functions of categories together take no more than one dimension of so many rows, interactions one of so many.
_ROWS_OF_A_CELL, _ROWS_OF_AN_INTERACTION = 5, 20
# In products numbers count no more than at so many standard deviations, lest a few rows decide.
_FARTHEST = 3.0


class Null(Enum):
    """The null law that p-values come from."""

    CHI2 = "chi2"
    WILD = "wild"


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of gcm."""

    gcm_pieces: int = opt(
        0, "Pieces of the splines that gcm regresses on; 0 chooses by the number of rows: its cube root.", at_least=0
    )
    gcm_null: Null = opt(
        Null.CHI2,
        "Null law of gcm for categories, which have several products of residuals: 'chi2' of all, or the 'wild' "
        "bootstrap of the largest.",
    )
    gcm_draws: int = opt(9999, "Draws of the wild bootstrap.", at_least=1)
    seed: int = opt(0, "Seed of tests that draw random numbers.", at_least=0)


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, as dependence without correlation of residuals escapes it."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None: it takes numbers and categories."""
    return None


def spline_basis(values: NDArray[np.float64], pieces: int) -> NDArray[np.float64]:
    """Return cubic B-splines with knots at quantiles, shape (n, functions), by Cox and de Boor's recursion."""
    inner = np.quantile(values, np.linspace(0.0, 1.0, pieces + 1))
    breaks = distinct(inner)
    knots = np.concatenate([[breaks[0]] * DEGREE, breaks, [breaks[-1]] * DEGREE])
    # Which piece a value lies in; the last piece holds its right end.
    place = np.minimum(np.searchsorted(breaks, values, side="right"), len(breaks) - 1) + DEGREE - 1
    basis = np.zeros((len(values), len(knots) - 1))
    basis[np.arange(len(values)), place] = 1.0
    for degree in range(1, DEGREE + 1):
        count = len(knots) - 1 - degree
        rising, falling = knots[degree : degree + count] - knots[:count], knots[degree + 1 :] - knots[1 : count + 1]
        left = np.divide(values[:, None] - knots[:count], rising, out=np.zeros((len(values), count)), where=rising > 0)
        right = np.divide(
            knots[degree + 1 :] - values[:, None], falling, out=np.zeros((len(values), count)), where=falling > 0
        )
        basis = left * basis[:, :count] + right * basis[:, 1 : count + 1]
    return basis


def indicators(codes: NDArray[np.int32], first: int = 1) -> NDArray[np.float64]:
    """Return a column for each category from the `first`; categories are numbered from 0, and all occur."""
    return np.ascontiguousarray(codes[:, None] == np.arange(first, codes.max() + 1), np.float64)


@dataclass(frozen=True)
class Gcm(RowTest):
    """The test bound to columns."""

    options: Options

    def regression(self, question: Question) -> Regression:
        return self.cache.get(
            ("given", question.given, question.incomplete),
            lambda: Regression.fit(self._basis(question), _RIDGE * question.rows),
            lambda r: r.bytes,
        )

    def unconditional(self, question: Question) -> Found | Verdict:
        e, f = (self._columns_of(self.feature(v, question)) for v in (question.x, question.y))
        return self._tested(e, f, question.rows / (question.rows - 1.0), question)

    def conditional(self, question: Question, regression: Regression) -> Found | Verdict:
        e, f = (self._residuals(v, question, regression) for v in (question.x, question.y))
        return self._tested(e, f, regression.correction, question) if e.size and f.size else Verdict.SINGULAR

    def _basis(self, question: Question) -> NDArray[np.float64]:
        """Return centred functions of the conditioning set."""
        features = [f for f in self.features(question.given, question) if not f.constant]
        numbers = [np.asarray(f.values, np.float64) for f in features if not f.is_discrete]
        codes = [np.asarray(f.values, np.int32) for f in features if f.is_discrete]
        pieces = self.options.gcm_pieces or max(2, round(question.rows ** (1.0 / 3.0)))
        functions = [spline_basis(column, pieces) for column in numbers]
        categories = functions_of_categories(codes, question.rows // _ROWS_OF_A_CELL) if codes else None
        if categories is not None:
            functions.append(categories)
        functions.append(interactions(numbers, categories, question.rows // _ROWS_OF_AN_INTERACTION))
        return centred(np.hstack(functions))

    def _tested(
        self, first: NDArray[np.float64], second: NDArray[np.float64], scale: float, question: Question
    ) -> Found:
        """Return log p, statistic and degrees of freedom for residuals; S is multiplied by `scale`."""
        products = (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)
        total = products.sum(axis=0)
        spread = ((products.T @ products) - np.multiply.outer(total, total) / len(products)) * scale
        if self.options.gcm_null is Null.WILD and products.shape[1] > 1:
            return _largest(total, spread, self._generator(question), self.options.gcm_draws)
        return _chi2(total, spread)

    def _generator(self, question: Question) -> np.random.Generator:
        """Return the generator of a pair, the same whatever the order of rows and of columns."""
        ends = sorted(profile(self, v, question)[1] for v in (question.x, question.y))
        return np.random.default_rng([self.options.seed, *b"".join(ends)])

    def _columns_of(self, feature: Feature) -> NDArray[np.float64]:
        """Return a variable as centred columns: its numbers, or indicators of its categories.

        One indicator follows from the others; the largest product wants all, so that no category is special.
        """
        if feature.is_discrete:
            first = 0 if self.options.gcm_null is Null.WILD else 1
            return centred(indicators(np.asarray(feature.values, np.int32), first))
        return centred(np.asarray(feature.values, np.float64)[:, None])

    def _residuals(self, variable: int, question: Question, regression: Regression) -> NDArray[np.float64]:
        """Return what is left of a variable, shape (n, columns); no column when it is a function of the set."""

        def make() -> NDArray[np.float64]:
            plain = self._columns_of(self.feature(variable, question))
            left = regression.residuals(plain)
            return left if np.sum(left * left) > _LEAST_SHARE * np.sum(plain * plain) else left[:, :0]

        key = ("left", variable, question.given, question.incomplete)
        return self.cache.get(key, make, lambda r: r.nbytes)


def functions_of_categories(columns: Sequence[NDArray[np.int32]], most: int) -> NDArray[np.float64]:
    """Return indicators that make all functions of the categories together; of pairs, then of single columns, where
    these are more than `most`."""
    for together in (len(columns), 2, 1):
        if together > len(columns):
            continue
        parts = [indicators(_joint(chosen)) for chosen in combinations(columns, together)]
        if together == 1 or sum(part.shape[1] for part in parts) <= most:
            break
    return np.hstack(parts)


def interactions(
    numbers: Sequence[NDArray[np.float64]], categories: NDArray[np.float64] | None, most: int
) -> NDArray[np.float64]:
    """Return products of standardised numbers with each other and with functions of categories: those of total degree
    3 or less, or of degree 2, or none, so that they are no more than `most`; shape (n, products)."""
    rows = len(numbers[0]) if numbers else 0 if categories is None else len(categories)
    factors = [np.clip(column, -_FARTHEST, _FARTHEST) for column in numbers]
    of_categories = [] if categories is None else list(categories.T)
    for highest in (3, 2):
        products = [
            chosen
            for degree in range(2, highest + 1)
            for chosen in combinations_with_replacement(range(len(factors)), degree)
            if chosen[0] != chosen[-1]
        ]
        count = len(products) + len(factors) * len(of_categories)
        if 0 < count <= most:
            slopes = [factor * column for factor in factors for column in of_categories]
            return np.column_stack([np.prod([factors[k] for k in chosen], axis=0) for chosen in products] + slopes)
    return np.empty((rows, 0))


def _joint(columns: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return the categories of several columns together, numbered from 0; all occur."""
    codes = columns[0]
    for column in columns[1:]:
        codes = numbered(codes.astype(np.int64) * (int(column.max()) + 1) + column)[1].astype(np.int32)
    return codes


def _chi2(total: NDArray[np.float64], spread: NDArray[np.float64]) -> Found:
    """Return log p, statistic and degrees of freedom of sums with a covariance."""
    values, vectors = np.linalg.eigh(spread)
    kept = values > 1e-10 * values[-1]
    statistic = float(np.sum((vectors[:, kept].T @ total) ** 2 / values[kept]))
    return tails.chi2(statistic, float(kept.sum())), statistic, float(kept.sum())


def _largest(total: NDArray[np.float64], spread: NDArray[np.float64], rng: np.random.Generator, draws: int) -> Found:
    """Return log p and the statistic of the largest standardised sum, by draws of normal sums with the covariance."""
    deviations = np.sqrt(np.diag(spread))
    kept = deviations > 1e-10 * deviations.max()
    values, vectors = np.linalg.eigh(spread[np.ix_(kept, kept)])
    root = vectors * np.sqrt(np.maximum(values, 0.0)) / deviations[kept, None]
    statistic = float(np.max(np.abs(total[kept]) / deviations[kept]))
    largest = np.abs(rng.standard_normal((draws, len(root))) @ root.T).max(axis=1)
    return math.log((1 + int((largest >= statistic).sum())) / (1 + draws)), statistic, 0.0


def build(data: Dataset, options: Options, context: Context) -> Gcm:
    """Bind the test to the columns."""
    return Gcm("gcm", Columns.of(data), options, Cache(_BUDGET))
