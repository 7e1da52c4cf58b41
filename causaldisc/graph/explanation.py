"""Why two nodes are joined, or not, and why an edge points where it does, read off a graph and the evidence with it.

An arrow a --> c of a CPDAG has one of three causes. It is part of a collider a --> c <-- b, with a and b not adjacent;
or another direction is barred by one of Meek's rules (UAI 1995), whose other edges are named; or neither, and it comes
from knowledge or from how mechanisms change. Where several apply, colliders are told first. The reasons are those that
hold in the graph; that a search took the same way is not said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from causaldisc.graph.graph import Edge, Graph, GraphKind, Mark, Value, glyph
from causaldisc.result import Result, Separation

MOST_REASONS = 5

_MEANINGS = {
    "conflict": "some evidence about a direction here lost against stronger evidence",
    "ambiguous": "whether a collider ends here was left undecided",
    "undecided": "no test had an answer: the edge was left, not found",
    "insufficient": "tests had too few rows to remove it",
    "self_loop": "the own past",
}


@dataclass(frozen=True)
class Told:
    """One edge between the two nodes: as text, its attributes, and why its arrows are there."""

    edge: str
    lag: int
    attributes: Mapping[str, Value]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """All edges between two nodes, what separates them, and what joins them through others."""

    x: str
    y: str
    edges: tuple[Told, ...]
    separation: Separation | None
    remarks: tuple[str, ...]


def explain(result: Result, x: str, y: str) -> Explanation:
    """Return why x and y are joined, or not. Raises KeyError for an unknown name."""
    graph = result.graph
    u, v = graph.index(x), graph.index(y)
    separations = by_pair(result)
    edges = [e for e in graph.edges() if {e.source, e.target} == {u, v}]
    separation = separations.get(frozenset((x, y)))
    told = tuple(tell(graph, e, separations) for e in edges)
    remarks = [] if edges else [*why_apart(result, separation), *_through(graph, u, v)]
    remarks += [n.message for n in result.warnings if _names(n.message, x) and _names(n.message, y)]
    return Explanation(x, y, told, separation, tuple(remarks))


def by_pair(result: Result) -> dict[frozenset[str], Separation]:
    """Return the separations of a result by the names of the two nodes."""
    return {frozenset((s.x, s.y)): s for s in result.separations}


def tell(graph: Graph, edge: Edge, separations: Mapping[frozenset[str], Separation]) -> Told:
    """Return why an edge is there and points where it does; `separations` as `by_pair` gives them."""
    names = graph.names
    text = f"{names[edge.source]} {glyph(edge.mark_source, edge.mark_target)} {names[edge.target]}"
    reasons: list[str] = []
    if not edge.lag and graph.kind in (GraphKind.CPDAG, GraphKind.MIXED):
        if edge.is_directed:
            reasons = list(reasons_for(graph, edge.source, edge.target, separations))
        elif edge.is_undirected and graph.kind is GraphKind.CPDAG:
            reasons = ["graphs with the same independences have it in either direction"]
    notes = [meaning for key, meaning in _MEANINGS.items() if edge.attributes.get(key) is True]
    return Told(text, edge.lag, edge.attributes, tuple(reasons), tuple(notes))


def reasons_for(graph: Graph, a: int, c: int, separations: Mapping[frozenset[str], Separation]) -> Iterator[str]:
    """Yield why a --> c: the colliders it is part of, at most MOST_REASONS, or the rule of Meek's that compels it."""
    names = graph.names
    partners = [b for b in graph.adjacencies(c) if b != a and _points(graph, b, c) and not graph.has_edge(a, b)]
    for b in partners[:MOST_REASONS]:
        found = separations.get(frozenset((names[a], names[b])))
        evidence = ""
        if found is not None:
            evidence = f": {names[a]} and {names[b]} are independent given {_set(found.given)}{_figures(found)}"
            evidence += f", which leaves out {names[c]}" if names[c] not in found.given else ""
        yield f"collider {names[a]} --> {names[c]} <-- {names[b]}{evidence}"
    if len(partners) > MOST_REASONS:
        yield f"and {len(partners) - MOST_REASONS} more colliders"
    if not partners:
        yield _rule(graph, a, c) or _from_outside(graph, a, c)


