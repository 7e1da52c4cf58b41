"""Which way a table of genes and cells lies, told by its names and never by its shape.

Single-cell tools write rows of cells (scanpy, arboreto, pySCENIC), BEELINE, GEO and Seurat rows of genes. A table
with rows of genes has their names in a first column, so that one without a column of names has rows of cells. Of
others the first of these decides: where the names of a list of genes are found; a heading of that column (gene,
cell, ...); names like those of cells (barcodes, cell_12, E10_3) or of genes (Ensembl's ids, RPL, MT-, GAPDH, ...).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causaldisc.data import arrow
from causaldisc.data.cells import Cells, Rules, to_cells
from causaldisc.data.expression import Block, Expression, gather, told_apart
from causaldisc.data.header import is_number
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.row_labels import is_unnamed
from causaldisc.data.table import Table
from causaldisc.errors import DataError
from causaldisc.result import Notice


class Orient(Enum):
    """Which way a table of genes and cells lies."""

    AUTO = "auto"
    CELLS_BY_GENES = "cells-by-genes"
    GENES_BY_CELLS = "genes-by-cells"


_GENE_HEADINGS = {"gene", "genes", "gene_name", "gene_names", "gene_id", "gene_ids", "geneid", "gene_symbol", "symbol",
                  "symbols", "genename", "feature", "features", "hgnc_symbol"}  # fmt: skip
_CELL_HEADINGS = {"cell", "cells", "cell_id", "cellid", "cell_name", "cell_names", "barcode", "barcodes", "cellname"}
_CELL = re.compile(r"(.*[^ACGTN])?[ACGTN]{10,}([-_.].*)?|cell[\W_]?\d+|E\d+(_\d+)+|[SED]RR\d{5,}", re.IGNORECASE)
_GENE = re.compile(
    r"ENS[A-Z]*G\d{11}(\.\d+)?|FBgn\d{7}|AT[1-5MC]G\d{5}|Y[A-P][LR]\d{3}[WC](-[A-Z])?|(MT-|Mt-|mt-)\w+|"
    r"(RPL|RPS|Rpl|Rps|LINC)\w*\d\w*|HLA-\w+|GAPDH|Gapdh|ACTB|Actb|MALAT1|Malat1|B2M|B2m"
)
_LOOKED_AT = 2000


@dataclass(frozen=True)
class _Sides:
    """The names of a table: `above` the columns, `beside` the rows. `heading` is that of the names beside."""

    above: Sequence[str]
    beside: Sequence[str]
    heading: str


def genes_by_cells(
    table: Table, asked: Orient, known: frozenset[str], label: str
) -> tuple[int | None, tuple[Notice, ...]]:
    """Return the position of the column that names the genes if rows are genes, else None, and what to say of it.

    `known` are names of genes. Raises DataError when rows are said to be genes, and no column names them.
    """
    if asked is Orient.CELLS_BY_GENES:
        return None, ()
    beside = _names_beside(table)
    if asked is Orient.GENES_BY_CELLS:
        if beside is None:
            raise DataError(f"{label} has no column of names: --orient genes-by-cells takes the genes' from the first")
        return beside.position, ()
    if beside is None or beside.repeated:
        return None, ()
    heading = table.names[beside.position]
    above = [name for place, name in enumerate(table.names) if place != beside.position]
    rows_are_genes, reason = _decided(_Sides(above, beside.names, heading), known)
    if rows_are_genes is None and is_unnamed(heading):
        message = (
            f"the names in {label} do not tell whether its rows are cells or genes; cells are taken: say --orient "
            f"genes-by-cells if they are genes"
        )
        return None, (Notice("orientation-unknown", message),)
    if not rows_are_genes:
        return None, ()
    message = f"{label} is read as genes by cells, as {reason}; --orient cells-by-genes reads it the other way"
    return beside.position, (Notice("orientation", message),)


class _Beside(NamedTuple):
    position: int
    names: list[str]
    repeated: bool


def _names_beside(table: Table) -> _Beside | None:
    """Return the column of names of the rows: text that has no name itself, or stands first, with numbers beside it."""
    import pyarrow as pa

    if len(table.names) < 2:
        return None
    place = next((place for place, name in enumerate(table.names) if is_unnamed(name)), 0)
    column, other = table.load([place, 1 if place == 0 else 0])
    if not (arrow.is_text(column.type) or pa.types.is_dictionary(column.type)) or not arrow.is_number_column(other):
        return None
    words, index = arrow.words(column, null=0)
    return _Beside(place, words, len(words) < len(index) / 2)


def _decided(sides: _Sides, known: frozenset[str]) -> tuple[bool | None, str]:
    """Return whether rows are genes, None where nothing tells, and why."""
    above, beside = (sum(name in known for name in names) for names in (sides.above, sides.beside))
    if above != beside:
        return beside > above, f"{max(above, beside):,} of the genes named are {_WHERE[beside > above]}"
    heading = sides.heading.strip().lower()
    if heading in _GENE_HEADINGS | _CELL_HEADINGS:
        return heading in _GENE_HEADINGS, f"its names are headed {sides.heading!r}"
    for pattern, is_of_genes in ((_CELL, False), (_GENE, True)):
        above_share, beside_share = (_share(names, pattern) for names in (sides.above, sides.beside))
        least = 0.5 if pattern is _CELL else 0.0
        if max(above_share, beside_share) > least and above_share != beside_share:
            rows_are_genes = (beside_share > above_share) is is_of_genes
            what = "genes" if is_of_genes else "cells"
            return rows_are_genes, f"names {_WHERE[beside_share > above_share]} look like those of {what}"
    return None, ""


_WHERE = {True: "in its first column", False: "in its first line"}


def _share(names: Sequence[str], pattern: re.Pattern[str]) -> float:
    some = names[:_LOOKED_AT]
    return sum(pattern.fullmatch(name.strip()) is not None for name in some) / max(len(some), 1)


def _numbers(cells: Cells, rules: Rules) -> NDArray[np.float64]:
    if cells.values is not None:
        return cells.values
    assert cells.codes is not None
    words = [k for k, level in enumerate(cells.levels) if not is_number(level, rules.decimal)]
    row = int(np.isin(cells.codes, words).argmax())
    raise DataError(
        f"{rules.cell(row)}: {cells.levels[cells.codes[row]]!r} is not a number; where rows are genes, all columns but "
        f"that of their names are cells"
    )


def turned(table: Table, position: int, options: ReadOptions, label: str) -> Expression:
    """Return the genes and cells of a table with rows of genes, whose names are in one column.

    Raises DataError for a gene without a name and for cells that hold text.
    """
    words, index = arrow.words(table.load([position])[0], null=-1)
    genes = [words[k].strip() if k >= 0 else "" for k in index.tolist()]
    if not all(genes):
        raise DataError(f"{label}, {table.place(genes.index(''))}: the gene has no name; name it or remove the line")
    unique, notices = told_apart(genes, [], label)
    others = [place for place in range(len(table.names)) if place != position]

    def blocks() -> Iterator[Block]:
        arrays = table.load(others)
        for number, place in enumerate(others):
            name = table.names[place]
            rules = Rules(name, label, table.place, options.markers, table.decimal, options.doubtful_markers)
            values = _numbers(to_cells(arrays[number], rules), rules)
            found = np.flatnonzero(values)
            yield Block(np.full(len(found), number, np.int32), found, values[found])

    matrix = gather(blocks(), unique, len(others), label)
    return Expression(unique, len(others), matrix, notices=(*table.notices, *notices))
