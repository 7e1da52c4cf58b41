"""Examine a data file: kinds, missing cells, constants, dependent columns, the test to use and its cost."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import Any

from causaldisc.cli import flags, tables, zeros
from causaldisc.cli.discover import DataArgument
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import check_places, write_bytes

from causaldisc import citests
from causaldisc.citests import _costs
from causaldisc.citests._costs import Cost
from causaldisc.data import genes, reading
from causaldisc.data.dataset import Dataset
from causaldisc.data.genes import GeneOptions
from causaldisc.data.orientation import Orient
from causaldisc.data.reading import ReadOptions, Request
from causaldisc.data.report import Report, describe
from causaldisc.data.validation import variables
from causaldisc.options import Options, opt


@dataclass(frozen=True, kw_only=True)
class CheckOptions(Options):
    """How to show the report."""

    TITLE = "Report"

    cost: bool = opt(False, "Ask every test that takes the data a few questions, and say what one costs.")
    zeros: bool = opt(
        False,
        "Examine the zeros instead, before a search with `dropout`: how many rows it will have, how deep it may go, "
        "and whether the zeros are as its model has them.",
    )
    json: bool = opt(False, "Write JSON, also on a terminal.")
    output: str = opt("-", "Write the report to this file.", names=("-o",), metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class ShownGenes(GeneOptions):
    """Which genes the report is about: all, unless something is said."""

    orient: Orient = opt(
        Orient.CELLS_BY_GENES,
        "Which way a table lies: cells-by-genes (a row is a cell), genes-by-cells, or auto: as its names say.",
        metavar="WAY",
    )
    min_cells: int = opt(0, "Leave out genes that are not zero in fewer cells.", at_least=0, metavar="N")


def check(data: DataArgument, options: CheckOptions, shown: ShownGenes, read: ReadOptions, talk: TalkOptions) -> None:
    """Describe the data without judging them."""
    check_places([options.output], inputs=[data])
    lists = shown.lists()
    dataset = genes.chosen(reading.read(data, read, Request(shown.orient, lists.known)), shown, lists)
    talk.warn(dataset.notices)
    readable = sys.stdout.isatty() and options.output == "-" and not options.json
    if options.zeros:
        of_zeros = zeros.report(variables(dataset))
        content = zeros.as_text(of_zeros) if readable else tables.as_json(asdict(of_zeros))
    else:
        content = _described(dataset, options, readable, talk)
    write_bytes(content.encode(), options.output)


def _described(dataset: Dataset, options: CheckOptions, readable: bool, talk: TalkOptions) -> str:
    """Return what there is to know about the columns."""
    found = describe(dataset)
    test, reason = citests.suggest(variables(dataset))
    costs = _costs.measure(variables(dataset), citests.TestChoice(), talk.context()) if options.cost else []
    if readable:
        return _text(found, test, reason) + _costs_text(costs, test, found.tests_by_depth)
    more = {"suggestion": {"test": test, "reason": reason}} | ({"costs": list(map(asdict, costs))} if costs else {})
    return tables.as_json(found.as_dict() | more)


def _text(found: Report, test: str, reason: str) -> str:
    """Return the report for people: a table of the columns, then what is remarkable, a line each."""
    columns = [
        {
            "column": c.name,
            "kind": c.kind,
            "missing": c.missing or None,
            "zeros": c.zeros or None,
            "different": c.different,
            "mean": c.mean,
            "sd": c.sd,
            "values": [f"{level} ({count})" for level, count in c.levels[:4]],
        }
        for c in found.columns
    ]
    lines = [f"{found.rows:,} rows, {found.complete_rows:,} of them complete; {len(found.columns)} columns"]
    lines += [f"constant: {name}" for name in found.constant]
    lines += [f"all missing: {name}" for name in found.all_missing]
    lines += [f"identical: {', '.join(group)}" for group in found.identical]
    lines += [f"exactly dependent: {dependence}" for dependence in found.dependences]
    lines += [found.dependences_note] if found.dependences_note else []
    lines.append(f"--test auto: {test}, {reason}")
    most = ", ".join(f"{count:,} at depth {depth}" for depth, count in enumerate(found.tests_by_depth))
    lines.append(f"tests at most: {most}")
    return tables.as_text(columns) + "\n" + "\n".join(lines) + "\n"


def _costs_text(costs: list[Cost], suggested: str, most: tuple[int, ...]) -> str:
    """Return a table of what a test costs, why others do not take the data, and what a whole search may cost."""
    if not costs:
        return ""
    rows = [
        {"test": cost.test, "binding": _seconds(cost.binding)}
        | {f"given {depth}": _seconds(s) for depth, s in enumerate(cost.seconds)}
        for cost in costs
        if cost.reason is None
    ]
    sizes = dict.fromkeys(key for row in rows for key in row)
    lines = [f"{cost.test}: {cost.reason}" for cost in costs if cost.reason is not None]
    for cost in costs:
        if cost.test == suggested and cost.seconds:
            whole = [_seconds(count * s) for count, s in zip(most, cost.seconds)]
            told = ", ".join(f"{seconds} for depth {depth}" for depth, seconds in enumerate(whole))
            lines.append(f"a search with {suggested} takes at most, on one thread: {told}; most tests are never made")
    return "\n" + tables.as_text([{size: row.get(size) for size in sizes} for row in rows]) + "\n".join(lines) + "\n"


def _seconds(seconds: float) -> str:
    """Return a duration with two digits."""
    size, unit = (1.0, "s") if seconds >= 1 else (1e-3, "ms") if seconds >= 1e-3 else (1e-6, "us")
    return f"{float(f'{seconds / size:.2g}'):g} {unit}"


def command() -> Any:
    return flags.command(check, "check", __doc__ or "")
