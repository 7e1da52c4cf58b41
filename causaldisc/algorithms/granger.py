"""Granger causes: whose past helps to predict whom, by sparse linear autoregression.

Edges point from the past of a source to a target, one for each lag, and are predictive: a hidden common driver, or
sampling slower than the mechanism, makes them, too. This is the linear baseline: effects that are no weighted sums of
the past are not sought. Rows are in order, or ordered by `--time`; no lag reaches over a gap.

The group-lasso vector autoregression of A. Lozano et al. (2009) and S. Basu and G. Michailidis (2015), see
search/lagged_regression.py for ours; nothing needs the truth to be chosen: lags and penalty by held-out error
(held_out.py), edges by stability over blocks of time (stability.py) and the false discovery rate against shifted
sources (shifted_sources.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc import provenance
from causaldisc.context import Context
from causaldisc.data import grid, seasons, series_values
from causaldisc.data.clock import Clock
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.grid import Aggregate
from causaldisc.data.series_values import Difference, SeriesValues
from causaldisc.data.source import label
from causaldisc.data.windows import Windows, windows
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import Graph, GraphKind, Mark, Node, Value
from causaldisc.options import Options as _Options
from causaldisc.options import as_json, opt
from causaldisc.result import Result
from causaldisc.search import held_out, shifted_sources, stability
from causaldisc.search import lagged_regression as regression
from causaldisc.search.evidence import rounded
from causaldisc.search.shifted_sources import Significance
from causaldisc.search.stability import Stability
from causaldisc.traits import Gaps, Takes, Traits
from causaldisc.words import counted

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
AUTO = "auto"
FEWEST_WINDOWS = 40


class Model(Enum):
    """What a target is predicted with."""

    LINEAR = "linear"


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of Granger causes."""

    TITLE = "Granger"

    time: str | None = opt(
        None,
        "Column of times (dates, or numbers such as seconds or milliseconds since 1970); without it the rows are in "
        "order and equally far apart.",
        metavar="COLUMN",
    )
    run: str | None = opt(
        None,
        "Column that says which of several series a row is of, as do several files and columns of kind context; no "
        "lag reaches from one to another.",
        metavar="COLUMN",
    )
    resample: str = opt(
        grid.AUTO,
        "Equal steps for rows that are not equally far apart: 'auto' where they are not, 'never', or the step, as in "
        "'30s', '5m' or units of the time column; steps without a row are gaps.",
        metavar="auto|never|STEP",
    )
    aggregate: Aggregate = opt(Aggregate.MEAN, "What stands for the rows of a step when they are resampled.")
    difference: Difference = opt(
        Difference.AUTO,
        "Replace columns by their steps from row to row: all (1), none (0), or 'auto': those that only rise or only "
        "fall, but for resets.",
    )
    deseason: tuple[str, ...] = opt(
        (),
        "Take out what repeats with this period: rows ('24') or, with times, '1d', '12h', '30m', '90s'; may be given "
        "several times.",
        metavar="PERIOD",
    )
    model: Model = opt(Model.LINEAR, "What a target is predicted with; linear: group-lasso autoregression.")
    lags: str = opt(AUTO, "How many rows back causes reach; 'auto': by held-out blocks of time.", metavar="auto|K")
    max_lag: int = opt(10, "Most lags that --lags auto tries.", at_least=1, below=1000)
    lambda_: str = opt(
        AUTO,
        "Penalty of a source, for standardised data; 'auto': by held-out blocks of time.",
        metavar="auto|VALUE",
    )
    subsamples: int = opt(
        50, "Halves of the series in which a pair must be found, in 60 of 100.", at_least=2, below=1e5
    )
    fdr: float = opt(0.1, "Largest share of false edges to expect, of those found.", above=0, below=1)
    summary: bool = opt(False, "One edge a pair, at its strongest lag; 'lags' has all of them.")
    seed: int = opt(0, "Seed of the subsamples and shifts.", at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        grid.check(self.resample)
        seasons.check(self.deseason)
        if self.lags != AUTO and not (self.lags.isdecimal() and 1 <= int(self.lags) < 1000):
            raise UsageError(f"--lags must be 'auto' or a whole number from 1 to 999, not {self.lags!r}")
        if self.lambda_ != AUTO and not self.penalty > 0:
            raise UsageError(f"--lambda must be 'auto' or a number above 0, not {self.lambda_!r}")

    @property
    def penalty(self) -> float:
        """The penalty that was given; 0 for what is none."""
        try:
            value = float(self.lambda_)
        except ValueError:
            return 0.0
        return value if 0.0 < value < float("inf") else 0.0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are named, for an early word if they are not there."""
        return tuple(name for name in (self.time, self.run) if name is not None)


@dataclass(frozen=True, eq=False)
class Found:
    """Coefficients, shape (targets, sources, lags), how often each pair was selected, how surprising its gain is."""

    coefficients: Floats
    stable: Stability
    significance: Significance
    penalty: float

    def stands(self, target: int, source: int, fdr: float) -> bool:
        """Tell whether a selected pair is an edge."""
        return bool(
            self.significance.q_values[target, source] <= fdr
            and self.stable.frequencies[target, source] >= stability.STABLE
        )


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
    chosen = _choose(series, options, context)
    lags = chosen.lags
    context.announce(f"{when}; {counted(lags, 'lag')}")
    sample = _windows(series, lags)
    if sample.lost:
        of = f"{len(sample) + sample.lost:,}"
        context.warn("missing", f"{counted(sample.lost, 'window')} with a missing cell left out of {of}")
    found = _search(sample, chosen.penalty if options.lambda_ == AUTO else options.penalty, options, context)
    described = provenance.of_run("granger", as_json(options), data)
    described |= {
        "meaning": "predictive (Granger)",
        "time": _account(when, sample),
        "differenced": list(series.differenced),
        "lags": {"chosen": lags, "held_out_errors": {str(t.lags): rounded(t.error) for t in chosen.trials}},
        "penalty": rounded(found.penalty),
        "subsamples": found.stable.subsamples,
        "shifts": found.significance.shifts,
    }
    return Result(_graph(series.data, found, options), (), tuple(context.warnings), described)


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
    return {**known, "blocks": when.blocks, "windows": len(sample), "windows_with_missing_cells": sample.lost}


def _choose(series: SeriesValues, options: Options, context: Context) -> held_out.Choice:
    """Return the lags, given or chosen, and the penalty that suits them."""
    if options.lags != AUTO:
        most = int(options.lags)
        return held_out.choose(_windows(series, most), [most], context)
    most = options.max_lag
    while most > 1 and len(windows(series.values, series.parts, most)) < _fewest(most):
        most -= 1
    return held_out.choose(_windows(series, most), range(1, most + 1), context)


def _fewest(lags: int) -> int:
    """Return how many windows are needed: an own past and one source must be far from fitting everything."""
    return max(FEWEST_WINDOWS, 4 * lags)


def _windows(series: SeriesValues, lags: int) -> Windows:
    """Return the windows; raises DataError when they are too few."""
    sample = windows(series.values, series.parts, lags)
    fewest = _fewest(lags)
    if len(sample) < fewest:
        lost = f", {sample.lost:,} more have missing cells" if sample.lost else ""
        found = f"{counted(len(sample), 'window')} of {counted(lags + 1, 'row')} without a gap"
        raise DataError(
            f"{label(series.data.source)} has {found}{lost}; at least {fewest} are needed: give a longer series, fewer "
            "--lags or fewer columns with missing cells"
        )
    return sample


def _search(sample: Windows, penalty: float, options: Options, context: Context) -> Found:
    """Fit at a penalty, see how stable each pair is, and test all pairs."""
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


def _graph(data: Dataset, found: Found, options: Options) -> Graph:
    """Return the pairs that stand, an edge a lag or one each."""
    graph = Graph((Node(c.name, {"type": c.kind.value}) for c in data.columns), GraphKind.LAGGED)
    for target, source in np.argwhere(np.logical_or.reduce(found.coefficients != 0.0, axis=2)).tolist():
        if not found.stands(target, source, options.fdr):
            continue
        evidence: dict[str, Value] = {
            "p_value": rounded(float(found.significance.p_values[target, source])),
            "q_value": rounded(float(found.significance.q_values[target, source])),
        }
        if source == target:
            evidence["self_loop"] = True  # never penalised, so no frequency
        else:
            evidence["frequency"] = rounded(float(found.stable.frequencies[target, source]))
        for lag, attributes in _by_lag(found.coefficients[target, source], options.summary):
            graph.add_edge(source, target, Mark.TAIL, Mark.ARROW, lag, {**attributes, **evidence})
    return graph


def _by_lag(coefficients: Floats, summary: bool) -> list[tuple[int, Mapping[str, Value]]]:
    """Return lags and weights: the coefficient of each lag; in a summary their norm, with the sign of their sum."""
    if not summary:
        return [(k, {"weight": rounded(float(b))}) for k, b in enumerate(coefficients, 1) if b != 0.0]
    norm = float(np.sqrt(np.add.reduce(coefficients**2)))
    weight = rounded(norm if np.add.reduce(coefficients) >= 0 else -norm)
    lags = ",".join(str(k) for k, b in enumerate(coefficients, 1) if b != 0.0)
    return [(int(np.argmax(np.abs(coefficients))) + 1, {"weight": weight, "lags": lags})]
