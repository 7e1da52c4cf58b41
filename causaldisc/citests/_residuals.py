"""Tests of the products of residuals, bound to columns and to the rows that each variable allows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import residuals
from causaldisc.citests import _marginals
from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._compressed import Compressed
from causaldisc.citests.base import Answers
from causaldisc.context import Context
from causaldisc.data.validation import FEWEST_ROWS
from causaldisc.options import Options


@dataclass(frozen=True)
class Allowed:
    """The rows that variables allow: as an end of a question, and as a condition."""

    ends: Bitmaps
    givens: Bitmaps


@dataclass(frozen=True)
class ResidualTest:
    """A test bound to columns; `marginals`, where there are any, answer all questions about one set."""

    name: str
    variables: int
    rows: int
    residuals: residuals.Residuals = field(repr=False)
    options: Options
    degree: int
    marginals: _marginals.Marginals | None = field(default=None, repr=False)

    @classmethod
    def bind(
        cls,
        name: str,
        columns: Compressed,
        allowed: Allowed,
        degree: int,
        options: Options,
        fewest: int = FEWEST_ROWS,
    ) -> ResidualTest:
        """Bind a test to columns: Fisher's Z for the degree 1, else the generalised covariance measure. Questions with
        less than `fewest` rows are not answered."""
        arrays = columns.starts, columns.places, columns.numbers
        masks = allowed.ends.words, allowed.givens.words
        bound = residuals.Residuals(columns.rows, *arrays, *masks, degree, fewest)
        return cls(name, len(columns), columns.rows, bound, options, degree)

    def tabulated(self, columns: Compressed, given: tuple[int, ...], context: Context) -> ResidualTest:
        """Return the test with all questions about one set answered at once if they are many; every row must be
        allowed."""
        if not _marginals.FEWEST <= self.variables <= _marginals.MOST:
            return self
        basis = _marginals.basis(columns, given, self.degree)
        return replace(self, marginals=_marginals.Marginals.of(columns, self.residuals, given, basis, context))

    @property
    def deepest(self) -> int | None:
        return self.rows - FEWEST_ROWS

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        if self.marginals is not None and self.marginals.are_asked(given):
            return self.marginals.answers(x, y)
        out = Answers.empty(len(x))
        self.residuals.tests(x, y, given, out.log_p, out.statistic, out.effect, out.n, out.verdict)
        return out
