"""Conditional-Gaussian likelihood-ratio test, for discrete and numeric columns: a relation in each category.

B. Andrews, J. Ramsey, G. Cooper, "Scoring Bayesian networks of mixed variables", Int. J. Data Science and Analytics 6
(2018): within each cell of the categories of x, y and the set, numbers are Gaussian with means and covariances of their
own, and the statistic is 2 (L(x, y, set) - L(x, set) - L(y, set) + L(set)), L the largest log likelihood of columns
together. In each stratum of the set's categories that is

- for two numbers, -n log(1 - r^2) of their partial correlation given the set's numbers, 1 degree of freedom;
- for a number and a category, the likelihood ratio of separate regressions on the set's numbers in each category of
  the other against one for all: rank + 2 degrees of freedom for each category beyond the first;
- for two categories, G^2, and where the set has k numbers what the covariances say of the cells beyond the margins:
  (a - 1)(b - 1)(1 + k (k + 3) / 2) degrees of freedom.

Deviations: the statistic is multiplied by its degrees of freedom over its mean under the null, which is known for
Gaussian columns (digamma functions). A cell counts if it has k + 4 rows; categories with fewer are left out of their
stratum where one of x and y is a number, and strata where both are categories. Where nothing counts the answer is
"insufficient". The effect is the statistic, as it was, over 2n: conditional mutual information in nats.

The last case assumes the set's numbers Gaussian within all cells and all margins at once, which no dependence of
theirs on both categories allows exactly; the level stays below 10% in what docs/mixed.md reports.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import cells
from causaldisc.citests import _gaussian, _mixed
from causaldisc.citests._mixed import Options
from causaldisc.citests.base import Answers
from causaldisc.context import Context
from causaldisc.data.correlation import standardised
from causaldisc.data.dataset import MISSING_CODE, Dataset
from causaldisc.data.validation import FEWEST_ROWS

__all__ = ["EFFECT_IN_NATS", "ConditionalGaussian", "Options", "accepts", "build", "suits"]

EFFECT_IN_NATS = True


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, as searches find more with dg, see there."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None: it takes columns of every kind."""
    return None


@dataclass(frozen=True)
class ConditionalGaussian:
    """The test bound to numbers and category codes."""

    variables: int
    rows: int
    cells: cells.Cells = field(repr=False)
    options: Options
    name: str = "cg"

    @property
    def deepest(self) -> int | None:
        return self.rows - FEWEST_ROWS

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        self.cells.tests(x, y, given, out.log_p, out.statistic, out.df, out.effect, out.n, out.verdict)
        return out


def build(data: Dataset, options: Options, context: Context) -> ConditionalGaussian:
    """Bind the test to numbers and category codes.

    Raises DataError when fewer than four rows are left, or a column of numbers is constant.
    """
    _gaussian.require_rows(data, "cg")
    numbers = np.full((len(data), data.rows), np.nan)
    codes = np.full((len(data), data.rows), MISSING_CODE, np.int32)
    levels = np.zeros(len(data), np.int32)
    for i, column in enumerate(data.columns):
        of_column = _mixed.categories(column, options)
        if of_column is None:
            numbers[i], codes[i] = column.values, np.where(column.missing, MISSING_CODE, 0)
        else:
            codes[i], levels[i] = of_column, max(len(column.levels), 1)
    bound = cells.Cells(standardised(numbers, data.names), codes, levels)
    return ConditionalGaussian(len(data), data.rows, bound, options)
