"""How a delimited text is written, found out from its first lines: delimiter, decimal mark, header.

Delimiter: the one that splits the largest share of lines into the same number of cells, two or more; of
equals the first of tab, semicolon, pipe, comma, space. Semicolon goes before comma because files with decimal
commas split evenly at both.

Decimal mark: a comma when cells look like 1,5 and none looks like 1.5; never when cells are split at commas.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from causaldisc.data.encoding import LINE_BREAK, undecodable
from causaldisc.data.header import Header, find_header, is_number
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.records import Record, head, is_blank, records, with_single_blanks
from causaldisc.errors import DataError
from causaldisc.result import Notice

_CANDIDATES = ("\t", ";", "|", ",", " ")
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d*,\d+(e[+-]?\d+)?\s*", re.IGNORECASE)
_POINT_NUMBER = re.compile(r"\s*[+-]?(\d+\.\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How a text is written. `names` has one a column, maybe empty; the data start at line `body_line`."""

    delimiter: str
    decimal: str
    names: tuple[str, ...]
    body_line: int
    notices: tuple[Notice, ...] = ()


def sniff(content: bytes, options: ReadOptions, label: str) -> Dialect:
    """Return how a text is written; what the options say is taken, not found out.

    Raises DataError when there are no data, or the header does not fit the lines below.
    """
    top = head(content, (options.comment or "#").encode())
    try:
        top.decode()
    except UnicodeDecodeError:
        raise undecodable(content, label) from None
    comments, rest = _leading_comments(top) if options.comment is None else ([], top)
    delimiter = options.separator or _guess_delimiter(rest, options.decimal)
    sample = _sample(rest, delimiter, 1 + len(comments))
    if len(top) < len(content) and len(sample) > 1:
        sample.pop()  # The cut may go through a record that spans lines.
    if not sample:
        raise DataError(f"{label} holds no rows, only blank lines{' and comments' if any(comments) else ''}")
    decimal = _decimal(sample, delimiter, options)
    header = find_header(sample, _names_in_comment(comments, delimiter), decimal, options, label)
    notices = [*header.notices, *_doubtful_markers(sample, header, decimal, options, label)]
    if decimal == "," and options.decimal is None:
        notices.append(Notice("decimal-comma", f"numbers such as 1,5 in {label} are read with a decimal comma"))
    return Dialect(delimiter, decimal, header.names, header.body_line, tuple(notices))


def _leading_comments(top: bytes) -> tuple[list[str], bytes]:
    """Return the lines before the first with data (comments and blank ones), and the text from there."""
    lines, start = [], 0
    for match in re.finditer(LINE_BREAK, top):
        line = top[start : match.start()]
        if line.strip() and not line.startswith(b"#"):
            break
        lines.append(line.decode())
        start = match.end()
    return lines, top[start:]


def _names_in_comment(comments: Sequence[str], delimiter: str) -> list[str]:
    """Return the names that a comment such as '# a b c' right above the data may give, else none."""
    words = comments[-1].lstrip("#").strip() if comments and comments[-1].startswith("#") else ""
    return next((cells for _, cells in _sample(words.encode(), delimiter)), [])


def _sample(text: bytes, delimiter: str, first_line: int = 1) -> list[Record]:
    text = with_single_blanks(text) if delimiter == " " else text
    return [r for r in records(text, delimiter, first_line=first_line) if not is_blank(r[1])]


def _guess_delimiter(text: bytes, decimal: str | None) -> str:
    def evenness(delimiter: str) -> float:
        widths = Counter(len(cells) for _, cells in _sample(text, delimiter))
        width, lines = widths.most_common(1)[0] if widths else (0, 0)
        return lines / widths.total() if width > 1 else 0.0

    shares = {d: evenness(d) for d in _CANDIDATES if d != decimal}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] > 0 else ";" if decimal == "," else ","


def _decimal(sample: Sequence[Record], delimiter: str, options: ReadOptions) -> str:
    if options.decimal or delimiter == ",":
        return options.decimal or "."
    cells = [cell for _, row in sample for cell in row]
    has_comma = any(_COMMA_NUMBER.fullmatch(cell) for cell in cells)
    return "," if has_comma and not any(_POINT_NUMBER.fullmatch(cell) for cell in cells) else "."


def _doubtful_markers(
    sample: Sequence[Record], header: Header, decimal: str, options: ReadOptions, label: str
) -> list[Notice]:
    """Return a notice for the first such marker within a column of numbers.

    The parser drops them without a word there; in columns of text they are counted later.
    """
    rows = [(line, cells[: len(header.names)]) for line, cells in sample if line >= header.body_line]
    numeric = {j for _, cells in rows for j, cell in enumerate(cells) if is_number(cell, decimal)}
    for line, cells in rows:
        for j, cell in enumerate(cells):
            if j in numeric and cell.strip() in options.doubtful_markers:
                message = f"cells such as {cell.strip()!r} on line {line} of {label} are taken as missing"
                return [Notice("missing-marker", message)]
    return []
