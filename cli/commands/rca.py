"""Rank the root causes of an anomaly, given metrics and a graph of them.

A row for each metric, the likeliest root first: its score, how far it deviates from what was normal (in interquartile
ranges), how far from what its causes in the graph account for, and the way from it to the SLI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from causaldisc.cli import flags, tables
from causaldisc.cli.known import KnowledgeOptions
from causaldisc.cli.tables import TableFormat
from causaldisc.cli.talk import PROGRAM, TalkOptions
from causaldisc.cli.writing import check_places

from causaldisc.data import reading
from causaldisc.data.reading import ReadOptions
from causaldisc.errors import UsageError
from causaldisc.graph import formats
from causaldisc.options import Options, opt
from causaldisc.rca import ranking, series
from causaldisc.rca.case import LASTING, Direction
from causaldisc.rca.levels import Level
from causaldisc.rca.methods.base import DEFAULT
from causaldisc.rca.series import Series
from causaldisc.result import Result


@dataclass(frozen=True, kw_only=True)
class PeriodOptions(Options):
    """What is normal and what is not."""

    TITLE = "Periods"

    at: str | None = opt(
        None,
        "When the anomaly began: a time such as 2026-01-05T10:00Z (UTC unless it says a zone), a number as in the "
        "column of times, or without one a row, from 1. Found out when not given.",
        metavar="TIME",
    )
    time: str | None = opt(
        None, "Column of times. Without it: that of the graph, the one column of dates, or one called time.",
        metavar="COLUMN",
    )  # fmt: skip
    normal: str | None = opt(None, "Metrics before the anomaly, in place of DATA.", metavar="FILE")
    anomalous: str | None = opt(None, "Metrics during the anomaly, likewise.", metavar="FILE")
    before: int | None = opt(None, "Use only so many rows before the anomaly.", at_least=series.FEWEST_BEFORE)
    after: int | None = opt(None, "Use only so many rows of the anomaly.", at_least=series.FEWEST_AFTER)

    def files(self, data: str | None) -> list[str]:
        """Return the file of metrics, or those of normal and anomalous ones; UsageError for other combinations."""
        pair = [path for path in (self.normal, self.anomalous) if path is not None]
        if len(pair) == 1:
            raise UsageError("--normal and --anomalous go together: give both")
        if pair and (data is not None or self.at is not None):
            raise UsageError("--normal and --anomalous replace DATA and --at; leave these out")
        if not pair and data is None:
            raise UsageError("no data; give DATA, or --normal and --anomalous")
        return pair or [str(data)]


@dataclass(frozen=True, kw_only=True)
class RankOptions(Options):
    """How to rank."""

    TITLE = "Ranking"

    method: str = opt(DEFAULT, f"How to rank: {', '.join(ranking.methods())}.")
    direction: Direction = opt(Direction.UP, "Which deviations count.")
    lasting: float = opt(
        LASTING, "A deviation counts as far as it lasts for this share of the anomaly; 0: the largest.",
        at_least=0, below=1,
    )  # fmt: skip
    sli: str | None = opt(
        None, "Column that the users feel: the way from each candidate to it is shown.", metavar="COLUMN"
    )
    group_regex: str | None = opt(
        None,
        "Which service a metric is of: the first group of this regular expression in its name, as '^(.*?)_'.",
        metavar="REGEX",
    )
    by: Level = opt(Level.METRIC, "What to rank; a service is as suspect as its most suspect metric.")
    calls: str | None = opt(
        None,
        "Graph of which service calls which: edges of the graph between services that do not call one another go.",
        metavar="FILE",
    )
    top: int | None = opt(None, "Show only so many.", at_least=1)
    format: TableFormat = opt(
        TableFormat.AUTO, "Table format; 'auto': text on a terminal, json in a pipe.", names=("-f",)
    )
    output: str = opt("-", "Write the ranking to this file.", names=("-o",), metavar="FILE")

    def chosen(self) -> ranking.Choice:
        """Return what the library needs to know; UsageError for services without their expression."""
        if self.by is Level.SERVICE and self.group_regex is None:
            raise UsageError("--by service needs --group-regex, which says which service a metric is of")
        return ranking.Choice(self.method, self.direction, self.lasting, self.sli, self.group_regex, self.by)


def rca(
    graph: Annotated[str, typer.Argument(metavar="GRAPH", help="Graph of the metrics, in any format; '-' is stdin.")],
    data: Annotated[str | None, typer.Argument(metavar="DATA", help="Metrics, a column each; '-' is stdin.")] = None,
    *,
    periods: PeriodOptions,
    options: RankOptions,
    known: KnowledgeOptions,
    read: ReadOptions,
    talk: TalkOptions,
) -> None:
    """Rank metrics or services."""
    files, choice = periods.files(data), options.chosen()
    inputs = [graph, *files, *filter(None, [options.calls, known.knowledge])]
    if inputs.count("-") > 1:
        raise UsageError("only one of the graph, the data and the call graph can come from standard input")
    check_places([options.output], inputs)
    found = formats.read(graph)
    calls = formats.read(options.calls).graph if options.calls is not None else None
    tables_read = [_series(path, periods.time, found, read) for path in files]
    context = talk.context()
    ranked = ranking.rank(
        found.graph, tables_read, ranking.Periods(periods.at, periods.before, periods.after),
        choice, ranking.Known(known.load(), calls), context,
    )  # fmt: skip
    talk.say(f"{PROGRAM}: {ranked.told}")
    talk.warn(context.warnings)
    tables.emit(ranked.rows[: options.top], options.format, options.output)


def _series(path: str, time: str | None, graph: Result, read: ReadOptions) -> Series:
    dataset = reading.read(path, read)
    options = graph.provenance.get("options")
    of_graph = options.get("time") if isinstance(options, dict) else None
    return series.series(dataset, series.column_of_times(dataset, time, of_graph))


def command() -> Any:
    return flags.command(rca, "rca", __doc__ or "")
