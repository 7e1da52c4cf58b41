"""Pearson's chi-squared test of conditional independence, for discrete columns.

chi^2 = sum (O - E)^2 / E over the cells of every stratum of the conditioning set; A. Agresti, "Categorical Data
Analysis", 3rd ed. (2013), section 3.2. Rows with a missing cell in one of the tested columns are left out of that test.
"""

from __future__ import annotations

from causaldisc.citests import _contingency
from causaldisc.citests._contingency import Options
from causaldisc.citests.base import CITest
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset

__all__ = ["EFFECT_IN_NATS", "Options", "accepts", "build", "suits"]

EFFECT_IN_NATS = True


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, since gsq keeps its level better in sparse tables."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None."""
    return _contingency.accepts(data, "chisq")


def build(data: Dataset, options: Options, context: Context) -> CITest:
    """Bind the test to category codes."""
    return _contingency.bind("chisq", data, pearson=True, options=options)
