"""G-squared (likelihood ratio) test of conditional independence, for discrete columns.

G^2 = 2 sum O log(O / E) over the cells of every stratum of the conditioning set; A. Agresti, "Categorical Data
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
    """Tell whether `--test auto` means this test: every column holds categories."""
    return all(c.kind.is_discrete for c in data.columns)


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None."""
    return _contingency.accepts(data, "gsq")


def build(data: Dataset, options: Options, context: Context) -> CITest:
    """Bind the test to category codes."""
    return _contingency.bind("gsq", data, pearson=False, options=options)
