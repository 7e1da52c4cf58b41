"""Compressed input, told by its first bytes and never by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BufferedReader
from typing import IO, cast

from causaldisc.errors import DataError


def unpack(raw: bytes, label: str) -> bytes:
    """Return the bytes inside gzip, bzip2, xz or zstd, or `raw` itself when it is none of these.

    Raises DataError when the compressed data are cut short or damaged.
    """
    found = next((pattern for pattern in _FORMATS if re.match(pattern, raw)), None)
    if found is None:
        return raw
    name, decompress = _FORMATS[found]
    try:
        content = decompress(raw)
    except damage() as error:
        raise DataError(f"{label} is cut short or damaged ({name}: {error}); copy or make it again") from error
    if not content:
        raise DataError(f"{label} holds an empty file; did the step that writes it fail?")
    return content


def unpacked(stream: BufferedReader) -> IO[bytes]:
    """Return a stream of the bytes inside a compressed one, or the stream itself."""
    import bz2
    import gzip
    import lzma

    start = stream.peek(_LONGEST)[:_LONGEST]
    found = next((_FORMATS[pattern][0] for pattern in _FORMATS if re.match(pattern, start)), None)
    if found == "zstd":
        import pyarrow as pa

        return cast(IO[bytes], pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd"))
    if found == "gzip":
        return cast(IO[bytes], gzip.GzipFile(fileobj=stream))
    return cast(IO[bytes], {"bzip2": bz2.BZ2File, "xz": lzma.LZMAFile}[found](stream)) if found else stream


def damaged(label: str, error: Exception) -> DataError:
    """Return the error for a stream that ended too early or makes no sense."""
    return DataError(f"{label} is cut short or damaged ({error}); copy or make it again")


def damage() -> tuple[type[Exception], ...]:
    """Return what the decompressors raise; zlib and lzma have errors outside the built-in ones."""
    import lzma
    import zlib

    return OSError, EOFError, ValueError, zlib.error, lzma.LZMAError


def _gzip(raw: bytes) -> bytes:
    import gzip

    return gzip.decompress(raw)


def _bzip2(raw: bytes) -> bytes:
    import bz2

    return bz2.decompress(raw)


def _xz(raw: bytes) -> bytes:
    import lzma

    return lzma.decompress(raw)


def _zstd(raw: bytes) -> bytes:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.BufferReader(raw), "zstd") as stream:
        return bytes(stream.read())


_LONGEST = 10  # bytes that tell a format
_FORMATS: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    rb"\x1f\x8b\x08": ("gzip", _gzip),
    rb"BZh[1-9](1AY&SY|\x17rE8P\x90)": ("bzip2", _bzip2),
    rb"\xfd7zXZ\x00": ("xz", _xz),
    rb"\x28\xb5\x2f\xfd": ("zstd", _zstd),
}
