"""Fisher's Z test of the partial correlation, for numeric columns and linear Gaussian relations.

R. A. Fisher, "The distribution of the partial correlation coefficient", Metron 3 (1924). The effect is the partial
correlation. Where cells are missing, each test uses the rows that have all of its own, and counts them.
"""

from __future__ import annotations

from dataclasses import dataclass

from causaldisc.citests import _gaussian
from causaldisc.citests._covariances import TestWise
from causaldisc.citests._gaussian import FisherZ, critical
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options

__all__ = ["TAKES_CORRELATIONS", "FisherZ", "Options", "accepts", "build", "critical", "suits"]

TAKES_CORRELATIONS = True


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Fisher's Z needs no options."""


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: no column holds categories."""
    return not any(c.kind.is_discrete for c in data.columns)


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None. Numbers that stand for categories are allowed."""
    return _gaussian.accepts(data, "fisherz")


def build(data: Dataset, options: Options, context: Context) -> FisherZ | TestWise:
    """Bind the test to correlations, or to the rows where cells are missing.

    Raises DataError when fewer than four rows are left, or a column is constant.
    """
    if data.correlation is not None:
        return FisherZ(data.correlation, data.rows, options)
    return _gaussian.bind("fisherz", data, data.matrix(), options, context)
