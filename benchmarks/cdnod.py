"""How right CD-NOD is, as tables for docs/cdnod.md: cdnod.py STUDY... [--seeds N] [--file F] [--peers N]

examples: the four settings of the authors' examples (their MATLAB code; its curves of example 2 are not free, ours are
sums of cosines): edges and changing modules, found right / found / true.
autocorrelation: how often a stationary series, and one that changes, is said to change.
random: graphs of 6 variables that change over time or between 5 domains, 600 rows; beside causal-learn's cdnod with kci
on the first `--peers` seeds, and beside PC on the variables alone.
fast: the chain of example 2 with random curves too fast for an autoregression to be told from persistence.
forms: whether kernels of low rank give the graphs of exact ones, on the examples.

Every run is a cell with a seed of its own. With `--file`, cells are appended to it, and those that are there not run
again; `python benchmarks/cdnod.py examples autocorrelation random --file F` continues where it was stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from causaldisc.algorithms import cdnod, pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Column, ColumnKind, Dataset, discrete_column
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.knowledge import Knowledge
from causaldisc.search.autocorrelation import Autocorrelation
from causaldisc.simulate import domains, nonstationary

ALPHA = 0.05
ROWS = 600
Cell = tuple[str | int | float, ...]
Maker = Callable[[np.random.Generator], tuple[list[np.ndarray], Graph]]
Program = Callable[[Dataset, str], Graph]


class Cells:
    """Results by cell, kept in a file if there is one."""

    def __init__(self, path: str | None) -> None:
        self.path = path
        lines = Path(path).read_text().splitlines() if path and Path(path).exists() else []
        self.known = {tuple(one["cell"]): one["found"] for one in map(json.loads, lines)}

    def get(self, cell: Cell, make: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Return what was found in a cell, now if not before."""
        if cell not in self.known:
            self.known[cell] = make()
            if self.path:
                with Path(self.path).open("a") as file:
                    file.write(json.dumps({"cell": cell, "found": self.known[cell]}) + "\n")
        return self.known[cell]


# ---- the authors' examples: the data, the context, the true graph


