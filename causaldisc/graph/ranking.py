"""Directed pairs ranked by strength, and how well a ranking finds the true edges.

The figures are those of BEELINE (A. Pratapa et al., "Benchmarking algorithms for gene regulatory network inference
from single-cell transcriptomic data", Nature Methods 17, 2020), so that they can stand in its tables: all ordered pairs
of the nodes of the truth, without self-loops, are scored by |weight|, 0 where the estimate has none; the areas are
those under straight lines between the points of the curves, all pairs of one weight a point; early precision is the
share of true edges among the k strongest pairs, k being the number of true edges, and those as strong as the last.

Deviations: the baseline of the ratios counts each true edge once and no self-loop (theirs counts the rows of the file);
pairs of other nodes than those of the truth never count (in their early precision they do).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeVar

from causaldisc.graph.graph import Edge, Graph, Mark, Value

Arrow = tuple[str, str]
Item = TypeVar("Item", Arrow, tuple[str, str, int])
_UNDERFLOWN = math.log(5e-324)


@dataclass(frozen=True)
class Ranking:
    """Nodes, and the weights, 0 or more, of arrows between different ones."""

    nodes: frozenset[str]
    weights: Mapping[Arrow, float]

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[str, str, float]], nodes: Iterable[str] = ()) -> Ranking:
        """Return the ranking of (source, target, weight); of an arrow that comes twice the larger |weight| counts."""
        known, weights = set(nodes), dict[Arrow, float]()
        for source, target, weight in rows:
            known |= {source, target}
            if source != target:
                weights[source, target] = max(abs(weight), weights.get((source, target), 0.0))
        return cls(frozenset(known), weights)

    @classmethod
    def of_graph(cls, graph: Graph) -> Ranking:
        """Return the arrows that the marks of a graph allow, as strong as their edges: see `strength`.

        Edges without evidence weigh 0 beside others, and 1 where none has any.
        """
        return cls.of_rows(((source, target, s) for source, target, _, s in weighed(graph)), graph.names)

    def in_order(self) -> list[tuple[Arrow, float]]:
        """Return the arrows, the strongest first, equals by name."""
        return sorted(self.weights.items(), key=lambda item: (-item[1], item[0]))


def weighed(graph: Graph) -> Iterator[tuple[str, str, int, float]]:
    """Yield source, target, lag and strength of the arrows that the marks of a graph allow; see `Ranking.of_graph`."""
    edges = list(graph.edges())
    strengths = [strength(edge.attributes) for edge in edges]
    otherwise = 0.0 if any(s is not None for s in strengths) else 1.0
    for edge, s in zip(edges, strengths, strict=True):
        for u, v in arrows(edge):
            yield graph.names[u], graph.names[v], edge.lag, otherwise if s is None else s


def arrows(edge: Edge) -> list[tuple[int, int]]:
    """Return the directions that an edge may stand for: both where its ends have the same mark."""
    there, back = (edge.source, edge.target), (edge.target, edge.source)
    if edge.mark_source is edge.mark_target:
        return [there, back]
    return [back] if edge.mark_source is Mark.ARROW else [there]


def strength(attributes: Mapping[str, Value]) -> float | None:
    """Return how strong an edge is: its |weight|, else its frequency, else the |z| whose two-sided p-value is its own.

    As the p-value of an edge is the largest of its tests, that is the smallest |z| of them. Where it is too small for
    a double, the statistic tells: taken for chi-squared if it has degrees of freedom and is so large, else for normal.
    """
    for key in ("weight", "frequency"):
        if _is_number(value := attributes.get(key)):
            return abs(float(value))  # type: ignore[arg-type]
    p_value, statistic, df = (attributes.get(key) for key in ("p_value", "statistic", "df"))
    if not _is_number(p_value):
        return None
    # Imported here because converting a graph should start at once.
    from causaldisc._ext import tails
    from causaldisc.normal import normal_value

    if p_value > 0:  # type: ignore[operator]
        return normal_value(math.log(min(p_value, 1.0)))  # type: ignore[type-var,arg-type]
    least = normal_value(_UNDERFLOWN)
    if not _is_number(statistic):
        return least
    if _is_number(df) and df > 0 and (log_p := tails.chi2(statistic, df)) < _UNDERFLOWN:  # type: ignore[operator,arg-type]
        return normal_value(log_p)
    return max(abs(float(statistic)), least)  # type: ignore[arg-type]


def _is_number(value: Value | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True)
class RankedComparison:
    """A ranking against the truth; ratios are to what a random ranking is expected to reach. None is 0 / 0."""

    nodes: int
    pairs: int
    edges_truth: int
    edges_estimate: int
    random_precision: float | None
    auprc: float | None
    auprc_ratio: float | None
    early_precision: float | None
    early_precision_ratio: float | None
    auroc: float | None


def compare(truth: Ranking, estimate: Ranking, regulators_only: bool = False) -> RankedComparison:
    """Score a ranking by the true edges; `regulators_only`: only pairs whose first node causes something in truth."""
    sources = {source for source, _ in truth.weights} if regulators_only else truth.nodes
    pairs = len(sources) * (len(truth.nodes) - 1)
    weights = {
        (u, v): w for (u, v), w in estimate.weights.items() if u in sources and v in truth.nodes and u != v and w > 0
    }
    true = len(truth.weights)
    points = _points(weights, truth.weights.keys(), pairs)
    found = _areas(points, true, pairs)
    random, auprc = found.random_precision, found.auprc
    early = next((tp / (tp + fp) for tp, fp in points if tp + fp >= min(true, len(weights))), None) if weights else 0.0
    early = early if true else None
    return RankedComparison(
        nodes=len(truth.nodes),
        pairs=pairs,
        edges_truth=true,
        edges_estimate=len(weights),
        random_precision=random,
        auprc=auprc,
        auprc_ratio=auprc / random if auprc is not None and random else None,
        early_precision=early,
        early_precision_ratio=early / random if early is not None and random else None,
        auroc=found.auroc,
    )


@dataclass(frozen=True)
class Areas:
    """The areas under the two curves, and the precision of a random ranking (whose AUROC is 1/2). None is 0 / 0."""

    auroc: float | None
    auprc: float | None
    random_precision: float | None


def areas(weights: Mapping[Item, float], true: Set[Item], pairs: int) -> Areas:
    """Return the areas of a ranking of some of so many pairs, those with weights above 0, by the true ones."""
    positive = {item: weight for item, weight in weights.items() if weight > 0}
    return _areas(_points(positive, true, pairs), len(true), pairs)


def _areas(points: list[tuple[int, int]], true: int, pairs: int) -> Areas:
    false = pairs - true
    return Areas(
        auroc=_area([(0.0, 0.0), *((fp / false, tp / true) for tp, fp in points)]) if true and false else None,
        auprc=_area([(0.0, 1.0), *((tp / true, tp / (tp + fp)) for tp, fp in points)]) if true else None,
        random_precision=true / pairs if pairs else None,
    )


def _points(weights: Mapping[Item, float], true: Set[Item], pairs: int) -> list[tuple[int, int]]:
    """Return how many true and false pairs are as strong as each weight, from the largest down to 0."""
    points, tp, fp = [], 0, 0
    for _, group in groupby(sorted(weights, key=lambda a: -weights[a]), key=lambda a: weights[a]):
        hits = [arrow in true for arrow in group]
        tp, fp = tp + sum(hits), fp + len(hits) - sum(hits)
        points.append((tp, fp))
    if len(weights) < pairs:
        points.append((len(true), pairs - len(true)))
    return points


def _area(curve: list[tuple[float, float]]) -> float:
    """Return the area under straight lines between points."""
    return math.fsum((x - before) * (y + last) / 2 for (before, last), (x, y) in pairwise(curve))
