"""Correlation of what cubic regressions leave: nonlinear relations at compiled speed.

The generalised covariance measure of R. D. Shah and J. Peters, Annals of Statistics 48 (2020): x and y are regressed on
the conditioning set, and the sum of the products of the residuals over its standard error is N(0, 1) under independence
(their theorem 6). The regression is on 1, z, z^2, z^3 of each condition z and on the products of two conditions, which
suits smooth relations; gcm, with splines and categories, is the slower test of rougher ones. As there, the standard
error makes up for the dimensions that the regression takes. The effect is the correlation of the residuals.

Where cells are missing, each test uses the rows that have all of its own, and counts them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causaldisc.citests import _gaussian
from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._compressed import Compressed
from causaldisc.citests._residuals import Allowed, ResidualTest
from causaldisc.context import Context
from causaldisc.data.correlation import standardised
from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options

__all__ = ["DEGREE", "Options", "accepts", "build", "suits"]

DEGREE = 3


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """The cubic test needs no options."""


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, as fisherz is faster where relations are linear."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None. Numbers that stand for ordered categories are allowed."""
    return _gaussian.accepts(data, "cubic")


def build(data: Dataset, options: Options, context: Context) -> ResidualTest:
    """Bind the test to the rows.

    Raises DataError when fewer than four rows are left, or a column is constant.
    """
    _gaussian.require_rows(data, "cubic")
    values = data.matrix()
    known = Bitmaps.of((~np.isnan(column) for column in values), data.rows)
    columns = Compressed.of_matrix(standardised(values, data.names))
    return ResidualTest.bind("cubic", columns, Allowed(known, known), DEGREE, options)
