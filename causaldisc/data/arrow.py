"""Arrow columns as NumPy arrays, by way of their buffers.

Arrow's own conversions (to_numpy, scalars, casts) import pandas where it is installed, which takes longer than
reading most files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

_UNITS_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_SECONDS_PER_DAY = 86400.0


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a type is one of Arrow's strings."""
    import pyarrow as pa

    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def is_number_column(array: pa.ChunkedArray) -> bool:
    """Tell whether a column holds numbers as they were parsed."""
    import pyarrow as pa

    return any(test(array.type) for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))


def numbers(array: pa.ChunkedArray) -> NDArray[np.float64]:
    """Copy the chunks into one array, NaN where null; the only copy made of a column of numbers."""
    import pyarrow as pa

    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    values = np.empty(len(array))
    start = 0
    for chunk in array.chunks:
        part = values[start : start + len(chunk)]
        part[:] = stored(chunk)
        part[_nulls(chunk)] = np.nan
        start += len(chunk)
    return values


def seconds(array: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return seconds since 1970, taking times without a zone as UTC; for times of day, since midnight."""
    import pyarrow as pa

    if pa.types.is_date32(array.type):
        return numbers(array) * _SECONDS_PER_DAY
    unit = "ms" if pa.types.is_date64(array.type) else array.type.unit
    return numbers(array) / _UNITS_PER_SECOND[unit]


def words(array: pa.ChunkedArray, null: int) -> tuple[list[str], NDArray[np.int32]]:
    """Return the different words of a column, and for each row the number of its word or `null`."""
    import pyarrow as pa

    if not pa.types.is_dictionary(array.type):
        array = array.cast(pa.large_string()).dictionary_encode()
    merged = array.unify_dictionaries().combine_chunks()
    index = np.array(stored(merged.indices), np.int32)
    index[_nulls(merged.indices)] = null
    return [word or "" for word in merged.dictionary.to_pylist()], index


def stored(chunk: pa.Array) -> NDArray[Any]:
    """Return the buffer of numbers or times as it is, with no meaning where null."""
    import pyarrow as pa

    letter = "f" if pa.types.is_floating(chunk.type) else "u" if pa.types.is_unsigned_integer(chunk.type) else "i"
    dtype = np.dtype(f"{letter}{chunk.type.bit_width // 8}")
    data = chunk.buffers()[1]
    return np.zeros(0, dtype) if data is None else np.frombuffer(data, dtype, len(chunk), chunk.offset * dtype.itemsize)


def _nulls(chunk: pa.Array) -> NDArray[np.bool_] | slice:
    """Return where the chunk is null: one bit a cell tells where it is not."""
    bits = chunk.buffers()[0] if chunk.null_count else None
    if bits is None:
        return slice(0)
    end = chunk.offset + len(chunk)
    is_known = np.unpackbits(np.frombuffer(bits, np.uint8), count=end, bitorder="little")[chunk.offset :]
    return np.equal(is_known, 0)
