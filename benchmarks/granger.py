"""Granger causes by linear autoregression: how right the automatic graph is, false discoveries, and speed.

    python benchmarks/granger.py accuracy [--seeds 5]
    python benchmarks/granger.py noise [--seeds 100]
    python benchmarks/granger.py speed

Nothing is tuned on the truth: the defaults of `causaldisc granger` choose lags, penalty and edges. `accuracy`: areas
over pairs of different variables by |weight|, and F1 of the pairs; Lorenz-96 and predators with prey are there to show
what a linear model misses. `noise`: independent autoregressions, so that every edge between two variables is false and
the false discovery rate is the share of draws with any. `speed`: one path of 20 penalties. Markdown tables; +- is one
standard error.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from causaldisc.algorithms import granger
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.windows import windows
from causaldisc.graph import Graph, lagged_ranking
from causaldisc.search import lagged_regression as regression
from causaldisc.simulate import lorenz96, lotka_volterra, var
from causaldisc.simulate.base import Simulated

Make = Callable[[np.random.Generator], Simulated]


def settings() -> dict[str, Make]:
    """Return generators by what they are called in the table."""
    found: dict[str, Make] = {}
    for signs, name in ((False, ""), (True, ", either sign")):
        for rows in (250, 500, 1000):
            options = var.Options(rows=rows, mixed_signs=signs)
            found[f"VAR(3), p = 10, T = {rows}{name}"] = lambda rng, o=options: var.generate(o, rng)
    for forcing in (10, 40):
        for rows in (250, 500, 1000):
            weather = lorenz96.Options(rows=rows, forcing=forcing)
            found[f"Lorenz-96, p = 10, F = {forcing}, T = {rows}"] = lambda rng, o=weather: lorenz96.generate(o, rng)
    species = lotka_volterra.Options()
    found["Lotka-Volterra, p = 20, T = 2000"] = lambda rng: lotka_volterra.generate(species, rng)
    return found


def accuracy(seeds: int) -> None:
    """Print how well automatic graphs find the true pairs."""
    print("| Data | AUROC | AUPRC | by chance | precision | recall | F1 | s |\n|---|---|---|---|---|---|---|---|")
    for name, make in settings().items():
        rows, started = [], time.perf_counter()
        for seed in range(seeds):
            made = make(np.random.default_rng(seed))
            graph = granger.run(made.data, granger.Options(seed=seed), Context()).graph
            figures = lagged_ranking.compare(made.truth, graph)["summary"]
            assert isinstance(figures, dict)
            keys = ("auroc", "auprc", "random_precision", "precision", "recall", "f1")
            rows.append([figures[key] or 0.0 for key in keys])
        seconds = (time.perf_counter() - started) / seeds
        cells = [_mean(column) for column in zip(*rows, strict=True)]
        cells[2] = f"{rows[0][2]:.2f}"
        print(f"| {name} | {' | '.join(cells)} | {seconds:.1f} |", flush=True)


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) / math.sqrt(len(values)):.3f}"


def noise(seeds: int) -> None:
    """Print how often anything is found between independent series."""
    print("| Own correlation | T | draws with an edge | bound: fdr + 2 s.e. | edges a draw |\n|---|---|---|---|---|")
    fdr = granger.Options().fdr
    bound = fdr + 2 * math.sqrt(fdr * (1 - fdr) / seeds)
    for rows in (250, 1000):
        for own in (0.0, 0.5, 0.9):
            found = []
            for seed in range(seeds):
                data = Dataset.from_array(autoregressions(np.random.default_rng(seed), rows, 10, own))
                found.append(_between(granger.run(data, granger.Options(seed=seed), Context()).graph))
            share = float(np.mean([count > 0 for count in found]))
            print(f"| {own} | {rows} | {share:.2f} | {bound:.2f} | {np.mean(found):.2f} |", flush=True)


def autoregressions(rng: np.random.Generator, rows: int, nodes: int, own: float) -> np.ndarray:
    """Independent series, each with this coefficient on its own last value; shape (rows, nodes)."""
    x = rng.standard_normal((rows + 200, nodes))
    for t in range(1, rows + 200):
        x[t] += own * x[t - 1]
    return x[200:]


def _between(graph: Graph) -> int:
    return len({(e.source, e.target) for e in graph.edges() if e.source != e.target})


def speed() -> None:
    """Print the seconds of one path, from rows to coefficients, on one thread."""
    print("| p | T | L | s, best of 5 | settled |\n|---|---|---|---|---|")
    for nodes, rows, lags in ((10, 1000, 3), (100, 1000, 2), (200, 1000, 2)):
        made = var.generate(var.Options(nodes=nodes, rows=rows, lags=lags, density=3 / nodes), np.random.default_rng(0))
        x = made.data.matrix()
        x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            moments = regression.moments(windows(x, np.zeros(rows, np.int64), lags))
            path = regression.fit(moments, regression.grid(moments, 1), 1)
            seconds.append(time.perf_counter() - started)
        print(f"| {nodes} | {rows} | {lags} | {min(seconds):.3f} | {path.converged.all()} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("accuracy", "noise", "speed"))
    parser.add_argument("--seeds", type=int)
    chosen = parser.parse_args()
    if chosen.what == "accuracy":
        accuracy(chosen.seeds or 5)
    elif chosen.what == "noise":
        noise(chosen.seeds or 100)
    else:
        speed()


if __name__ == "__main__":
    main()
