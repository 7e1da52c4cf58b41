"""How right tests and graphs are when values fail to be measured: level on a fork, and graphs by regime.

    python benchmarks/dropout.py level [--rows 20000] [--draws 1000]
    python benchmarks/dropout.py skeletons [--rows 1000 4000 10000] [--graphs 8] [--only ges]
    python benchmarks/dropout.py depth [--rows 4000] [--graphs 8]
    python benchmarks/dropout.py zeros [--rows 5000] [--draws 40]

The regimes are those of the authors of the causal dropout model (Dai et al., ICLR 2024): linear Gaussian variables, or
exponentials of them, whose values fail at random, below a threshold, or with logistic chances that fall with the value.
In the third study the exponentials are read at a depth that a whole row shares: it multiplies them, and where it is low
more of them fail. The fourth counts how often `check --zeros` finds that failures are not random, and that they depend
on other variables than their own.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from causaldisc.algorithms import dropout, pc
from causaldisc.citests import TestChoice, _deletion, answer
from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._compressed import Compressed
from causaldisc.citests._deletion import Scope, Thin
from causaldisc.citests._transform import Transform
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.graph.metrics import compare
from causaldisc.knowledge import Knowledge
from causaldisc.search import zeros
from causaldisc.simulate import dropout as simulated

Floats = NDArray[np.float64]
MECHANISMS = ("random", "truncation", "logistic")
NODES, EDGES, ALPHA = 15, 22, 0.05


def fork(rng: np.random.Generator, rows: int, mechanism: str) -> Floats:
    """Return x <- z -> y, columns x, y, z, about half of their values failed."""
    z = rng.standard_normal(rows)
    x, y = (0.9 * z + 0.6 * rng.standard_normal(rows) for _ in range(2))
    values = np.column_stack([v / v.std() + 2.0 for v in (x, y, z)])
    if mechanism == "random":
        seen = rng.random(values.shape) > 0.5
    elif mechanism == "truncation":
        seen = values > np.quantile(values, 0.5, axis=0)
    else:
        seen = rng.random(values.shape) < 1 / (1 + np.exp(-2 * (values - 2)))
    return np.where(seen, values, 0.0)


def level(rows: int, draws: int) -> None:
    """Print how often x and y are taken for dependent given z, at 5 %."""
    print(f"fork, {rows:,} rows, {draws} draws; +- {100 * math.sqrt(0.05 * 0.95 / draws):.1f}")
    print("| zeros | " + " | ".join(f"{test} {scope.value}" for test in ("cubic", "fisherz") for scope in Scope) + " |")
    for mechanism in MECHANISMS:
        rng = np.random.default_rng(3)
        rejected = dict.fromkeys([(test, scope) for test in ("cubic", "fisherz") for scope in Scope], 0)
        for _ in range(draws):
            data = Dataset.from_array(fork(rng, rows, mechanism))
            zeros = Bitmaps.of((c.zeros for c in data.columns), data.rows)
            for test, scope in rejected:
                bound = _deletion.bind(TestChoice(test), data, zeros, scope, 10, Thin.UNDECIDED, Context())
                rejected[test, scope] += answer(bound, 0, 1, (2,)).p_value < ALPHA
        print(f"| {mechanism} | " + " | ".join(f"{100 * k / draws:.1f}" for k in rejected.values()) + " |", flush=True)


def regimes(rng: np.random.Generator, rows: int, log_normal: bool, mechanism: str) -> tuple[Dataset, Graph]:
    """Return data with failures, and the true CPDAG."""
    pairs = list(combinations(range(NODES), 2))
    edges = [pairs[i] for i in rng.choice(len(pairs), EDGES, replace=False)]
    weights = np.zeros((NODES, NODES))
    for cause, effect in edges:
        weights[effect, cause] = rng.choice([-1, 1]) * rng.uniform(0.25, 1)
    means, deviations = rng.uniform(-1, 1, NODES), rng.uniform(1, 2, NODES)
    values = np.zeros((rows, NODES))
    for v in range(NODES):
        values[:, v] = values @ weights[v] + rng.normal(means[v], deviations[v], rows)
    if log_normal:
        values = np.exp((values - values.mean(axis=0)) / values.std(axis=0))
    if mechanism == "none":
        seen = np.ones(values.shape, np.bool_)
    elif mechanism == "random":
        seen = rng.random(values.shape) > rng.uniform(*((0.3, 0.6) if log_normal else (0.4, 0.7)), NODES)
    elif mechanism == "truncation":
        shares = rng.uniform(0.2, 0.4 if log_normal else 0.5, NODES)
        seen = values > [np.quantile(column, share) for column, share in zip(values.T, shares, strict=True)]
    else:
        start, slope = (0.5, -0.5) if log_normal else (-0.5, -1.5)
        seen = rng.random(values.shape) > 1 / (1 + np.exp(-(start + slope * values)))
    data = Dataset.from_array(values * seen)
    truth = Graph(data.names, GraphKind.DAG)
    for cause, effect in edges:
        truth.add_edge(cause, effect, Mark.TAIL, Mark.ARROW)
    return data, cpdag_of(truth)


def ways(log_normal: bool) -> Iterator[tuple[str, Callable[[Dataset], Graph]]]:
    """Yield what is compared: the zeros kept, the authors' rule, the scopes, and greedy search."""

    def keep(data: Dataset) -> Graph:
        return pc.run(data, pc.Options(alpha=ALPHA), TestChoice("fisherz"), Knowledge(), Context()).graph

    def delete(options: dropout.Options, test: str = "auto") -> Callable[[Dataset], Graph]:
        return lambda data: dropout.run(data, options, TestChoice(test), Knowledge(), Context()).graph

    raw = dropout.Options(alpha=ALPHA, transform=Transform.NONE)
    authors = replace(raw, scope=Scope.CONDITIONING, min_rows=0, thin=Thin.INDEPENDENT)
    own = replace(raw, transform=Transform.LOG1P) if log_normal else raw
    yield "zeros kept", keep
    yield "authors' rule", delete(authors, "fisherz")
    yield "conditioning", delete(replace(own, scope=Scope.CONDITIONING))
    yield "all", delete(replace(own, scope=Scope.ALL))
    yield "both", delete(own)
    yield "both, fisherz", delete(own, "fisherz")
    greedy = replace(own, search=dropout.Search.GES)
    yield "both, ges", delete(greedy)
    yield "both, ges, penalty 1", delete(replace(greedy, penalty=1.0))
    yield "all, ges", delete(replace(greedy, scope=Scope.ALL))
    yield "conditioning, ges", delete(replace(greedy, scope=Scope.CONDITIONING))


