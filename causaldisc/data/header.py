"""The names of the columns: from the first line, a comment above it, or made up.

The first line is a header unless it looks like the lines below it: each column of numbers has a number there
and, if there are columns of text, one of them has a text there that comes again below.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from causaldisc.data.read_options import ReadOptions
from causaldisc.data.records import Record
from causaldisc.errors import DataError
from causaldisc.result import Notice

_NUMBER = re.compile(r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)\s*", re.IGNORECASE)


def is_number(cell: str, decimal: str = ".") -> bool:
    """Tell whether a cell is a number, infinite ones included."""
    return bool(_NUMBER.fullmatch(cell if decimal == "." else cell.replace(decimal, ".")))


@dataclass(frozen=True)
class Header:
    """One name a column, maybe empty; the data start at line `body_line`."""

    names: tuple[str, ...]
    body_line: int
    notices: tuple[Notice, ...] = ()


def find_header(
    sample: Sequence[Record], comment: Sequence[str], decimal: str, options: ReadOptions, label: str
) -> Header:
    """Return the names of the columns; `comment` has the words of a comment right above the first record.

    Raises DataError when there is only a header, or when it does not fit the lines below.
    """
    line, first = sample[0]
    rows = [cells for _, cells in sample[1:]]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(first)
    made_up = tuple(f"X{i + 1}" for i in range(width))
    if options.no_header:
        return Header(made_up, line)
    named = len(comment) == width
    if _looks_like_rows(first, rows, decimal, options.markers, named):
        if named:
            return Header(tuple(c.strip() for c in comment), line)
        if not (rows and _counts_columns(first)):
            return Header(made_up, line, (_without_names(label, line, width),))
    if not rows:
        raise DataError(f"{label} has a header on line {line} but no rows below it")
    notices = (_numbers_as_names(label, line),) if _counts_columns(first) else ()
    return Header(_fitted([c.strip() for c in first], line, sample[1:], width, label), sample[1][0], notices)


def _looks_like_rows(
    first: Sequence[str], rows: Sequence[Sequence[str]], decimal: str, markers: Sequence[str], named: bool
) -> bool:
    """Tell whether the first line is data; `named` says that a comment above it can serve as the header."""
    if not rows:
        return all(is_number(cell, decimal) for cell in first)
    width = min(len(first), min(map(len, rows)))
    below = [{row[j] for row in rows if row[j].strip() not in markers} for j in range(width)]
    numeric = [bool(cells) and all(is_number(cell, decimal) for cell in cells) for cells in below]
    number_above = [is_number(cell, decimal) for cell in first[:width]]
    fits = all(above or first[j].strip() in markers for j, above in enumerate(number_above) if numeric[j])
    if not fits or not any(above and number for above, number in zip(number_above, numeric)):
        return False
    text = [j for j in range(width) if below[j] and not numeric[j]]
    return named or not text or any(first[j] in below[j] for j in text)


def _counts_columns(first: Sequence[str]) -> bool:
    """Tell whether cells are 0, 1, 2, ... or 1, 2, 3, ...: names that programs give to unnamed columns."""
    cells = [c.strip() for c in (first if first[0].strip() else first[1:])]
    return len(cells) > 2 and any(cells == [str(start + i) for i in range(len(cells))] for start in (0, 1))


def _fitted(names: list[str], line: int, rows: Sequence[Record], width: int, label: str) -> tuple[str, ...]:
    """Return as many names as there are columns, allowing for unnamed row labels and trailing delimiters."""
    if len(names) == width - 1:
        full = [cells for _, cells in rows if len(cells) == width]
        trailing = all(not cells[-1].strip() for cells in full)
        names = [*names, ""] if trailing else ["", *names]
    elif len(names) == width + 1 and not names[-1]:
        names = names[:-1]
    if len(names) == width:
        return tuple(names)
    other, cells = next(r for r in rows if len(r[1]) != len(names))
    raise DataError(
        f"{label}: the header on line {line} has {len(names)} names but line {other} has {len(cells)} cells; "
        f"mend the file, or give --delimiter if it is split at the wrong character"
    )


def _without_names(label: str, line: int, width: int) -> Notice:
    called = "its column is called X1" if width == 1 else f"its columns are called X1 to X{width}"
    return Notice("no-header", f"line {line} of {label} looks like data, not names, so {called}")


def _numbers_as_names(label: str, line: int) -> Notice:
    message = f"line {line} of {label} numbers the columns and is taken as a header; if it is data, say --no-header"
    return Notice("numbered-header", message)
