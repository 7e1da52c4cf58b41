"""The flags about genes and cells, and what one run of a command on them is: a graph, or a graph for each group."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from causaldisc.cli.writing import Plan, WriteOptions

from causaldisc.data import genes
from causaldisc.data.dataset import Column, Dataset, hint
from causaldisc.data.genes import GeneLists, GeneOptions
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.reading import Request, read_labelled
from causaldisc.data.source import label
from causaldisc.data.validation import FEWEST_ROWS
from causaldisc.errors import DataError, UsageError
from causaldisc.options import as_json, opt
from causaldisc.quoting import quote, split
from causaldisc.result import Notice
from causaldisc.words import counted

PLACE = "{group}"


@dataclass(frozen=True, kw_only=True)
class CellOptions(GeneOptions):
    """Which genes and cells a search is about."""

    regulators: str | None = opt(
        None,
        "Only the genes that this file names, one a line, may be causes; pairs of others are not tested. They stay "
        "whatever --genes and --top-variable choose.",
        metavar="FILE",
    )
    group_by: str | None = opt(
        None,
        "A graph for each group of cells that this column of obs, or of the table, tells apart, as if each were a file "
        "of its own: -o needs {group} in its name. COLUMN=GROUP: of that group only.",
        metavar="COLUMN",
    )

    def lists(self) -> GeneLists:
        """Return the names in the files; DataError when one cannot be read or names nothing."""
        of_genes = super().lists()
        if self.regulators is None:
            return of_genes
        return replace(of_genes, regulators=genes.names_in(self.regulators), of_regulators=self.regulators)

    def grouping(self) -> tuple[str, str | None]:
        """Return the column to group by, empty for none, and the only group wanted, None for all."""
        if self.group_by is None:
            return "", None
        names, signs = split(self.group_by, "=")
        if not names or not all(names) or len(signs) > 1:
            raise UsageError(
                f"--group-by: {self.group_by!r} is neither COLUMN nor COLUMN=GROUP; names with = or quotes go in "
                f"double quotes"
            )
        return names[0], names[1] if signs else None


class Job(NamedTuple):
    """One graph to make: of which data, where it goes, what it is called (empty when it is the only one), and the
    genes that alone may be causes."""

    data: Dataset
    plan: Plan
    group: str = ""
    causes: tuple[str, ...] | None = None


def check_places(options: CellOptions, write: WriteOptions, report: str | None) -> None:
    """Raise UsageError when the graphs of several groups, or their reports, would go to one place."""
    column, only = options.grouping()
    if not column or only is not None:
        return
    one = f"or choose one group with --group-by '{quote(column, '=')}=GROUP'"
    each = f"--group-by {options.group_by} makes a graph for each group"
    if not write.output or any(PLACE not in path for path in write.output):
        raise UsageError(f"{each}: write {PLACE} into -o, e.g. -o '{PLACE}.graphml', {one}")
    if report is not None and PLACE not in report:
        raise UsageError(f"{each}: write {PLACE} into --report, e.g. --report '{PLACE}.html', {one}")


def placed(path: str, group: str) -> str:
    """Return the file for a group, where a path says that there is one for each."""
    return path.replace(PLACE, _file(group)) if group else path


def _file(group: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", group)


def jobs(source: str, options: CellOptions, read: ReadOptions, write: WriteOptions, fewest: int) -> list[Job]:
    """Return the graphs to make of a file, of groups of at least so many cells.

    Raises DataError when the file, a list of genes or the groups cannot be used, and as WriteOptions.plan does.
    """
    lists = options.lists()
    column, only = options.grouping()
    data, labels = read_labelled(source, read, Request(options.orient, lists.known, column))
    if labels is None:
        return [_job(data, options, lists, write.plan(source))]
    found: list[tuple[str, Dataset, Plan]] = []
    files: dict[str, str] = {}
    for name, part in _groups(data, labels, only, max(fewest, FEWEST_ROWS)):
        file = _file(name)
        if files.setdefault(file, name) != name:
            raise DataError(f"groups {files[file]!r} and {name!r} would go to files of one name; rename one of them")
        places = tuple(placed(path, name) for path in write.output)
        found.append((name, part, replace(write, output=places).plan(source)))
    return [_job(part, options, lists, plan)._replace(group=name) for name, part, plan in found]


def _job(data: Dataset, options: CellOptions, lists: GeneLists, plan: Plan) -> Job:
    if data.correlation is not None:
        return Job(data, plan)
    chosen = genes.chosen(data, options, lists)
    return Job(chosen, plan, causes=genes.regulators_in(chosen, lists))


def _groups(data: Dataset, labels: Column, only: str | None, fewest: int) -> list[tuple[str, Dataset]]:
    """Return the cells of each group, or of the only one wanted, in the order of their names.

    Groups of fewer cells than `fewest` are left out, with a notice; DataError when none is left.
    """
    assert labels.codes is not None
    where = f"column {labels.name!r} of {label(data.source)}"
    if only is not None and only not in labels.levels:
        raise DataError(f"{where} has no group {only!r}{hint(only, labels.levels)}")
    counts = np.bincount(labels.codes[labels.codes >= 0], minlength=len(labels.levels)).tolist()
    wanted = [
        (name, count)
        for name, count in zip(labels.levels, counts, strict=True)
        if only == name or (only is None and count)
    ]
    small = [f"{name!r} ({count})" for name, count in wanted if count < fewest]
    shown = ", ".join(small[:5]) + (", ..." if len(small) > 5 else "")
    few = f"too few cells to decide anything, fewer than {fewest} (--min-rows)"
    if len(small) == len(wanted):
        raise DataError(f"no group of {where} is large enough: {few}: {shown}")
    notices = data.notices
    if small:
        notices = (*notices, Notice("small-groups", f"{counted(len(small), 'group')} left out, with {few}: {shown}"))
    unknown = int(np.count_nonzero(labels.codes < 0))
    if unknown:
        notices = (*notices, Notice("no-group", f"{counted(unknown, 'row')} without a group in {where} left out"))
    whole = replace(data, notices=notices)
    return [
        (name, whole.take(labels.codes == place))
        for place, (name, count) in enumerate(zip(labels.levels, counts, strict=True))
        if only in (None, name) and count >= fewest
    ]


def provenance(options: CellOptions, read: ReadOptions, group: str) -> dict[str, object]:
    """Return what of the flags decides a result, as plain JSON values."""
    layer = {} if read.layer is None else {"layer": read.layer}
    grouped = {"group": group} if group else {}
    return {**as_json(options), **layer, **grouped}