def read_at_depths(rng: np.random.Generator, rows: int) -> tuple[Dataset, Graph]:
    """Return log-normal variables times a depth of the row, about half of them failed, and the CPDAG."""
    data, truth = regimes(rng, rows, True, "none")
    depth = 0.5 * rng.standard_normal(rows)
    values = data.matrix().T * np.exp(depth)[:, None]
    failed = rng.random(values.shape) < 1 / (1 + np.exp(np.log(values) + depth[:, None]))
    return Dataset.from_array(np.where(failed, 0.0, values)), truth


def depths(rows: int, graphs: int) -> None:
    """Print precision, recall and F1 of adjacencies where rows share a depth, with and without it as a covariate."""
    drawn = [read_at_depths(np.random.default_rng(200 + seed), rows) for seed in range(graphs)]
    options = dropout.Options(alpha=ALPHA)
    known = replace(options, depth_covariate=dropout.TOTAL)
    print(f"depths of rows, {rows:,} rows, {graphs} graphs\n| | precision | recall | F1 |")
    for name, chosen in (("without", options), ("--depth-covariate total", known)):
        graphs_found = [dropout.run(d, chosen, TestChoice(), Knowledge(), Context()).graph for d, _ in drawn]
        found = [compare(t, g).adjacency for g, (_, t) in zip(graphs_found, drawn, strict=True)]
        table = np.array([(f.precision or 0.0, f.recall or 0.0, f.f1 or 0.0) for f in found])
        errors = table.std(axis=0, ddof=1) / math.sqrt(graphs)
        told = (f"{mean:.2f} ± {error:.2f}" for mean, error in zip(table.mean(axis=0), errors, strict=True))
        print(f"| {name} | " + " | ".join(told) + " |", flush=True)


