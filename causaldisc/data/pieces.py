"""A file a piece at a time: text cut between records, Parquet and Arrow files by their batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BufferedReader, RawIOBase
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np

from causaldisc.data.columnar import damage_named, is_columnar, named
from causaldisc.data.compression import damage, damaged, unpacked
from causaldisc.data.delimited import Before, DelimitedTable, open_delimited, prepared
from causaldisc.data.encoding import is_wide, to_utf8
from causaldisc.data.foreign import refuse
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.records import offset_of_line
from causaldisc.data.table import Table
from causaldisc.errors import DataError
from causaldisc.result import Notice

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = 1 << 20  # bytes that are looked at to learn how a file is written
_READ = 1 << 18


class Pieces(Protocol):
    """A file whose columns are known, to be read once."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def notices(self) -> tuple[Notice, ...]: ...

    def tables(self, positions: Sequence[int]) -> Iterator[Table]:
        """Yield tables of about so many rows as wanted, of all rows together; the columns at `positions` will be
        loaded. Raises DataError for a damaged file."""
        ...


class Checked(RawIOBase):
    """A stream that tells how far it was read, and takes the checksum on the way, in a thread of its own."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._sum, self.read_bytes = stream, sha256(), 0
        self._pool, self._pending = ThreadPoolExecutor(1), None

    _pending: Future[None] | None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer))
        if self._pending is not None:
            self._pending.result()
        self._pending = self._pool.submit(self._sum.update, piece)
        self.read_bytes += len(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    @property
    def sha256(self) -> str:
        """The checksum of all bytes; what is left to read is read."""
        while self.read(1 << 20):
            pass
        self._pool.shutdown()
        return self._sum.hexdigest()


def opened(stream: Checked, path: str, rows: int, options: ReadOptions, label: str) -> Pieces:
    """Return the file in pieces of about so many rows. Raises DataError when it is no table."""
    content = unpacked(BufferedReader(stream, _READ))
    head = _read(content, HEAD, label)
    if not head:
        raise DataError(f"{label} is empty (0 bytes); did the step that writes it fail?")
    if is_columnar(head):
        is_plain = os.path.isfile(path) and is_columnar(_first_bytes(path))
        return _columnar(path if is_plain else head + _rest(content, label), rows, label)
    refuse(head, label)
    if is_wide(head):
        raise DataError(f"{label} is UTF-16 or UTF-32, which is not read in chunks; convert it to UTF-8 with iconv")
    return _Text(content, head, rows, options, label)


def _first_bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(16)


def _read(content: IO[bytes], size: int, label: str) -> bytes:
    """Return so many bytes, fewer at the end only."""
    found: list[bytes] = []
    try:
        while size and (piece := content.read(size)):
            found.append(piece)
            size -= len(piece)
    except damage() as error:
        raise damaged(label, error) from error
    return b"".join(found)


def _rest(content: IO[bytes], label: str) -> bytes:
    return b"".join(iter(lambda: _read(content, HEAD, label), b""))


class _Text:
    """Delimited text; `head` has been read from `content` already."""

    def __init__(self, content: IO[bytes], head: bytes, rows: int, options: ReadOptions, label: str) -> None:
        self._content, self._options, self._label = content, options, label
        self._rest = head
        is_all = len(head) < HEAD
        self._first: DelimitedTable = open_delimited(head if is_all else head[: cut(head) or None], options, label)
        lines = max(head.count(b"\n"), head.count(b"\r"), 1)
        self._size = max(rows * len(head) // lines, _READ)

    @property
    def names(self) -> tuple[str, ...]:
        return self._first.names

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self._first.notices

    def tables(self, positions: Sequence[int]) -> Iterator[Table]:
        dialect, lines, read = self._first.dialect, 0, 0
        for text in _ahead(self._texts()):
            content = prepared(text if read else to_utf8(text, self._label), dialect.delimiter, self._options)
            body = 0 if read else offset_of_line(content, dialect.body_line)
            here = replace(dialect, body_line=lines + 1) if read else dialect
            if len(content) > body and not content[body:].isspace():
                yield DelimitedTable(content, here, body, self._options.markers, self._label, Before(read, lines))
            lines += _count(text, b"\n") or _count(text, b"\r")
            read += len(text)

    def _texts(self) -> Iterator[bytes]:
        """Yield pieces that end where a record does."""
        rest, size = self._rest, self._size
        while True:
            more = _read(self._content, max(size - len(rest), _READ), self._label)
            rest += more
            if not more:
                break
            end = cut(rest)
            if end:
                yield rest[:end]
                rest = rest[end:]
            else:
                size *= 2  # a record longer than a piece
        if rest:
            yield rest


def _ahead(texts: Iterator[bytes]) -> Iterator[bytes]:
    """Yield texts, each of which was being read while the one before it was in use."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, texts, None)
        while (text := following.result()) is not None:
            following = pool.submit(next, texts, None)
            yield text


