"""Granger causes: how right the automatic graph is, false discoveries, and speed.

    python benchmarks/granger.py accuracy [--model linear] [--seeds 5] [--only Lorenz]
    python benchmarks/granger.py noise [--model linear] [--seeds 100]
    python benchmarks/granger.py strengths [--seeds 20]
    python benchmarks/granger.py speed

Nothing is tuned on the truth: the defaults of `causaldisc granger` choose lags, penalty and edges. `accuracy`: areas
over pairs of different variables by |weight|, of all pairs (`--scores`) and of the edges of the graph, and F1 of the
edges. `noise`: independent autoregressions, so that every edge between two variables is false and the false discovery
rate is the share of draws with any. `strengths`: linear autoregressions whose coefficients are of all sizes, with and
without leaving out what is taken for indirect. `speed`: one path of penalties. Markdown tables; +- is one standard
error; s are seconds of processor time of the whole command, on one thread.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from causaldisc.algorithms import granger
from causaldisc.algorithms.granger import Model
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.windows import windows
from causaldisc.graph import Graph, lagged_ranking
from causaldisc.graph.ranking import areas
from causaldisc.result import Result
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
    wide = lorenz96.Options(rows=500, nodes=20)
    found["Lorenz-96, p = 20, F = 10, T = 500"] = lambda rng: lorenz96.generate(wide, rng)
    species = lotka_volterra.Options()
    found["Lotka-Volterra, p = 20, T = 2000"] = lambda rng: lotka_volterra.generate(species, rng)
    return found


def accuracy(model: Model, seeds: int, only: str) -> None:
    """Print how well automatic graphs find the true pairs."""
    heads = ("Data", "AUROC, all pairs", "AUROC, graph", "AUPRC, graph", "by chance", "precision", "recall", "F1", "s")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    keys = ("auroc", "auprc", "random_precision", "precision", "recall", "f1")
    for name, make in settings().items():
        if only not in name:
            continue
        rows, started = [], time.process_time()
        for seed in range(seeds):
            made = make(np.random.default_rng(seed))
            result = granger.run(made.data, granger.Options(model=model, seed=seed, scores="pairs"), Context())
            figures = lagged_ranking.compare(made.truth, result.graph)["summary"]
            assert isinstance(figures, dict)
            rows.append([_of_all(made.truth, result), *(figures[key] or 0.0 for key in keys)])
        seconds = (time.process_time() - started) / seeds
        cells = [_mean(column) for column in zip(*rows, strict=True)]
        cells[3] = f"{rows[0][3]:.2f}"
        print(f"| {name} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


def _of_all(truth: Graph, result: Result) -> float:
    """Return the area under the ROC curve of all pairs of different variables."""
    true = {(truth.names[e.source], truth.names[e.target]) for e in truth.edges() if e.source != e.target}
    lines = [line.split("\t") for line in result.files["pairs"].decode().splitlines()[1:]]
    strengths = {(source, target): float(weight) for source, target, weight, *_ in lines if source != target}
    found = areas({pair: w for pair, w in strengths.items() if w}, true, len(strengths)).auroc
    assert found is not None
    return found


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) / math.sqrt(len(values)):.3f}"


def noise(model: Model, seeds: int) -> None:
    """Print how often anything is found between independent series."""
    print("| Own correlation | T | draws with an edge | bound: fdr + 2 s.e. | edges a draw |\n|---|---|---|---|---|")
    fdr = granger.Options().fdr
    bound = fdr + 2 * math.sqrt(fdr * (1 - fdr) / seeds)
    for rows in (250, 1000):
        for own in (0.0, 0.5, 0.9):
            found = []
            for seed in range(seeds):
                data = Dataset.from_array(autoregressions(np.random.default_rng(seed), rows, 10, own))
                found.append(_between(granger.run(data, granger.Options(model=model, seed=seed), Context()).graph))
            share = float(np.mean([count > 0 for count in found]))
            print(f"| {own} | {rows} | {share:.2f} | {bound:.2f} | {np.mean(found):.2f} |", flush=True)


def autoregressions(rng: np.random.Generator, rows: int, nodes: int, own: float) -> np.ndarray:
    """Independent series, each with this coefficient on its own last value; shape (rows, nodes)."""
    x = rng.standard_normal((rows + 200, nodes))
    for t in range(1, rows + 200):
        x[t] += own * x[t - 1]
    return x[200:]


def strengths(seeds: int) -> None:
    """Print what leaving out indirect pairs costs where causes are of all strengths, and nothing is indirect."""
    print("| Indirect pairs | precision | recall | F1 |\n|---|---|---|---|")
    for what in granger.Indirect:
        rows = []
        for seed in range(seeds):
            x, truth = uneven(np.random.default_rng(seed))
            options = granger.Options(seed=seed, lags="1", subsamples=20, indirect=what)
            graph = granger.run(Dataset.from_array(x), options, Context()).graph
            found = {(e.source, e.target) for e in graph.edges() if e.source != e.target}
            true = len(found & truth)
            rows.append((true / max(len(found), 1), true / len(truth), 2 * true / (len(found) + len(truth))))
        print(f"| {what.value} | {' | '.join(_mean(column) for column in zip(*rows, strict=True))} |", flush=True)


def uneven(rng: np.random.Generator) -> tuple[np.ndarray, set[tuple[int, int]]]:
    """A stationary autoregression of ten variables whose coefficients are log-uniform from 0.05 to 0.5, and its pairs
    (source, target)."""
    while True:
        a = np.where(rng.random((10, 10)) < 0.2, np.exp(rng.uniform(np.log(0.05), np.log(0.5), (10, 10))), 0.0)
        a *= rng.choice([-1.0, 1.0], (10, 10))
        np.fill_diagonal(a, 0.5)
        if np.abs(np.linalg.eigvals(a)).max() < 0.95:
            break
    x = rng.standard_normal((1200, 10))
    for t in range(1, 1200):
        x[t] += a @ x[t - 1]
    return x[200:], {(int(i), int(j)) for j, i in np.argwhere(a) if i != j}


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
    parser.add_argument("what", choices=("accuracy", "noise", "strengths", "speed"))
    parser.add_argument("--model", default=Model.MLP, type=Model)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--only", default="", help="settings whose name has this")
    chosen = parser.parse_args()
    if chosen.what == "accuracy":
        accuracy(chosen.model, chosen.seeds or 5, chosen.only)
    elif chosen.what == "noise":
        noise(chosen.model, chosen.seeds or 100)
    elif chosen.what == "strengths":
        strengths(chosen.seeds or 20)
    else:
        speed()


if __name__ == "__main__":
    main()
