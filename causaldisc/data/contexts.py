"""The contexts of data: columns that say when or where a row was measured, and are no variables.

`--index` names them; a column of the kind `context` is one without being named; `rows` stands for the order of the rows
unless a column is called so. A context is a domain (categories, compared by equality alone) or a time (a number).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from causaldisc.data.dataset import MISSING_CODE, Column, ColumnKind, Dataset, discrete_column
from causaldisc.data.source import label
from causaldisc.data.sparse import AnyColumn
from causaldisc.data.validation import variables
from causaldisc.errors import DataError, UsageError
from causaldisc.quoting import as_column, split
from causaldisc.result import Notice
from causaldisc.words import counted

ROWS = "rows"
FEWEST_ROWS_A_DOMAIN = 2


AUTO = "auto"


class ContextKind(Enum):
    """What a context counts."""

    TIME = "time"
    DOMAIN = "domain"


@dataclass(frozen=True)
class Contextual:
    """`data`: the variables and then the contexts, whose columns are discrete for domains and of the kind time for
    times; `kinds`: what each context is, by name, in the order in which they were named."""

    data: Dataset
    kinds: dict[str, ContextKind]

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(name for name in self.data.names if name not in self.kinds)

    def column(self, context: str) -> AnyColumn:
        return self.data.columns[self.data.index(context)]

    def named(self, kind: ContextKind) -> list[str]:
        """Return the contexts of a kind."""
        return [name for name, its in self.kinds.items() if its is kind]


def set_apart(data: Dataset, index: tuple[str, ...], kinds: str) -> Contextual:
    """Return the data with their contexts told from the variables.

    Rows without a context are left out, with a notice. Raises DataError for an unknown, constant or unsuitable index,
    and when there is none or no variable is left; UsageError for kinds that do not fit.
    """
    asked = names_in(index)
    of_kind = [c.name for c in data.columns if c.kind is ColumnKind.CONTEXT]
    names = list(dict.fromkeys([*asked, *of_kind]))
    if not names:
        where = label(data.source) if data.source else "the data"
        raise UsageError(
            f"{where}: what may have changed is compared along an index; name its column with --index, say --index "
            "rows for the order of the rows, or give one file per domain"
        )
    given = _kinds(kinds, len(asked), len(names))
    columns = [_context(data, name, kind) for name, kind in zip(names, given, strict=True)]
    others = variables(replace(data, columns=tuple(c for c in data.columns if c.name not in names)))
    if not others.columns:
        raise DataError(f"{label(data.source)} has no column but the index; there is nothing that could change")
    # That a column labels the rows is no surprise of an index.
    notices = tuple(n for n in others.notices if n.code != "identifier" or not _names_one(n.message, names))
    others = replace(others, notices=notices)
    whole = _with_contexts_known(replace(others, columns=(*others.columns, *columns)), names)
    for name in names:
        _check_variation(whole.columns[whole.index(name)])
    return Contextual(whole, {c.name: _kind_of(c) for c in columns})


def _names_one(message: str, names: list[str]) -> bool:
    return any(message.startswith(f"column {name!r} of ") for name in names)


def names_in(index: tuple[str, ...]) -> list[str]:
    """Return the names that lists of indices hold, each once; raises UsageError for what is no list."""
    return list(dict.fromkeys(name for text in index for name in _names(text)))


def _names(text: str) -> list[str]:
    names, _ = split(text, ",")
    if not names or not all(names):
        raise UsageError(f"--index: {text!r} is no list of columns; put a name with commas or quotes in double quotes")
    return names


def _kinds(text: str, asked: int, all_of_them: int) -> list[ContextKind | None]:
    """Return a kind for each context, None to go by its column: one for all, or one each for those that were named."""
    known: dict[str, ContextKind | None] = {AUTO: None, **{kind.value: kind for kind in ContextKind}}
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in known:
            raise UsageError(f"--index-kind: unknown kind {word!r}; there are {', '.join(known)}")
    if len(words) == 1:
        words *= max(asked, 1)
    if asked and len(words) != asked:
        raise UsageError(f"--index-kind names {counted(len(words), 'kind')}, --index {counted(asked, 'column')}")
    if not asked:
        words = words[:1] * all_of_them
    return [known[word] for word in words] + [None] * (all_of_them - len(words))


def _context(data: Dataset, name: str, kind: ContextKind | None) -> Column:
    if name == ROWS and name not in data.names:
        if kind is ContextKind.DOMAIN:
            raise UsageError("--index rows is the order of the rows, a time; a domain has several rows")
        return Column(ROWS, ColumnKind.TIME, np.arange(1.0, data.rows + 1))
    column = data.columns[data.index(name)]
    if column.is_group:
        raise UsageError(f"--index: {name!r} is a group of columns; an index is one column")
    is_category = column.kind.is_discrete or bool(column.levels)
    if kind is ContextKind.DOMAIN or (kind is None and is_category):
        return _domain(column)
    if column.values is None or (column.levels and not column.kind.is_discrete):
        raise DataError(
            f"column {name!r} holds text that is no time; say --index-kind domain, or --types "
            f"'{as_column(name)}=time' if it holds dates in a form that could be read"
        )
    return Column(name, ColumnKind.TIME, column.values)


def _domain(column: AnyColumn) -> Column:
    """Return the column as categories, without numbers that a test might compute with."""
    if column.values is not None and column.levels and column.codes is None:  # a context of text
        codes = np.where(column.missing, MISSING_CODE, np.nan_to_num(column.values)).astype(np.int32)
        kind = ColumnKind.BINARY if len(column.levels) <= 2 else ColumnKind.DISCRETE
        return Column(column.name, kind, None, codes, column.levels)
    if column.codes is None:
        assert column.values is not None
        column = discrete_column(column.name, column.values)
    return replace(column, values=None)


def _kind_of(column: AnyColumn) -> ContextKind:
    return ContextKind.DOMAIN if column.kind.is_discrete else ContextKind.TIME


def _with_contexts_known(data: Dataset, contexts: list[str]) -> Dataset:
    """Return the rows whose contexts are known."""
    known = ~np.logical_or.reduce([data.columns[data.index(name)].missing for name in contexts])
    lost = data.rows - int(known.sum())
    if not lost:
        return data
    if lost == data.rows:
        raise DataError(f"no row of {label(data.source)} has a value of {' and of '.join(map(repr, contexts))}")
    message = f"{counted(lost, 'row')} without a value of {' or '.join(map(repr, contexts))} left out"
    return replace(data.take(known), notices=(*data.notices, Notice("no-context", message)))


def _check_variation(column: AnyColumn) -> None:
    if column.codes is None:
        assert column.values is not None
        if column.values.min() == column.values.max():
            raise DataError(f"the index {column.name!r} is always {column.values[0]:.6g}: nothing can change along it")
        return
    counts = np.bincount(column.codes, minlength=len(column.levels))
    different = int(np.count_nonzero(counts))
    if different == 1:
        level = column.levels[int(column.codes[0])]
        raise DataError(f"the index {column.name!r} is always {level!r}: nothing can change along it")
    if len(column.codes) < FEWEST_ROWS_A_DOMAIN * different:
        raise DataError(
            f"the index {column.name!r} has {different:,} domains in {len(column.codes):,} rows; a domain takes "
            "several rows. If its values are ordered, say --index-kind time"
        )
