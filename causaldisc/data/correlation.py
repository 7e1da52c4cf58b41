"""The correlation matrix of columns of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.errors import DataError
from causaldisc.quoting import as_column

# Blocks of this many variables are multiplied at a time, whatever the number of threads, so that it changes no bit.
BLOCK = 256
# Multiplications below which threads are not worth their start.
WORTH_THREADS = 2e8


def correlation(values: NDArray[np.float64], names: tuple[str, ...], threads: int = 1) -> NDArray[np.float64]:
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
    matrix = _products(centred, threads)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _products(rows: NDArray[np.float64], threads: int) -> NDArray[np.float64]:
    """Return the products of all rows with each other."""
    variables, length = rows.shape
    if variables <= BLOCK:
        return rows @ rows.T
    found = np.empty((variables, variables))

    def fill(start: int) -> None:
        stop = min(start + BLOCK, variables)
        block = np.matmul(rows[start:stop], rows[:stop].T, out=found[start:stop, :stop])
        found[:start, start:stop] = block[:, :start].T

    starts = range(0, variables, BLOCK)[::-1]  # the longest first
    if threads == 1 or variables**2 * length < WORTH_THREADS:
        for start in starts:
            fill(start)
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, starts))
    return found
