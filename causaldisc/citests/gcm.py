"""Generalised covariance measure: correlation of what spline regressions leave, fast for many rows.

R. D. Shah, J. Peters, "The hardness of conditional independence testing and the generalised covariance measure",
Annals of Statistics 48 (2020). x and y are regressed on the conditioning set; under independence the products of the
residuals have mean 0 (theorem 6), and n m' S^-1 m, with their mean m and covariance S, is chi-squared. Numbers are one
column, a variable of L categories L - 1 indicators, so that there is one product for two numbers (the square of the
paper's normal statistic) and (L - 1)(M - 1) for two variables of categories.

The regression is a sum of cubic splines, one for each number of the set, and of indicators of its categories: it takes
effects of the set to be additive. Our deviation: S is multiplied by what makes up for the degrees of freedom that the
regression takes, tr Q^4 / sum_i ((Q^2)_ii)^2 with Q what makes residuals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import tails
from causaldisc.citests._cache import Cache
from causaldisc.citests._columns import Columns
from causaldisc.citests._kernels import Feature, Regression, centred
from causaldisc.citests._rowwise import Found, Question, RowTest
from causaldisc.citests.base import Verdict
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.distinct import distinct
from causaldisc.options import Options as _Options
from causaldisc.options import opt

DEGREE = 3
# Keeps the normal equations solvable where basis functions depend on each other; of a variance of 1.
_RIDGE = 1e-7
# A variable of which less than this share is left is a function of the conditioning set.
_LEAST_SHARE = 1e-6
_BUDGET = 256 << 20


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of gcm."""

    gcm_pieces: int = opt(
        0, "Pieces of the splines that gcm regresses on; 0 chooses by the number of rows: its cube root.", at_least=0
    )


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


def indicators(codes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return a column for each category but the first; categories are numbered from 0, and all occur."""
    return np.ascontiguousarray(codes[:, None] == np.arange(1, codes.max() + 1), np.float64)


@dataclass(frozen=True)
class Gcm(RowTest):
    """The test bound to columns."""

    options: Options

    def regression(self, question: Question) -> Regression:
        return self.cache.get(
            ("given", question.given, question.incomplete),
            lambda: Regression.fit(
                np.hstack([self._basis(f) for f in self.features(question.given, question)]), _RIDGE * question.rows
            ),
            lambda r: r.bytes,
        )

    def unconditional(self, question: Question) -> Found | Verdict:
        e, f = (_columns_of(self.feature(v, question)) for v in (question.x, question.y))
        return _chi2(e, f, question.rows / (question.rows - 1.0))

    def conditional(self, question: Question, regression: Regression) -> Found | Verdict:
        e, f = (self._residuals(v, question, regression) for v in (question.x, question.y))
        return _chi2(e, f, regression.correction) if e.size and f.size else Verdict.SINGULAR

    def _basis(self, feature: Feature) -> NDArray[np.float64]:
        """Return centred functions of a column of the conditioning set."""
        if feature.constant or feature.is_discrete:
            return _columns_of(feature)
        pieces = self.options.gcm_pieces or max(2, round(len(feature.values) ** (1.0 / 3.0)))
        return centred(spline_basis(np.asarray(feature.values, np.float64), pieces))

    def _residuals(self, variable: int, question: Question, regression: Regression) -> NDArray[np.float64]:
        """Return what is left of a variable, shape (n, columns); no column when it is a function of the set."""

        def make() -> NDArray[np.float64]:
            plain = _columns_of(self.feature(variable, question))
            left = regression.residuals(plain)
            return left if np.sum(left * left) > _LEAST_SHARE * np.sum(plain * plain) else left[:, :0]

        key = ("left", variable, question.given, question.incomplete)
        return self.cache.get(key, make, lambda r: r.nbytes)


def _columns_of(feature: Feature) -> NDArray[np.float64]:
    """Return a variable as centred columns: its numbers, or an indicator for each category but the first."""
    if feature.is_discrete:
        return centred(indicators(np.asarray(feature.values, np.int32)))
    return centred(np.asarray(feature.values, np.float64)[:, None])


def _chi2(first: NDArray[np.float64], second: NDArray[np.float64], scale: float) -> tuple[float, float, float]:
    """Return log p, statistic and degrees of freedom for residuals; S is multiplied by `scale`."""
    products = (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)
    total = products.sum(axis=0)
    spread = (products.T @ products) - np.multiply.outer(total, total) / len(products)
    values, vectors = np.linalg.eigh(spread * scale)
    kept = values > 1e-10 * values[-1]
    statistic = float(np.sum((vectors[:, kept].T @ total) ** 2 / values[kept]))
    return tails.chi2(statistic, float(kept.sum())), statistic, float(kept.sum())


def build(data: Dataset, options: Options, context: Context) -> Gcm:
    """Bind the test to the columns."""
    return Gcm("gcm", Columns.of(data), options, Cache(_BUDGET))
