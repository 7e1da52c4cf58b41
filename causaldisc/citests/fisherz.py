"""Fisher's Z test of the partial correlation, for numeric columns and linear Gaussian relations.

R. A. Fisher, "The distribution of the partial correlation coefficient", Metron 3 (1924).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import partial
from causaldisc.citests.base import Answers
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError
from causaldisc.options import Options as _Options

FEWEST_ROWS = 4


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Fisher's Z needs no options."""


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: no column holds categories."""
    return not any(c.kind.is_discrete for c in data.columns)


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None. Numbers that stand for categories are allowed."""
    for column in data.columns:
        if column.values is None:
            return (
                f"column {column.name!r} holds text, and fisherz needs numbers; "
                f"leave it out with --columns '!{column.name}' or use a test for discrete data"
            )
    return None


@dataclass(frozen=True)
class FisherZ:
    """The test bound to a correlation matrix, shape (variables, variables), from `rows` rows."""

    correlation: NDArray[np.float64]
    rows: int
    options: Options = Options()
    name: str = "fisherz"

    @property
    def variables(self) -> int:
        return len(self.correlation)

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        partial.fisher_z(self.correlation, self.rows, x, y, given, out.log_p, out.statistic, out.verdict)
        out.n[:] = self.rows
        return out


def build(data: Dataset, options: Options, context: Context) -> FisherZ:
    """Compute the correlation matrix over the rows without a missing cell.

    Raises DataError when fewer than four such rows are left, or a column is constant in them.
    """
    complete = ~np.logical_or.reduce([c.missing for c in data.columns])
    rows = int(complete.sum())
    if rows < FEWEST_ROWS:
        raise DataError(
            f"{data.source or 'the data'}: only {rows} of {data.rows} rows have no missing cell, and fisherz needs "
            f"{FEWEST_ROWS}; leave out columns with many missing cells ('causaldisc check' counts them)"
        )
    if rows < data.rows:
        context.warn("rows-dropped", f"{data.rows - rows} of {data.rows} rows have a missing cell and were left out")
        data = data.take(complete)
    return FisherZ(correlation(data.matrix(), data.names), rows, options)


def correlation(values: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the correlation matrix of variables in rows, shape (variables, rows).

    Each variable is centred and scaled first, so that no square overflows and large means do not cancel.
    Raises DataError naming a variable that is constant.
    """
    centred = values - values.mean(axis=1, keepdims=True)
    largest = np.abs(centred).max(axis=1, keepdims=True)
    # A constant that is no round number leaves rounding noise behind, not zeros.
    constant = largest[:, 0] <= 1e-14 * np.abs(values).max(axis=1)
    if constant.any():
        name = names[int(np.argmax(constant))]
        raise DataError(f"column {name!r} is constant; drop it with --columns '!{name}' or --drop-constant")
    centred /= largest
    centred /= np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    matrix: NDArray[np.float64] = centred @ centred.T
    np.fill_diagonal(matrix, 1.0)
    return matrix
