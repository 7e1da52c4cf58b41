"""What several graphs have in common: how often each edge is there, with which marks, and the graph that most support.

An edge of the consensus is in at least a share of the graphs; its marks are those that more than half of the graphs
with the edge agree on, else none: tails in graphs without circles, circles in the others.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from causaldisc.graph.graph import Graph, GraphKind, Mark, Node, Value
from causaldisc.graph.validity import problems

Link = tuple[int, int, int]  # u, v, lag; u < v where the lag is 0
Ends = tuple[Mark, Mark]

_T, _A, _C = Mark.TAIL, Mark.ARROW, Mark.CIRCLE
# What an edge is called, read from its source to its target.
WORDS: dict[Ends, str] = {
    (_T, _A): "directed", (_A, _T): "reversed", (_T, _T): "undirected", (_A, _A): "bidirected",
    (_C, _A): "partially_directed", (_A, _C): "partially_reversed", (_C, _C): "nondirected",
    (_C, _T): "partially_undirected", (_T, _C): "partially_undirected_reversed",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tally:
    """How many of `graphs` graphs have each edge, with which marks at its ends, and the sums of their weights."""

    nodes: tuple[Node, ...]
    graphs: int
    kinds: frozenset[GraphKind]
    ends: Mapping[Link, Counter[Ends]]
    weights: Mapping[Link, float]

    def frequency(self, link: Link) -> float:
        return self.ends[link].total() / self.graphs

    @property
    def mean_edges(self) -> float:
        """How many edges a graph has, on average."""
        return sum(count.total() for count in self.ends.values()) / self.graphs

    def rows(self) -> list[dict[str, object]]:
        """Return a row for each edge of any graph, the most frequent first."""
        found = []
        for link in sorted(self.ends, key=lambda k: (-self.ends[k].total(), k)):
            u, v, lag = link
            row: dict[str, object] = {"source": self.nodes[u].name, "target": self.nodes[v].name, "lag": lag}
            row["frequency"] = _rounded(self.frequency(link))
            row |= {word: _rounded(self.ends[link][ends] / self.graphs) for ends, word in WORDS.items()}
            found.append(row)
        return found


def tally(graphs: Iterable[Graph]) -> Tally:
    """Count the edges of graphs, whose nodes are taken together by name; an absent node has no edges."""
    nodes: dict[str, Node] = {}
    ends: dict[Link, Counter[Ends]] = {}
    sums: dict[Link, float] = {}
    number, kinds = 0, set()
    place: dict[str, int] = {}
    for graph in graphs:
        number += 1
        kinds.add(graph.kind)
        for node in graph.nodes:
            place.setdefault(node.name, len(place))
            nodes.setdefault(node.name, node)
        for e in graph.edges():
            u, v, marks = place[graph.names[e.source]], place[graph.names[e.target]], (e.mark_source, e.mark_target)
            if not e.lag and u > v:
                u, v, marks = v, u, (marks[1], marks[0])
            ends.setdefault((u, v, e.lag), Counter())[marks] += 1
            weight = e.attributes.get("weight")
            is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
            sums[u, v, e.lag] = sums.get((u, v, e.lag), 0.0) + (float(weight) if is_number else float("nan"))  # type: ignore[arg-type]
    return Tally(tuple(nodes.values()), number, frozenset(kinds), ends, {k: s for k, s in sums.items() if s == s})


def consensus(found: Tally, least: float) -> tuple[Graph, list[str]]:
    """Return the graph of the edges that a share of at least `least` of the graphs have, and what is wrong with it.

    It is of the kind of the graphs where it is valid for that, else mixed.
    """
    has_circles = any(_C in marks for counts in found.ends.values() for marks in counts)
    open_ends: Ends = (_C, _C) if has_circles else (_T, _T)
    graph = Graph(found.nodes, GraphKind.MIXED)
    for link in sorted(found.ends):
        counts = found.ends[link]
        if found.frequency(link) < least:
            continue
        most, number = min(counts.items(), key=lambda item: (-item[1], WORDS[item[0]]))
        marks = most if 2 * number > counts.total() else open_ends
        u, v, lag = link
        graph.add_edge(u, v, *marks, lag)
    for e in list(graph.edges()):
        graph.annotate(e.source, e.target, e.lag, **_evidence(found, e.source, e.target, e.lag))
    (kind, *others) = found.kinds
    if others:
        return graph, []
    of_kind = graph.copy(kind)
    wrong = problems(of_kind)
    return (graph if wrong else of_kind), wrong


def as_tsv(found: Tally) -> bytes:
    """Return the rows of a tally as text, with a header."""
    buffer = io.StringIO()
    names = ["source", "target", "lag", "frequency", *WORDS.values()]
    writer = csv.DictWriter(buffer, names, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(found.rows())
    return buffer.getvalue().encode()


def _evidence(found: Tally, source: int, target: int, lag: int) -> dict[str, Value]:
    """Return the frequencies of an edge, as read from its source."""
    is_turned = not lag and source > target
    link = (target, source, lag) if is_turned else (source, target, lag)
    counts = found.ends[link]
    evidence: dict[str, Value] = {"frequency": _rounded(found.frequency(link))}
    for ends, word in WORDS.items():
        number = counts[(ends[1], ends[0]) if is_turned else ends]
        if number:
            evidence[f"frequency_{word}"] = _rounded(number / found.graphs)
    if link in found.weights:
        evidence["weight"] = _rounded(found.weights[link] / counts.total())
    return evidence


def _rounded(value: float) -> float:
    return float(f"{value:.10g}")
