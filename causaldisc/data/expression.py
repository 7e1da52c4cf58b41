"""Numbers of genes in cells, gathered by gene, whichever way a file has them: never a dense matrix.

Files of single-cell data list the cells of a matrix that are not zero, most of them cell by cell; a search needs them
gene by gene. They come in blocks, each block is sorted by gene, and the blocks are laid end to end for each gene: the
most that is held is what is not zero, twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.cells import Cells, Rules
from causaldisc.data.dataset import Column, ColumnKind
from causaldisc.data.kinds import is_whole, make_column
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.selection import kinds, select
from causaldisc.data.sparse import AnyColumn, SparseColumn
from causaldisc.errors import DataError
from causaldisc.result import Notice

Numbers = NDArray[np.float64] | NDArray[np.float32] | NDArray[np.int64]
Indices = NDArray[np.int32] | NDArray[np.int64]
BLOCK = 1 << 18


class Block(NamedTuple):
    """Some entries of a matrix: `numbers[k]` stands in row `cells[k]` and column `genes[k]`."""

    cells: Indices
    genes: Indices
    numbers: Numbers


class ByGene(NamedTuple):
    """The entries that are not zero: those of gene g are `places[starts[g]:starts[g + 1]]`, rows in order, and their
    numbers."""

    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    numbers: NDArray[np.float32]


@dataclass(frozen=True)
class Expression:
    """A file of genes and cells. `labels`: which group each cell is of, where that was asked for. `layers`: what other
    matrices --layer could take. `digests`: SHA-256 of the files that stand beside the one read."""

    genes: tuple[str, ...]
    cells: int
    matrix: ByGene
    labels: Column | None = None
    layers: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    digests: tuple[str, ...] = ()


def gather(blocks: Iterable[Block], genes: Sequence[str], cells: int, label: str) -> ByGene:
    """Return the entries by gene; entries that are zero go.

    Raises DataError for a number that is infinite or too large, an entry outside the matrix, and one given twice.
    """
    parts = [_by_gene(block, genes, cells, label) for block in blocks]
    starts = np.zeros(len(genes) + 1, np.int64)
    for part in parts:
        starts[1:] += np.diff(part.starts)
    np.cumsum(starts, out=starts)
    places, numbers = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.float32)
    free = starts[:-1].copy()
    parts.reverse()
    while parts:
        part = parts.pop()  # popped, so that a part goes as it is laid down
        counts = np.diff(part.starts)
        to = np.repeat(free - part.starts[:-1], counts) + np.arange(len(part.places))
        places[to], numbers[to] = part.places, part.numbers
        free += counts
    return _in_order(ByGene(starts, places, numbers), genes, label)


def _by_gene(block: Block, genes: Sequence[str], cells: int, label: str) -> ByGene:
    with np.errstate(over="ignore"):
        numbers = np.asarray(block.numbers, np.float32)
    for indices, size in ((block.cells, cells), (block.genes, len(genes))):
        if len(indices) and not (indices.min() >= 0 and indices.max() < size):
            raise DataError(f"{label} is damaged: an entry lies outside its {cells:,} cells and {len(genes):,} genes")
    if np.isinf(numbers).any():
        k = int(np.isinf(numbers).argmax())
        name = genes[int(block.genes[k])]
        raise DataError(
            f"{label}, row {int(block.cells[k]) + 1}, column {name!r}: the number is {block.numbers[k]:g}; mend it, or "
            f"mark it as missing (NaN)"
        )
    kept = np.flatnonzero(numbers)
    # Sorting numbers of 16 bits takes a tenth of the time.
    of = np.asarray(block.genes)[kept].astype(np.uint16 if len(genes) <= 1 << 16 else np.int32)
    order = kept[np.argsort(of, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=len(genes)))]).astype(np.int64)
    return ByGene(starts, np.asarray(block.cells)[order].astype(np.int32), numbers[order])


def _in_order(matrix: ByGene, genes: Sequence[str], label: str) -> ByGene:
    """Return the matrix with the rows of each gene in order, which is how most files have them."""
    starts, places, numbers = matrix
    follows = np.diff(places) > 0
    ends = starts[1:-1] - 1
    follows[ends[(ends >= 0) & (ends < len(follows))]] = True
    if follows.all():
        return matrix
    of = np.repeat(np.arange(len(genes), dtype=np.int32), np.diff(starts))
    order = np.lexsort((places, of))
    places, numbers = places[order], numbers[order]
    twice = np.flatnonzero((np.diff(places) == 0) & (np.diff(of) == 0))
    if len(twice):
        k = int(twice[0])
        raise DataError(f"{label} gives the number in row {places[k] + 1}, column {genes[of[k]]!r} twice; make it anew")
    return ByGene(starts, places, numbers)


def columns_of(expression: Expression, options: ReadOptions, label: str) -> tuple[AnyColumn, ...]:
    """Return the columns of the genes that the options choose.

    Genes are counts when all their numbers are whole and none is negative, else continuous, unless --types says
    otherwise. Raises DataError for an unknown name and when there are no cells.
    """
    if not expression.cells or not expression.genes:
        raise DataError(f"{label} holds {len(expression.genes)} genes and {expression.cells} cells; nothing to analyse")
    chosen = select(expression.genes, options.columns, label)
    given = kinds(expression.genes, options.types, label)
    return tuple(_column(expression, place, given.get(place), label) for place in chosen)


def _column(expression: Expression, place: int, kind: ColumnKind | None, label: str) -> AnyColumn:
    name, (starts, places, numbers) = expression.genes[place], expression.matrix
    part = slice(starts[place], starts[place + 1])
    count = not (numbers[part] < 0).any() and is_whole(numbers[part])
    column = SparseColumn(
        name, ColumnKind.COUNT if count else ColumnKind.CONTINUOUS, expression.cells, places[part], numbers[part]
    )
    if kind in (None, column.kind, ColumnKind.CONTINUOUS):
        return SparseColumn(name, kind or column.kind, column.rows, column.places, column.numbers)
    return make_column(Cells(column.values), kind, Rules(name, label, lambda row: f"row {row + 1}", ()))


def told_apart(names: Sequence[str], ids: Sequence[str], label: str) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    """Return names that all differ: genes that share one are called by their ids, or, without ids, numbered."""
    counts = Counter(names)
    double = sorted(name for name, count in counts.items() if count > 1)
    if not double:
        return tuple(names), ()
    if ids:
        found = [identity if counts[name] > 1 and identity else name for name, identity in zip(names, ids, strict=True)]
    if not ids or len(set(found)) < len(found):
        found, seen = [], Counter[str]()
        for name in names:
            number = seen[name]
            seen[name] += 1
            while number and f"{name}-{number}" in counts:
                number += len(names)
            found.append(f"{name}-{number}" if number else name)
    example = next(new for name, new in zip(names, found, strict=True) if name == double[0] and new != name)
    which = f"name {double[0]!r} belongs" if len(double) == 1 else f"{len(double)} names (e.g. {double[0]!r}) belong"
    message = f"{label}: {which} to several genes; they are told apart, as in {example!r}"
    return tuple(found), (Notice("names-told-apart", message),)
