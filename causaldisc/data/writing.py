"""Writes a Dataset as CSV, TSV or Parquet.

Text follows RFC 4180 with line feeds: cells are quoted only where they must be, a missing cell is empty, and
a float has the fewest digits that read back as the same float.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.data.sparse import AnyColumn
from causaldisc.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

# Arrow addresses the text of a chunk with 31 bits.
_CELLS_A_CHUNK = 1_000_000
_DELIMITERS = {"": ",", ".csv": ",", ".tsv": "\t"}


def encode(dataset: Dataset, target: str) -> bytes:
    """Return the data in the format of a file of that name: .csv, .tsv, either with .gz, or .parquet.

    A name without suffix, such as `-` or /dev/stdout, gets CSV. Raises UsageError for another suffix.
    """
    path = Path(target)
    if path.suffix == ".parquet":
        return to_parquet(dataset)
    inner = path.with_suffix("") if path.suffix == ".gz" else path
    if inner.suffix not in _DELIMITERS:
        raise UsageError(f"cannot tell the format of {target!r}; end it in .csv, .tsv, .csv.gz, .tsv.gz or .parquet")
    text = b"".join(to_csv(dataset, _DELIMITERS[inner.suffix]))
    return _gzip(text) if path.suffix == ".gz" else text


def to_csv(dataset: Dataset, delimiter: str = ",") -> Iterator[bytes]:
    """Yield the header line, then the rows in chunks of many."""
    import pyarrow.compute as pc

    needs_quotes = re.compile(rf'[{re.escape(delimiter)}"\r\n]|^\s|\s$|^$')
    yield (delimiter.join(_quoted(name, needs_quotes) for name in dataset.names) + "\n").encode()
    rows_a_chunk = max(1, _CELLS_A_CHUNK // max(len(dataset), 1))
    between, line_end, nothing = _strings([delimiter, "\n", ""])
    # A reader skips an empty line, so the missing cell of an only column needs its quotes.
    absent = '""' if len(dataset) == 1 else ""
    for start in range(0, dataset.rows, rows_a_chunk):
        cells = [_text(c, slice(start, start + rows_a_chunk), needs_quotes) for c in dataset.columns]
        cells[-1] = pc.binary_join_element_wise(
            cells[-1], line_end, nothing, null_handling="replace", null_replacement=absent
        )
        lines = pc.binary_join_element_wise(*cells, between, null_handling="replace", null_replacement="")
        # The lines lie one after the other in memory: there is the text.
        yield lines.buffers()[2].to_pybytes()


def to_parquet(dataset: Dataset) -> bytes:
    """Return the data as a Parquet file: numbers as doubles, categories as dictionaries."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = [_typed(column) for column in dataset.columns]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=list(dataset.names)), buffer)
    return buffer.getvalue()


def _typed(column: AnyColumn) -> pa.Array:
    """Return cells as doubles or as a dictionary, null where missing."""
    import pyarrow as pa

    if column.codes is not None:
        return pa.DictionaryArray.from_arrays(_numbers(column.codes, column.missing), _strings(column.levels))
    assert column.values is not None
    return _numbers(column.values, column.missing)


def _text(column: AnyColumn, rows: slice, needs_quotes: re.Pattern[str]) -> pa.StringArray:
    """Return cells as text, null where missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = column.missing[rows]
    if column.codes is not None:
        levels = _strings([_quoted(level, needs_quotes) for level in column.levels])
        return levels.take(_numbers(column.codes[rows], missing))
    assert column.values is not None
    return pc.cast(_numbers(column.values[rows], missing), pa.string())


# Arrays are made from buffers because pa.array imports pandas wherever that is installed, in a third of a second.


def _numbers(values: NDArray[np.float64] | NDArray[np.int32], missing: NDArray[np.bool_]) -> pa.Array:
    """Return an Arrow array of the same numbers, null where missing."""
    import pyarrow as pa

    present = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    content = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [present, content])


def _strings(texts: Sequence[str]) -> pa.StringArray:
    """Return an Arrow array of the same texts."""
    import pyarrow as pa

    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def _quoted(cell: str, needs_quotes: re.Pattern[str]) -> str:
    return '"' + cell.replace('"', '""') + '"' if needs_quotes.search(cell) else cell


def _gzip(content: bytes) -> bytes:
    """Compress without name and time, so that equal data give equal bytes."""
    import gzip

    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=buffer, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()
