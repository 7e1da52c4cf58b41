"""Text as UTF-8 bytes, the one encoding the parser reads."""

from __future__ import annotations

import codecs
import re

from causaldisc.errors import DataError

LINE_BREAK = rb"\r\n|\r|\n"
# UTF-32 first: its little-endian mark starts with that of UTF-16.
_WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def to_utf8(content: bytes, label: str) -> bytes:
    """Return text as UTF-8 without a byte order mark; UTF-16 and UTF-32 are known by theirs.

    Whether the rest is valid UTF-8 is left to the parser, which looks at every text cell anyway.
    """
    if content.startswith(codecs.BOM_UTF8):
        return content[len(codecs.BOM_UTF8) :]
    for mark, name in _WIDE.items():
        if content.startswith(mark):
            try:
                return content.decode(name).encode()
            except UnicodeDecodeError as error:
                raise DataError(f"{label} is damaged {name.upper()} text at byte {error.start}") from error
    return content


def is_wide(content: bytes) -> bool:
    """Tell whether text is UTF-16 or UTF-32."""
    return content.startswith(tuple(_WIDE))


def undecodable(content: bytes, label: str, before: int = 0, lines: int = 0) -> DataError:
    """Return the error that names the first byte which is not UTF-8, its line, and the way out; so many bytes and lines
    come before the content."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = 1 + lines + len(re.findall(LINE_BREAK, content[: error.start]))
        byte = content[error.start]
        return DataError(
            f"{label}, line {line}: byte 0x{byte:02x} at position {before + error.start} is not UTF-8; convert it, "
            f"e.g. iconv -f latin1 -t utf-8 {'FILE' if label == 'standard input' else label} > utf8.csv"
        )
    raise AssertionError("called for valid UTF-8")
