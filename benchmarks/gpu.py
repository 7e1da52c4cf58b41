"""Networks of rectified units on a GPU beside the processor: time, and how alike what they learn is.

    python benchmarks/gpu.py [--sizes 10 100 500]

Lorenz-96 with F = 10 and T = 500, one lag; a path of seven penalties by NumPy, with one thread a core, and by PyTorch
on the GPU, each once after a warm-up. `agree`: share of the pairs of which both say the same, in the middle of the
path; `difference`: root mean square of that of their forecasts, which have variance about 1. Beyond 40 variables
targets read 24 candidates each, as `causaldisc granger` has it. Markdown table.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from causaldisc.data.windows import windows
from causaldisc.forecasters import _on_gpu, mlp
from causaldisc.search import network_search, screen
from causaldisc.simulate import lorenz96


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 500])
    sizes = parser.parse_args().sizes
    threads = len(os.sched_getaffinity(0))
    device = _on_gpu.device()
    heads = ("p", "sources read", f"NumPy, {threads} threads, s", "GPU, s", "ratio", "agree", "difference")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for p in sizes:
        made = lorenz96.generate(lorenz96.Options(rows=500, nodes=p), np.random.default_rng(0))
        x = made.data.matrix()
        x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
        sample = windows(x, np.zeros(500, np.int64), 1)
        candidates = screen.candidates(sample, 24, threads) if p > 40 else None
        found, seconds = [], []
        for place in (None, device):
            network = mlp.Network(candidates=candidates, device=place)
            network.fit(sample.past, sample.present, 1, network_search.PENALTIES[:1], 0, threads)
            started = time.perf_counter()
            path = network.fit(sample.past, sample.present, 1, network_search.PENALTIES, 0, threads)
            seconds.append(time.perf_counter() - started)
            found.append(path[len(path) // 2])
        agree = np.mean(found[0].selected == found[1].selected)
        apart = np.sqrt(np.mean((found[0].forecasts(sample.past) - found[1].forecasts(sample.past)) ** 2))
        read = p if candidates is None else candidates.shape[1]
        print(
            f"| {p} | {read} | {seconds[0]:.2f} | {seconds[1]:.2f} | {seconds[0] / seconds[1]:.1f} | {agree:.4f} "
            f"| {apart:.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
