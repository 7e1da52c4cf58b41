"""What every file format gives: named columns that are loaded on demand, and where each row came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from causaldisc.result import Notice

if TYPE_CHECKING:
    import pyarrow as pa


class Table(Protocol):
    """An opened data file. Names may be empty or double here; positions count all columns of the file."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def decimal(self) -> str: ...

    @property
    def notices(self) -> tuple[Notice, ...]: ...

    def load(self, positions: Sequence[int]) -> list[pa.ChunkedArray]:
        """Return some columns, in the order given.

        Raises DataError when the file is damaged or a row has too many or too few cells.
        """
        ...

    def place(self, row: int) -> str:
        """Return where a row (from 0) stands, in words: 'line 17' or 'row 17'."""
        ...
