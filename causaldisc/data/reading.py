"""From a file or a pipe to a Dataset, with whatever is not said about the file found out from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from causaldisc.data import matrix_market, orientation
from causaldisc.data import source as sources
from causaldisc.data.cell_files import open_cells
from causaldisc.data.cells import Rules, to_cells
from causaldisc.data.columnar import is_columnar, open_columnar
from causaldisc.data.compression import unpack
from causaldisc.data.dataset import Column, ColumnKind, Dataset, hint
from causaldisc.data.delimited import open_delimited
from causaldisc.data.expression import Expression, columns_of
from causaldisc.data.foreign import refuse
from causaldisc.data.kinds import make_column
from causaldisc.data.orientation import Orient
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.row_labels import identifier, is_unnamed, settle
from causaldisc.data.selection import kinds, select
from causaldisc.data.table import Table
from causaldisc.errors import DataError
from causaldisc.result import Notice

__all__ = ["ReadOptions", "Request", "read", "read_labelled"]

_DEFAULTS = ReadOptions()


@dataclass(frozen=True)
class Request:
    """What a command knows and wants of genes and cells beyond how to read them.

    `orient`: which way a table lies. `known`: names of genes. `labels`: a column that says which group
    each row is of, and is no variable; empty for none.
    """

    orient: Orient = Orient.CELLS_BY_GENES
    known: frozenset[str] = frozenset()
    labels: str = ""


_NOTHING = Request()


def read(source: str, options: ReadOptions = _DEFAULTS, request: Request = _NOTHING) -> Dataset:
    """Return the data in a file or a folder, or on standard input when `source` is '-'.

    The format goes by content: delimited text, Parquet, Feather or Arrow, .h5ad, .h5 or .mtx, each plain or compressed
    by gzip, bzip2, xz or zstd. The checksum is that of the bytes as stored.

    Raises DataError, with the place and a remedy, for whatever cannot be read without guessing.
    """
    return read_labelled(source, options, request)[0]


def read_labelled(source: str, options: ReadOptions, request: Request) -> tuple[Dataset, Column | None]:
    """Return the data, as `read` does, and which group each row is of, where that is requested.

    Raises DataError, too, for a column of labels that is not there.
    """
    from concurrent.futures import ThreadPoolExecutor
    from hashlib import sha256

    label = sources.label(source)
    path = matrix_market.inside(source)
    raw = sources.load(path)
    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(lambda: sha256(raw).hexdigest())
        content = unpack(raw, label)
        found: Expression | _OfTable | None = open_cells(content, path, options.layer, request.labels, label)
        if found is None:
            found = _from_table(_open(content, options, label), options, request, label)
        if isinstance(found, Expression):
            columns = columns_of(found, options, label)
            data = Dataset(columns, found.cells, source, notices=found.notices, layers=found.layers)
            digests = [digest.result(), *found.digests]
        else:
            data, digests = Dataset(found.columns, found.rows, source, notices=found.notices), [digest.result()]
        # Of several files, as of several domains, the checksum is that of their checksums.
        whole = digests[0] if len(digests) == 1 else sha256("".join(digests).encode()).hexdigest()
        return replace(data, sha256=whole), found.labels


def _open(content: bytes, options: ReadOptions, label: str) -> Table:
    if is_columnar(content):
        return open_columnar(content, label)
    refuse(content, label)
    return open_delimited(content, options, label)


class _OfTable(NamedTuple):
    columns: tuple[Column, ...]
    rows: int
    notices: tuple[Notice, ...]
    labels: Column | None


def _from_table(table: Table, options: ReadOptions, request: Request, label: str) -> Expression | _OfTable:
    names_at, said = orientation.genes_by_cells(table, request.orient, request.known, label)
    if names_at is not None:
        if request.labels:
            raise DataError(f"{label} has rows of genes, so that no column {request.labels!r} can say what cells are")
        turned = orientation.turned(table, names_at, options, label)
        return replace(turned, notices=(*turned.notices, *said))
    labels = _labels(table, request.labels, options, label) if request.labels else None
    columns, rows, notices = _columns(table, options, label, request.labels)
    return _OfTable(columns, rows, (*notices, *said), labels)


def _labels(table: Table, name: str, options: ReadOptions, label: str) -> Column:
    """Return a column as categories."""
    if name not in table.names:
        raise DataError(f"no column {name!r} in {label}{hint(name, [n for n in table.names if n])}")
    position = table.names.index(name)
    rules = rules_for(table, position, ColumnKind.DISCRETE, options, label)
    return make_column(to_cells(table.load([position])[0], rules), ColumnKind.DISCRETE, rules)


def _columns(
    table: Table, options: ReadOptions, label: str, labels: str = ""
) -> tuple[tuple[Column, ...], int, tuple[Notice, ...]]:
    """Return the columns that the options choose, without that of the labels."""
    positions = [p for p in select(table.names, options.columns, label) if not labels or table.names[p] != labels]
    if not positions:
        raise DataError(f"{label} has no column but {labels!r}, which says what the rows are")
    types = kinds(table.names, options.types, label)
    refuse_double_names(table.names, positions, label)
    arrays = table.load(positions)
    rows = len(arrays[0])
    columns: list[Column] = []
    notices: list[Notice | None] = [*table.notices]
    nameless: list[int] = []
    for position in positions:
        rules = rules_for(table, position, types.get(position), options, label)
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
    refuse_nameless(nameless, label)
    if not columns:
        raise DataError(f"{label} has no column but labels of the rows")
    return tuple(columns), rows, tuple(n for n in notices if n is not None)


def rules_for(table: Table, position: int, kind: ColumnKind | None, options: ReadOptions, label: str) -> Rules:
    """Return how to take the cells of a column, whose kind the user may have given."""
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


def refuse_double_names(names: Sequence[str], positions: Sequence[int], label: str) -> None:
    """Raise DataError when chosen columns have the same name."""
    counts = Counter(names[p] for p in positions if names[p])
    double = [name for name, count in counts.items() if count > 1]
    if double:
        shown = ", ".join(f"{name!r} ({counts[name]} times)" for name in double[:5])
        raise DataError(
            f"{label} has columns of the same name: {shown}; rename them, leave some out by number with "
            f"--columns, or say --no-header if the first line is data"
        )


def refuse_nameless(numbers: Sequence[int], label: str) -> None:
    """Raise DataError when columns, by number from 1, have no name and are no labels of rows."""
    if numbers:
        which = "column" if len(numbers) == 1 else "columns"
        shown = ", ".join(map(str, numbers))
        left_out = ",".join(f"!{number}" for number in numbers)
        raise DataError(
            f"{label}: no name for {which} {shown}; write names into the header, or leave out the {which} "
            f"with --columns '{left_out}'"
        )
