"""Matrix Market files with the names beside them, as Cell Ranger and STARsolo write: a folder of matrix.mtx,
features.tsv (genes.tsv before version 3) and barcodes.tsv, each plain or compressed.

The matrix has genes in rows and cells in columns; one that fits its names only the other way round is taken so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from causaldisc.data import source as sources
from causaldisc.data.arrow import stored
from causaldisc.data.compression import unpack
from causaldisc.data.expression import Block, Expression, gather
from causaldisc.data.features import Genes, genes_among
from causaldisc.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"%%MatrixMarket"
_MATRIX = "matrix.mtx"
_GENES = ("features.tsv", "genes.tsv")
_CELLS = ("barcodes.tsv",)
_PACKED = ("", ".gz", ".bz2", ".xz", ".zst")
_BLOCK = 1 << 21
_ENTRY = re.compile(rb"\s*\d+\s+\d+\s+[^\s]+\s*")


@dataclass(frozen=True)
class _Matrix:
    """The text of a matrix; `body` is the position of its first entry, on line `line`."""

    content: bytes
    rows: int
    columns: int
    entries: int
    body: int
    line: int
    label: str


def inside(source: str) -> str:
    """Return the path of the matrix in a folder; of anything else, the source itself."""
    if source == "-" or not Path(source).is_dir():
        return source
    found = next((path for packed in _PACKED if (path := Path(source) / (_MATRIX + packed)).exists()), None)
    return source if found is None else str(found)


def open_matrix(content: bytes, source: str, labels: str, label: str) -> Expression:
    """Return the genes and cells of a matrix and of the files beside it.

    Raises DataError for files that are missing, do not fit together or are damaged, and for labels, which there are
    none of.
    """
    if labels:
        raise DataError(f"{label} says nothing of its cells but their barcodes; --group-by takes an .h5ad or a table")
    if source == "-":
        raise DataError("a Matrix Market file has its names in files beside it; give the path of the folder")
    matrix = _header(content, label)
    gene_lines, of_genes = _beside(Path(source), _GENES)
    cell_lines, of_cells = _beside(Path(source), _CELLS)
    genes, cells = _genes(gene_lines, label), len(cell_lines)
    turned = (matrix.rows, matrix.columns) == (cells, len(genes.numbers)) and cells != len(genes.numbers)
    if not turned and (matrix.rows, matrix.columns) != (len(genes.numbers), cells):
        raise DataError(
            f"{label}: the matrix is {matrix.rows:,} x {matrix.columns:,}, but the files beside it name "
            f"{len(genes.numbers):,} genes and {cells:,} cells; take all three from one run"
        )
    blocks = (genes.only(Block(b.genes, b.cells, b.numbers) if turned else b) for b in _entries(matrix))
    by_gene = gather(blocks, genes.names, cells, label)
    return Expression(genes.names, cells, by_gene, notices=genes.notices, digests=(of_genes, of_cells))


def _beside(path: Path, names: tuple[str, ...]) -> tuple[list[str], str]:
    """Return the lines of the file of one of these names beside the matrix, and its SHA-256.

    The names may have what stands before matrix.mtx before them, too.
    """
    before = path.name.partition(_MATRIX)[0] if _MATRIX in path.name else ""
    tried = [path.with_name(start + name + packed) for start in (before, "") for name in names for packed in _PACKED]
    found = next((place for place in tried if place.exists()), None)
    if found is None:
        wanted = " or ".join(before + name for name in names)
        raise DataError(f"there is no {wanted} (or .gz) beside {path}; a matrix takes its names from there")
    raw = sources.load(str(found))
    text = unpack(raw, str(found)).decode(errors="replace")
    return text.splitlines(), hashlib.sha256(raw).hexdigest()


def _genes(lines: list[str], label: str) -> Genes:
    fields = [line.split("\t") for line in lines]
    has_types = bool(fields) and all(len(field) >= 3 and field[2] for field in fields)
    return genes_among(
        [field[0] for field in fields],
        [field[1] if len(field) > 1 else field[0] for field in fields],
        [field[2] for field in fields] if has_types else [],
        label,
    )


def _header(content: bytes, label: str) -> _Matrix:
    """Return what the first lines say: the kind of matrix and, after comments, its size."""
    first, _, _ = content.partition(b"\n")
    words = first.decode(errors="replace").lower().split()
    if words[1:3] != ["matrix", "coordinate"] or words[3:4] not in (["integer"], ["real"]) or words[4:] != ["general"]:
        raise DataError(
            f"{label} is a Matrix Market file of the kind {' '.join(words[1:]) or 'nothing'!r}; only 'matrix "
            f"coordinate integer general' and '... real general' are counts of genes in cells"
        )
    line, start = 1, len(first) + 1
    while start < len(content):
        line += 1
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        text = content[start:end].strip()
        start = end + 1
        if text and not text.startswith(b"%"):
            sizes = text.split()
            if len(sizes) != 3 or not all(size.isdigit() for size in sizes):
                raise DataError(f"{label}, line {line}: {text.decode(errors='replace')!r} is not the size of a matrix")
            rows, columns, entries = map(int, sizes)
            return _Matrix(content, rows, columns, entries, start, line + 1, label)
    raise DataError(f"{label} is cut short: it does not say how large the matrix is")


def _entries(matrix: _Matrix) -> Iterator[Block]:
    """Yield the entries, `genes` being rows from 0 and `cells` columns."""
    import pyarrow as pa

    count = 0
    try:
        for batch in _parsed(matrix):
            rows, columns, numbers = (stored(column) for column in batch.columns)
            outside = (rows < 1) | (rows > matrix.rows) | (columns < 1) | (columns > matrix.columns)
            if outside.any():
                raise _bad_line(matrix, count + int(outside.argmax()))
            count += len(rows)
            yield Block(columns - np.int32(1), rows - np.int32(1), numbers)
    except pa.ArrowInvalid as error:
        raise _explained(matrix, error) from error
    if count != matrix.entries:
        raise DataError(
            f"{matrix.label} is cut short or damaged: it has {count:,} entries, not {matrix.entries:,}; copy or make "
            f"it again"
        )


def _parsed(matrix: _Matrix) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv

    body = pa.py_buffer(matrix.content).slice(matrix.body)
    if not len(body):
        return
    names = ["row", "column", "number"]
    yield from csv.open_csv(
        pa.BufferReader(body),
        csv.ReadOptions(column_names=names, block_size=_BLOCK),
        csv.ParseOptions(delimiter=" ", quote_char=False),
        csv.ConvertOptions(
            column_types=dict(zip(names, (pa.int32(), pa.int32(), pa.float32()))), null_values=[], check_utf8=False
        ),
    )


def _lines(matrix: _Matrix) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(matrix.content[matrix.body :].split(b"\n"), matrix.line):
        if line.strip():
            yield number, line


def _bad_line(matrix: _Matrix, entry: int) -> DataError:
    number, line = next(pair for place, pair in enumerate(_lines(matrix)) if place == entry)
    return DataError(
        f"{matrix.label}, line {number}: {line.decode(errors='replace').strip()!r} lies outside the matrix of "
        f"{matrix.rows:,} x {matrix.columns:,}; copy or make it again"
    )


def _explained(matrix: _Matrix, error: Exception) -> DataError:
    """Return the error that names the first line which is no entry."""
    for number, line in _lines(matrix):
        if not _ENTRY.fullmatch(line) or not _is_number(line.split()[2]) or b"  " in line or b"\t" in line:
            shown = line.decode(errors="replace").strip()
            return DataError(
                f"{matrix.label}, line {number}: {shown!r} is not a row, a column and a number with one blank between; "
                f"copy or make it again"
            )
    return DataError(f"cannot read {matrix.label}: {error}")


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
