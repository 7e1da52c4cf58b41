"""Several data sets of the same columns as one, with a column that says which row is from which."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from causaldisc.data.dataset import MISSING_CODE, Column, ColumnKind, Dataset, discrete_column, hint
from causaldisc.data.source import label
from causaldisc.data.sparse import AnyColumn
from causaldisc.errors import DataError
from causaldisc.quoting import as_column
from causaldisc.result import Notice

DOMAIN = "domain"


def joined(parts: Sequence[Dataset]) -> Dataset:
    """Return the rows of all data sets, one after another, and a context that names where each is from.

    A single one is returned as it is. Raises DataError when the columns of two do not agree.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    for part in parts[1:]:
        _check_names(first, part)
    columns = [_joined_column([part.columns[part.index(name)] for part in parts], parts) for name in first.names]
    rows = sum(part.rows for part in parts)
    sources = [part.source for part in parts]
    labels = _labels(sources)
    codes = np.repeat(np.arange(len(parts), dtype=np.float64), [part.rows for part in parts])
    name = _name(labels, first.names)
    digest = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
    notices: tuple[Notice, ...] = tuple(dict.fromkeys(notice for part in parts for notice in part.notices))
    domain = Column(name, ColumnKind.CONTEXT, codes, None, tuple(labels))
    return Dataset((*columns, domain), rows, ", ".join(sources), digest, notices)


def _check_names(first: Dataset, other: Dataset) -> None:
    for one, two in ((first, other), (other, first)):
        missing = [name for name in one.names if name not in two.names]
        if missing:
            raise DataError(
                f"{label(two.source)} has no column {missing[0]!r}, which {label(one.source)} has"
                f"{hint(missing[0], two.names)}; files that are read together must have the same columns"
            )


def _joined_column(columns: Sequence[AnyColumn], parts: Sequence[Dataset]) -> Column:
    """Return the column of all rows: categories if it is discrete everywhere, else numbers if it is."""
    name = columns[0].name
    is_text = [column.values is None for column in columns]
    if any(is_text) and not all(is_text):
        text, numbers = (label(parts[is_text.index(what)].source) for what in (True, False))
        raise DataError(
            f"column {name!r} holds text in {text} but numbers in {numbers}; mend the cells, or leave it out with "
            f"--columns '!{as_column(name)}'"
        )
    if all(is_text):
        return _joined_text(columns)
    values = np.concatenate([column.values for column in columns if column.values is not None])
    kinds = {column.kind for column in columns}
    if all(kind.is_discrete for kind in kinds):
        return discrete_column(name, values)
    numeric = {kind for kind in kinds if not kind.is_discrete}
    if len(numeric) > 1 and ColumnKind.CONTEXT not in numeric and ColumnKind.TIME not in numeric:
        return Column(name, ColumnKind.CONTINUOUS, values)
    if len(numeric) > 1:
        raise DataError(
            f"column {name!r} is of different kinds in different files: {', '.join(sorted(k.value for k in kinds))}; "
            f"say which with --types '{as_column(name)}=KIND'"
        )
    return Column(name, numeric.pop(), values)


def _joined_text(columns: Sequence[AnyColumn]) -> Column:
    levels = sorted({level for column in columns for level in column.levels})
    number = {level: code for code, level in enumerate(levels)}
    codes = []
    for column in columns:
        assert column.codes is not None
        translation = np.array([*(number[level] for level in column.levels), MISSING_CODE], np.int32)
        codes.append(translation[column.codes])  # the code of a missing cell, -1, is the last place
    kind = ColumnKind.BINARY if len(levels) <= 2 else ColumnKind.DISCRETE
    return Column(columns[0].name, kind, None, np.concatenate(codes), tuple(levels))


def _labels(sources: Sequence[str]) -> list[str]:
    """Return what each domain is called: its file's name without suffixes; the whole paths where two would be alike."""
    stems = [_stem(source) for source in sources]
    twice = [label(source) for source, count in Counter(sources).items() if count > 1]
    if twice:
        raise DataError(f"{twice[0]} is given twice; give each file once")
    return stems if len(set(stems)) == len(stems) else list(sources)


def _stem(source: str) -> str:
    return "stdin" if source == "-" else Path(source).name.split(".")[0] or source


def _name(labels: Sequence[str], taken: Sequence[str]) -> str:
    """Return what the labels have in common at their beginning, without numbers and signs at its end, or 'domain'."""
    # Of a list of texts, the first and the last by alphabet have no more in common than all.
    first, last = min(labels), max(labels)
    same = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    common = re.sub(r"[\W\d_]+$", "", first[:same].rpartition("/")[2])
    for name in (common, DOMAIN):
        if name and name not in taken:
            return name
    raise DataError(f"the column of the domains would be called {DOMAIN!r}, as one of the data is; rename that one")
