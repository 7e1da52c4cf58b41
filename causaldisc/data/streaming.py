"""Data larger than memory: one pass over a file, a chunk of rows at a time, that keeps their correlations only.

Fisher's z needs no more. All columns must be numbers. Rows with a missing cell are left out, all of each: to have each
test use the rows that have its own cells would take the sums of every pair on the rows of every set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causaldisc.context import Context
from causaldisc.data import pieces
from causaldisc.data import source as sources
from causaldisc.data.cells import Cells, Rules, to_cells
from causaldisc.data.correlation import refuse_constant
from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.data.kinds import make_column
from causaldisc.data.moments import Moments
from causaldisc.data.pieces import Checked, Pieces
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.reading import refuse_double_names, refuse_nameless, rules_for
from causaldisc.data.row_labels import identifier, is_unnamed, settle
from causaldisc.data.selection import select
from causaldisc.data.table import Table
from causaldisc.data.validation import FEWEST_ROWS
from causaldisc.errors import DataError, UsageError
from causaldisc.quoting import as_column
from causaldisc.result import Notice
from causaldisc.words import counted

if TYPE_CHECKING:
    import pyarrow as pa


def read(source: str, rows: int, options: ReadOptions, context: Context) -> Dataset:
    """Return data that are known by their correlations, from a file read in chunks of about so many rows.

    Raises DataError for a file that cannot be read, for columns that are no numbers or constant, and when no row is
    complete; UsageError for options that have no meaning here.
    """
    if options.types is not None:
        raise UsageError("--types has no meaning with --chunk-rows: all variables are continuous")
    label = sources.label(source)
    with sources.opened(source) as stream:
        checked = Checked(stream)
        file = pieces.opened(checked, source, rows, options, label)
        sums = _Sums(file, options, label, context.threads)
        total = os.path.getsize(source) if os.path.isfile(source) else 0
        for table in file.tables(sums.positions):
            sums.add(table)
            if total:
                context.progress(checked.read_bytes, total, "bytes read")
        return sums.dataset(source, checked.sha256)


class _Sums:
    """What the chunks so far add up to. `positions` are the columns to load, `names` what variables are called."""

    def __init__(self, file: Pieces, options: ReadOptions, label: str, threads: int) -> None:
        self.positions = list(select(file.names, options.columns, label))
        refuse_double_names(file.names, self.positions, label)
        self.options, self.label, self.threads = options, label, threads
        self.names: list[str] = []
        self.used: list[int] = []  # which of the loaded columns are variables
        self.rows = 0
        self.notices: dict[tuple[str, str], Notice] = {("", n.code): n for n in file.notices}

    def add(self, table: Table) -> None:
        arrays = table.load(self.positions)
        rows = len(arrays[0])
        if not rows:
            return
        columns = list(self._cells(table, arrays))
        if not self.names:
            self._settle(table, columns, rows)
        block = np.array([self._numbers(*columns[i]) for i in self.used])
        self.rows += rows
        known = ~np.isnan(block)
        self.present += known.any(axis=1)
        whole = known.all(axis=0)
        self.moments.add(block if whole.all() else block[:, whole])

    def _cells(self, table: Table, arrays: list[pa.ChunkedArray]) -> Iterator[tuple[Cells, Rules]]:
        for position, array in zip(self.positions, arrays, strict=True):
            rules = rules_for(table, position, None, self.options, self.label)
            yield to_cells(array, rules), rules

    def _settle(self, table: Table, columns: Sequence[tuple[Cells, Rules]], rows: int) -> None:
        """Learn from the first chunk which columns without a name label the rows."""
        nameless: list[int] = []
        for i, (position, (cells, rules)) in enumerate(zip(self.positions, columns, strict=True)):
            name: str | None = rules.name
            if is_unnamed(rules.name):
                name, notice = settle(rules.name, cells, position, table.names, self.label)
                self._say(rules.name, notice)
            if name == "":
                nameless.append(position + 1)
            elif name and cells.is_time:
                self._say(name, Notice("not-a-variable", f"left out, as no variable: {name!r} (time)"))
            elif name:
                self.names.append(name)
                self.used.append(i)
                if cells.values is not None:
                    self._look_at(make_column(cells, None, rules), rows)
        refuse_nameless(nameless, self.label)
        if not self.names:
            raise DataError(f"{self.label} has no column but labels of the rows")
        self.moments = Moments(len(self.names), self.threads)
        self.present = np.zeros(len(self.names), np.int64)

    def _look_at(self, column: Column, rows: int) -> None:
        self._say(column.name, identifier(column, rows, self.label))
        if column.kind.is_discrete:
            message = (
                f"column {column.name!r} of {self.label} has {len(column.levels)} different values in the first "
                f"{counted(rows, 'row')}; with --chunk-rows it is taken for a number, not for categories"
            )
            self._say(column.name, Notice("discrete-as-number", message))

    def _numbers(self, cells: Cells, rules: Rules) -> NDArray[np.float64]:
        """Return the numbers of a column, and keep what reading them had to say; DataError for text."""
        if cells.values is None:
            raise DataError(
                f"{rules.whole} holds text such as {cells.levels[0]!r}, and --chunk-rows takes numbers only; leave it "
                f"out with --columns '!{as_column(rules.name)}'"
            )
        if cells.is_time:
            raise DataError(
                f"{rules.whole} holds times, though not from its first rows on; leave it out with --columns "
                f"'!{as_column(rules.name)}'"
            )
        for notice in cells.notices:
            self._say(rules.name, notice)
        return cells.values

    def _say(self, name: str, notice: Notice | None) -> None:
        if notice is not None:
            self.notices.setdefault((name, notice.code), notice)

    def dataset(self, source: str, sha256: str) -> Dataset:
        """Return what has been read. Raises DataError where there are no correlations."""
        if not self.names:
            raise DataError(f"{self.label} has names but no rows below them")
        missing = next((name for name, there in zip(self.names, self.present.tolist()) if not there), None)
        if missing is not None:
            raise DataError(
                f"column {missing!r} of {self.label} is missing in all rows; leave it out with --columns "
                f"'!{as_column(missing)}'"
            )
        self._refuse_few()
        kept = self._varying()
        correlation = self.moments.correlation(kept)
        columns = tuple(Column(self.names[i], ColumnKind.CONTINUOUS, np.empty(0)) for i in kept)
        return Dataset(columns, self.moments.rows, source, sha256, tuple(self.notices.values()), correlation)

    def _refuse_few(self) -> None:
        left_out = self.rows - self.moments.rows
        if self.moments.rows < FEWEST_ROWS:
            of_them = f" of {self.rows:,} are complete" if left_out else ""
            raise DataError(
                f"{counted(self.moments.rows, 'row')}{of_them} in {self.label}, and a test needs {FEWEST_ROWS} or more"
            )
        if left_out:
            message = (
                f"{left_out:,} of {counted(self.rows, 'row')} of {self.label} have a missing cell and are left out: "
                "with --chunk-rows every test uses the same rows"
            )
            self._say("", Notice("incomplete-rows", message))

    def _varying(self) -> NDArray[np.intp]:
        """Return the variables that vary. Raises DataError for another, unless constants are to be dropped."""
        constant = self.moments.constant
        if constant.any() and not self.options.drop_constant:
            refuse_constant(constant, self.names)
        shown = ", ".join(repr(self.names[i]) for i in np.flatnonzero(constant))
        if constant.all():
            raise DataError(f"every column of {self.label} is constant: {shown}; is it the right file?")
        if shown:
            self._say("", Notice("constant-dropped", f"constant columns of {self.label}, left out: {shown}"))
        return np.flatnonzero(~constant)