def _rule(graph: Graph, a: int, b: int) -> str | None:
    """Return the first of Meek's rules that compels a --> b, None if none does."""
    names = graph.names
    for c in graph.parents(a):
        # R1
        if c != b and not graph.has_edge(c, b):
            return f"else {names[c]} --> {names[a]} <-- {names[b]} would be a collider (Meek's rule 1)"
    for c in graph.children(a):
        # R2
        if graph.is_directed(c, b):
            return f"else {names[a]} --> {names[c]} --> {names[b]} would close a cycle (Meek's rule 2)"
    into = [c for c in graph.neighbours(a) if graph.is_directed(c, b)]
    for c, d in combinations(into, 2):
        # R3
        if not graph.has_edge(c, d):
            through = f"{names[a]} --- {names[c]} --> {names[b]} and {names[a]} --- {names[d]} --> {names[b]}"
            return f"else {through} would make a cycle or a new collider (Meek's rule 3)"
    for c in graph.neighbours(a):
        # R4
        for d in graph.children(c):
            if graph.is_directed(d, b) and graph.has_edge(a, d) and not graph.has_edge(c, b):
                return (
                    f"else {names[c]} --> {names[d]} --> {names[b]} would make a cycle or a new collider "
                    "(Meek's rule 4)"
                )
    return None


def _from_outside(graph: Graph, a: int, c: int) -> str:
    outcome = graph.attributes(a, c).get("independent_changes")
    if outcome == "oriented":
        return "the mechanisms of this direction change independently, those of the other do not"
    if graph.nodes[a].attributes.get("type") == "context":
        return "a context causes and is not caused"
    return "neither a collider nor Meek's rules: knowledge, or how mechanisms change"


def _points(graph: Graph, b: int, c: int) -> bool:
    return graph.mark(b, c) is Mark.ARROW


def why_apart(result: Result, separation: Separation | None) -> list[str]:
    """Return why nodes without an edge have none, when `separation` is what there is about them."""
    if separation is not None:
        return [f"independent given {_set(separation.given)}{_figures(separation)}"]
    if result.provenance.get("separations_not_listed"):
        return ["independent given nothing: pairs that the empty set separates are too many to be listed"]
    if result.separations:
        return ["no separating set is listed: knowledge forbids the edge, or the rate of false discoveries dropped it"]
    return ["this file holds no separating sets; graphs in JSON do"]


def _through(graph: Graph, u: int, v: int) -> Iterator[str]:
    """Yield the shortest path between nodes that are not adjacent."""
    before: dict[int, int] = {u: u}
    front = [u]
    while front and v not in before:
        following = []
        for w in front:
            for z in graph.adjacencies(w):
                if z not in before:
                    before[z] = w
                    following.append(z)
        front = following
    if v not in before:
        yield "nothing joins them"
        return
    path = [v]
    while path[-1] != u:
        path.append(before[path[-1]])
    text = graph.names[u]
    for w, z in zip(path[::-1], path[-2::-1], strict=False):
        mark_w, mark_z = graph.mark(z, w), graph.mark(w, z)
        assert mark_w is not None
        assert mark_z is not None
        text += f" {glyph(mark_w, mark_z)} {graph.names[z]}"
    yield f"joined through {text}"


def _set(given: tuple[str, ...]) -> str:
    return ", ".join(given) if given else "nothing"


def _figures(found: Separation) -> str:
    figures = []
    if found.p_value is not None:
        figures.append(f"p = {found.p_value:.3g}")
    if found.n is not None:
        figures.append(f"{found.n:,} rows")
    return f" ({', '.join(figures)})" if figures else ""


def _names(message: str, name: str) -> bool:
    """Tell whether a warning is about a node: its name stands there by itself."""
    words = message.replace(",", " ").replace("'", " ").replace(":", " ").split()
    return name in words
