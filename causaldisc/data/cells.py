"""The cells of a column: Arrow's array made numbers, or categories, or an error that names the cell.

A column of text is taken for what it most likely was meant to be:

- all cells that are not missing are numbers: numbers (blanks around markers hid that from the parser);
- nine in ten are numbers: an error, since the rest are typing errors or markers of missing cells;
- nine in ten are numbers with separators of thousands or the other decimal mark: an error too;
- else categories.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causaldisc.data import arrow
from causaldisc.data.dataset import MISSING_CODE
from causaldisc.data.header import is_number
from causaldisc.errors import DataError
from causaldisc.quoting import as_column
from causaldisc.result import Notice

if TYPE_CHECKING:
    import pyarrow as pa

MOSTLY = 0.9
# Squares of larger numbers overflow in variances and covariances.
LARGEST = 1e150
_OTHER_NUMBER = re.compile(r"\s*[+-]?(\d{1,3}([,. ']\d{3})+([.,]\d+)?|\d*[.,]\d+)\s*")


@dataclass(frozen=True)
class Rules:
    """How to take the cells of one column, and how to name a cell in a message.

    `doubtful`: markers of missing cells that may be values, and so are reported.
    `as_text`: the user calls the column discrete, so any text will do.
    `as_numbers`: the kind of numbers the user calls it, else empty.
    """

    name: str
    label: str
    place: Callable[[int], str]
    markers: Sequence[str]
    decimal: str = "."
    doubtful: frozenset[str] = frozenset()
    as_text: bool = False
    as_numbers: str = ""

    def cell(self, row: int) -> str:
        """Return the words for a cell."""
        return f"{self.label}, {self.place(row)}, column {self.name!r}"

    @property
    def whole(self) -> str:
        return f"column {self.name!r} of {self.label}"


@dataclass(frozen=True)
class Cells:
    """Numbers (`values`, NaN where missing) or categories (`codes` of sorted `levels`); times in seconds."""

    values: NDArray[np.float64] | None = None
    codes: NDArray[np.int32] | None = None
    levels: tuple[str, ...] = ()
    is_time: bool = False
    notices: tuple[Notice, ...] = ()


def to_cells(array: pa.ChunkedArray, rules: Rules) -> Cells:
    """Return the cells of an Arrow column.

    Raises DataError for text among numbers, numbers too large to compute with, and nested or binary types.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(array.type) and not arrow.is_text(array.type.value_type):
        array = array.cast(array.type.value_type)
    kind = array.type
    if pa.types.is_null(kind):
        return Cells(np.full(len(array), np.nan))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Cells(_checked(arrow.numbers(array), rules))
    if pa.types.is_temporal(kind):
        return Cells(arrow.seconds(array), is_time=not pa.types.is_duration(kind))
    if pa.types.is_boolean(kind):
        array = array.cast(pa.string())
    elif not arrow.is_text(kind) and not pa.types.is_dictionary(kind):
        raise DataError(f"{rules.whole} has the type {kind}; give numbers, text, booleans or times")
    return _text_cells(array, rules)


def _checked(values: NDArray[np.float64], rules: Rules) -> NDArray[np.float64]:
    """Return the numbers with the user's numeric markers made NaN.

    Raises DataError for infinite and for very large numbers.
    """
    for marker in rules.markers:
        if is_number(marker, rules.decimal):
            values[values == _parsed(marker, rules.decimal)] = np.nan
    if values.size and max(-np.fmin.reduce(values), np.fmax.reduce(values)) > LARGEST:
        row = int(np.flatnonzero(np.abs(values) > LARGEST)[0])
        what = "infinite" if np.isinf(values[row]) else f"{values[row]:g}, too large to square"
        raise DataError(
            f"{rules.cell(row)}: the number is {what}; mend it, mark such cells as missing with --na, "
            f"or leave the column out with --columns '!{as_column(rules.name)}'"
        )
    return values


def _parsed(word: str, decimal: str) -> float:
    return float(word.replace(decimal, "."))


