"""Columns as tests on rows need them: those rows where all columns of a question are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests._kernels import Feature, feature_of_codes, feature_of_numbers, median_scales
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.distinct import numbered

# Times are spread evenly, and what happens along them may have several turns: a kernel as wide as their median distance
# sees one of them, one of a quarter of it four. It costs a tenth of the power against a single step (docs/cdnod.md).
TIME_SHARE = 0.25


@dataclass(frozen=True)
class Columns:
    """Numbers (float64) or codes (int32) by column, and which cells are missing, None where none is; `times`: which
    columns are times."""

    values: tuple[NDArray[np.float64] | NDArray[np.int32], ...]
    missing: tuple[NDArray[np.bool_] | None, ...]
    rows: int
    times: frozenset[int] = frozenset()

    @classmethod
    def of(cls, data: Dataset) -> Columns:
        """Take over the columns of the data: codes of discrete ones, numbers of others."""
        values = [c.codes if c.codes is not None else c.values for c in data.columns]
        assert all(v is not None for v in values)
        missing = [c.missing for c in data.columns]
        times = frozenset(i for i, c in enumerate(data.columns) if c.kind is ColumnKind.TIME)
        known = tuple(m if m.any() else None for m in missing)
        return cls(tuple(v for v in values if v is not None), known, data.rows, times)

    def __len__(self) -> int:
        return len(self.values)

    def incomplete(self, variables: tuple[int, ...]) -> tuple[int, ...]:
        """Return those of the variables that have missing cells, in order: they decide which rows are used."""
        return tuple(sorted(v for v in variables if self.missing[v] is not None))

    def known(self, incomplete: tuple[int, ...]) -> NDArray[np.bool_] | None:
        """Return the rows where these variables are known, None for all rows."""
        masks = [m for m in (self.missing[v] for v in incomplete) if m is not None]
        return ~np.logical_or.reduce(masks) if masks else None

    def count_known(self, incomplete: tuple[int, ...]) -> int:
        """Return how many rows there are where these variables are known."""
        known = self.known(incomplete)
        return self.rows if known is None else int(known.sum())

    def chosen(self, variable: int, incomplete: tuple[int, ...]) -> NDArray[np.float64] | NDArray[np.int32]:
        """Return a column on the rows where the incomplete variables are known."""
        rows = self.known(incomplete)
        return self.values[variable] if rows is None else self.values[variable][rows]

    def feature(self, variable: int, incomplete: tuple[int, ...]) -> Feature:
        """Return a column on the rows where the incomplete variables are known; unseen categories go."""
        values = self.chosen(variable, incomplete)
        if values.dtype == np.int32:
            return feature_of_codes(numbered(values)[1].astype(np.int32))
        if values.ndim == 2:
            return feature_of_group(np.asarray(values, np.float64))
        found = feature_of_numbers(np.asarray(values, np.float64))
        return replace(found, spread=TIME_SHARE * found.spread) if variable in self.times else found


def feature_of_group(values: NDArray[np.float64]) -> Feature:
    """Return a variable of several numbers, scaled so that the joint distance of rows has a median of about 1."""
    members = [feature_of_numbers(np.ascontiguousarray(column)) for column in values.T]
    varying = [m for m in members if not m.constant]
    if not varying:
        return Feature(np.zeros(len(values)), 1.0, True)
    scales = median_scales(varying, [1.0] * len(varying))
    return Feature(np.column_stack([m.values * s for m, s in zip(varying, scales, strict=True)]), 1.0, False)
