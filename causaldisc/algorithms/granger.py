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

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import cast

import numpy as np
from numpy.typing import NDArray

from causaldisc import provenance, registry
from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data import grid, seasons, series_values
from causaldisc.data.clock import Clock
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.grid import Aggregate
from causaldisc.data.series_values import Difference, SeriesValues
from causaldisc.data.source import label
from causaldisc.data.windows import Windows, windows
from causaldisc.errors import DataError, UsageError
from causaldisc.forecasters import _on_gpu, mlp
from causaldisc.forecasters._network import Learnt, Network
from causaldisc.forecasters.mlp import Penalty
from causaldisc.graph import Graph, GraphKind, Mark, Node, Value
from causaldisc.knowledge import Knowledge
from causaldisc.options import Options as _Options
from causaldisc.options import as_json, opt
from causaldisc.result import Result
from causaldisc.search import held_out, indirect, innovations, network_search, screen, shifted_sources, stability
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
FORECASTERS = "causaldisc.forecasters"
FEWEST_WINDOWS = 40
WIDE, SCREENED = 40, 24


class Model(Enum):
    """What a target is predicted with."""

    MLP = "mlp"
    LINEAR = "linear"
    LSTM = "lstm"
    RUN = "run"


class Indirect(Enum):
    """What becomes of pairs that are taken for indirect."""

    DROP = "drop"
    MARK = "mark"


class Device(Enum):
    """What networks learn on."""

    CPU = "cpu"
    GPU = "gpu"