def accusations(rows: int, draws: int) -> None:
    """Print in how many data sets zeros are said not to be random, and to depend on another variable than their own."""
    print(f"{rows:,} rows, {draws} data sets\n| failures | zeros | not random | not of the own variable |")
    for mechanism in (*simulated.Mechanism, None):
        for rate in (0.3, 0.5, 0.8):
            told = np.zeros(2, int)
            for seed in range(draws):
                options = simulated.Options(nodes=12, rows=rows, degree=2, zero_rate=rate if mechanism else 0.0)
                options = replace(options, mechanism=mechanism or simulated.Mechanism.RANDOM)
                rng = np.random.default_rng(seed)
                values = simulated.generate(options, rng).data.matrix()
                if mechanism is None:  # each fails by the one before it
                    chance = 0.7 * np.roll(np.log(values), 1, axis=0) + rng.standard_normal(values.shape)
                    values[chance < np.quantile(chance, rate, axis=1, keepdims=True)] = 0.0
                found = zeros.examine(Compressed.of_matrix(np.log1p(values)))
                told += [found.at_random.min() <= ALPHA, found.own_only.min() <= ALPHA]
            name = mechanism.value if mechanism else "by another variable"
            print(f"| {name} | {rate} | {told[0]} | {told[1]} |", flush=True)


def skeletons(rows: int, graphs: int, only: str) -> None:
    """Print the mean F1 of adjacencies and the distance of CPDAGs, of each way whose name holds `only`, by regime."""
    scores: dict[str, list[list[tuple[float, int]]]] = {}
    seconds: dict[str, float] = {}
    for log_normal in (False, True):
        for mechanism in MECHANISMS:
            drawn = [regimes(np.random.default_rng(100 + seed), rows, log_normal, mechanism) for seed in range(graphs)]
            for name, way in ((n, w) for n, w in ways(log_normal) if only in n):
                started = time.process_time()
                found = [compare(truth, way(data)) for data, truth in drawn]
                seconds[name] = seconds.get(name, 0.0) + time.process_time() - started
                scores.setdefault(name, []).append([(c.adjacency.f1 or 0.0, c.shd) for c in found])
    kinds = [f"{kind} {m}" for kind in ("Gaussian", "log-normal") for m in MECHANISMS]
    for place, what in enumerate(("F1 of skeletons", "SHD of CPDAGs")):
        print(f"{what}, {rows:,} rows, {graphs} graphs")
        print("| | " + " | ".join(kinds) + " | mean | s |")
        for name, table in scores.items():
            found = np.array(table)[:, :, place]
            error = np.sqrt(np.sum(np.var(found, axis=1, ddof=1) / graphs)) / len(found)
            cells = " | ".join(f"{mean:.2f}" for mean in found.mean(axis=1))
            print(f"| {name} | {cells} | {found.mean():.3f} ± {error:.3f} | {seconds[name]:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=["level", "skeletons", "depth", "zeros"])
    parser.add_argument("--rows", type=int, nargs="+")
    parser.add_argument("--draws", type=int)
    parser.add_argument("--graphs", type=int, default=8)
    parser.add_argument("--only", default="", help="of the skeletons, the ways whose name holds this")
    asked = parser.parse_args()
    usual = {"level": [20_000], "skeletons": [1000, 4000, 10_000], "depth": [4000], "zeros": [5000]}
    for rows in asked.rows or usual[asked.study]:
        if asked.study == "level":
            level(rows, asked.draws or 1000)
        elif asked.study == "zeros":
            accusations(rows, asked.draws or 40)
        elif asked.study == "skeletons":
            skeletons(rows, asked.graphs, asked.only)
        else:
            depths(rows, asked.graphs)


if __name__ == "__main__":
    sys.exit(main())
