"""Root causes of injected faults: every method, the time right and wrong, with learned and with true graphs.

    python benchmarks/rca.py [--cases 50] [--first 0] [--workers 1] [--store graphs/]
    python benchmarks/rca.py --paired [--cases 80] [--first 2000]

Cases are those of `causaldisc simulate faults --seed N` as it is by default: 40 metrics of 8 services, 1,000 rows, a
fault of any kind in any service at row 601. Graphs: `granger`, by `learned` below, from all rows, as in the pipe
`causaldisc granger - --time time --model linear | causaldisc rca -`; `calls`, the same without edges between services
that do not call one another; `true`, the lagged graph that made the data. Times: right, 60 rows early, 60 rows late,
and detected.
Figures are Avg@5 of metrics (chance 0.075) and of services (chance 0.375), +- one standard error over cases; ties count
in expectation. Then, at the right time and with the learned graph, AC@k and what each kind of fault gives, and how near
the detected time is. The form of the default method was chosen on the seeds 1000 to 1023.
`--paired` compares methods case by case, with the true graph (which costs nothing), in other settings too.

`z-score` is the largest (x - mean) / sd. `RUN, literal` is a twin of the ranking of RUN's release, as the literature
describes it, with three of its defects (docs/rca.md): edges of metrics to themselves are kept, and correlate 1 with
themselves; while there is a cycle, the edge of the least signed correlation of the whole graph goes; PageRank goes
towards effects.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from causaldisc.algorithms import granger
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import Graph, formats
from causaldisc.rca import change_point, known, links, scoring, series
from causaldisc.rca.case import Case, Direction
from causaldisc.rca.methods import base, run
from causaldisc.rca.walk import back_to_causes, ranks
from causaldisc.result import Result
from causaldisc.simulate import faults

SHIFT = 60
TIMES = ("right", "early", "late", "detected")
Scores = Callable[[Case, Graph], np.ndarray]


def learned(data: Dataset, seed: int) -> Graph:
    """Return the graph that the pipe would have; the one place where the model is chosen."""
    return granger.run(data, granger.Options(time="time", model=granger.Model.LINEAR, seed=seed), Context()).graph


# ---- methods


def literal(case: Case, graph: Graph) -> np.ndarray:
    """Return what the release of RUN ranks by: the arrows of the case, and the loops of its graph."""
    place = [case.names.index(name) for name in graph.names]
    edges = {(link.cause, link.effect) for link in case.links}
    edges |= {(place[e.source], place[e.target]) for e in graph.edges() if e.source == e.target}
    signed = run.correlations(case.values)
    while has_cycle(edges):
        edges.remove(min(edges, key=lambda edge: (signed[edge], edge)))
    backwards = [links.Link(v, u, (1,)) for u, v in sorted(edges)]  # so that a walk goes to the effect
    start = np.ones(len(case))
    start[[u for u, _ in edges]] = 0.5
    return back_to_causes(len(case), backwards, [1.0] * len(backwards), start)


def has_cycle(edges: set[tuple[int, int]]) -> bool:
    """Tell whether there is a cycle, a loop too: whether taking away what has no cause leaves anything."""
    left = set(edges)
    while left:
        caused = {v for _, v in left}
        fewer = {(u, v) for u, v in left if u in caused}
        if len(fewer) == len(left):
            return True
        left = fewer
    return False


def z_score(case: Case) -> np.ndarray:
    """Return the largest (x - mean) / sd; metrics without spread get 0, as nothing can be said of them."""
    mean, sd = np.nanmean(case.normal, axis=1), np.nanstd(case.normal, axis=1)
    highest = np.nanmax(case.anomalous, axis=1)
    return np.where(sd > 0.0, (highest - mean) / np.where(sd > 0.0, sd, 1.0), 0.0)


def use(name: str, **changes: object) -> Scores:
    """Return a method of the program, with another setting of the case."""
    return lambda case, _: base.get(name).scores(replace(case, **changes))


# What needs a graph, and what does not.
ON_GRAPHS: dict[str, Scores] = {
    "combined": use("combined"),
    "residual": use("residual"),
    "pagerank": use("pagerank"),
    "RUN, repaired": use("run"),
    "RUN, literal": literal,
}
WITHOUT: dict[str, Scores] = {
    "robust": use("robust"),
    "robust, --lasting 0": use("robust", lasting=0.0),
    "robust, --direction both": use("robust", direction=Direction.BOTH),
    "z-score": lambda case, _: z_score(case),
    "random": lambda case, _: np.zeros(len(case)),
}
METHODS = ON_GRAPHS | WITHOUT
GRAPHS = ("granger", "calls", "true")


# ---- cases


@dataclass(frozen=True)
class Outcome:
    """Of one case: kind of fault, how far off the detected time is, and AC@k by (graph, method, time, level)."""

    fault: str
    off: int
    found: dict[tuple[str, str, str, str], tuple[float, ...]]


def outcome(store: Path | None, seed: int) -> Outcome:
    """Rank one case in every way."""
    made = faults.generate(faults.Options(), np.random.default_rng(seed))
    metrics = series.series(made.data, "time")
    truth = scoring.truth_of(made.truth, "the truth")
    of_services = known.services(metrics.names, "^(.*?)_")
    row = made.facts["injected_row"] - 1
    detected, _ = change_point.find(metrics.values, series.FEWEST_BEFORE)
    times = dict(zip(TIMES, (row, row - SHIFT, row + SHIFT, detected), strict=True))
    by_data = stored(store, seed, made.data)
    found = {}
    for name, graph, called in (("granger", by_data, False), ("calls", by_data, True), ("true", made.truth, False)):
        arrows = links.of_graph(graph, [metrics.names.index(n) for n in graph.names])
        if called:
            arrows = known.with_calls(arrows, made.calls, of_services)
        for time, start in times.items():
            case = Case(metrics.names, metrics.values, metrics.parts, start, arrows)
            for method, scores in METHODS.items():
                rank = dict(zip(case.names, ranks(scores(case, graph)).tolist(), strict=True))
                found[name, method, time, "metric"] = scoring.accuracy(rank, truth.root, truth.candidates)
                merged = scoring.by_service(rank, truth.services)
                service = truth.services[truth.root]
                found[name, method, time, "service"] = scoring.accuracy(merged, service, set(truth.services.values()))
    return Outcome(made.facts["fault"], detected - row, found)


def stored(store: Path | None, seed: int, data: Dataset) -> Graph:
    """Return the learned graph, kept in a folder if there is one: learning takes most of the time."""
    if store is None:
        return learned(data, seed)
    path = store / f"{seed}.json"
    if not path.exists():
        store.mkdir(parents=True, exist_ok=True)
        path.write_text(formats.dump("json", Result(learned(data, seed))))
    return formats.read(path).graph


# ---- tables


def mean(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.3f}"


def tables(found: list[Outcome]) -> None:
    """Print the tables."""
    for level in ("metric", "service"):
        print(f"\nAvg@5, {level}s\n\n| Graph | Method | " + " | ".join(TIMES) + " |")
        print("|---" * (2 + len(TIMES)) + "|")
        for graph, method in [*product(GRAPHS, ON_GRAPHS), *(("granger", m) for m in WITHOUT)]:
            cells = [mean([np.mean(o.found[graph, method, t, level]) for o in found]) for t in TIMES]
            print(f"| {graph if method in ON_GRAPHS else ''} | {method} | " + " | ".join(cells) + " |")
    print("\nAt the right time, learned graph: AC@k of metrics, and Avg@5 by kind of fault\n")
    kinds = sorted({o.fault for o in found})
    counts = {kind: sum(o.fault == kind for o in found) for kind in kinds}
    print("| Method | " + " | ".join(f"AC@{k}" for k in range(1, 6)), end=" | ")
    print(" | ".join(f"{kind} ({counts[kind]})" for kind in kinds) + " |\n" + "|---" * (6 + len(kinds)) + "|")
    for method in METHODS:
        key = ("granger", method, "right", "metric")
        cells = [f"{np.mean([o.found[key][k] for o in found]):.2f}" for k in range(5)]
        cells += [f"{np.mean([np.mean(o.found[key]) for o in found if o.fault == kind]):.2f}" for kind in kinds]
        print(f"| {method} | " + " | ".join(cells) + " |")
    print("\nDetected time: share of cases within 5 and 60 rows, by kind of fault\n")
    for kind in [*kinds, "all"]:
        off = [abs(o.off) for o in found if kind in (o.fault, "all")]
        print(f"- {kind}: {np.mean([x <= 5 for x in off]):.2f}, {np.mean([x <= 60 for x in off]):.2f}")


def paired(cases: range) -> None:
    """Print what the default gains over its parts, case by case, with true graphs."""
    print("| Cases | combined | robust | residual | combined - robust | combined - residual |\n" + "|---" * 6 + "|")
    for title, more in (
        ("as they are by default", {}),
        ("faults half as strong", {"strength": 0.5}),
        ("faults twice as strong", {"strength": 2.0}),
        ("16 services", {"services": 16}),
    ):
        found: dict[str, list[float]] = {name: [] for name in ("combined", "robust", "residual")}
        for seed in cases:
            made = faults.generate(faults.Options(**more), np.random.default_rng(seed))
            metrics = series.series(made.data, "time")
            truth = scoring.truth_of(made.truth, "the truth")
            arrows = links.of_graph(made.truth, range(len(made.truth)))
            case = Case(metrics.names, metrics.values, metrics.parts, made.facts["injected_row"] - 1, arrows)
            for name, figures in found.items():
                rank = dict(zip(case.names, ranks(base.get(name).scores(case)).tolist(), strict=True))
                figures.append(float(np.mean(scoring.accuracy(rank, truth.root, truth.candidates))))
        whole = np.array(found["combined"])
        cells = [f"{np.mean(found[name]):.3f}" for name in found]
        cells += [mean(list(whole - np.array(found[name]))) for name in ("robust", "residual")]
        print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paired", action="store_true")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--first", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--store", type=Path, help="Folder for learned graphs, read where they are there.")
    chosen = parser.parse_args()
    first = chosen.first if chosen.first is not None else 2000 if chosen.paired else 0
    seeds = range(first, first + (chosen.cases or (80 if chosen.paired else 50)))
    if chosen.paired:
        paired(seeds)
        return
    with multiprocessing.Pool(chosen.workers) as pool:
        found = list(pool.imap(partial(outcome, chosen.store), seeds))
    tables(found)


if __name__ == "__main__":
    main()
