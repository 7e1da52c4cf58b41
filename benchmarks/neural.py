"""The models lstm and run of `causaldisc granger`: how right the automatic graph is, false discoveries, and speed.

    python benchmarks/neural.py accuracy --model lstm [--seeds 5]
    python benchmarks/neural.py noise --model lstm [--seeds 30] [--long]

As benchmarks/granger.py: nothing is tuned on the truth, and the defaults choose lags, penalty and edges. `accuracy`:
areas over pairs of different variables by |weight|. `noise`: ten independent autoregressions with coefficient 0.9, so
that every edge between two variables is false. s: seconds of processor time of the whole command, on one thread.
Markdown tables; +- is one standard error.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable

import numpy as np
from granger import _between as between
from granger import _mean as mean
from granger import autoregressions

from causaldisc.algorithms import granger
from causaldisc.algorithms.granger import Model
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import lagged_ranking
from causaldisc.simulate import lorenz96, var
from causaldisc.simulate.base import Simulated

Make = Callable[[np.random.Generator], Simulated]


def settings() -> dict[str, Make]:
    """Return generators by what they are called in the table."""
    found: dict[str, Make] = {}
    for rows in (500, 1000):
        weather = lorenz96.Options(rows=rows)
        found[f"Lorenz-96, p = 10, F = 10, T = {rows}"] = lambda rng, o=weather: lorenz96.generate(o, rng)
    for lags in (1, 3):
        options = var.Options(rows=1000, lags=lags)
        found[f"VAR({lags}), p = 10, T = 1000"] = lambda rng, o=options: var.generate(o, rng)
    return found


def accuracy(model: Model, seeds: int) -> None:
    """Print how well automatic graphs find the true pairs."""
    heads = ("Data", "AUROC", "AUPRC", "by chance", "precision", "recall", "F1", "lags", "s")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    keys = ("auroc", "auprc", "random_precision", "precision", "recall", "f1")
    for name, make in settings().items():
        rows, lags, started = [], [], time.process_time()
        for seed in range(seeds):
            made = make(np.random.default_rng(seed))
            result = granger.run(made.data, granger.Options(model=model, seed=seed), Context())
            figures = lagged_ranking.compare(made.truth, result.graph)["summary"]
            rows.append([figures[key] or 0.0 for key in keys])
            lags.append(result.provenance["lags"]["chosen"])
        seconds = (time.process_time() - started) / seeds
        cells = [mean(column) for column in zip(*rows, strict=True)]
        cells[2] = f"{rows[0][2]:.2f}"
        chosen = ", ".join(map(str, lags))
        print(f"| {name} | {' | '.join(cells)} | {chosen} | {seconds:.0f} |", flush=True)


def noise(model: Model, seeds: int, long: bool) -> None:
    """Print how often anything is found between independent series."""
    print("| T | draws | draws with an edge | bound: fdr + 2 s.e. | edges a draw | s |\n|---|---|---|---|---|---|")
    fdr = granger.Options().fdr
    bound = fdr + 2 * math.sqrt(fdr * (1 - fdr) / seeds)
    for rows in (250, 1000) if long else (250,):
        found, started = [], time.process_time()
        for seed in range(seeds):
            data = Dataset.from_array(autoregressions(np.random.default_rng(seed), rows, 10, 0.9))
            found.append(between(granger.run(data, granger.Options(model=model, seed=seed), Context()).graph))
        share, seconds = float(np.mean([count > 0 for count in found])), (time.process_time() - started) / seeds
        print(f"| {rows} | {seeds} | {share:.2f} | {bound:.2f} | {np.mean(found):.2f} | {seconds:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("accuracy", "noise"))
    parser.add_argument("--model", choices=("lstm", "run"), required=True)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--long", action="store_true", help="noise of 1,000 rows, too")
    chosen = parser.parse_args()
    if chosen.what == "accuracy":
        accuracy(Model(chosen.model), chosen.seeds or 5)
    else:
        noise(Model(chosen.model), chosen.seeds or 30, chosen.long)


if __name__ == "__main__":
    main()
