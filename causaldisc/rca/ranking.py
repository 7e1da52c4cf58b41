"""From a graph and metrics to ranked root causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from causaldisc.context import Context
from causaldisc.data.dataset import hint
from causaldisc.data.source import label
from causaldisc.errors import DataError
from causaldisc.graph import Graph
from causaldisc.knowledge import Knowledge
from causaldisc.rca import change_point, known, listing
from causaldisc.rca import links as of_links
from causaldisc.rca.case import LASTING, Case, Direction
from causaldisc.rca.levels import Level
from causaldisc.rca.methods import base
from causaldisc.rca.series import FEWEST_BEFORE, Series, joined, require_rows, row_of
from causaldisc.words import counted


@dataclass(frozen=True)
class Choice:
    """How to rank: a method by name, which deviations count and how long they must last (see deviation.levels), the
    SLI by name, the regular expression of services, and what is ranked."""

    method: str = base.DEFAULT
    direction: Direction = Direction.UP
    lasting: float = LASTING
    sli: str | None = None
    group_regex: str | None = None
    level: Level = Level.METRIC


@dataclass(frozen=True)
class Periods:
    """When the anomaly began (see series.row_of; None: to be found), and how many rows to use on either side."""

    at: str | None = None
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class Known:
    """What is known beforehand: edges, and which service calls which."""

    knowledge: Knowledge = field(default_factory=Knowledge)
    calls: Graph | None = None


@dataclass(frozen=True)
class Ranked:
    """Rows in order of rank (see listing.rows), and when the anomaly began, in words."""

    rows: list[dict[str, object]]
    told: str


def methods() -> list[str]:
    """Return the names of the ways to rank."""
    return base.names()


def rank(
    graph: Graph, tables: Sequence[Series], periods: Periods, choice: Choice, knowing: Known, context: Context
) -> Ranked:
    """Rank the metrics of one table, or of two: normal and anomalous rows.

    Raises DataError for names of the graph that are no metrics, an unknown SLI, too few rows on either side, a time
    outside the data, no change where one is to be found, and as known.py says; UsageError for an unknown method.
    """
    method = base.get(choice.method)
    found = tables[0] if len(tables) == 1 else joined(*tables)
    context.warn_all(found.notices)
    places = _places(graph, found)
    sli = None if choice.sli is None else _sli(found, choice.sli)
    of_services = known.services(found.names, choice.group_regex)
    links = _links(graph, places, found, of_services, knowing)
    start, how = _start(found, tables, periods.at)
    require_rows(found, start, [table.source for table in tables])
    first = 0 if periods.before is None else max(start - periods.before, 0)
    last = found.values.shape[1] if periods.after is None else start + periods.after
    case = Case(
        found.names, found.values[:, first:last], found.parts[first:last], start - first, links, sli,
        choice.direction, choice.lasting,
    )  # fmt: skip
    _warn(case, places, context)
    at = found.at(start)
    rows = listing.rows(case, method.scores(case), choice.level, of_services, {"at": at, "at_is": how})
    return Ranked(rows, f"the anomaly begins at {'row ' if found.times is None else ''}{at} ({how})")


def _places(graph: Graph, found: Series) -> list[int]:
    """Return which metric each node is."""
    index = {name: i for i, name in enumerate(found.names)}
    absent = [name for name in graph.names if name not in index]
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise DataError(
            f"the graph has {absent[0]!r}{more}, which {label(found.source)} lacks{hint(absent[0], found.names)}"
        )
    return [index[name] for name in graph.names]


def _sli(found: Series, name: str) -> int:
    if name not in found.names:
        raise DataError(f"--sli {name}: {label(found.source)} has no such metric{hint(name, found.names)}")
    return found.names.index(name)


def _links(
    graph: Graph, places: Sequence[int], found: Series, of_services: Sequence[str] | None, knowing: Known
) -> tuple[of_links.Link, ...]:
    links = of_links.of_graph(graph, places)
    lag = 1 if any(link.lags[-1] > 0 for link in links) else 0
    if knowing.calls is not None:
        links = known.with_calls(links, knowing.calls, of_services)
    return known.with_knowledge(links, found.names, knowing.knowledge, of_services, lag)


def _start(found: Series, tables: Sequence[Series], at: str | None) -> tuple[int, str]:
    """Return the first row of the anomaly, and how it is known."""
    if len(tables) > 1:
        return tables[0].values.shape[1], "given"
    if at is not None:
        return row_of(found, at), "given"
    where, rows = label(found.source), found.values.shape[1]
    if rows < 2 * FEWEST_BEFORE:
        raise DataError(f"{where} has {counted(rows, 'row')}, too few to find when an anomaly began; say it with --at")
    start, gain = change_point.find(found.values, FEWEST_BEFORE)
    if gain <= 0.0:
        raise DataError(f"no metric of {where} changes its level, so that no anomaly is found; say when with --at")
    return start, "detected"


def _warn(case: Case, places: Sequence[int], context: Context) -> None:
    """Tell of metrics that say less than others."""
    unknown = np.isnan(case.normal).all(axis=1) | np.isnan(case.anomalous).all(axis=1)
    with np.errstate(invalid="ignore"):
        constant = ~unknown & (np.fmax.reduce(case.values, axis=1) == np.fmin.reduce(case.values, axis=1))
    outside = ~np.isin(np.arange(len(case)), places)
    for code, which, what in (
        ("no-value", unknown, "ranked last, as all cells before or in the anomaly are missing"),
        ("constant", constant, "ranked last, as they do not vary"),
        ("not-in-graph", outside & ~constant & ~unknown, "not in the graph, so ranked without causes and effects"),
    ):
        if which.any():
            names = [case.names[v] for v in np.flatnonzero(which)]
            listed = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
            context.warn(code, f"{what}: {listed}")