def cosines(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Return a smooth curve of variance one."""
    t = np.arange(rows) / rows
    curve = sum(rng.normal() / k * np.cos(np.pi * k * t + rng.uniform(0, 2 * np.pi)) for k in range(1, 7))
    return (curve - curve.mean()) / curve.std()


def example_1(rng: np.random.Generator) -> tuple[list[np.ndarray], Graph]:
    """Return a chain of which two modules change by related curves."""
    t = np.arange(1.0, 501.0)
    noise = rng.standard_normal((4, 500))
    x1 = noise[0]
    x2 = 0.9 * x1 + 1.5 * np.sin(t / 50) + 0.6 * noise[1]
    x3 = 0.9 * x2 + 0.6 * noise[2]
    x4 = 0.9 * x3 + np.sin(t / 50) + np.sin(t / 20) + 0.6 * noise[3]
    return [x1, x2, x3, x4], Graph.parse("C --> X2; C --> X4; X1 --> X2 --> X3 --> X4", GraphKind.DAG)


def example_2(rng: np.random.Generator) -> tuple[list[np.ndarray], Graph]:
    """Return a chain of which all modules change, each by its own curve."""
    noise = 0.3 * rng.standard_normal((3, 500))
    x1 = cosines(rng, 500) + noise[0]
    x2 = 0.8 * x1 + cosines(rng, 500) + noise[1]
    x3 = 0.8 * x2 + cosines(rng, 500) + noise[2]
    return [x1, x2, x3], Graph.parse("C --> X1; C --> X2; C --> X3; X1 --> X2 --> X3", GraphKind.DAG)


def example_3(rng: np.random.Generator) -> tuple[list[np.ndarray], Graph]:
    """Return a chain in two domains: linear with much noise, and a sine with little."""
    columns: list[np.ndarray] = []
    for _ in range(3):
        noise = rng.standard_normal(600) * np.repeat([0.6, 0.2], 300)
        cause = columns[-1] if columns else np.zeros(600)
        columns.append(np.concatenate([0.9 * cause[:300], np.sin(cause[300:])]) + noise)
    return columns, Graph.parse("C --> X1; C --> X2; C --> X3; X1 --> X2 --> X3", GraphKind.DAG)


def example_4(rng: np.random.Generator) -> tuple[list[np.ndarray], Graph]:
    """Return the chain of example 1 with a first and a second variable of two numbers."""
    t = np.arange(1.0, 501.0)
    noise = rng.standard_normal((6, 500))
    x1 = noise[:2]
    x2 = 0.9 * x1 + 1.5 * np.sin(t / 50) + 0.6 * noise[2:4]
    x3 = 0.9 * x2.mean(axis=0) + 0.6 * noise[4]
    x4 = 0.9 * x3 + np.sin(t / 50) + np.sin(t / 20) + 0.6 * noise[5]
    return [x1.T, x2.T, x3, x4], Graph.parse("C --> X2; C --> X4; X1 --> X2 --> X3 --> X4", GraphKind.DAG)


EXAMPLES: dict[str, Maker] = {
    "example 1": example_1,
    "example 2": example_2,
    "example 3": example_3,
    "example 4": example_4,
}


def as_data(columns: Iterable[np.ndarray], name: str) -> Dataset:
    """Return the variables and their context, C."""
    made = [Column(f"X{i + 1}", ColumnKind.CONTINUOUS, c) for i, c in enumerate(columns)]
    rows = len(made[0].missing)
    if name == "example 3":
        return Dataset((*made, discrete_column("C", np.repeat([0.0, 1.0], rows // 2))), rows)
    return Dataset((*made, Column("C", ColumnKind.TIME, np.arange(1.0, rows + 1))), rows)


def counts(found: Graph, truth: Graph, context: str) -> dict[str, float]:
    """Return right / found / true of edges between variables, of changing modules, and of arrows between variables."""
    names = [name for name in truth.names if name != context]
    got: dict[str, float] = dict.fromkeys([f"{a}_{b}" for a in "eca" for b in ("right", "found", "true")], 0)

    def note(what: str, is_found: bool, is_true: bool) -> None:
        got[f"{what}_right"] += is_found and is_true
        got[f"{what}_found"] += is_found
        got[f"{what}_true"] += is_true

    for i, a in enumerate(names):
        u, v = found.index(a), truth.index(a)
        if context in found.names:
            note("c", found.has_edge(found.index(context), u), truth.has_edge(truth.index(context), v))
        for b in names[i + 1 :]:
            w, x = found.index(b), truth.index(b)
            note("e", found.has_edge(u, w), truth.has_edge(v, x))
            note("a", found.is_directed(u, w), truth.is_directed(v, x))
            note("a", found.is_directed(w, u), truth.is_directed(x, v))
    return got


def ours(data: Dataset, context: str) -> Graph:
    options = cdnod.Options(index=(context,), alpha=ALPHA)
    return cdnod.run(data, options, TestChoice("kci"), Knowledge(), Context()).graph


def without_past(data: Dataset, context: str) -> Graph:
    options = cdnod.Options(index=(context,), alpha=ALPHA, autocorrelation=Autocorrelation.NONE)
    return cdnod.run(data, options, TestChoice("kci"), Knowledge(), Context()).graph


def plain_pc(data: Dataset, context: str) -> Graph:
    kept = data.select([name for name in data.names if name != context])
    return pc.run(kept, pc.Options(alpha=ALPHA), TestChoice("kci"), Knowledge(), Context()).graph


def causal_learn(data: Dataset, context: str) -> Graph:
    """Return the graph of causal-learn's cdnod with kci, the context a number as it must be there."""
    from causallearn.search.ConstraintBased.CDNOD import cdnod as theirs

    names = [name for name in data.names if name != context]
    column = data.columns[data.index(context)]
    index = column.values if column.codes is None else column.codes.astype(float)
    values = data.select(names).matrix().T
    np.random.seed(0)  # noqa: NPY002 - theirs draws from the global generator
    with contextlib.redirect_stderr(io.StringIO()):  # it shows progress, told not to
        ends = theirs(values, np.asarray(index)[:, None], ALPHA, "kci", show_progress=False).G.graph
    graph = Graph([*names, context], GraphKind.MIXED)
    mark = {-1: Mark.TAIL, 1: Mark.ARROW}
    for i in range(len(graph)):
        for j in range(i):
            if ends[i, j]:
                graph.add_edge(i, j, mark[ends[i, j]], mark[ends[j, i]])
    return graph


def timed(work: Callable[[], Graph], truth: Graph, context: str) -> dict[str, float]:
    start = time.perf_counter()
    found = work()
    return {**counts(found, truth, context), "seconds": round(time.perf_counter() - start, 2)}


# ---- studies


def examples(cells: Cells, seeds: int, peers: int) -> None:
    print("| example | program | seeds | edges | changing modules | arrows | seconds |\n|---|---|---|---|---|---|---|")
    for name, make in EXAMPLES.items():
        # causal-learn takes no variables of several numbers.
        of_peer = 0 if name == "example 4" else min(peers, seeds)
        for program, run, most in (("ours", ours, seeds), ("causal-learn", causal_learn, of_peer)):
            found = [cells.get((name, program, seed), partial(_example, name, make, run, seed)) for seed in range(most)]
            if found:
                print(f"| {name} | {program} | {most} | {_whole(found)} |", flush=True)


def _example(name: str, make: Maker, run: Program, seed: int) -> dict[str, float]:
    columns, truth = make(np.random.default_rng([1, seed]))
    return timed(partial(run, as_data(columns, name), "C"), truth, "C")


def _whole(found: list[dict[str, float]]) -> str:
    cells = ["/".join(f"{sum(f[f'{a}_{b}'] for f in found):.0f}" for b in ("right", "found", "true")) for a in "ec"]
    arrows = "/".join(f"{sum(f[f'a_{b}'] for f in found):.0f}" for b in ("right", "found"))
    return " | ".join([*cells, arrows, f"{np.mean([f['seconds'] for f in found]):.2f}"])


def autoregression(rng: np.random.Generator, rows: int, phi: float) -> np.ndarray:
    """Return a stationary series of variance one."""
    fresh = rng.standard_normal(rows)
    series = fresh.copy()
    for i in range(1, rows):
        series[i] = phi * series[i - 1] + np.sqrt(1 - phi * phi) * fresh[i]
    return series


SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda t: np.zeros(len(t)),
    "step of 0.5": lambda t: 0.5 * (t >= 0.5),
    "bend of 0.5": lambda t: 0.25 * np.tanh(6 * (t - 0.5)),
    "line of 0.5": lambda t: 0.5 * t,
    "sine, from -0.25 to 0.25": lambda t: 0.25 * np.sin(2 * np.pi * t),
    "sine, 4 periods, +-0.5": lambda t: 0.5 * np.sin(8 * np.pi * t),
}


