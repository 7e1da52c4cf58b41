"""Spearman's rank correlation, partial, for numeric columns in monotone relations, with outliers or long tails.

Fisher's Z of r = 2 sin(pi r_s / 6), where r_s correlates average ranks: the correlation of the Gaussian scores behind
them (K. Pearson 1907). The partial correlation of ranks themselves is not zero where x and y depend on a third column
only: with five common causes, Gaussian, 25% of the tests at 5% rejected in a simulation of 1,000 rows. z of
r_s has variance 1.06 / (n - 3) at moderate correlations (E. Fieller, H. Hartley, E. Pearson, Biometrika 44 (1957)), and
the sine makes (pi / 3)^2 of that at most: 1.16 / (n - |given| - 3) is used, which rejects 4% at 5% under independence
and 6% between columns that strong common causes explain (benchmarks/mixed.py). The effect is the partial correlation
of the scores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import _gaussian
from causaldisc.citests._covariances import TestWise
from causaldisc.citests._gaussian import FisherZ
from causaldisc.citests._ranks import average_ranks
from causaldisc.context import Context
from causaldisc.data.correlation import correlation, standardised
from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options

__all__ = ["Options", "accepts", "build", "suits"]

VARIANCE = 1.06 * (math.pi / 3) ** 2


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Spearman's correlation needs no options."""


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, as fisherz is more powerful where its assumptions hold."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None. Numbers that stand for ordered categories are allowed."""
    return _gaussian.accepts(data, "spearman")


def build(data: Dataset, options: Options, context: Context) -> FisherZ | TestWise:
    """Bind the test to correlations of ranks, or to the ranks where cells are missing.

    Raises DataError when fewer than four rows are left, or a column is constant.
    """
    _gaussian.require_rows(data, "spearman")
    ranks = average_ranks(data.matrix())
    known = ~np.isnan(ranks)
    if not known.all():
        cells = standardised(ranks, data.names)
        return TestWise.bind("spearman", cells, known, "ranks", options, variance=VARIANCE)
    of_ranks = correlation(ranks, data.names, context.threads)
    _gaussian.warn_of_singularity(ranks, of_ranks, data.names, context)
    return FisherZ(_of_scores(of_ranks), data.rows, options, "spearman", VARIANCE)


def _of_scores(of_ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlations of Gaussian scores; eigenvalues that the sine made negative become 0."""
    matrix: NDArray[np.float64] = 2.0 * np.sin(np.pi / 6.0 * of_ranks)
    np.fill_diagonal(matrix, 1.0)
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        matrix = (vectors * np.maximum(values, 0.0)) @ vectors.T
        scales = np.sqrt(np.diag(matrix))
        matrix = np.ascontiguousarray(matrix / scales / scales[:, None])
        np.fill_diagonal(matrix, 1.0)
    return matrix
