"""A covariance or correlation matrix in place of the rows it was computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causaldisc.data import reading
from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.selection import select
from causaldisc.data.source import label
from causaldisc.data.validation import FEWEST_ROWS
from causaldisc.errors import DataError, UsageError
from causaldisc.quoting import as_column
from causaldisc.result import Notice

# Programs write six digits and more, so that what differs by more than this was not symmetric to begin with.
_TOLERANCE = 1e-5


def read(source: str, rows: int, options: ReadOptions) -> Dataset:
    """Return data that are known by their correlations only, from a square table with names in its first line.

    The matrix may be whole, or one triangle of it with the other cells empty; a first column of names is passed
    over. `rows` says how many rows it was computed from.
    Raises DataError when the table is no such matrix, UsageError for fewer rows than any test needs.
    """
    if rows < FEWEST_ROWS:
        raise UsageError(f"--covariance must be the number of rows behind the matrix, at least {FEWEST_ROWS}")
    if options.types is not None:
        raise UsageError("--types has no meaning with --covariance: all variables are continuous")
    table = reading.read(source, replace(options, columns=None, drop_constant=False))
    where = label(source)
    names, whole = _square(table, where)
    chosen = select(names, options.columns, where)
    names, whole = tuple(names[i] for i in chosen), whole[np.ix_(chosen, chosen)]
    correlation = _scaled(whole, names, where)
    columns = tuple(Column(name, ColumnKind.CONTINUOUS, np.empty(0)) for name in names)
    return Dataset(columns, rows, source, table.sha256, _doubts(correlation, where), correlation)


def _square(table: Dataset, where: str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the names and the symmetric matrix of a table."""
    columns = table.columns
    if columns[0].values is None and _cells(columns[0]) == [c.name for c in columns[1:]]:
        columns = columns[1:]
    for column in columns:
        if column.values is None:
            raise DataError(f"{where}: column {column.name!r} holds text, but a covariance matrix holds numbers only")
    if len(columns) != table.rows:
        raise DataError(
            f"{where} has {len(columns)} columns and {table.rows} rows, but a covariance matrix is square; "
            "without --covariance the rows are taken for data"
        )
    names = tuple(c.name for c in columns)
    matrix = np.array([c.values for c in columns]).T
    for missing in (np.triu(np.isnan(matrix), 1), np.tril(np.isnan(matrix), -1)):
        is_empty = np.count_nonzero(missing) == len(names) * (len(names) - 1) // 2
        if is_empty:
            matrix = np.where(missing, matrix.T, matrix)
    _check(matrix, names, where)
    return names, (matrix + matrix.T) / 2


def _cells(column: Column) -> list[str]:
    assert column.codes is not None
    return [column.levels[code] if code >= 0 else "" for code in column.codes.tolist()]


def _check(matrix: NDArray[np.float64], names: Sequence[str], where: str) -> None:
    """Raise DataError for a cell that no covariance matrix has."""
    for complaint, wrong in (
        ("is missing", np.isnan(matrix)),
        ("is a variance, and must be positive", np.diag(np.diag(matrix) <= 0)),
    ):
        if wrong.any():
            row, column = np.argwhere(wrong)[0].tolist()
            raise DataError(f"{where}: the cell of {names[row]!r} and {names[column]!r} {complaint}")
    scale = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    skew = np.abs(matrix - matrix.T) > _TOLERANCE * scale
    if skew.any():
        row, column = np.argwhere(skew)[0].tolist()
        raise DataError(
            f"{where}: the matrix is not symmetric: {matrix[row, column]:g} for {names[row]!r} and {names[column]!r}, "
            f"but {matrix[column, row]:g} the other way; without --covariance the rows are taken for data"
        )


def _scaled(matrix: NDArray[np.float64], names: Sequence[str], where: str) -> NDArray[np.float64]:
    """Return the correlations of a covariance matrix; DataError when one is beyond 1."""
    deviations = np.sqrt(np.diag(matrix))
    correlation: NDArray[np.float64] = matrix / deviations[:, None] / deviations
    np.fill_diagonal(correlation, 1.0)
    beyond = np.abs(correlation) > 1.0 + _TOLERANCE
    if beyond.any():
        x, y = np.argwhere(beyond)[0].tolist()
        raise DataError(
            f"{where}: {names[x]!r} and {names[y]!r} would have a correlation of {correlation[x, y]:.6g}, beyond 1; "
            f"leave one out with --columns '!{as_column(names[x])}', or compute the matrix from complete rows"
        )
    return np.clip(correlation, -1.0, 1.0)


def _doubts(correlation: NDArray[np.float64], where: str) -> tuple[Notice, ...]:
    """Return a notice when no data can have these correlations."""
    try:
        np.linalg.cholesky(correlation + _TOLERANCE * np.eye(len(correlation)))
    except np.linalg.LinAlgError:
        message = (
            f"no data have the correlations of {where}: the matrix is not positive semidefinite, as happens when each "
            "of its cells was computed from other rows; partial correlations can mislead"
        )
        return (Notice("not-semidefinite", message),)
    return ()