def _called_changing(shape: str, phi: float, rows: int, remedy: Autocorrelation, seed: int) -> dict[str, float]:
    series = autoregression(np.random.default_rng([2, seed]), rows, phi) + SHAPES[shape](np.arange(rows) / rows)
    options = cdnod.Options(index=("rows",), alpha=ALPHA, autocorrelation=remedy)
    data = Dataset.from_array(series[:, None])
    found = cdnod.run(data, options, TestChoice("kci"), Knowledge(), Context()).graph
    return {"found": float(found.has_edge(0, 1))}


def autocorrelation(cells: Cells, seeds: int, peers: int) -> None:
    print("| change of the mean | phi | rows | own lags | rows taken for independent |\n|---|---|---|---|---|")
    cases = [("none", phi, rows) for phi in (0.0, 0.5, 0.8, 0.95) for rows in (300, 600)]
    cases += [(shape, phi, ROWS) for shape in list(SHAPES)[1:] for phi in (0.0, 0.5)]
    for shape, phi, rows in cases:
        shown = []
        for remedy in (Autocorrelation.AUTO, Autocorrelation.NONE):
            found = []
            for seed in range(seeds * 10):
                cell = ("autocorrelation", shape, phi, rows, remedy.value, seed)
                work = partial(_called_changing, shape, phi, rows, remedy, seed)
                found.append(cells.get(cell, work)["found"])
            share = np.mean(found)
            shown.append(f"{share:.3f} ± {np.sqrt(share * (1 - share) / len(found)):.3f}")
        print(f"| {shape} | {phi:g} | {rows} | {' | '.join(shown)} |", flush=True)


