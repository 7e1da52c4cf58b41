"""Gaussian-copula test: Fisher's Z on normal scores, for numeric columns Gaussian up to monotone transforms.

H. Liu, J. Lafferty, L. Wasserman, "The Nonparanormal", JMLR 10 (2009), section 4: each column becomes
Phi^-1(min(max(F, delta), 1 - delta)) with delta = 1 / (4 n^(1/4) sqrt(pi log n)). Deviations: F is (rank - 1/2) / n
with average ranks, in place of rank / n, so that reversing a column reverses its scores; n is the number of its known
cells. The effect is the partial correlation of the scores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import _gaussian
from causaldisc.citests._covariances import TestWise
from causaldisc.citests._gaussian import FisherZ
from causaldisc.citests._ranks import average_ranks
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.distinct import numbered
from causaldisc.options import Options as _Options

__all__ = ["Options", "accepts", "build", "suits"]


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """The Gaussian copula needs no options."""


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, as fisherz is what users expect of numbers."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None. Numbers that stand for ordered categories are allowed."""
    return _gaussian.accepts(data, "copula")


def build(data: Dataset, options: Options, context: Context) -> FisherZ | TestWise:
    """Bind the test to correlations of normal scores, or to the scores where cells are missing.

    Raises DataError when fewer than four rows are left, or a column is constant.
    """
    return _gaussian.bind("copula", data, normal_scores(data.matrix()), options, context)


def normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normal scores of each row, NaN where missing; the extreme ones are truncated."""
    ranks = average_ranks(values)
    inverse = NormalDist().inv_cdf
    for row in ranks:
        known = ~np.isnan(row)
        n = int(known.sum())
        if n < 2:
            row[known] = 0.0
            continue
        least = 1.0 / (4.0 * n**0.25 * math.sqrt(math.pi * math.log(n)))
        different, places = numbered((row[known] - 0.5) / n)
        # 1/2 is exact, so that scores below and above it differ in sign only.
        away = np.array([inverse(max(0.5 - abs(f - 0.5), least)) for f in different.tolist()])
        row[known] = np.where(different > 0.5, -away, away)[places]
    return ranks
