"""The correlation matrix of columns of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

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
    scaled, constant = np.empty_like(values), np.empty(len(values), np.bool_)

    def scale(block: slice) -> None:
        constant[block] = _scale(values[block], scaled[block])

    with _mapping(values, threads) as do:
        list(do(scale, _blocks(values)))
        refuse_constant(constant, names)
        found = _products(scaled, _blocks(values), do)
    np.fill_diagonal(found, 1.0)
    return found


def products(rows: NDArray[np.float64], threads: int = 1) -> NDArray[np.float64]:
    """Return the products of all rows with each other, the same bits for any number of threads."""
    with _mapping(rows, threads) as do:
        return _products(rows, _blocks(rows), do)


def _blocks(rows: NDArray[np.float64]) -> list[slice]:
    return [slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK)]


@contextmanager
def _mapping(rows: NDArray[np.float64], threads: int) -> Iterator[Callable[..., Iterable[None]]]:
    """Give what maps a function over blocks: with threads where multiplying the rows is worth their start."""
    if threads == 1 or len(rows) ** 2 * rows.shape[1] < WORTH_THREADS:
        yield map
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        yield pool.map


def standardised(values: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Return variables in rows, shape (variables, rows), with mean 0 and length 1 over their known cells, which are
    those that are not NaN; the others become 0.

    Raises DataError naming a variable that is constant.
    """
    out = np.zeros_like(values)
    for name, row, into in zip(names, values, out, strict=True):
        known = ~np.isnan(row)
        if known.any():
            scaled = np.empty((1, int(known.sum())))
            refuse_constant(_scale(row[known][None], scaled), (name,))
            into[known] = scaled[0]
    return out


def _scale(values: NDArray[np.float64], out: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Fill `out` with rows of mean 0 and length 1; returns which rows are constant."""
    np.subtract(values, values.mean(axis=1, keepdims=True), out=out)
    largest = np.maximum(out.max(axis=1), -out.min(axis=1))
    # A constant that is no round number leaves rounding noise behind, not zeros.
    constant: NDArray[np.bool_] = largest <= 1e-14 * np.maximum(values.max(axis=1), -values.min(axis=1))
    out /= np.where(constant, 1.0, largest)[:, None]
    out /= np.sqrt(np.einsum("ij,ij->i", out, out) + constant)[:, None]
    return constant


def refuse_constant(constant: NDArray[np.bool_], names: Sequence[str]) -> None:
    """Raise DataError naming the first variable that is constant."""
    if constant.any():
        name = names[int(np.argmax(constant))]
        raise DataError(f"column {name!r} is constant; drop it with --columns '!{as_column(name)}' or --drop-constant")


def _products(rows: NDArray[np.float64], blocks: list[slice], do: Callable[..., Iterable[None]]) -> NDArray[np.float64]:
    """Return the products of all rows with each other; `do` maps a function over the blocks."""
    if len(blocks) == 1:
        found: NDArray[np.float64] = rows @ rows.T
    else:
        found = np.empty((len(rows), len(rows)))

        def multiply(block: slice) -> None:
            np.matmul(rows[block], rows[: block.start].T, out=found[block, : block.start])
            found[: block.start, block] = found[block, : block.start].T
            found[block, block] = rows[block] @ rows[block].T  # half the multiplications, as it is symmetric

        list(do(multiply, blocks[::-1]))  # the longest first
    return found
