"""Delimited text record by record: exact and slow, for the first lines of a file and to explain errors."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator

from causaldisc.data.encoding import LINE_BREAK

_SAMPLE_LINES = 200
_SAMPLE_BYTES = 1 << 18
_LEAST_LINES = 8

Record = tuple[int, list[str]]


def records(content: bytes, delimiter: str, start: int = 0, first_line: int = 1) -> Iterator[Record]:
    """Yield the line (from 1) and the cells of each record from byte `start` on, which is line `first_line`.

    A record that spans lines, inside quotes, goes by its first line. Empty lines are no records.
    """
    csv.field_size_limit(sys.maxsize)
    binary = io.BytesIO(content)
    binary.seek(start)
    text = io.TextIOWrapper(binary, encoding="utf-8", errors="replace", newline="")
    reader = csv.reader(text, delimiter=delimiter)
    line = first_line
    for cells in reader:
        if cells:
            yield line, cells
        line = first_line + reader.line_num


def is_blank(cells: list[str]) -> bool:
    """Tell whether a record is a line of blanks only."""
    return len(cells) == 1 and not cells[0].strip()


def head(content: bytes, comment: bytes) -> bytes:
    """Return the first whole lines, enough to tell how the file is written; comment lines come on top."""
    end = start = counted = 0
    for match in re.finditer(LINE_BREAK, content):
        counted += not content.startswith(comment, start)
        end = start = match.end()
        if counted >= _SAMPLE_LINES or (counted >= _LEAST_LINES and end >= _SAMPLE_BYTES):
            return content[:end]
    return content


def offset_of_line(content: bytes, line: int) -> int:
    """Return the position of the first byte of a line, numbered from 1."""
    breaks = re.finditer(LINE_BREAK, content)
    end = 0
    for _ in range(line - 1):
        end = next(breaks).end()
    return end


def without_comments(content: bytes, comment: bytes) -> bytes:
    """Return the text with comment lines emptied, so that the numbers of the lines stay true."""
    if comment not in content:
        return content
    return re.sub(rb"(\A|[\r\n])[ \t]*" + re.escape(comment) + rb"[^\r\n]*", rb"\1", content)


def with_single_blanks(content: bytes) -> bytes:
    """Return the text with each run of blanks between cells made one space, and none around a line.

    Blanks within quotes stay. Line numbers stay.
    """
    if not re.search(rb"[ \t]{2}|\t|[\r\n] | [\r\n]|\A | \Z", content):
        return content
    if b'"' in content:
        quoted = rb'((?:(?<=[ \t\r\n])|\A)"(?:[^"]|"")*")|[ \t]+'
        content = re.sub(quoted, lambda m: m[1] or b" ", content)
    else:
        content = re.sub(rb"[ \t]+", b" ", content)
    # A space between CR and LF stays: without it, two line breaks would become one.
    return re.sub(rb"(?<!\r) (?=[\r\n]|\Z)|(?<![^\r\n]) (?!\n)", b"", content)