MAKERS = {
    "time": (nonstationary, nonstationary.Options(rows=ROWS), "time"),
    "time, autocorrelated (0.5)": (nonstationary, nonstationary.Options(rows=ROWS, autocorrelation=0.5), "time"),
    "5 domains": (domains, domains.Options(rows=ROWS), "domain"),
}
PROGRAMS = {
    "ours": ours,
    "ours, own past left out": without_past,
    "pc without context": plain_pc,
    "causal-learn": causal_learn,
}


def random(cells: Cells, seeds: int, peers: int) -> None:
    print(
        "| changes along | program | graphs | edges P / R / F1 | changing modules P / R / F1 | arrows P / R / F1 | s |"
    )
    print("|---|---|---|---|---|---|---|")
    for kind in MAKERS:
        for program, run in PROGRAMS.items():
            if run is without_past and "autocorrelated" not in kind:
                continue  # it makes no difference
            if run is not causal_learn:
                _print_row(kind, program, _found(cells, kind, program, run, seeds))
            elif peers:
                _print_row(kind, "ours", _found(cells, kind, "ours", ours, min(peers, seeds)))
                _print_row(kind, program, _found(cells, kind, program, run, min(peers, seeds)))


def _found(cells: Cells, kind: str, program: str, run: Program, seeds: int) -> list[dict[str, float]]:
    return [cells.get(("random", kind, program, seed), partial(_random, kind, run, seed)) for seed in range(seeds)]


def _print_row(kind: str, program: str, found: list[dict[str, float]]) -> None:
    row = " | ".join(_shares(found, a) for a in "eca")
    seconds = np.mean([f["seconds"] for f in found])
    print(f"| {kind} | {program} | {len(found)} | {row} | {seconds:.1f} |", flush=True)


def _random(kind: str, run: Program, seed: int) -> dict[str, float]:
    module, options, context = MAKERS[kind]
    made = module.generate(options, np.random.default_rng([3, seed]))
    return timed(partial(run, made.data, context), made.truth, context)


def _shares(found: list[dict[str, float]], what: str) -> str:
    """Return precision, recall and F1 over all graphs together, with the standard error of F1 by the jackknife."""
    table = np.array([[f[f"{what}_{b}"] for b in ("right", "found", "true")] for f in found])
    if not table[:, 2].any():
        return "-"
    right, made, true = table.sum(axis=0)
    without = table.sum(axis=0) - table
    scores = 2 * without[:, 0] / np.maximum(without[:, 1] + without[:, 2], 1)
    error = np.sqrt((len(found) - 1) * np.var(scores))
    return f"{right / max(made, 1):.2f} / {right / true:.2f} / {2 * right / (made + true):.2f} ± {error:.2f}"


# ---- fast curves


