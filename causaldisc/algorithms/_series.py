"""Series for searches that take one stretch of rows without a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.algorithms._causal_learn import Floats, Numbers
from causaldisc.context import Context
from causaldisc.data import grid, seasons, series_values
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.series_values import Difference
from causaldisc.data.source import label
from causaldisc.errors import DataError
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.options import Options, opt
from causaldisc.search.evidence import rounded

FEWEST_WINDOWS = 40


@dataclass(frozen=True, kw_only=True)
class SeriesOptions(Options):
    """What all searches in series ask."""

    time: str | None = opt(
        None,
        "Column of times (dates or numbers); without it the rows are in order and equally far apart.",
        metavar="COLUMN",
    )
    difference: Difference = opt(
        Difference.AUTO, "Replace columns by their steps: all (1), none (0), or 'auto': those that only rise or fall."
    )
    deseason: tuple[str, ...] = opt(
        (), "Take out what repeats with this period ('24', '1d'); may be given several times.", metavar="PERIOD"
    )
    threshold: float = opt(0.0, "Leave out edges whose weight, of standardised columns, is no larger.", at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        seasons.check(self.deseason)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are named, for an early word if they are not there."""
        return () if self.time is None else (self.time,)


def stretch(data: Dataset, options: SeriesOptions, lags: int, algorithm: str, context: Context) -> Numbers:
    """Return the longest stretch of rows in order of time without a gap or missing cell, columns standardised.

    Raises DataError for text, times that are none, and stretches that are too short.
    """
    runs = [c.name for c in data.columns if c.kind is ColumnKind.CONTEXT and c.name != options.time]
    when = grid.clock(data, options.time, runs, grid.AUTO)
    if options.time is None and any(c.kind is ColumnKind.TIME for c in data.columns):
        context.warn("no-clock", "the rows are taken in order, whatever the times say; --time uses them")
    out = [*runs, *options.columns]
    series = series_values.prepare(data, out, when, options.difference, options.deseason)
    context.warn_all(series.notices)
    names = tuple(sorted(series.data.names))
    values = series.values[[series.data.index(name) for name in names]]
    start, stop = _longest(values, series.parts)
    if stop - start < values.shape[1]:
        context.warn(
            "longest-stretch",
            f"{algorithm} takes one stretch without a gap or missing cell: {stop - start:,} of "
            f"{values.shape[1]:,} rows",
        )
    fewest = lags + max(FEWEST_WINDOWS, 2 * lags * len(names))
    if stop - start < fewest:
        raise DataError(
            f"{label(data.source)}: the longest stretch without a gap or missing cell has {stop - start} rows; "
            f"{algorithm} needs {fewest} for {len(names)} columns and {lags} lags: fewer --lags or fewer --columns"
        )
    found = Numbers(series.data, names, np.ascontiguousarray(values[:, start:stop].T))
    return Numbers(series.data, names, found.standardised)


def _longest(values: Floats, parts: NDArray[np.int64]) -> tuple[int, int]:
    """Return where the longest stretch begins and ends; the first of equally long ones."""
    whole = np.asarray(~np.isnan(values).any(axis=0))
    goes_on = np.concatenate([[False], whole[:-1] & (parts[1:] == parts[:-1])])
    begins = np.asarray(whole & ~goes_on)
    starts = np.flatnonzero(begins)
    if not starts.size:
        return 0, 0
    number = np.cumsum(begins)
    lengths = np.bincount(number[whole], minlength=len(starts) + 1)[1:]
    best = int(np.argmax(lengths))
    return int(starts[best]), int(starts[best] + lengths[best])


def lagged(weights: Floats, found: Numbers, threshold: float, first_lag: int) -> Graph:
    """Return the graph of weights[lag, target, source], whose first lag is given."""
    from causaldisc.algorithms._causal_learn import nodes

    graph = Graph(nodes(found.data, found.names), GraphKind.LAGGED)
    for k, target, source in np.argwhere(np.abs(weights) > threshold).tolist():
        weight = {"weight": rounded(float(weights[k, target, source]))}
        graph.add_edge(source, target, Mark.TAIL, Mark.ARROW, first_lag + k, weight)
    return graph
