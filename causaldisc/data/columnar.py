"""Parquet, Feather and Arrow files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causaldisc.errors import DataError
from causaldisc.result import Notice

if TYPE_CHECKING:
    import pyarrow as pa

# How pandas calls an index without a name; it holds row labels, as an empty name does in text.
_PANDAS_INDEX = "__index_level_"


# The byte after a magic of letters: text never has it there, even where a column is called PAR1.
_MAGIC = re.compile(rb"(PAR1|ARROW1|FEA1)[^\t\r\n\x20-\x7e]")


@dataclass(frozen=True)
class ColumnarTable:
    """A file whose columns have names and types of their own; `fields` are the names as stored."""

    content: bytes
    fields: tuple[str, ...]
    label: str
    decimal: str = "."
    notices: tuple[Notice, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return named(self.fields)

    def load(self, positions: Sequence[int]) -> list[pa.ChunkedArray]:
        wanted = [self.fields[i] for i in positions]
        with damage_named(self.label):
            table = _read(self.content, wanted)
        if not table.num_rows:
            raise DataError(f"{self.label} has names but no rows below them")
        return [table.column(field) for field in wanted]

    def place(self, row: int) -> str:
        return f"row {row + 1}"


def is_columnar(content: bytes) -> bool:
    """Tell whether the bytes are Parquet, Feather (both versions) or an Arrow file."""
    return _MAGIC.match(content) is not None


def open_columnar(content: bytes, label: str) -> ColumnarTable:
    """Return the table in a Parquet, Feather or Arrow file.

    Raises DataError when the file is damaged.
    """
    with damage_named(label):
        fields = _fields(content)
    if not fields:
        raise DataError(f"{label} has no columns")
    return ColumnarTable(content, tuple(fields), label)


def named(fields: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns as stored, empty for what pandas keeps as labels of rows."""
    return tuple("" if f.startswith(_PANDAS_INDEX) else f.strip() for f in fields)


def _fields(content: bytes) -> list[str]:
    import pyarrow as pa

    if content.startswith(b"PAR1"):
        from pyarrow import parquet

        return list(parquet.ParquetFile(pa.BufferReader(content)).schema_arrow.names)
    return list(_read(content, None).schema.names)


def _read(content: bytes, columns: list[str] | None) -> pa.Table:
    import pyarrow as pa

    if content.startswith(b"PAR1"):
        from pyarrow import parquet

        return parquet.ParquetFile(pa.BufferReader(content)).read(columns=columns)
    from pyarrow import feather

    return feather.read_table(pa.BufferReader(content), columns=columns)


@contextmanager
def damage_named(label: str) -> Iterator[None]:
    """Turn what Arrow says about a damaged file into a DataError."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"{label} is cut short or damaged ({reason}); copy or make it again") from error