def fast_chain(rng: np.random.Generator, periods: tuple[float, float], phi: float) -> tuple[list[np.ndarray], Graph]:
    """Return a chain of which all modules change, each by its own sum of five sinusoids; phi is that of the noise."""

    def curve() -> np.ndarray:
        turns = np.outer(np.arange(500) / 500, rng.uniform(*periods, 5)) + rng.uniform(0, 1, 5)
        found = np.sin(2 * np.pi * turns) @ rng.uniform(0.5, 1, 5)
        return np.asarray((found - found.mean()) / found.std())

    noise = [autoregression(rng, 500, phi) for _ in range(3)]
    x1 = 1.1 * curve() + 0.5 * noise[0]
    x2 = 0.8 * x1 + curve() + 0.5 * noise[1]
    x3 = 0.8 * x2 + 1.6 * curve() + 0.3 * noise[2]
    return [x1, x2, x3], Graph.parse("C --> X1; C --> X2; C --> X3; X1 --> X2 --> X3", GraphKind.DAG)


def fast(cells: Cells, seeds: int, peers: int) -> None:
    print("| periods | phi of the noise | program | edges | changing modules | arrows | seconds |\n" + "|---" * 7 + "|")
    for periods, phi in (((4, 16), 0.0), ((8, 24), 0.0), ((4, 16), 0.5)):
        make = partial(fast_chain, periods=periods, phi=phi)
        for name, run in (("ours", ours), ("ours, own past left out", without_past)):
            cell = ("fast", *periods, phi, name)
            found = [cells.get((*cell, s), partial(_fast, make, run, s)) for s in range(seeds)]
            print(f"| {periods[0]} to {periods[1]} | {phi:g} | {name} | {_whole(found)} |", flush=True)


def _fast(make: Maker, run: Program, seed: int) -> dict[str, float]:
    columns, truth = make(np.random.default_rng([13, seed]))
    return timed(partial(run, as_data(columns, "example 2"), "C"), truth, "C")


# ---- exact kernels and those of low rank


def forms(cells: Cells, seeds: int, peers: int) -> None:
    print("| example | graphs | the same | edges of both | edges that differ |\n|---|---|---|---|---|")
    for name, make in EXAMPLES.items():
        found = [cells.get(("forms", name, seed), partial(differences, name, make, seed)) for seed in range(seeds)]
        same = sum(not f["differ"] for f in found)
        edges, differ = (sum(f[key] for f in found) for key in ("edges", "differ"))
        print(f"| {name} | {seeds} | {same} | {edges:.0f} | {differ:.0f} |", flush=True)


def differences(name: str, make: Maker, seed: int) -> dict[str, float]:
    """Return how many edges the graph of exact kernels and that of low rank have together, and how many not both."""
    data = as_data(make(np.random.default_rng([1, seed]))[0], name)
    options = cdnod.Options(index=("C",), alpha=ALPHA)
    exact, low = (
        {
            frozenset([(e.source, e.mark_source), (e.target, e.mark_target)])
            for e in cdnod.run(data, options, choice, Knowledge(), Context()).graph.edges()
        }
        for choice in (TestChoice("kci"), TestChoice("kci", {"kernel_exact_rows": 0}))
    )
    return {"edges": len(exact | low), "differ": len(exact ^ low)}


STUDIES = {"examples": examples, "autocorrelation": autocorrelation, "random": random, "fast": fast, "forms": forms}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", default=list(STUDIES), metavar="STUDY", help="|".join(STUDIES))
    parser.add_argument("--seeds", type=int, default=20, help="graphs; ten times as many series of autocorrelation")
    parser.add_argument("--peers", type=int, default=0, help="seeds on which causal-learn runs too; it takes minutes")
    parser.add_argument("--file", help="keep what is found here, and go on from it")
    chosen = parser.parse_args()
    cells = Cells(chosen.file)
    for study in chosen.studies:
        STUDIES[study](cells, chosen.seeds, chosen.peers)
        print()


if __name__ == "__main__":
    main()
