"""PC with Fisher's Z beside its peers, on seeded linear Gaussian data: skeleton.py [NODES DEGREE ROWS]...

One process, data in memory, the best of several; peers are measured where they are installed (pybnesian, andrey-core,
causal-learn up to 100 nodes). Prints milliseconds for the correlation matrix, the skeleton and the whole of PC on one
thread, how many times faster two threads do the first two, and how many times longer each peer takes than our whole PC.
Skeletons are compared; a difference is printed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import numpy as np

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.knowledge import Knowledge
from causaldisc.search import skeleton
from causaldisc.simulate import dag

if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # NumPy reads it when it is loaded
    os.environ.update(OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", OMP_NUM_THREADS="1")
    os.execv(sys.executable, [sys.executable, *sys.argv])

ALPHA = 0.01
SETTINGS = [
    (100, 2, 1000), (100, 4, 1000), (200, 2, 1000), (200, 4, 1000), (500, 2, 1000), (500, 4, 1000), (1000, 2, 1000),
    (1000, 4, 1000), (2000, 2, 500), (2000, 4, 500),
]  # fmt: skip
Pairs = set[tuple[int, int]]


def best(work: Callable[[], object]) -> tuple[float, object]:
    """Return the shortest time and the last result of three runs; of more while they last less than a second in all,
    of one when it is long."""
    times: list[float] = []
    while len(times) < 3 or sum(times) < 1.0:
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
        if times[-1] > 20 or len(times) == 100:
            break
    return min(times), result


def causal_learn(values: np.ndarray) -> Pairs:
    from causallearn.utils.cit import CIT
    from causallearn.utils.PCUtils import SkeletonDiscovery

    found = SkeletonDiscovery.skeleton_discovery(
        values, ALPHA, CIT(values, "fisherz"), stable=True, verbose=False, show_progress=False
    )
    i, j = np.nonzero(np.triu(found.G.graph != 0, 1))
    return set(zip(i.tolist(), j.tolist(), strict=True))


def pybnesian(values: np.ndarray) -> Pairs:
    import pandas as pd
    from pybnesian import PC, LinearCorrelation

    frame = pd.DataFrame(values, columns=[str(i) for i in range(values.shape[1])])
    graph = PC().estimate(LinearCorrelation(frame), alpha=ALPHA)
    edges = [*graph.arcs(), *graph.edges()]
    return {(min(int(u), int(v)), max(int(u), int(v))) for u, v in edges}


def andrey(values: np.ndarray) -> Pairs:
    import andrey

    adjacency = np.asarray(andrey.pc(values, alpha=ALPHA).structure.adjacency) != 0
    i, j = np.nonzero(np.triu(adjacency | adjacency.T, 1))
    return set(zip(i.tolist(), j.tolist(), strict=True))


PEERS = {"andrey-core": (andrey, 10**9), "pybnesian": (pybnesian, 10**9), "causal-learn": (causal_learn, 100)}


def row(nodes: int, degree: int, rows: int) -> None:
    """Measure one setting and print it."""
    made = dag.generate(dag.Options(nodes=nodes, degree=degree, rows=rows), np.random.default_rng(1))
    data: Dataset = made.data
    known = Knowledge().bind(data.names)
    seconds: dict[int, tuple[float, float]] = {}
    for threads in (2, 1):
        context = Context(threads=threads)
        bind, test = best(lambda c=context: citests.build(TestChoice("fisherz"), data, c))
        search, found = best(lambda t=test, c=context: skeleton.learn(t, ALPHA, None, known, c))
        seconds[threads] = bind, search
    whole, _ = best(lambda: pc.run(data, pc.Options(alpha=ALPHA), TestChoice(), Knowledge(), Context()))
    ours = set(map(tuple, found.pairs.tolist()))
    print(
        f"p={nodes} degree={degree} n={rows}: correlations {1e3 * bind:.1f} ms, skeleton {1e3 * search:.2f} ms "
        f"({sum(found.tests_by_depth):,} tests, {len(ours)} edges), whole PC {1e3 * whole:.1f} ms; "
        f"two threads {sum(seconds[1]) / sum(seconds[2]):.2f} times as fast",
        flush=True,
    )
    for name, (peer, largest) in PEERS.items():
        if nodes > largest:
            continue
        try:
            seconds, theirs = best(lambda peer=peer: peer(data.matrix().T.copy()))
        except ImportError:
            continue
        differ = sorted(ours ^ theirs)
        told = f", skeletons differ in {len(differ)} pairs" if differ else ", same skeleton"
        print(f"    {name}: {seconds:.3f} s, {seconds / whole:.0f} times ours{told}", flush=True)


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:]]
    for setting in zip(*[iter(numbers)] * 3, strict=True) if numbers else SETTINGS:
        row(*setting)
