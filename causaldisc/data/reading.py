"""From a file or a pipe to a Dataset, with whatever is not said about the file found out from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from causaldisc.data import source as sources
from causaldisc.data.cells import Rules, to_cells
from causaldisc.data.columnar import is_columnar, open_columnar
from causaldisc.data.compression import unpack
from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.data.delimited import open_delimited
from causaldisc.data.foreign import refuse
from causaldisc.data.kinds import make_column
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.row_labels import identifier, is_unnamed, settle
from causaldisc.data.selection import kinds, select
from causaldisc.data.table import Table
from causaldisc.errors import DataError
from causaldisc.result import Notice

__all__ = ["ReadOptions", "read"]

_DEFAULTS = ReadOptions()


def read(source: str, options: ReadOptions = _DEFAULTS) -> Dataset:
    """Return the data in a file, or on standard input when `source` is '-'.

    The format goes by content: delimited text, Parquet, Feather or Arrow, each plain or compressed by gzip,
    bzip2, xz or zstd. The checksum is that of the bytes as stored.

    Raises DataError, with the place and a remedy, for whatever cannot be read without guessing.
    """
    from concurrent.futures import ThreadPoolExecutor
    from hashlib import sha256

    label = sources.label(source)
    raw = sources.load(source)
    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(lambda: sha256(raw).hexdigest())
        table = _open(unpack(raw, label), options, label)
        columns, rows, notices = _columns(table, options, label)
        return Dataset(columns, rows, source, digest.result(), notices)


def _open(content: bytes, options: ReadOptions, label: str) -> Table:
    if is_columnar(content):
        return open_columnar(content, label)
    refuse(content, label)
    return open_delimited(content, options, label)


def _columns(table: Table, options: ReadOptions, label: str) -> tuple[tuple[Column, ...], int, tuple[Notice, ...]]:
    positions = select(table.names, options.columns, label)
    types = kinds(table.names, options.types, label)
    _refuse_double_names(table.names, positions, label)
    arrays = table.load(positions)
    rows = len(arrays[0])
    columns: list[Column] = []
    notices: list[Notice | None] = [*table.notices]
    nameless: list[int] = []
    for position in positions:
        rules = _rules(table, position, types.get(position), options, label)
        cells = to_cells(arrays.pop(0), rules)  # popped, so that the parsed form goes as the final one comes
        if is_unnamed(rules.name):
            name, notice = settle(rules.name, cells, position, table.names, label)
            notices.append(notice)
            if not name:
                nameless += [position + 1] if name is not None else []
                continue
            rules = replace(rules, name=name)
        columns.append(make_column(cells, types.get(position), rules))
        notices.extend((*cells.notices, identifier(columns[-1], rows, label)))
    _refuse_nameless(nameless, label)
    if not columns:
        raise DataError(f"{label} has no column but labels of the rows")
    return tuple(columns), rows, tuple(n for n in notices if n is not None)


def _rules(table: Table, position: int, kind: ColumnKind | None, options: ReadOptions, label: str) -> Rules:
    name = table.names[position]
    as_text = kind is not None and (kind.is_discrete or kind is ColumnKind.CONTEXT)
    return Rules(
        name,
        label,
        table.place,
        options.markers,
        table.decimal,
        options.doubtful_markers,
        as_text=as_text or is_unnamed(name),
        as_numbers=kind.value if kind is not None and not as_text else "",
    )


def _refuse_double_names(names: Sequence[str], positions: Sequence[int], label: str) -> None:
    counts = Counter(names[p] for p in positions if names[p])
    double = [name for name, count in counts.items() if count > 1]
    if double:
        shown = ", ".join(f"{name!r} ({counts[name]} times)" for name in double[:5])
        raise DataError(
            f"{label} has columns of the same name: {shown}; rename them, leave some out by number with "
            f"--columns, or say --no-header if the first line is data"
        )


def _refuse_nameless(numbers: Sequence[int], label: str) -> None:
    if numbers:
        which = "column" if len(numbers) == 1 else "columns"
        shown = ", ".join(map(str, numbers))
        left_out = ",".join(f"!{number}" for number in numbers)
        raise DataError(
            f"{label}: no name for {which} {shown}; write names into the header, or leave out the {which} "
            f"with --columns '{left_out}'"
        )