def _count(text: bytes, byte: bytes) -> int:
    """Return how often a byte comes; NumPy is ten times as fast as `bytes.count` where it comes often."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == byte[0]))


def cut(text: bytes) -> int:
    """Return where the last whole record of a text ends, 0 if none does: after a line break outside quotes."""
    line_break = b"\n" if b"\n" in text else b"\r"
    end = len(text) - text.endswith(b"\r")  # half a line break, maybe
    quotes = text.count(b'"', 0, end)
    while (at := text.rfind(line_break, 0, end)) >= 0:
        quotes -= text.count(b'"', at, end)
        if quotes % 2 == 0:
            return at + 1
        end = at
    return 0


@dataclass(frozen=True)
class _Batch:
    """Some rows of a file with columns of its own names, as a table."""

    batch: pa.RecordBatch
    fields: tuple[str, ...]
    first_row: int
    decimal: str = "."
    notices: tuple[Notice, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return named(self.fields)

    def load(self, positions: Sequence[int]) -> list[pa.ChunkedArray]:
        import pyarrow as pa

        return [pa.chunked_array([self.batch.column(self.fields[i])]) for i in positions]

    def place(self, row: int) -> str:
        return f"row {self.first_row + row + 1}"


@dataclass(frozen=True)
class _Columnar:
    """A Parquet or Arrow file; `batches` gives those of some columns."""

    fields: tuple[str, ...]
    batches: Callable[[list[str]], Iterator[pa.RecordBatch]]
    label: str
    notices: tuple[Notice, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return named(self.fields)

    def tables(self, positions: Sequence[int]) -> Iterator[Table]:
        row = 0
        with damage_named(self.label):
            for batch in self.batches([self.fields[i] for i in positions]):
                yield _Batch(batch, self.fields, row)
                row += batch.num_rows


def _columnar(source: str | bytes, rows: int, label: str) -> _Columnar:
    """Return a Parquet, Feather or Arrow file by its batches. Raises DataError for a damaged one."""
    import pyarrow as pa

    file = pa.OSFile(source) if isinstance(source, str) else pa.BufferReader(source)
    with damage_named(label):
        start = file.read(4)
        file.seek(0)
        if start == b"PAR1":
            from pyarrow import parquet

            of_parquet = parquet.ParquetFile(file, pre_buffer=False)  # else it keeps the whole file
            fields = tuple(of_parquet.schema_arrow.names)
            return _Columnar(fields, lambda names: of_parquet.iter_batches(rows, columns=names), label)
        if start == b"FEA1":
            raise DataError(f"{label} is Feather of the first version; write it as Parquet to have it read in chunks")
        of_arrow = pa.ipc.open_file(file)

        def batches(names: list[str]) -> Iterator[pa.RecordBatch]:
            for number in range(of_arrow.num_record_batches):
                batch = of_arrow.get_batch(number)
                for start in range(0, batch.num_rows, rows):
                    yield batch.slice(start, rows)

        return _Columnar(tuple(of_arrow.schema.names), batches, label)
