"""How well rankings find known root causes: AC@k and Avg@5, ties in expectation, beside chance.

AC@k is the share of cases whose root is among the first k, Avg@5 the mean of AC@1 to AC@5 (L. Pham et al., "Root cause
analysis for microservice system based on causal inference: how far are we?", ASE 2024). Candidates of the
same rank are in random order: each of them counts with the chance that it comes among the first k. Candidates that a
ranking does not list share the places behind it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from causaldisc.errors import DataError
from causaldisc.graph import Graph
from causaldisc.rca.levels import Level

DEEPEST = 5


@dataclass(frozen=True)
class Truth:
    """The root of a case, all candidates, and their services; None where the graph names none."""

    root: str
    candidates: tuple[str, ...]
    services: Mapping[str, str] | None


def truth_of(graph: Graph, source: str) -> Truth:
    """Return what the node attributes of a true graph say: `root` true for one node, `service` of each.

    Raises DataError unless one node is the root.
    """
    roots = [node.name for node in graph.nodes if node.attributes.get("root") in (True, "true", "True")]
    if len(roots) != 1:
        count = f"{len(roots)} nodes" if roots else "no node"
        raise DataError(
            f"{source}: {count} with the attribute 'root'; the graph of a case has one, as of 'simulate faults'"
        )
    services = {node.name: str(node.attributes["service"]) for node in graph.nodes if "service" in node.attributes}
    return Truth(roots[0], graph.names, services if len(services) == len(graph) else None)


def accuracy(ranks: Mapping[str, float], root: str, candidates: Iterable[str]) -> tuple[float, ...]:
    """Return the chance that the root is among the first 1, ..., DEEPEST; `ranks`: of what is listed, the least first.

    What is listed and no candidate counts, too: it takes a place.
    """
    unlisted = len(set(candidates) - ranks.keys())
    if root in ranks:
        before = sum(rank < ranks[root] for rank in ranks.values())
        ties = sum(rank == ranks[root] for rank in ranks.values())
    else:
        before, ties = len(ranks), max(unlisted, 1)
    return tuple(min(max((k - before) / ties, 0.0), 1.0) for k in range(1, DEEPEST + 1))


def by_service(ranks: Mapping[str, float], services: Mapping[str, str]) -> dict[str, float]:
    """Return the ranks of services: that of their first metric."""
    found: dict[str, float] = {}
    for metric, rank in ranks.items():
        service = services.get(metric, metric)
        found[service] = min(rank, found.get(service, math.inf))
    return found


def figures(cases: Sequence[tuple[Truth, Level, Mapping[str, float]]]) -> list[dict[str, object]]:
    """Return the figures of metrics, where all rankings are of metrics, and of services, where all truths know them.

    Each case is its truth, and the ranks of what its ranking ranks. Raises DataError where neither can be told.
    """
    found: list[dict[str, object]] = []
    if all(level is Level.METRIC for _, level, _ in cases):
        of_metrics = [(accuracy(ranks, t.root, t.candidates), len(t.candidates)) for t, _, ranks in cases]
        found.append(summary("metric", of_metrics))
    of_services = []
    for truth, level, ranks in cases:
        if truth.services is None:
            continue
        services = set(truth.services.values())
        merged = by_service(ranks, truth.services) if level is Level.METRIC else ranks
        of_services.append((accuracy(merged, truth.services[truth.root], services), len(services)))
    if of_services and len(of_services) == len(cases):
        found.append(summary("service", of_services))
    if not found:
        raise DataError("rankings of services need true graphs whose nodes have the attribute 'service'")
    return found


def summary(level: str, cases: Sequence[tuple[Sequence[float], int]]) -> dict[str, object]:
    """Return the figures of cases, each its AC@k and how many candidates there were.

    `avg@5_se`: the standard error over cases, None for one; `chance`: Avg@5 of a random order; `lift`: how many times
    that.
    """
    n = len(cases)
    average = [sum(found) / DEEPEST for found, _ in cases]
    mean = sum(average) / n
    variance = sum((a - mean) ** 2 for a in average) / (n - 1) if n > 1 else None
    chance = sum(min(k / count, 1.0) for _, count in cases for k in range(1, DEEPEST + 1)) / (DEEPEST * n)
    return {
        "level": level,
        "cases": n,
        "candidates": sum(count for _, count in cases) / n,
        **{f"ac@{k + 1}": sum(found[k] for found, _ in cases) / n for k in range(DEEPEST)},
        f"avg@{DEEPEST}": mean,
        f"avg@{DEEPEST}_se": None if variance is None else math.sqrt(variance / n),
        "chance": chance,
        "lift": mean / chance,
    }
