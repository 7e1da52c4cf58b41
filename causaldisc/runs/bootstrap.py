"""One search on many draws of the data: how often each edge is found, and what most draws agree on.

B. Efron, Annals of Statistics 7 (1979); for graphs N. Friedman, M. Goldszmidt, A. Wyner, UAI 1999. With subsamples of
half the rows, N. Meinshausen, P. Bühlmann, "Stability selection", JRSS B 72 (2010), Theorem 1: if false edges are
exchangeable and the search is no worse than guessing, at most q^2 / ((2 t - 1) m) false edges are expected among those
with a frequency of t or more, where q edges are found a draw, of m that there could be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from causaldisc import registry
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import CausaldiscError, ComputationError, DataError
from causaldisc.graph import Graph, Node
from causaldisc.graph.consensus import Tally, tally
from causaldisc.options import Options
from causaldisc.runs import resampling
from causaldisc.runs.cluster import Cluster
from causaldisc.runs.resampling import Kind
from causaldisc.runs.workers import Done, inline, spread
from causaldisc.words import counted

ALGORITHMS = "causaldisc.algorithms"
MOST_FAILURES = 0.5  # of the draws


@dataclass(frozen=True, eq=False)
class Search:
    """An algorithm by name, its options, and what else its `run` takes; for draws of `data` of a kind, from `seed`."""

    algorithm: str
    options: Options
    more: Mapping[str, object]
    data: Dataset
    kind: Kind
    share: float = 0.5
    block_rows: int | None = None
    seed: int = 0
    threads: int = 1

    @property
    def is_of_series(self) -> bool:
        return getattr(registry.load(ALGORITHMS, self.algorithm), "TAKES_FILES_OF", None) == "run"

    def __call__(self, number: int) -> Graph | str:
        """Return the graph of the draw of a number, or why there is none."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(number,)))
        rows, blocks = resampling.places(self.data.rows, self.kind, self.share, self.block_rows, rng)
        drawn = resampling.drawn(self.data, rows, blocks, self.is_of_series)
        module = registry.load(ALGORITHMS, self.algorithm)
        try:
            graph: Graph = module.run(
                drawn, options=self.options, context=Context(threads=self.threads), **self.more
            ).graph
        except CausaldiscError as error:
            return str(error)
        return graph


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """What the draws that could be searched had, and how often the others failed, by reason."""

    found: Tally
    failures: Mapping[str, int] = field(default_factory=dict)

    def expected_false(self, least: float) -> float | None:
        """Return the bound on false edges at a frequency, None where it says nothing; see the module."""
        nodes = len(self.found.nodes)
        possible = nodes * (nodes - 1) / 2
        if not possible or least <= 0.5:
            return None
        return float(self.found.mean_edges**2 / ((2 * least - 1) * possible))


def run(search: Search, runs: int, jobs: int | None, context: Context, cluster: Cluster | None = None) -> Bootstrap:
    """Search so many draws, by so many processes, here or of a cluster (None: as many as it has); the result is the
    same for any number of these.

    Raises DataError for data that cannot be drawn from, ComputationError when most draws could not be searched.
    """
    if search.data.correlation is not None:
        raise DataError("draws are made of rows, and correlations alone have none")
    answers: list[Graph | str | None] = [None] * runs
    for done in _each(search, runs, jobs, cluster):
        answers[done.number] = done.answer if done.answer is not None else done.failure
        context.progress(sum(a is not None for a in answers), runs, "draws")
        if context.ends_early(sum(a is not None for a in answers), runs):
            break
    graphs = [a for a in answers if isinstance(a, Graph)]
    failures: dict[str, int] = {}
    for answer in answers:
        if isinstance(answer, str):
            failures[answer] = failures.get(answer, 0) + 1
    lost = sum(failures.values())
    if lost > MOST_FAILURES * runs or not graphs:
        raise ComputationError(f"{lost} of {counted(runs, 'draw')} could not be searched: {next(iter(failures))}")
    for reason, number in failures.items():
        context.warn("draw-failed", f"{number} of {counted(runs, 'draw')} could not be searched: {reason}")
    return Bootstrap(tally(_over(search.data, graphs)), failures)


def _each(search: Search, runs: int, jobs: int | None, cluster: Cluster | None) -> Iterator[Done[Graph | str]]:
    items = list(range(runs))
    if cluster is not None:
        return cluster.spread(items, search, jobs)
    return inline(items, search) if jobs in (None, 1) else spread(items, search, jobs or 1)


def _over(data: Dataset, graphs: list[Graph]) -> Iterator[Graph]:
    """Yield the graphs after one that puts the nodes in the order of the columns."""
    known = dict.fromkeys(name for graph in graphs for name in graph.names)
    order = [name for name in data.names if name in known]
    for graph in graphs:
        absent = [Node(name) for name in order if name not in graph.names]
        yield _with(graph, absent, order)


def _with(graph: Graph, absent: list[Node], order: list[str]) -> Graph:
    more = [name for name in graph.names if name not in order]
    whole = Graph((*graph.nodes, *absent), graph.kind)
    for e in graph.edges():
        whole.add_edge(e.source, e.target, e.mark_source, e.mark_target, e.lag, e.attributes)
    return whole.reordered([*order, *more])
