"""Partial correlation of compositions, for columns that are parts of a whole: relative abundances, percentages.

J. Aitchison, "The Statistical Analysis of Compositional Data" (1986). x and y given S are judged within the
composition of x, y and S alone: Fisher's Z of the partial correlation of log(x/r) and log(y/r) given the other
log-ratios to r, for any part r of S. Which r changes nothing: the inverse covariances of all log-ratios to one part
are blocks of one matrix, the pseudo-inverse of the covariance of the centred log-ratios (clr). One ratio fewer than
parts is conditioned on, so the degrees of freedom are n - |S| - 2. The effect is that partial correlation.

Limits. Two parts have one ratio: without conditioning nothing is decided ("singular"), and a search cannot separate a
pair at depth 0. Each part has a positive partial correlation with some other: no graph is empty. What separates
within one composition need not within a larger one: trust sets that are large, or hold a stable part.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import _covariances, _gaussian
from causaldisc.citests._covariances import TestWise, WholeRows
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.quoting import as_column
from causaldisc.words import counted

__all__ = ["Options", "Zeros", "accepts", "build", "suits"]

FEWEST_PARTS = 3


class Zeros(Enum):
    """What is done about zeros, which have no logarithm."""

    REFUSE = "refuse"
    SMALLEST = "smallest"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of the test of compositions."""

    zeros: Zeros = opt(
        Zeros.REFUSE,
        "Zeros in clr-fisherz, which have no logarithm: 'refuse' such data, take them for the 'smallest' positive "
        "number of their column, or for 'missing' cells.",
    )


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, as numbers do not tell that they are parts of a whole."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None."""
    reason = _gaussian.accepts(data, "clr-fisherz")
    if reason:
        return reason
    if len(data) < FEWEST_PARTS:
        return f"clr-fisherz needs {FEWEST_PARTS} parts of a composition at least, and there are {len(data)}"
    for column in data.columns:
        assert column.values is not None
        if (column.values < 0).any():
            return (
                f"column {column.name!r} has negative numbers, and clr-fisherz needs parts of a whole; "
                f"leave it out with --columns '!{as_column(column.name)}'"
            )
    return None


def build(data: Dataset, options: Options, context: Context) -> TestWise | WholeRows:
    """Bind the test to the covariances of logarithms, or to the logarithms where cells are missing.

    Raises DataError when there are zeros and they are refused, or fewer than four rows.
    """
    _gaussian.require_rows(data, "clr-fisherz")
    logs = np.array([_logarithms(c.name, row, options.zeros) for c, row in zip(data.columns, data.matrix())])
    known = ~np.isnan(logs)
    for row, present in zip(logs, known):
        # One scale for all: the differences of logarithms are what counts.
        row[present] -= row[present].mean() if present.any() else 0.0
        row[~present] = 0.0
    return _covariances.bind("clr-fisherz", logs, known, "ratios", options)


def _logarithms(name: str, parts: NDArray[np.float64], zeros: Zeros) -> NDArray[np.float64]:
    """Return the logarithms of a column, NaN where missing."""
    gone = parts == 0
    if gone.any():
        if zeros is Zeros.REFUSE:
            raise DataError(
                f"column {name!r} has {counted(int(gone.sum()), 'zero')}, which have no logarithm; say with --zeros "
                f"whether they stand for the 'smallest' number of the column or for 'missing' cells"
            )
        least = parts[parts > 0].min(initial=np.inf)
        parts = np.where(gone, least if zeros is Zeros.SMALLEST and np.isfinite(least) else np.nan, parts)
    found: NDArray[np.float64] = np.log(parts)
    return found
