"""Directions from independent changes, and driving forces: how often they are right, how often they say nothing.

    python benchmarks/independent_change.py --seeds 40

Pairs x -> y with independent drivers, smooth (n = 500) and over 10, 20 and 40 domains of 30 to 70 rows; nulls, under
which no arrow should be committed: one driver moves both mechanisms, equal changes of a linear Gaussian pair (neither
direction can be told), nothing changes; then the chain of the authors' example 2, whose curves are drawn anew here.
Markdown tables; +- is one standard error.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable

import numpy as np
import published_embeddings

from causaldisc.citests import _kernels
from causaldisc.data.contexts import ContextKind
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.search.driving_force import driving_forces
from causaldisc.search.mechanisms import Mechanisms
from causaldisc.search.orient_changes import Judgement, Outcome, orient_changes

Pair = tuple[np.ndarray, np.ndarray, np.ndarray, ContextKind]
KINDS = ("mean", "weight", "noise")
SETTINGS = ("smooth, slow", "smooth, fast", "10 domains", "20 domains", "40 domains", "20 unequal")
# Cycles over the record of the sinusoids that a smooth driver is made of.
SLOW, FAST = (1.0, 8.0), (4.0, 16.0)
SINUSOIDS, ROWS = 5, 500


def smooth(rng: np.random.Generator, cycles: tuple[float, float], rows: int = ROWS) -> np.ndarray:
    """A sum of sinusoids of random frequency, phase and height, of variance one."""
    frequencies, phases = rng.uniform(*cycles, SINUSOIDS), rng.uniform(0, 2 * np.pi, SINUSOIDS)
    curve = np.sin(2 * np.pi * np.outer(np.arange(rows) / rows, frequencies) + phases) @ rng.uniform(0.5, 1, SINUSOIDS)
    return (curve - curve.mean()) / curve.std()


def drivers(
    setting: str, rng: np.random.Generator, shared: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, ContextKind]:
    """Return the drivers of x and y by row, the index, and what it is."""
    if setting.startswith("smooth"):
        cycles = SLOW if setting.endswith("slow") else FAST
        first = smooth(rng, cycles)
        return first, first if shared else smooth(rng, cycles), np.arange(float(ROWS)), ContextKind.TIME
    count = int(setting.split()[0])
    sizes = rng.integers(30, 71, count)
    if setting.endswith("unequal"):
        sizes = np.exp(rng.uniform(0, math.log(200), count)).astype(int)  # 1 to 199 rows
    codes = np.repeat(np.arange(count), sizes)
    first = rng.standard_normal(count)
    second = first if shared else rng.standard_normal(count)
    return first[codes], second[codes], codes, ContextKind.DOMAIN


def link(rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """A mechanism: linear, saturating, wavy or bent."""
    sign, weight = rng.choice([-1.0, 1.0]), rng.uniform(0.7, 1.3)
    return [
        lambda x: sign * weight * x,
        lambda x: sign * 1.5 * np.tanh(x),
        lambda x: sign * (0.5 * x + 0.6 * np.sin(1.5 * x)),
        lambda x: sign * (weight * x + 0.25 * x**2),
    ][rng.integers(4)]


def pair(setting: str, kind: str, rng: np.random.Generator, shared: bool = False) -> Pair:
    """Return x, y = f(x) + noise with changes of a kind, the index, and what it is."""
    u, v, index, what = drivers(setting, rng, shared)
    f, (of_x, of_y) = link(rng), (rng.uniform(0.5, 1.0), rng.uniform(0.3, 0.6))
    e, g = rng.standard_normal((2, len(u)))
    if kind == "mean":
        x = 1.2 * u + of_x * e
        return x, f(x) + 1.2 * v + of_y * g, index, what
    if kind == "weight":
        x = 1.2 * u + of_x * e
        return x, (1.0 + 0.7 * v) * f(x) + of_y * g, index, what
    if kind == "noise":
        x = np.exp(0.6 * u) * of_x * e
        return x, f(x) + np.exp(0.6 * v) * of_y * g, index, what
    if kind == "equal":
        x = 1.2 * u + e
        return x, x + 1.2 * v + g, index, what
    x = of_x * e
    return x, f(x) + of_y * g, index, what


def judged(one: Pair, alpha: float) -> Judgement:
    x, y, index, what = one
    graph = Graph(("x", "y"), GraphKind.CPDAG)
    graph.add_edge(0, 1, Mark.TAIL, Mark.TAIL)
    return orient_changes(graph, Mechanisms(("x", "y"), [[x], [y]], what, index), (0, 1), alpha)[0]


def share(hits: Iterable[bool]) -> str:
    found = list(hits)
    if not found:
        return "none"
    p = sum(found) / len(found)
    return f"{100 * p:.0f} +- {100 * math.sqrt(p * (1 - p) / len(found)):.0f}"


def row(label: str, found: list[Judgement], alpha: float) -> None:
    committed = [j for j in found if j.outcome is Outcome.ORIENTED]
    cells = [
        share(j.outcome is Outcome.ORIENTED for j in found),
        share(j.cause == 0 for j in committed),
        share(j.forward.p_value <= alpha for j in found),
        share(j.backward.p_value <= alpha for j in found),
    ]
    print(f"| {label} | {len(found)} | " + " | ".join(cells) + " |", flush=True)


def pairs(seeds: int, alpha: float, settings: tuple[str, ...]) -> None:
    print(f"\nIndependent drivers, percent; `--orient-alpha` {alpha:g}\n")
    print("| setting | pairs | committed | right of these | x -> y dependent | y -> x dependent |")
    print("|---|---|---|---|---|---|")
    for setting in settings:
        every = []
        for kind in KINDS:
            found = [judged(pair(setting, kind, np.random.default_rng(s)), alpha) for s in range(seeds)]
            row(f"{setting}, {kind}", found, alpha)
            every += found
        row(f"**{setting}, all**", every, alpha)


def nulls(seeds: int, alpha: float, settings: tuple[str, ...]) -> None:
    print("\nNo independent change, percent\n")
    print("| setting | pairs | committed | as made of these | x -> y dependent | y -> x dependent |")
    print("|---|---|---|---|---|---|")
    for setting in settings:
        for label, kind, shared in [(f"one driver, {k}", k, True) for k in KINDS] + [
            ("equal, linear Gaussian", "equal", False),
            ("no change", "none", False),
        ]:
            found = [judged(pair(setting, kind, np.random.default_rng(s), shared), alpha) for s in range(seeds)]
            row(f"{setting}: {label}", found, alpha)


def published(seeds: int, alpha: float, settings: tuple[str, ...]) -> None:
    """Of the same pairs, which direction has the smaller score: of published embeddings, or the smaller z here."""
    print("\nNo abstention: the direction of the smaller score is right, percent\n")
    print("| setting | pairs | published embeddings, learned widths | z-score here |")
    print("|---|---|---|---|")
    for setting in settings:
        theirs, ours = [], []
        for kind in KINDS:
            for s in range(seeds):
                one = x, y, index, what = pair(setting, kind, np.random.default_rng(s))
                fx, fy = (_kernels.feature_of_numbers(v) for v in (x, y))
                is_domain = what is ContextKind.DOMAIN
                fc = (
                    _kernels.feature_of_codes(index.astype(np.int32))
                    if is_domain
                    else _kernels.feature_of_numbers(index)
                )
                theirs.append(published_embeddings.score(fx, fy, fc) < published_embeddings.score(fy, fx, fc))
                found = judged(one, alpha)
                ours.append(found.forward.z < found.backward.z)
        print(f"| {setting} | {len(ours)} | {share(theirs)} | {share(ours)} |", flush=True)


def chain(seeds: int, alpha: float, _: tuple[str, ...]) -> None:
    """Example 2: x1 -> x2 -> x3, each with a smooth driver in its mean; skeleton and changing modules given."""
    print(f"\nExample 2, n = {ROWS}, {seeds} seeds\n")
    print(
        "| drivers | arrows right | wrong | undecided | seeds with a wrong arrow | both right | driver x1 | x2 | x3 |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for label, cycles in (("slow", SLOW), ("fast", FAST)):
        right, wrong, seeds_wrong, both, correlations = 0, 0, 0, 0, []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            curves = [0.25 * smooth(rng, cycles) for _ in range(3)]
            e = rng.standard_normal((3, ROWS))
            x1 = 5 * curves[0] + 0.5 * e[0]
            x2 = 0.8 * x1 + 4 * curves[1] + 0.5 * e[1]
            x3 = 0.8 * x2 + 6 * curves[2] + 0.3 * e[2]
            bound = Mechanisms(("x1", "x2", "x3"), [[x1], [x2], [x3]], ContextKind.TIME, np.arange(float(ROWS)))
            graph, truth = Graph(bound.names, GraphKind.CPDAG), Graph(bound.names, GraphKind.CPDAG)
            for u, v in ((0, 1), (1, 2)):
                graph.add_edge(u, v, Mark.TAIL, Mark.TAIL)
                truth.add_edge(u, v, Mark.TAIL, Mark.ARROW)
            orient_changes(graph, bound, range(3), alpha)
            good = [graph.is_directed(u, v) for u, v in ((0, 1), (1, 2))]
            bad = [graph.is_directed(v, u) for u, v in ((0, 1), (1, 2))]
            right, wrong, both = right + sum(good), wrong + sum(bad), both + all(good)
            seeds_wrong += any(bad)
            correlations.append(
                [
                    abs(np.corrcoef(f.components[:, 0], np.interp(f.labels, np.arange(ROWS), curves[f.variable]))[0, 1])
                    for f in driving_forces(truth, bound, range(3))
                ]
            )
        median = " | ".join(f"{m:.2f}" for m in np.median(correlations, axis=0))
        cells = f"{right} | {wrong} | {2 * seeds - right - wrong} | {seeds_wrong} | {both}"
        print(f"| {label} | {cells} | {median} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--only", choices=("pairs", "nulls", "published", "chain"), default=None)
    parser.add_argument("--settings", default="", help="Only settings that hold one of these words, by commas.")
    asked = parser.parse_args()
    settings = tuple(s for s in SETTINGS if any(word in s for word in asked.settings.split(",")))
    for name, study in (("pairs", pairs), ("nulls", nulls), ("published", published), ("chain", chain)):
        if asked.only in (None, name):
            study(asked.seeds, asked.alpha, settings)


if __name__ == "__main__":
    main()
