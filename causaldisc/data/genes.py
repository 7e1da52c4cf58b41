"""Which genes a search is about: those of a list, those seen in enough cells, those that vary most."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from causaldisc.data import source as sources
from causaldisc.data.dataset import ColumnKind, Dataset, hint
from causaldisc.data.orientation import Orient
from causaldisc.data.sparse import AnyColumn, SparseColumn
from causaldisc.data.totals import totals
from causaldisc.errors import DataError
from causaldisc.options import Options, opt
from causaldisc.result import Notice
from causaldisc.words import counted

_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class GeneOptions(Options):
    """Which genes and which cells."""

    TITLE = "Genes and cells"

    orient: Orient = opt(
        Orient.AUTO,
        "Which way a table lies: cells-by-genes (a row is a cell), genes-by-cells, or auto: as its names say.",
        metavar="WAY",
    )

    genes: str | None = opt(None, "Use only the genes that this file names, one a line.", metavar="FILE")
    top_variable: int | None = opt(
        None,
        "Use only so many genes: those whose log(1 + value) has the largest variance, and of equals the first by name.",
        at_least=2,
        metavar="N",
    )
    min_cells: int = opt(3, "Leave out genes that are not zero in fewer cells.", at_least=0, metavar="N")

    def lists(self) -> GeneLists:
        """Return the names in the files; DataError when one cannot be read or names nothing."""
        return GeneLists() if self.genes is None else GeneLists(names_in(self.genes), of_genes=self.genes)


@dataclass(frozen=True)
class GeneLists:
    """The names in the files of `--genes` and `--regulators`, each with its source; None where not given."""

    genes: tuple[str, ...] | None = None
    regulators: tuple[str, ...] | None = None
    of_genes: str = ""
    of_regulators: str = ""

    @property
    def known(self) -> frozenset[str]:
        return frozenset((*(self.genes or ()), *(self.regulators or ())))


def names_in(path: str) -> tuple[str, ...]:
    """Return the names in a file, one a line, each once; blank lines and those that start with # say nothing.

    Raises DataError when there are none.
    """
    lines = (line.strip() for line in sources.text(path).splitlines())
    names = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not names:
        raise DataError(f"{sources.label(path)} names no gene; write one name a line")
    return names


def chosen(data: Dataset, options: GeneOptions, lists: GeneLists) -> Dataset:
    """Return the data of the genes that the options choose; regulators stay beside those of --genes and
    --top-variable, and what is left out is told by notices.

    Raises DataError when none of the names of a list is there, or no gene is left.
    """
    notices: list[Notice] = []
    regulators = _there(data, lists.regulators, lists.of_regulators, "--regulators", notices)
    columns: Sequence[AnyColumn] = data.columns
    if lists.genes is not None:
        wanted = {*_there(data, lists.genes, lists.of_genes, "--genes", notices), *regulators}
        columns = [c for c in columns if c.name in wanted]
    columns = _seen(columns, options.min_cells, sources.label(data.source), notices)
    if options.top_variable is not None:
        columns = _most_variable(columns, options.top_variable, set(regulators))
    if not columns:
        raise DataError(
            f"no gene of {sources.label(data.source)} is left; all are seen in fewer than {options.min_cells} cells "
            f"(--min-cells)"
        )
    if len(columns) < len(data.columns):
        data = replace(data, totals=totals(data))
        columns = [_alone(c) for c in columns]
    return replace(data, columns=tuple(columns), notices=(*data.notices, *notices))


def regulators_in(data: Dataset, lists: GeneLists) -> tuple[str, ...] | None:
    """Return the regulators that are in the data; None where there is no list of them.

    Raises DataError when none is left.
    """
    if lists.regulators is None:
        return None
    names = set(data.names)
    found = tuple(name for name in lists.regulators if name in names)
    if not found:
        raise DataError(f"no regulator of {lists.of_regulators} is among the genes that are left")
    return found


def _there(
    data: Dataset, wanted: Collection[str] | None, path: str, flag: str, notices: list[Notice]
) -> tuple[str, ...]:
    """Return those names of a list that are genes of the data, and add a notice of the others."""
    if wanted is None:
        return ()
    names = set(data.names)
    absent = [name for name in wanted if name not in names]
    if len(absent) == len(wanted):
        raise DataError(
            f"{flag}: none of the {counted(len(wanted), 'name')} in {sources.label(path)} is a gene of "
            f"{sources.label(data.source)}{hint(absent[0], data.names)}"
        )
    if absent:
        shown = ", ".join(absent[:_SHOWN]) + (", ..." if len(absent) > _SHOWN else "")
        message = f"{flag}: {counted(len(absent), 'name')} of {len(wanted):,} in {path} not in the data: {shown}"
        notices.append(Notice("genes-absent", message))
    return tuple(name for name in wanted if name in names)


def _seen(columns: Sequence[AnyColumn], least: int, label: str, notices: list[Notice]) -> list[AnyColumn]:
    """Return the columns with enough cells that are neither zero nor missing, and times and contexts."""
    others = (ColumnKind.TIME, ColumnKind.CONTEXT)
    rare = {c.name for c in columns if c.kind not in others and _cells_seen(c) < least}
    if rare:
        shown = ", ".join(repr(c.name) for c in columns if c.name in rare) if len(rare) <= _SHOWN else ""
        message = f"{counted(len(rare), 'column')} of {label} with fewer than {least} values that are not zero left out"
        notices.append(Notice("rarely-seen", f"{message}: {shown}" if shown else f"{message} (--min-cells)"))
    return [c for c in columns if c.name not in rare]


def _cells_seen(column: AnyColumn) -> int:
    if isinstance(column, SparseColumn):
        return len(column.places) - int(np.isnan(column.numbers).sum())
    return int(np.count_nonzero(~column.zeros & ~column.missing))


def _most_variable(columns: Sequence[AnyColumn], count: int, kept: Collection[str]) -> list[AnyColumn]:
    """Return the columns that vary most and those that are kept anyway, in their order."""
    candidates = [c for c in columns if c.name not in kept]
    order = sorted(candidates, key=lambda c: (-_variation(c), c.name))
    found = {*kept, *(c.name for c in order[:count])}
    return [c for c in columns if c.name in found]


def _variation(column: AnyColumn) -> float:
    """Return the variance of log(1 + value), of the value itself where that may be negative; 0 where there is none."""
    if isinstance(column, SparseColumn):
        numbers = column.numbers[~np.isnan(column.numbers)].astype(np.float64)
        rows = column.rows - (len(column.numbers) - len(numbers))
    elif column.values is None:
        return 0.0
    else:
        numbers = column.values[~np.isnan(column.values)]
        rows = len(numbers)
    if rows == 0:
        return 0.0
    if not (numbers < 0).any():
        numbers = np.log1p(numbers)
    mean = numbers.sum() / rows
    return float(np.square(numbers - mean).sum() + (rows - len(numbers)) * mean**2) / rows


def _alone(column: AnyColumn) -> AnyColumn:
    """Return the column without the rest of the file that its numbers lie in."""
    if isinstance(column, SparseColumn) and column.places.base is not None:
        return replace(column, places=column.places.copy(), numbers=column.numbers.copy())
    return column