@dataclass(frozen=True)
class _Words:
    """A column of text: `index` gives for each row the number of its word, -1 where null."""

    words: list[str]
    index: NDArray[np.int32]
    counts: NDArray[np.int64]

    def share(self, chosen: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        total = int(self.counts[among].sum())
        return int(self.counts[chosen & among].sum()) / total if total else 0.0

    def first_row(self, chosen: NDArray[np.bool_]) -> int:
        """Return the first row whose word is chosen."""
        return int(np.flatnonzero(np.append(chosen, False)[self.index])[0])


def _text_cells(array: pa.ChunkedArray, rules: Rules) -> Cells:
    text = _words(array)
    used = text.counts > 0
    present = used & np.array([w not in rules.markers for w in text.words], np.bool_)
    numeric = np.array([is_number(w, rules.decimal) for w in text.words], np.bool_)
    share = text.share(numeric, present)
    if not (present & ~numeric).any():
        numbers = [_parsed(w, rules.decimal) if p else np.nan for w, p in zip(text.words, present)]
        return Cells(_checked(np.array([*numbers, np.nan])[text.index], rules), notices=_markers(text, rules))
    if rules.as_numbers or (share >= MOSTLY and not rules.as_text):
        row = text.first_row(present & ~numeric)
        count, total = int(text.counts[numeric & present].sum()), int(text.counts[present].sum())
        raise _not_a_number(text.words[text.index[row]], count, total, rules.cell(row), rules)
    if not rules.as_text:
        _refuse_other_numbers(text, present, rules)
    mixed = _mixed(text, present, numeric, share, rules) if share >= MOSTLY / 2 and not rules.as_text else ()
    return _categories(text, present, (*_markers(text, rules), *mixed))


def _words(array: pa.ChunkedArray) -> _Words:
    words, index = arrow.words(array, null=MISSING_CODE)
    return _Words([word.strip() for word in words], index, np.bincount(index + 1, minlength=len(words) + 1)[1:])


def _categories(text: _Words, present: NDArray[np.bool_], notices: tuple[Notice, ...]) -> Cells:
    levels = tuple(sorted({w for w, p in zip(text.words, present) if p}))
    order = {level: code for code, level in enumerate(levels)}
    codes = [order[w] if p else MISSING_CODE for w, p in zip(text.words, present)]
    return Cells(codes=np.array([*codes, MISSING_CODE], np.int32)[text.index], levels=levels, notices=notices)


def _not_a_number(word: str, count: int, total: int, cell: str, rules: Rules) -> DataError:
    if rules.as_numbers:
        form = " or a time such as 2026-01-05T10:00" if rules.as_numbers == "time" else ""
        return DataError(f"{cell}: {word!r} is not a number{form}, but --types calls the column {rules.as_numbers}")
    return DataError(
        f"{cell}: {word!r} is not a number, though {count:,} of the column's {total:,} cells are; "
        f"if it marks a missing cell, say --na 'NA,{word}'; "
        f"if the column holds categories, say --types '{as_column(rules.name)}=discrete'"
    )


def _refuse_other_numbers(text: _Words, present: NDArray[np.bool_], rules: Rules) -> None:
    """Raise DataError when a column is full of numbers such as 1,234 that are written in another way."""
    other = present & np.array([_OTHER_NUMBER.fullmatch(w) is not None for w in text.words], np.bool_)
    numeric = np.array([is_number(w, rules.decimal) for w in text.words], np.bool_)
    if text.share(other | numeric, present) >= MOSTLY:
        row = text.first_row(other)
        mark = "," if rules.decimal == "." else "."
        raise DataError(
            f"{rules.cell(row)}: {text.words[text.index[row]]!r} is a number written in another way; "
            f"if {mark!r} is the decimal mark, say --decimal '{mark}'; "
            f"if it separates thousands, take it out of the file"
        )


def _mixed(
    text: _Words, present: NDArray[np.bool_], numeric: NDArray[np.bool_], share: float, rules: Rules
) -> tuple[Notice, ...]:
    row = text.first_row(present & ~numeric)
    message = (
        f"{rules.whole} is taken as categories: {share:.0%} of its cells are numbers, but {rules.place(row)} "
        f"holds {text.words[text.index[row]]!r}"
    )
    return (Notice("mixed-cells", message),)


def _markers(text: _Words, rules: Rules) -> tuple[Notice, ...]:
    """Return a notice for markers of missing cells that may have been meant as values."""
    found = {w: int(count) for w, count in zip(text.words, text.counts) if w in rules.doubtful and count}
    if not found:
        return ()
    shown = ", ".join(f"{word!r} ({count} times)" for word, count in sorted(found.items()))
    message = f"{rules.whole}: {shown} is taken as missing; if it is a value, leave it out of --na"
    return (Notice("missing-marker", message),)
