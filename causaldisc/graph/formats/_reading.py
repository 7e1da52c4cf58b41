"""What every reader of a graph checks, said in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from causaldisc.errors import DataError
from causaldisc.graph import Graph, GraphKind, Mark, Node, Value

_MARKS = {mark.value: mark for mark in Mark}
_KINDS = {kind.value: kind for kind in GraphKind}
_SURROGATE = re.compile("[\ud800-\udfff]")


def new_graph(nodes: Iterable[Node], kind: GraphKind | None = None) -> Graph:
    """Return a graph without edges; DataError when a name cannot be one, or is there twice."""
    found: dict[str, Node] = {}
    for node in nodes:
        check_name(node.name, len(found) + 1)
        if node.name in found:
            raise DataError(f"two nodes are called {node.name!r}; names must differ")
        found[node.name] = node
    return Graph(found.values(), kind or GraphKind.MIXED)


def check_name(name: str, number: int) -> None:
    """Raise DataError when a name is empty or has half of a surrogate pair, which no UTF-8 file can hold."""
    if not name:
        raise DataError(f"node {number} has an empty name; give every node one")
    if _SURROGATE.search(name):
        raise DataError(f"the name of node {number}, {name!a}, is not valid Unicode; rename it")


def add_edge(
    graph: Graph,
    place: str,
    ends: tuple[str, str],
    marks: tuple[Mark, Mark],
    lag: int = 0,
    attributes: Mapping[str, Value] | None = None,
) -> None:
    """Add an edge between two names; DataError, starting with its place in the input, when it cannot be."""
    u, v = (node_number(graph, name, place) for name in ends)
    if u == v and not lag:
        raise DataError(f"{place}: an edge joins {ends[0]!r} to itself, which needs a lag of 1 or more")
    if graph.has_edge(u, v, lag):
        raise DataError(
            f"{place}: a second edge of lag {lag} joins {ends[0]!r} and {ends[1]!r}; "
            "a pair has one edge, with a mark at each end"
        )
    graph.add_edge(u, v, *marks, lag, attributes)


def node_number(graph: Graph, name: str, place: str) -> int:
    """Return the number of a node; DataError when there is none of that name."""
    try:
        return graph.index(name)
    except KeyError:
        # Imported here because it brings numpy, and converting a graph should start at once.
        from causaldisc.data.dataset import hint

        raise DataError(f"{place}: no node is called {name!r}{hint(name, graph.names)}") from None


def read_mark(word: object, place: str) -> Mark:
    """Return the mark of a word."""
    if isinstance(word, str) and word in _MARKS:
        return _MARKS[word]
    problem = f"{word!r} is no mark" if word else "the mark is missing"
    raise DataError(f"{place}: {problem}; marks are {', '.join(_MARKS)}")


def read_marks(words: Mapping[str, object], place: str) -> tuple[Mark, Mark]:
    """Return the marks under `mark_source` and `mark_target`."""
    source, target = (read_mark(words.get(key), f"{place}, {key}") for key in ("mark_source", "mark_target"))
    return source, target


def read_kind(word: object, place: str) -> GraphKind:
    """Return the graph kind of a word."""
    if isinstance(word, str) and word in _KINDS:
        return _KINDS[word]
    raise DataError(f"{place}: {word!r} is no kind of graph; kinds are {', '.join(_KINDS)}")


def read_lag(value: object, place: str) -> int:
    """Return a lag given as a number or as its digits."""
    digits = re.fullmatch(r"([0-9]{1,9})(\.0*)?", str(value))
    if digits and not isinstance(value, bool):
        return int(digits[1])
    raise DataError(f"{place}: the lag is {value!r}; it must be a whole number, 0 or more")


def guess_kind(graph: Graph) -> GraphKind:
    """Return the kind that the marks alone allow to claim, for formats that do not hold it.

    Tails and arrows mixed are not called a CPDAG: that would claim that every arrow is compelled.
    """
    edges = list(graph.edges())
    if any(e.lag for e in edges):
        return GraphKind.LAGGED
    if any(Mark.CIRCLE in (e.mark_source, e.mark_target) for e in edges):
        return GraphKind.PAG
    if all(e.is_directed for e in edges) and _is_acyclic(graph):
        return GraphKind.DAG
    return GraphKind.MIXED


def _is_acyclic(graph: Graph) -> bool:
    waiting = [len(graph.parents(v)) for v in range(len(graph))]
    free = [v for v, parents in enumerate(waiting) if not parents]
    for v in free:  # grows while it is walked
        for child in graph.children(v):
            waiting[child] -= 1
            if not waiting[child]:
                free.append(child)
    return len(free) == len(graph)
