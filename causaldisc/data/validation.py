"""What data must be like before any algorithm gets them; `check` reports the same without stopping."""

from __future__ import annotations

from dataclasses import replace

from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.source import label
from causaldisc.data.sparse import AnyColumn
from causaldisc.errors import DataError
from causaldisc.result import Notice

# A correlation has n - 3 degrees of freedom left for its Fisher transform: below four rows there is no test.
FEWEST_ROWS = 4


def is_constant(column: AnyColumn) -> bool:
    """Tell whether all cells that are not missing are equal, and there is one at least."""
    if column.codes is not None and column.values is None:
        codes = column.codes[column.codes >= 0]
        return codes.size > 0 and bool((codes == codes[0]).all())
    low, high = column.extremes
    return low == high


def is_all_missing(column: AnyColumn) -> bool:
    """Tell whether a column has no cell that is not missing."""
    return bool(column.missing.all())


def validate_for_analysis(dataset: Dataset, options: ReadOptions) -> Dataset:
    """Return data fit for analysis: columns that say nothing are dropped if the options ask for it.

    Raises DataError for too few rows and, unless they are dropped, for constant or all-missing columns.
    """
    if dataset.correlation is not None:
        return dataset  # a matrix that could be read is one
    where = label(dataset.source) if dataset.source else "the data"
    if dataset.rows < FEWEST_ROWS:
        rows = "one row" if dataset.rows == 1 else f"{dataset.rows} rows"
        raise DataError(f"{where} has only {rows}; at least {FEWEST_ROWS} are needed to test anything")
    useless = {c.name: _trouble(c) for c in dataset.columns if is_all_missing(c) or is_constant(c)}
    if not useless:
        return dataset
    shown = ", ".join(f"{name!r} ({trouble})" for name, trouble in list(useless.items())[:8])
    shown += ", ..." if len(useless) > 8 else ""
    count = "a column that is" if len(useless) == 1 else f"{len(useless)} columns that are"
    if not options.drop_constant:
        raise DataError(
            f"{where} has {count} constant or all missing: {shown}; leave out such columns with "
            f"--drop-constant, or by name with --columns"
        )
    kept = tuple(c for c in dataset.columns if c.name not in useless)
    if not kept:
        raise DataError(f"every column of {where} is constant or all missing: {shown}; is it the right file?")
    notice = Notice("constant-dropped", f"{where} has {count} constant or all missing, left out: {shown}")
    return replace(dataset, columns=kept, notices=(*dataset.notices, notice))


def variables(dataset: Dataset) -> Dataset:
    """Return the columns that are variables: times and contexts are left out, with a notice.

    Raises DataError when no variable is left.
    """
    others = tuple(c for c in dataset.columns if c.kind in (ColumnKind.TIME, ColumnKind.CONTEXT))
    if not others:
        return dataset
    kept = tuple(c for c in dataset.columns if c not in others)
    shown = ", ".join(f"{c.name!r} ({c.kind.value})" for c in others)
    if not kept:
        raise DataError(f"{label(dataset.source)} has no column but times and contexts: {shown}")
    message = f"left out, as no variable: {shown}; --types 'NAME=continuous' makes one of it"
    return replace(dataset, columns=kept, notices=(*dataset.notices, Notice("not-a-variable", message)))


def _trouble(column: AnyColumn) -> str:
    if is_all_missing(column):
        return "all missing"
    if column.values is not None:
        return f"always {column.extremes[1]:.6g}"
    assert column.codes is not None
    return f"always {column.levels[column.codes.max()]}"
