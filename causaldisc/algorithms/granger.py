"""Granger causes: whose past helps to predict whom, by a network for each target or by linear autoregression.

Edges point from the past of a source to a target, one for each lag, and are predictive: a hidden common driver, or
sampling slower than the mechanism, makes them, too. Rows are in order, or ordered by `--time`; no lag reaches over a
gap. Nothing needs the truth to be chosen: lags and penalty by held-out error, edges by stability over blocks of time
and by the false discovery rate against sources moved in time.

Networks (`--model mlp`, the default, `lstm`, `run`): forecasters/mlp.py and beside it; search/network_search.py says
how sources are found, search/indirect.py which pairs are left out as indirect. lstm and run do not tell lags apart:
their edges are at lag 1. `--model linear`: the group-lasso vector autoregression of A. Lozano et al. (2009) and
S. Basu and G. Michailidis (2015), search/lagged_regression.py; effects that are no weighted sums of the past are not
sought.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from causaldisc import provenance, registry
from causaldisc.algorithms import pc
from causaldisc.algorithms._granger_graph import Found, graph_of, scores
from causaldisc.algorithms._granger_options import (
    AUTO,
    SCREENED,
    WIDE,
    Contemporaneous,
    Device,
    Indirect,
    Model,
    Options,
)
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data import grid, series_values
from causaldisc.data.clock import Clock
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.series_values import SeriesValues
from causaldisc.data.source import label
from causaldisc.data.windows import Windows, windows
from causaldisc.errors import DataError
from causaldisc.forecasters import _on_gpu, mlp
from causaldisc.forecasters._network import Network
from causaldisc.graph import Graph, GraphKind
from causaldisc.knowledge import Knowledge
from causaldisc.options import as_json
from causaldisc.result import Result
from causaldisc.search import held_out, innovations, network_search, screen, shifted_sources, stability
from causaldisc.search import lagged_regression as regression
from causaldisc.search.evidence import rounded
from causaldisc.traits import Gaps, Takes, Traits
from causaldisc.words import counted

__all__ = ["Contemporaneous", "Device", "Indirect", "Model", "Options", "run"]

Floats = NDArray[np.float64]

TRAITS = Traits(
    assumes="causes come a row or more before; no hidden common drivers",
    takes=(Takes.SERIES,),
    graph=GraphKind.LAGGED,
    missing=Gaps.WINDOWS,
    cycles=True,
)
LEAVES_OUT_CONSTANTS = True
TAKES_FILES_OF = "run"
FORECASTERS = "causaldisc.forecasters"
FEWEST_WINDOWS = 40


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Find the Granger causes in data.

    Raises DataError for times and columns that are none, and series that are too short.
    """
    runs = _runs(data, options)
    when = grid.clock(data, options.time, runs, options.resample)
    no_variables = [*([] if options.time is None else [options.time]), *runs]
    series = series_values.prepare(data, no_variables, when, options.difference, options.deseason, options.aggregate)
    _say_clock(data, when, options, context)
    context.warn_all(series.notices)
    network = _network(series, options, context)
    chosen = _choose(series, network, options, context)
    lags = chosen.lags
    context.announce(f"{when}; {counted(lags, 'lag')}")
    sample = _windows(series, lags, network)
    if sample.lost or sample.partial:
        message = f"{counted(sample.lost, 'window')} with a missing cell left out of {len(sample) + sample.lost:,}"
        more = f"; {sample.partial:,} more say nothing of the variables that are missing now" if sample.partial else ""
        context.warn("missing", message + more)
    penalty = chosen.penalty if options.lambda_ == AUTO else options.strength
    found = _search(sample, network, penalty, options, context)
    described = provenance.of_run("granger", as_json(replace(options, scores=None)), data)
    errors = "held_out_errors" if network is None else "held_out_log_errors"
    described |= {
        "meaning": "predictive (Granger)",
        "time": _account(when, sample),
        "differenced": list(series.differenced),
        "lags": {"chosen": lags, errors: {str(t.lags): rounded(t.error) for t in chosen.trials}},
        "penalty": rounded(found.penalty),
        "subsamples": found.stable.subsamples,
        "shifts": found.significance.shifts,
    }
    stands = found.stands(options.fdr)
    weak = found.indirect(stands)
    graph = graph_of(series.data, found, stands, weak, options)
    if options.contemporaneous is Contemporaneous.PC:
        _add_within_rows(graph, _innovations(sample, found, stands, options), options, context)
    if weak.any():
        done = "left out" if options.indirect is Indirect.DROP else "marked"
        context.warn(
            "indirect",
            f"{counted(int(weak.sum()), 'pair')} {done} as indirect: their gains are far below those of others, which "
            "lead the same way; --indirect says what becomes of them",
        )
    files = {} if options.scores is None else {options.scores: scores(series.data, found, stands & ~weak)}
    return Result(graph, (), tuple(context.warnings), described, files=files)


def _network(series: SeriesValues, options: Options, context: Context) -> Network | None:
    """Return the network that learns to forecast; none for the linear model."""
    if options.model is Model.LINEAR:
        return None
    if options.model is not Model.MLP:
        return cast("Network", registry.load(FORECASTERS, options.model.value, "model"))
    device = _on_gpu.device() if options.device is Device.GPU else None
    network = mlp.Network(options.hidden, options.penalty, device=device)
    count = options.screen if options.screen is not None else SCREENED * (len(series.values) > WIDE)
    if not 0 < count < len(series.values) - 1:
        return network
    context.announce(f"looking for the {count} sources that have most to do with each variable")
    sample = _windows(series, _most_lags(series, options), network)
    return network.among(screen.candidates(sample, count, context.threads))


