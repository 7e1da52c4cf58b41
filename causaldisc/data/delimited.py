"""Delimited text: parsed by Arrow in one pass over the bytes; a slow second look explains errors."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from causaldisc.data.encoding import LINE_BREAK, to_utf8, undecodable
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.records import (
    Record,
    is_blank,
    offset_of_line,
    records,
    with_single_blanks,
    without_comments,
)
from causaldisc.data.sniffing import Dialect, sniff
from causaldisc.errors import DataError
from causaldisc.result import Notice

if TYPE_CHECKING:
    import pyarrow as pa

_BLANKS = ' \t\r\n"'
_BLOCK = 1 << 20
_ROWS_A_BLOCK = 512
_LARGEST_BLOCK = (1 << 31) - 1  # Arrow counts the bytes of a block in 32 bits.


class Before(NamedTuple):
    """What comes before a text that is a part of a file."""

    read: int = 0
    lines: int = 0


@dataclass(frozen=True)
class DelimitedTable:
    """A text whose dialect is known; `body` is the position of the first byte of data."""

    content: bytes
    dialect: Dialect
    body: int
    markers: tuple[str, ...]
    label: str
    before: Before = Before()

    @property
    def names(self) -> tuple[str, ...]:
        return self.dialect.names

    @property
    def decimal(self) -> str:
        return self.dialect.decimal

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self.dialect.notices

    def load(self, positions: Sequence[int]) -> list[pa.ChunkedArray]:
        import pyarrow as pa

        self._refuse_open_quote()
        try:
            table = self._parse(positions)
        except pa.ArrowInvalid as error:
            raise self._explained(error) from error
        columns: list[pa.ChunkedArray] = table.columns
        for column in columns:
            kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
            if pa.types.is_binary(kind):
                raise undecodable(self.content, self.label, *self.before)
        return columns

    def place(self, row: int) -> str:
        line, _ = next(islice(self._records(), row, None))
        return f"line {line}"

    def _parse(self, positions: Sequence[int]) -> pa.Table:
        import pyarrow as pa

        try:
            return self._parse_in_blocks(positions, self._block_size())
        except pa.ArrowInvalid as error:
            if "straddl" not in str(error):
                raise
        return self._parse_in_blocks(positions, min(len(self.content), _LARGEST_BLOCK))  # one row is very long

    def _parse_in_blocks(self, positions: Sequence[int], block_size: int) -> pa.Table:
        import pyarrow as pa
        from pyarrow import csv

        return csv.read_csv(
            pa.BufferReader(pa.py_buffer(self.content).slice(self.body)),
            csv.ReadOptions(column_names=[str(i) for i in range(len(self.names))], block_size=block_size),
            csv.ParseOptions(
                delimiter=self.dialect.delimiter,
                newlines_in_values=self._has_quotes,
                invalid_row_handler=lambda row: "error" if row.text.strip(_BLANKS) else "skip",
            ),
            csv.ConvertOptions(
                include_columns=[str(i) for i in positions],
                null_values=list(self.markers),
                strings_can_be_null=False,  # Markers in text are told apart, and counted, later.
                true_values=[],  # TRUE and FALSE stay text, as they are written.
                false_values=[],
                auto_dict_encode=True,
                auto_dict_max_cardinality=1 << 30,
                decimal_point=self.decimal,
            ),
        )

    @cached_property
    def _has_quotes(self) -> bool:
        return self.content.find(b'"', self.body) >= 0

    def _block_size(self) -> int:
        """Return a block that holds many rows even where rows are long, as with thousands of genes."""
        row = re.compile(LINE_BREAK).search(self.content, self.body)
        length = (row.end() if row else len(self.content)) - self.body
        return min(max(_BLOCK, _ROWS_A_BLOCK * length), max(_BLOCK, len(self.content)), _LARGEST_BLOCK)

    def _records(self) -> Iterator[Record]:
        found = records(self.content, self.dialect.delimiter, self.body, self.dialect.body_line)
        return (r for r in found if len(self.names) == 1 or not is_blank(r[1]))

    def _refuse_open_quote(self) -> None:
        """Raise DataError when a quote is open at the end, which Arrow takes for one long last cell."""
        if self._has_quotes and self.content.count(b'"', self.body) % 2:
            line, cells = deque(self._records(), maxlen=1).pop()
            if "\n" in cells[-1] or "\r" in cells[-1]:
                raise DataError(f"{self.label}, line {line}: a quote is opened there and never closed; close it")

    def _explained(self, error: Exception) -> DataError:
        """Return the error that names the first row with too many or too few cells."""
        width = len(self.names)
        for line, cells in self._records():
            if len(cells) != width:
                remedy = "mend or remove the line, or give --delimiter if it is split at the wrong character"
                if cells[0].startswith("#"):
                    remedy = "if such lines are comments, say --comment '#'"
                count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                return DataError(f"{self.label}, line {line}: {count} instead of {width}; {remedy}")
        return DataError(f"cannot read {self.label}: {error}")


def prepared(content: bytes, delimiter: str, options: ReadOptions) -> bytes:
    """Return the text as the parser takes it: without comments, and without runs of blanks where these separate."""
    if options.comment is not None:
        content = without_comments(content, options.comment.encode())
    return with_single_blanks(content) if delimiter == " " else content


def open_delimited(content: bytes, options: ReadOptions, label: str) -> DelimitedTable:
    """Return the table in a text, with how it is written taken from the options or found out.

    Raises DataError when it holds no table.
    """
    content = to_utf8(content, label)
    if options.comment is not None:
        content = without_comments(content, options.comment.encode())
    dialect = sniff(content, options, label)
    content = prepared(content, dialect.delimiter, options)
    body = offset_of_line(content, dialect.body_line)
    return DelimitedTable(content, dialect, body, options.markers, label)
