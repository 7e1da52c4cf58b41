"""How far an estimated graph is from the true one.

Structural Hamming distance (SHD): Tsamardinos, Brown and Aliferis, "The max-min hill-climbing Bayesian
network structure learning algorithm", Machine Learning 65 (2006); there for CPDAGs, here for any marks. Each
pair of nodes counts 1 when its edge is missing, is extra, or has another mark at either end. So a reversed
edge counts 1, not 2.

Precision and recall of adjacencies and arrowheads: Ramsey, Glymour, Sanchez-Romero and Glymour, "A million
variables and more: the fast greedy equivalence search algorithm", International Journal of Data Science and
Analytics 3 (2017). An arrowhead is an ordered pair: an arrow at v on the edge between u and v. All count, so
one on a pair that is not adjacent in the other graph is a false positive (of the estimate) or a false
negative (of the truth). Tails and circles are no arrowheads.

With lags, the edge of each lag is one of its own; from lag 1 on, u to v and v to u are two pairs.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from causaldisc.errors import DataError
from causaldisc.graph.graph import Graph, Mark

# Two names and a lag; sorted where the lag is 0, past first otherwise.
Pair = tuple[str, str, int]


@dataclass(frozen=True)
class Score:
    """Counts of right, extra and missing items, and their ratios; None where a ratio is 0 / 0."""

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float | None:
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def as_dict(self) -> dict[str, int | float | None]:
        """Return counts and ratios by name."""
        counts = {"tp": self.tp, "fp": self.fp, "fn": self.fn}
        return {**counts, "precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True)
class Comparison:
    """An estimate against the truth. `shd` is the sum of `missing`, `extra` and `wrong_marks` edges."""

    nodes: int
    edges_truth: int
    edges_estimate: int
    missing: int
    extra: int
    wrong_marks: int
    adjacency: Score
    arrowhead: Score

    @property
    def shd(self) -> int:
        return self.missing + self.extra + self.wrong_marks

    def as_dict(self) -> dict[str, object]:
        """Return the numbers as plain JSON values, None where a ratio is undefined."""
        return {
            "nodes": self.nodes,
            "edges_truth": self.edges_truth,
            "edges_estimate": self.edges_estimate,
            "shd": self.shd,
            "missing": self.missing,
            "extra": self.extra,
            "wrong_marks": self.wrong_marks,
            "adjacency": self.adjacency.as_dict(),
            "arrowhead": self.arrowhead.as_dict(),
        }


def compare(truth: Graph, estimate: Graph) -> Comparison:
    """Compare two graphs over the same names, in whatever order their nodes are.

    Raises DataError that lists the nodes which only one of the graphs has.
    """
    _check_names(truth, estimate)
    true, found = _marks(truth), _marks(estimate)
    adjacency = _score(true.keys(), found.keys())
    return Comparison(
        nodes=len(truth),
        edges_truth=len(true),
        edges_estimate=len(found),
        missing=adjacency.fn,
        extra=adjacency.fp,
        wrong_marks=sum(true[pair] != found[pair] for pair in true.keys() & found.keys()),
        adjacency=adjacency,
        arrowhead=_score(_arrowheads(true), _arrowheads(found)),
    )


def _check_names(truth: Graph, estimate: Graph) -> None:
    parts = []
    for where, one, other in (("truth", truth, estimate), ("estimate", estimate, truth)):
        known = set(other.names)
        alone = [name for name in one.names if name not in known]
        if alone:
            parts.append(f"only the {where} has {_listed(alone)}")
    if parts:
        raise DataError(f"the graphs must have the same nodes, but {' and '.join(parts)}")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:8]))
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _marks(graph: Graph) -> dict[Pair, tuple[Mark, Mark]]:
    """Return the marks of every edge at its two ends, in the order of the pair."""
    found: dict[Pair, tuple[Mark, Mark]] = {}
    for edge in graph.edges():
        source, target = graph.nodes[edge.source].name, graph.nodes[edge.target].name
        if edge.lag or source < target:
            found[source, target, edge.lag] = (edge.mark_source, edge.mark_target)
        else:
            found[target, source, 0] = (edge.mark_target, edge.mark_source)
    return found


def _arrowheads(marks: dict[Pair, tuple[Mark, Mark]]) -> set[tuple[Pair, int]]:
    """Return every arrowhead as its pair and the end, 0 or 1, that it is at."""
    return {(pair, end) for pair, ends in marks.items() for end in (0, 1) if ends[end] is Mark.ARROW}


def _score(true: Set[object], found: Set[object]) -> Score:
    return Score(len(true & found), len(found - true), len(true - found))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
