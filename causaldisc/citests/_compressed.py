"""Columns without their zeros, in the form that kernels read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.data.sparse import AnyColumn, SparseColumn

Numbers = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Compressed:
    """Columns without their zeros: column v has `numbers[starts[v]:starts[v + 1]]` in the increasing rows `places`.

    The numbers, float32 or float64, are those of the data divided by a power of two, so that no square overflows;
    missing cells count as zeros.
    """

    rows: int
    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.starts) - 1

    def column(self, v: int) -> tuple[NDArray[np.int32], Numbers]:
        """Return the places and numbers of a column."""
        own = slice(int(self.starts[v]), int(self.starts[v + 1]))
        return self.places[own], self.numbers[own]

    def block(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the rows from start to stop of all columns, dense; shape (stop - start, columns)."""
        out = np.zeros((stop - start, len(self)))
        for v in range(len(self)):
            places, numbers = self.column(v)
            first, last = np.searchsorted(places, (start, stop))
            out[places[first:last] - start, v] = numbers[first:last]
        return out

    def project(self, basis: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the products of functions of the rows, shape (rows, functions), with each column."""
        columns = map(self.column, range(len(self)))
        return np.array([numbers.astype(np.float64) @ basis[places] for places, numbers in columns]).T

    def squares(self) -> NDArray[np.float64]:
        """Return the sum of squares of each column."""
        columns = (self.column(v)[1].astype(np.float64) for v in range(len(self)))
        return np.array([numbers @ numbers for numbers in columns])

    @classmethod
    def of_dataset(cls, data: Dataset) -> Compressed:
        """Return the columns of a dataset, in single precision if all of them are kept so."""
        return cls._joined(map(_parts, data.columns), data.rows)

    @classmethod
    def of_matrix(cls, values: NDArray[np.float64]) -> Compressed:
        """Return the rows of a matrix of shape (variables, rows)."""
        return cls._joined(map(_nonzero, values), values.shape[1])

    @classmethod
    def _joined(cls, parts: Iterable[tuple[NDArray[np.int32], Numbers]], rows: int) -> Compressed:
        places, numbers = zip(*((where, _scaled(what)) for where, what in parts), strict=True)
        starts = np.concatenate([[0], np.cumsum([len(where) for where in places])]).astype(np.int64)
        return cls(rows, starts, np.concatenate(places), np.concatenate(numbers))


def _parts(column: AnyColumn) -> tuple[NDArray[np.int32], Numbers]:
    if isinstance(column, SparseColumn):
        return column.places, np.nan_to_num(column.numbers)
    assert column.values is not None
    return _nonzero(column.values)


def _nonzero(values: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    known = np.nan_to_num(values)
    places = np.flatnonzero(known).astype(np.int32)
    return places, known[places]


def _scaled(numbers: Numbers) -> Numbers:
    """Return numbers of at most 1, divided by a power of two: exactly."""
    largest = float(np.abs(numbers).max(initial=0.0))
    return np.ldexp(numbers, -math.frexp(largest)[1]) if largest else numbers
