"""RUN as it was released beside `causaldisc granger --model run`: how right the scores are, and what the graphs keep.

    python benchmarks/run.py literal [--seeds 5]
    python benchmarks/run.py repaired [--seeds 5]
    python benchmarks/run.py pretraining [--seeds 5]

`literal` (literal_run.py) is the released network and graph with their defects. AUROC: over pairs of different
variables, by attention, and by |weight| of the automatic graph; chance is 0.5. Edges: what was selected, what is left
after the loop that deletes edges until no cycle is left, and how many of these are true; `repaired` has no such loop,
since what drives each other in time may be a cycle. `pretraining`: scores of the repaired network at three penalties,
three lags, on all data, with and without pre-training. Markdown tables; +- is one standard error.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence

import literal_run
import numpy as np

from causaldisc.algorithms import granger
from causaldisc.context import Context
from causaldisc.data.windows import windows
from causaldisc.forecasters import run as network
from causaldisc.graph import Graph, lagged_ranking
from causaldisc.simulate import lorenz96, var
from causaldisc.simulate.base import Simulated

Make = Callable[[np.random.Generator], Simulated]
Pairs = set[tuple[int, int]]


def settings() -> dict[str, Make]:
    """Return generators by what they are called in the table."""
    found: dict[str, Make] = {}
    for rows in (500, 1000):
        weather = lorenz96.Options(rows=rows)
        found[f"Lorenz-96, p = 10, F = 10, T = {rows}"] = lambda rng, o=weather: lorenz96.generate(o, rng)
    options = var.Options(rows=1000)
    found["VAR(3), p = 10, T = 1000"] = lambda rng: var.generate(options, rng)
    return found


def literal(made: Simulated, seed: int) -> list[float]:
    """Return AUROC, how many targets like themselves best, edges selected, edges left, true edges left."""
    series = made.data.matrix()
    scores = literal_run.scores(series, np.random.default_rng(seed))
    selected, left = literal_run.graph(scores, series)
    true = pairs(made.truth)
    themselves = int((scores.argmax(axis=1) == np.arange(len(scores))).sum())
    return [area(scores, true), themselves, selected, left.number_of_edges(), len(true & set(left.edges))]


def repaired(made: Simulated, seed: int) -> list[float]:
    """Return AUROC, edges between different variables, and how many of them are true."""
    graph = granger.run(made.data, granger.Options(model=granger.Model.RUN, seed=seed), Context()).graph
    figures = lagged_ranking.compare(made.truth, graph)["summary"]
    assert isinstance(figures, dict)
    found = {(u, v) for u, v in pairs(graph) if u != v}
    return [float(figures["auroc"] or 0.0), len(found), len(found & pairs(made.truth))]


def area(scores: np.ndarray, true: Pairs) -> float:
    """Return the share of (true pair, false pair) in which the true one has the larger score, ties half."""
    different = [(u, v) for u in range(len(scores)) for v in range(len(scores)) if u != v]
    yes = np.array([scores[v, u] for u, v in different if (u, v) in true])
    no = np.array([scores[v, u] for u, v in different if (u, v) not in true])
    return float(np.mean((yes[:, None] > no) + 0.5 * (yes[:, None] == no)))


def pairs(graph: Graph) -> Pairs:
    return {(e.source, e.target) for e in graph.edges()}


HEADS = {
    literal: ("AUROC", "targets that like themselves best", "edges selected", "edges left", "true edges left"),
    repaired: ("AUROC", "edges", "true edges"),
}


def table(what: Callable[[Simulated, int], list[float]], seeds: int) -> None:
    """Print a row for each setting."""
    heads = ("Data", *HEADS[what], "s")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, make in settings().items():
        started = time.process_time()
        rows = [what(make(np.random.default_rng(seed)), seed) for seed in range(seeds)]
        seconds = (time.process_time() - started) / seeds
        cells = [_mean(column) for column in zip(*rows, strict=True)]
        print(f"| {name} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) / math.sqrt(len(values)):.3f}"


def pretraining(seeds: int) -> None:
    """Print the areas of the repaired network with and without pre-training."""
    penalties, steps = np.array([0.003, 0.03, 0.1]), network.PRETRAINING
    heads = ("Data", "pre-training", *(f"AUROC at {x:g}" for x in penalties))
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for rows, forcing in ((250, 10), (250, 40), (500, 40)):
        for network.PRETRAINING in (0, steps):
            table = []
            for seed in range(seeds):
                made = lorenz96.generate(lorenz96.Options(rows=rows, forcing=forcing), np.random.default_rng(seed))
                x = made.data.matrix()
                x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
                w = windows(x, np.zeros(rows, np.int64), 3)
                fits = network.fit(w.past, w.present, 3, penalties, seed, 1)
                table.append([area(np.abs(f.slopes(w.past).weights()), pairs(made.truth)) for f in fits])
            cells = [_mean(column) for column in zip(*table, strict=True)]
            name = f"Lorenz-96, p = 10, F = {forcing}, T = {rows}"
            print(f"| {name} | {network.PRETRAINING} steps | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("literal", "repaired", "pretraining"))
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args()
    if chosen.what == "pretraining":
        pretraining(chosen.seeds)
    else:
        table({"literal": literal, "repaired": repaired}[chosen.what], chosen.seeds)


if __name__ == "__main__":
    main()
