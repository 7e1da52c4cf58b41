"""The correlation matrix of columns of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.errors import DataError
from causaldisc.quoting import as_column


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
        raise DataError(f"column {name!r} is constant; drop it with --columns '!{as_column(name)}' or --drop-constant")
    centred /= largest
    centred /= np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    matrix: NDArray[np.float64] = centred @ centred.T
    np.fill_diagonal(matrix, 1.0)
    return matrix
