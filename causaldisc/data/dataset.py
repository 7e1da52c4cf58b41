"""Dataset: named columns with kinds, frozen, the one form in which data reach any algorithm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.source import label
from causaldisc.distinct import numbered
from causaldisc.errors import DataError
from causaldisc.quoting import as_column
from causaldisc.result import Notice

if TYPE_CHECKING:
    from causaldisc.data.sparse import AnyColumn

MISSING_CODE = -1


class ColumnKind(Enum):
    """What the values of a column mean."""

    CONTINUOUS = "continuous"
    COUNT = "count"
    DISCRETE = "discrete"
    BINARY = "binary"
    TIME = "time"
    CONTEXT = "context"

    @property
    def is_discrete(self) -> bool:
        return self in (ColumnKind.DISCRETE, ColumnKind.BINARY)


@dataclass(frozen=True, eq=False)
class Column:
    """One variable over n rows.

    `values`: float64, shape (n,), NaN where missing; None when the cells are text. A group of columns that are one
    variable (see groups.py) has the shape (n, members).
    `codes`: int32, shape (n,), numbers of `levels`, -1 where missing; None unless the kind is discrete.
    `levels`: the categories as text, in order: numbers by size, text by alphabet.
    """

    name: str
    kind: ColumnKind
    values: NDArray[np.float64] | None
    codes: NDArray[np.int32] | None = None
    levels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.values is not None or self.codes is not None
        assert (self.codes is not None) == self.kind.is_discrete
        for array in (self.values, self.codes):
            if array is not None:
                array.setflags(write=False)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """True where the cell is missing; shape (n,)."""
        if self.values is None:
            return np.equal(self._known_codes(), MISSING_CODE)
        gaps: NDArray[np.bool_] = np.isnan(self.values)
        return np.logical_or.reduce(gaps, axis=1) if self.is_group else gaps

    @property
    def is_group(self) -> bool:
        return self.values is not None and self.values.ndim == 2

    @property
    def zeros(self) -> NDArray[np.bool_]:
        """True where the raw cell is a zero; shape (n,)."""
        if self.values is not None:
            return np.equal(self.values, 0.0)
        zero_levels = [code for code, level in enumerate(self.levels) if level == "0"]
        return np.isin(self._known_codes(), zero_levels)

    @property
    def extremes(self) -> tuple[float, float]:
        """The least and the largest number; NaN when all are missing."""
        assert self.values is not None
        return float(np.fmin.reduce(self.values, axis=None)), float(np.fmax.reduce(self.values, axis=None))

    def _known_codes(self) -> NDArray[np.int32]:
        assert self.codes is not None
        return self.codes

    def take(self, rows: NDArray[np.bool_]) -> Column:
        """Return the column restricted to the rows marked True; the levels stay."""
        return Column(
            self.name,
            self.kind,
            None if self.values is None else self.values[rows],
            None if self.codes is None else self.codes[rows],
            self.levels,
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """Columns of equal length, where they came from, and what reading them had to say.

    `correlation`, float64, shape (columns, columns): when it is all that is known of the `rows` rows; the columns are
    then continuous, and hold no values. `layers`: the other matrices that the file has.
    `totals`, float64, shape (rows,): the sums of the rows, columns included that were left out since.
    """

    columns: tuple[AnyColumn, ...]
    rows: int
    source: str = ""
    sha256: str = ""
    notices: tuple[Notice, ...] = ()
    correlation: NDArray[np.float64] | None = None
    layers: tuple[str, ...] = ()
    totals: NDArray[np.float64] | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.columns)

    def index(self, name: str) -> int:
        """Return the number of a column.

        Raises DataError that names the column and lists those there are.
        """
        try:
            return self._places[name]
        except KeyError:
            where = label(self.source) if self.source else "the data"
            raise DataError(f"no column {name!r} in {where}{hint(name, self.names)}") from None

    def select(self, names: Iterable[str]) -> Dataset:
        """Return the data restricted to some columns, in the order given."""
        places = [self.index(name) for name in names]
        correlation = None if self.correlation is None else self.correlation[np.ix_(places, places)]
        columns = tuple(self.columns[place] for place in places)
        return replace(self, columns=columns, correlation=correlation)

    def take(self, rows: NDArray[np.bool_]) -> Dataset:
        """Return the data restricted to the rows marked True."""
        columns = tuple(c.take(rows) for c in self.columns)
        totals = None if self.totals is None else self.totals[rows]
        return replace(self, columns=columns, rows=int(rows.sum()), totals=totals)

    def matrix(self) -> NDArray[np.float64]:
        """Return the numbers of all columns; shape (columns, rows), C order, NaN where missing.

        Raises DataError for a column of text.
        """
        out = np.empty((len(self), self.rows))
        for row, column in zip(out, self.columns, strict=True):
            if column.values is None:
                raise DataError(
                    f"column {column.name!r} holds text, not numbers; "
                    f"leave it out with --columns '!{as_column(column.name)}'"
                )
            row[:] = column.values
        return out

    def code_matrix(self) -> NDArray[np.int32]:
        """Return the category numbers of all columns; shape (columns, rows), C order, -1 where missing.

        Raises DataError for a column that is not discrete.
        """
        out = np.empty((len(self), self.rows), np.int32)
        for row, column in zip(out, self.columns, strict=True):
            if column.codes is None:
                raise DataError(
                    f"column {column.name!r} is {column.kind.value}, not discrete; "
                    f"if its values are categories, say --types '{as_column(column.name)}=discrete'"
                )
            row[:] = column.codes
        return out

    @classmethod
    def from_array(cls, values: NDArray[np.float64], names: Sequence[str] = (), discrete: bool = False) -> Dataset:
        """Return a Dataset of an array of shape (rows, columns), all continuous or all discrete.

        Without `names` the columns are X1, X2, ... A discrete column may hold any numbers; NaN is missing.
        """
        array = np.asarray(values, dtype=np.float64)
        labels = names or [f"X{i + 1}" for i in range(array.shape[1])]
        make = discrete_column if discrete else continuous_column
        return cls(tuple(make(n, array[:, i]) for i, n in enumerate(labels)), array.shape[0])


def continuous_column(name: str, values: NDArray[np.float64]) -> Column:
    """Return a continuous column of numbers."""
    return Column(name, ColumnKind.CONTINUOUS, np.array(values, dtype=np.float64))


def discrete_column(name: str, values: NDArray[np.float64]) -> Column:
    """Return a discrete (or binary) column whose levels are the different numbers, by size."""
    numbers = np.array(values, dtype=np.float64)
    present = ~np.isnan(numbers)
    levels, codes = numbered(numbers[present])
    all_codes = np.full(numbers.shape, MISSING_CODE, np.int32)
    all_codes[present] = codes
    kind = ColumnKind.BINARY if len(levels) <= 2 else ColumnKind.DISCRETE
    return Column(name, kind, numbers, all_codes, tuple(f"{v:.17g}" for v in levels))


def hint(name: str, known: Iterable[str]) -> str:
    """Return '; did you mean ...?' or the list of what there is, to end a sentence about an unknown name."""
    import difflib

    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    shown = ", ".join(map(_short, names[:8])) + (", ..." if len(names) > 8 else "")
    return f"; there are {shown}"


def _short(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:39] + "…")
