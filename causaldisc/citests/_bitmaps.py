"""Which rows each variable marks, one bit for each: row r is bit r % 64 of word r // 64."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Bitmaps:
    """`words`: uint64, shape (variables, words); bits beyond the last of the `rows` rows are 0."""

    words: NDArray[np.uint64]
    rows: int

    @classmethod
    def of(cls, masks: Iterable[NDArray[np.bool_]], rows: int) -> Bitmaps:
        """Return the bitmaps of masks of shape (rows,), which are asked for one at a time."""
        length = -(-rows // 64)
        found = [_packed(mask, length) for mask in masks]
        return cls(np.array(found, np.uint64).reshape(len(found), length), rows)

    def __len__(self) -> int:
        return len(self.words)

    def without(self, other: Bitmaps) -> Bitmaps:
        """Return what is marked here and not there."""
        return Bitmaps(self.words & ~other.words, self.rows)

    def with_none(self) -> Bitmaps:
        """Return the bitmaps and those of one more variable, which marks no row."""
        return Bitmaps(np.vstack([self.words, np.zeros_like(self.words, shape=(1, self.words.shape[1]))]), self.rows)

    def counts(self) -> NDArray[np.int64]:
        """Return how many rows each variable marks."""
        return np.array([np.count_nonzero(self.mask(line)) for line in self.words], np.int64)

    @property
    def are_all(self) -> bool:
        """Whether every variable marks all rows."""
        return int(self.counts().sum()) == len(self) * self.rows

    def mask(self, words: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return one bitmap of this length as a mask of shape (rows,)."""
        bits = np.unpackbits(words.astype("<u8").view(np.uint8), count=self.rows, bitorder="little")
        return bits.view(np.bool_)

    def take(self, rows: NDArray[np.bool_]) -> Bitmaps:
        """Return the bitmaps of the rows marked True."""
        return Bitmaps.of((self.mask(line)[rows] for line in self.words), int(rows.sum()))


def _packed(mask: NDArray[np.bool_], length: int) -> NDArray[np.uint64]:
    out = np.zeros(8 * length, np.uint8)
    bits = np.packbits(mask, bitorder="little")
    out[: len(bits)] = bits
    return out.view("<u8").astype(np.uint64)
