"""A column of mostly zeros, kept as the cells that are none: a thousand genes of many cells never become dense."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Column, ColumnKind


@dataclass(frozen=True, eq=False)
class SparseColumn:
    """One variable of numbers over `rows` rows; stands wherever a Column does.

    `places`: int32, the rows, in order, whose number is not zero.
    `numbers`: float32, the numbers there, NaN where missing.
    """

    name: str
    kind: ColumnKind
    rows: int
    places: NDArray[np.int32]
    numbers: NDArray[np.float32]
    codes: None = field(default=None, init=False)
    levels: tuple[str, ...] = field(default=(), init=False)
    is_group: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        assert not self.kind.is_discrete
        assert self.places.dtype == np.int32
        assert self.numbers.dtype == np.float32
        assert self.places.shape == self.numbers.shape
        self.places.setflags(write=False)
        self.numbers.setflags(write=False)

    @classmethod
    def of(cls, name: str, kind: ColumnKind, values: NDArray[np.float64] | NDArray[np.float32]) -> SparseColumn:
        """Return the column of dense values."""
        numbers = values.astype(np.float32)
        places = np.flatnonzero(numbers).astype(np.int32)
        return cls(name, kind, len(values), places, numbers[places])

    @property
    def values(self) -> NDArray[np.float64]:
        """The numbers of all rows: a new array each time."""
        dense = np.zeros(self.rows)
        dense[self.places] = self.numbers
        return dense

    @property
    def missing(self) -> NDArray[np.bool_]:
        """True where the cell is missing; shape (n,)."""
        out = np.zeros(self.rows, np.bool_)
        out[self.places] = np.isnan(self.numbers)
        return out

    @property
    def zeros(self) -> NDArray[np.bool_]:
        """True where the cell is a zero; shape (n,)."""
        out = np.ones(self.rows, np.bool_)
        out[self.places] = False
        return out

    @property
    def extremes(self) -> tuple[float, float]:
        """The least and the largest number; NaN when all are missing."""
        ends = self.numbers if len(self.numbers) == self.rows else np.append(self.numbers, np.float32(0.0))
        return float(np.fmin.reduce(ends)), float(np.fmax.reduce(ends))

    def take(self, rows: NDArray[np.bool_]) -> SparseColumn:
        """Return the column restricted to the rows marked True."""
        kept = rows[self.places]
        new_places = (np.cumsum(rows, dtype=np.int32) - np.int32(1))[self.places[kept]]
        return SparseColumn(self.name, self.kind, int(rows.sum()), new_places, self.numbers[kept])


AnyColumn: TypeAlias = Column | SparseColumn