class Contemporaneous(Enum):
    """How causes within a row are sought."""

    NONE = "none"
    PC = "pc"


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
    model: Model = opt(
        Model.MLP,
        "What a target is predicted with; mlp: a layer of rectified units; linear: group-lasso autoregression; lstm: a "
        "recurrent network; run: an encoder trained by contrasts, and attention.",
    )
    hidden: int = opt(mlp.HIDDEN, "Units of a target, for mlp.", at_least=1, below=1025)
    penalty: Penalty = opt(
        Penalty.GROUP,
        "What of a source goes at once, for mlp: all its lags (group), each lag, too (sparse-group), or far lags "
        "before near ones (hierarchical).",
    )
    screen: int | None = opt(
        None,
        "Sources that a target may have, for mlp: those that have most to do with it, one by one; 0: all. Without it "
        f"{SCREENED} where there are more than {WIDE} variables.",
        at_least=0,
    )
    device: Device = opt(
        Device.CPU,
        "What mlp learns on; gpu needs PyTorch (pip install 'causaldisc[gpu]'), and gives the same but for rounding.",
    )
    indirect: Indirect = opt(
        Indirect.DROP,
        "For networks: what becomes of pairs that stand, but with gains far below those of others, where a path of "
        "these leads from source to target; drop, or mark.",
    )
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
    contemporaneous: Contemporaneous = opt(
        Contemporaneous.NONE,
        "Seek causes within a row, too, by PC on what the past leaves of each variable; they are edges of lag 0.",
    )
    alpha: float = opt(0.05, "For --contemporaneous pc: its level.", above=0, below=1)
    summary: bool = opt(False, "One edge a pair, at its strongest lag; 'lags' has all of them.")
    scores: str | None = opt(
        None, "Write all pairs, edges or not, with weight, gain, frequency, p- and q-value, as TSV.", metavar="FILE"
    )
    seed: int = opt(0, "Seed of networks, subsamples and shifts.", at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        grid.check(self.resample)
        seasons.check(self.deseason)
        if self.lags != AUTO and not (self.lags.isdecimal() and 1 <= int(self.lags) < 1000):
            raise UsageError(f"--lags must be 'auto' or a whole number from 1 to 999, not {self.lags!r}")
        if self.device is Device.GPU and self.model is not Model.MLP:
            raise UsageError(f"--device gpu is for --model mlp, not {self.model.value}")
        if self.lambda_ != AUTO and not self.strength > 0:
            raise UsageError(f"--lambda must be 'auto' or a number above 0, not {self.lambda_!r}")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that are written beside the graph."""
        return () if self.scores is None else (self.scores,)

    @property
    def strength(self) -> float:
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
    """`weights`, shape (targets, sources, lags), how often each pair was selected, how surprising its gain is, and the
    gain, None where it is not measured. Where a network does not tell lags apart its one number is at lag 1, and
    `reads` are the lags that it reads."""

    weights: Floats
    stable: Stability
    significance: Significance
    penalty: float
    gains: Floats | None = None
    reads: int = 0
    learnt: Learnt | None = None

    def stands(self, fdr: float) -> NDArray[np.bool_]:
        """Return which pairs stand, own pasts included; shape (targets, sources)."""
        often = (self.stable.frequencies >= stability.STABLE) | np.eye(len(self.weights), dtype=bool)
        there = np.logical_or.reduce(self.weights != 0.0, axis=2)
        return np.asarray(there & often & (self.significance.q_values <= fdr))

    def indirect(self, stands: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which pairs that stand are indirect."""
        return np.zeros_like(stands) if self.gains is None else indirect.find(self.gains, stands)


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
    graph = _graph(series.data, found, stands, weak, options)
    if options.contemporaneous is Contemporaneous.PC:
        _add_within_rows(graph, _innovations(sample, found, stands, options), options, context)
    if weak.any():
        done = "left out" if options.indirect is Indirect.DROP else "marked"
        context.warn(
            "indirect",
            f"{counted(int(weak.sum()), 'pair')} {done} as indirect: their gains are far below those of others, which "
            "lead the same way; --indirect says what becomes of them",
        )
    files = {} if options.scores is None else {options.scores: _scores(series.data, found, stands & ~weak)}
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


def _graph(data: Dataset, found: Found, stands: NDArray[np.bool_], weak: NDArray[np.bool_], options: Options) -> Graph:
    """Return the pairs that stand, an edge a lag or one each."""
    graph = Graph((Node(c.name, {"type": c.kind.value}) for c in data.columns), GraphKind.LAGGED)
    shown = stands & ~weak if options.indirect is Indirect.DROP else stands
    for target, source in np.argwhere(shown).tolist():
        evidence: dict[str, Value] = {
            "p_value": rounded(float(found.significance.p_values[target, source])),
            "q_value": rounded(float(found.significance.q_values[target, source])),
        }
        if found.gains is not None:
            evidence["gain"] = rounded(float(found.gains[target, source]))
        if found.reads:
            evidence["lags"] = ",".join(str(k) for k in range(1, found.reads + 1))
        if source == target:
            evidence["self_loop"] = True  # never penalised, so no frequency
        else:
            evidence["frequency"] = rounded(float(found.stable.frequencies[target, source]))
        if weak[target, source]:
            evidence["indirect"] = True
        for lag, attributes in _by_lag(found.weights[target, source], options.summary):
            graph.add_edge(source, target, Mark.TAIL, Mark.ARROW, lag, {**attributes, **evidence})
    return graph


def _scores(data: Dataset, found: Found, edges: NDArray[np.bool_]) -> bytes:
    """Return all pairs as TSV, the strongest first."""
    strengths = np.sqrt(np.add.reduce(found.weights**2, axis=2))
    rows = ["source\ttarget\tweight\tgain\tfrequency\tp_value\tq_value\tedge"]
    for place in np.argsort(-strengths, axis=None, kind="stable").tolist():
        j, i = divmod(place, len(data))
        gain = "" if found.gains is None else f"{found.gains[j, i]:.10g}"
        often = "" if i == j else f"{found.stable.frequencies[j, i]:.10g}"
        figures = [f"{a[j, i]:.10g}" for a in (found.significance.p_values, found.significance.q_values)]
        names = [" ".join(data.names[k].split()) for k in (i, j)]
        rows.append("\t".join([*names, f"{strengths[j, i]:.10g}", gain, often, *figures, str(int(edges[j, i]))]))
    return ("\n".join(rows) + "\n").encode()


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


def _by_lag(coefficients: Floats, summary: bool) -> list[tuple[int, Mapping[str, Value]]]:
    """Return lags and weights: the coefficient of each lag; in a summary their norm, with the sign of their sum."""
    if not summary:
        return [(k, {"weight": rounded(float(b))}) for k, b in enumerate(coefficients, 1) if b != 0.0]
    norm = float(np.sqrt(np.add.reduce(coefficients**2)))
    weight = rounded(norm if np.add.reduce(coefficients) >= 0 else -norm)
    lags = ",".join(str(k) for k, b in enumerate(coefficients, 1) if b != 0.0)
    return [(int(np.argmax(np.abs(coefficients))) + 1, {"weight": weight, "lags": lags})]