def _runs(data: Dataset, options: Options) -> list[str]:
    """Return the columns that say which run a row is of."""
    contexts = [c.name for c in data.columns if c.kind is ColumnKind.CONTEXT and c.name != options.time]
    return list(dict.fromkeys([*([] if options.run is None else [options.run]), *contexts]))


def _say_clock(data: Dataset, when: Clock, options: Options, context: Context) -> None:
    times = [c.name for c in data.columns if c.kind is ColumnKind.TIME]
    if options.time is None and times:
        context.warn("no-clock", f"the rows are taken in order, whatever {times[0]!r} says; --time uses it")
    if when.without:
        context.warn("no-time", f"{counted(when.without, 'row')} without a time or run left out")
    if when.is_resampled and options.resample == grid.AUTO:
        context.warn(
            "resampled",
            f"the rows are not equally far apart: the {options.aggregate.value} of every {when.cadence:g}{when.unit} "
            f"of {options.time!r} is used; --resample chooses another step or none",
        )
    if when.uneven:
        context.warn(
            "uneven",
            f"{counted(when.uneven, 'step')} of {options.time!r} far from a multiple of {when.cadence:g}{when.unit}; "
            "lags count rows",
        )


def _account(when: Clock, sample: Windows) -> dict[str, object]:
    """Return what is known of the time, for the provenance."""
    known: dict[str, object] = (
        {} if when.cadence is None else {"cadence": rounded(when.cadence), "unit": when.unit.strip() or "1"}
    )
    known |= {"resampled": True} if when.is_resampled else {}
    known |= {"runs": when.runs} if when.runs > 1 else {}
    return {
        **known,
        "blocks": when.blocks,
        "windows": len(sample),
        "windows_with_missing_cells": sample.lost + sample.partial,
    }


def _choose(series: SeriesValues, network: Network | None, options: Options, context: Context) -> held_out.Choice:
    """Return the lags, given or chosen, and the penalty that suits them."""
    most = _most_lags(series, options)
    if AUTO not in (options.lags, options.lambda_):
        return held_out.Choice(most, options.strength, ())
    sample, candidates = _windows(series, most, network), range(1 if options.lags == AUTO else most, most + 1)
    if network is not None:
        return network_search.choose(network, sample, candidates, options.seed, context)
    return held_out.choose(sample, candidates, context)


def _most_lags(series: SeriesValues, options: Options) -> int:
    """Return the lags given, or the most that there are windows for."""
    if options.lags != AUTO:
        return int(options.lags)
    most = options.max_lag
    while most > 1 and len(windows(series.values, series.parts, most)) < _fewest(most):
        most -= 1
    return most


def _fewest(lags: int) -> int:
    """Return how many windows are needed: an own past and one source must be far from fitting everything."""
    return max(FEWEST_WINDOWS, 4 * lags)


def _windows(series: SeriesValues, lags: int, network: Network | None) -> Windows:
    """Return the windows; raises DataError when they are too few."""
    sample = windows(series.values, series.parts, lags, partial=network is not None and network.takes_gaps)
    fewest = _fewest(lags)
    if len(sample) < fewest:
        lost = f", {sample.lost:,} more have missing cells" if sample.lost else ""
        found = f"{counted(len(sample), 'window')} of {counted(lags + 1, 'row')} without a gap"
        raise DataError(
            f"{label(series.data.source)} has {found}{lost}; at least {fewest} are needed: give a longer series, fewer "
            "--lags or fewer columns with missing cells"
        )
    return sample


def _search(sample: Windows, network: Network | None, penalty: float, options: Options, context: Context) -> Found:
    """Fit at a penalty, see how stable each pair is, and test all pairs."""
    if network is not None:
        found = network_search.search(network, sample, penalty, options.subsamples, options.seed, context)
        reads = 0 if network.tells_lags else sample.lags
        return Found(
            found.weights, found.stable, found.added.significance, penalty, found.added.gains, reads, found.learnt
        )
    m = regression.moments(sample)
    grid = regression.grid(m, context.threads)
    penalties = np.append(grid[grid > penalty], penalty)
    path = regression.fit(m, penalties, context.threads)
    if not path.converged.all():
        context.warn("not-converged", "the regressions did not settle: columns nearly repeat others, or too many lags")
    rng = np.random.default_rng(options.seed)
    stable = stability.measure(sample, penalties, options.subsamples, rng, context)
    coefficients = path.coefficients[-1]
    strengths = np.sqrt(np.add.reduce(coefficients**2, axis=2))
    significance = shifted_sources.test(sample, m, strengths, rng, context)
    return Found(coefficients, stable, significance, penalty)


def _innovations(sample: Windows, found: Found, stands: NDArray[np.bool_], options: Options) -> Floats:
    if found.learnt is None:
        return innovations.of_regressions(sample, stands)
    return innovations.of_network(sample, found.learnt, float(network_search.PENALTIES[0]), options.seed)


def _add_within_rows(graph: Graph, left: Floats, options: Options, context: Context) -> None:
    """Add the edges of lag 0 that PC finds among innovations, shape (n, variables)."""
    data = Dataset.from_array(left, graph.names)
    found = pc.run(data, pc.Options(alpha=options.alpha), TestChoice(), Knowledge(), context).graph
    for e in found.edges():
        u, v = (graph.index(found.names[end]) for end in (e.source, e.target))
        graph.add_edge(u, v, e.mark_source, e.mark_target, 0, e.attributes)
