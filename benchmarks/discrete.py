"""PC on contingency tables beside its peers: discrete.py [NODES DEGREE ROWS]... or discrete.py FILE.csv...

One process, data in memory, one thread, best of five; peers are measured where they are installed (pybnesian, pyAgrum,
causal-learn up to 50 nodes). Prints milliseconds for binding the data, for the skeleton and for the whole of PC with
the default collider rule, and how many times longer each peer takes than binding and PC together (causal-learn: its
skeleton only). Peers count degrees of freedom by rules of their own: pybnesian's is our `--df full`, with which chisq
finds the same edges but for a few, and it votes as we do, so it is compared with that; the others with our default.

discrete.py paths: nanoseconds of each way of counting, the constants of the cost model in ext/tables.pxd.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from causaldisc._ext import contingency

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.citests._contingency import DfRule
from causaldisc.citests.base import Answers
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.knowledge import Knowledge
from causaldisc.search import skeleton

ALPHA, LEVELS = 0.01, 3
SETTINGS = [(50, 3, 5000), (100, 3, 5000), (200, 3, 5000)]


def best_of_five(work: Callable[[], object]) -> tuple[float, object]:
    """Return the shortest time and the last result."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
        if times[-1] > 10:
            break
    return min(times), result


def network(nodes: int, degree: float, rows: int) -> np.ndarray:
    """Return rows of a random network: at most four parents, tables from Dirichlet(0.5) kept away from 0."""
    rng = np.random.default_rng(1)
    edges = np.triu(rng.random((nodes, nodes)) < degree / (nodes - 1), 1)
    values = np.zeros((rows, nodes), np.int64)
    for v in range(nodes):
        parents = np.flatnonzero(edges[:, v])[:4]
        state = np.zeros(rows, np.int64)
        for u in parents:
            state = state * LEVELS + values[:, u]
        table = rng.dirichlet(np.full(LEVELS, 0.5), LEVELS ** len(parents)) * 0.94 + 0.02
        values[:, v] = (rng.random(rows)[:, None] > np.cumsum(table, 1)[:, :-1][state]).sum(1)
    return values


def pybnesian(values: np.ndarray) -> int:
    import pandas as pd
    from pybnesian import PC, ChiSquare

    frame = pd.DataFrame({str(i): pd.Categorical(values[:, i].astype(str)) for i in range(values.shape[1])})
    graph = PC().estimate(ChiSquare(frame), alpha=ALPHA)
    return len(graph.arcs()) + len(graph.edges())


def py_agrum(values: np.ndarray) -> int:
    import pandas as pd
    import pyagrum

    frame = pd.DataFrame(values, columns=[f"v{i}" for i in range(values.shape[1])])
    learner = pyagrum.BNLearner(frame)
    learner.setNumberOfThreads(1)
    learner.usePC()
    return int(learner.learnPDAG().size())


def causal_learn(values: np.ndarray) -> int:
    from causallearn.utils.cit import CIT
    from causallearn.utils.PCUtils import SkeletonDiscovery

    found = SkeletonDiscovery.skeleton_discovery(
        values, ALPHA, CIT(values, "gsq"), stable=True, verbose=False, show_progress=False
    )
    return int(np.triu(found.G.graph != 0, 1).sum())


TESTS = (("gsq", DfRule.STRATUM), ("chisq", DfRule.STRATUM), ("chisq", DfRule.FULL))
PEERS = {
    "pybnesian": (pybnesian, 10**9, DfRule.FULL),
    "pyAgrum": (py_agrum, 200, DfRule.STRATUM),
    "causal-learn": (causal_learn, 50, DfRule.STRATUM),
}


def row(nodes: int, degree: int, rows: int) -> None:
    """Measure one setting and print it."""
    compare(f"p={nodes} degree={degree} n={rows}", network(nodes, degree, rows))


def compare(what: str, values: np.ndarray) -> None:
    """Measure all tests and peers on rows of category numbers, and print them."""
    data = Dataset.from_array(values.astype(float), discrete=True)
    known = Knowledge().bind(data.names)
    ours = {}
    for name, df in TESTS:
        choice = TestChoice(name, {"df": df})
        bind, test = best_of_five(lambda choice=choice: citests.build(choice, data, Context()))
        search, found = best_of_five(lambda test=test: skeleton.learn(test, ALPHA, None, known, Context()))
        whole, _ = best_of_five(
            lambda test=test: pc.search(test, data.names, pc.Options(alpha=ALPHA), known, Context())
        )
        print(
            f"{what} {name}, df {df.value}: binding {1e3 * bind:.1f} ms, skeleton {1e3 * search:.1f} ms, "
            f"whole PC {1e3 * whole:.1f} ms ({sum(found.tests_by_depth):,} tests to depth "
            f"{len(found.tests_by_depth) - 1}, {len(found.pairs)} edges)",
            flush=True,
        )
        ours[df] = bind + whole
    for name, (peer, largest, df) in PEERS.items():
        if values.shape[1] > largest:
            continue
        try:
            seconds, edges = best_of_five(lambda peer=peer: peer(values))
        except ImportError:
            continue
        told = f"{seconds / ours[df]:.1f} times our chisq with df {df.value}"
        print(f"    {name}: {1e3 * seconds:.1f} ms, {told}, {edges} edges", flush=True)


def leaf(levels: int, rows: int, depth: int, way: int, form: int = -1) -> float:
    """Return the nanoseconds of a test given `depth` variables, all but the last of which stay the same."""
    codes = np.random.default_rng(0).integers(0, levels, (42, rows)).astype(np.int32)
    tables = contingency.Tables(codes, np.full(42, levels, np.int32), False, 0, 0.0, way, form, False)
    sets = np.array([[*range(2, 1 + depth), z] for z in range(1 + depth, 42)] * 10, np.int32)
    x, y, out = np.zeros(len(sets), np.int32), np.ones(len(sets), np.int32), Answers.empty(len(sets))
    seconds, _ = best_of_five(lambda: tables.tests(x, y, sets, out.log_p, out.statistic, out.df, out.n, out.verdict))
    return 1e9 * seconds / len(sets)


def paths() -> None:
    """Print the costs of the ways of counting: differences and quotients, so that fixed costs drop out."""
    long, short, cells, passes = 40 * 512, 20 * 512, 9, 3 * 2
    for form in range(contingency.instructions() + 1):
        block = (leaf(3, long, 2, 1, form) - leaf(3, short, 2, 1, form)) / (20 * cells * passes)
        print(f"bitmaps, form {form}: {block:.2f} ns for a block of a cell", flush=True)
    for name, way in (("dense", 2), ("sorting", 3)):
        print(f"{name}: {(leaf(3, long, 2, way) - leaf(3, short, 2, way)) / (long - short):.2f} ns a row", flush=True)
    print("ns of a test at n=5000 by set size, 3 levels (bitmaps, dense, sorting, the chosen):")
    for depth in range(1, 7):
        print(f"    {depth}: " + ", ".join(f"{leaf(3, 5000, depth, way):.0f}" for way in (1, 2, 3, 0)), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["paths"]:
        paths()
    elif any(a.endswith(".csv") for a in sys.argv[1:]):
        for file in sys.argv[1:]:
            compare(file, np.loadtxt(file, delimiter=",", skiprows=1).astype(np.int64))
    else:
        numbers = [int(a) for a in sys.argv[1:]]
        for setting in zip(*[iter(numbers)] * 3, strict=True) if numbers else SETTINGS:
            row(*setting)
