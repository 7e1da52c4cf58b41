"""One class for every causal graph: nodes, and edges with a mark (tail, arrow, circle) at each end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

Value = str | int | float | bool


class Mark(Enum):
    """The end of an edge."""

    TAIL = "tail"
    ARROW = "arrow"
    CIRCLE = "circle"


class GraphKind(Enum):
    """What the marks of a graph mean, and so what makes it valid."""

    DAG = "dag"
    CPDAG = "cpdag"
    PAG = "pag"
    MIXED = "mixed"
    LAGGED = "lagged"


@dataclass(frozen=True)
class Node:
    """A variable: its name and attributes such as `type`."""

    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Edge:
    """An edge between nodes given by number, in canonical direction (see `Graph.edges`)."""

    source: int
    target: int
    mark_source: Mark
    mark_target: Mark
    lag: int = 0
    attributes: Mapping[str, Value] = field(default_factory=dict)

    @property
    def is_directed(self) -> bool:
        return self.mark_source is Mark.TAIL and self.mark_target is Mark.ARROW

    @property
    def is_undirected(self) -> bool:
        return self.mark_source is Mark.TAIL and self.mark_target is Mark.TAIL


_LEFT = {Mark.TAIL: "-", Mark.ARROW: "<", Mark.CIRCLE: "o"}
_RIGHT = {Mark.TAIL: "-", Mark.ARROW: ">", Mark.CIRCLE: "o"}
# An edge is told from its tail or circle end towards its arrow end.
_FIRST = {Mark.TAIL: 0, Mark.CIRCLE: 1, Mark.ARROW: 2}


def glyph(mark_left: Mark, mark_right: Mark) -> str:
    """Return the three characters of an edge, such as `o->`."""
    return _LEFT[mark_left] + "-" + _RIGHT[mark_right]


_MARKS = {glyph(a, b): (a, b) for a in Mark for b in Mark}


def marks(text: str) -> tuple[Mark, Mark]:
    """Return the marks at the left and right of a glyph such as `o->`; KeyError if it is none."""
    return _MARKS[text]


class Graph:
    """A causal graph. Nodes are numbers 0..len-1 inside and names at the edges.

    A pair of nodes has at most one edge of lag 0; edges of lag k >= 1 go from the past of the source
    (k steps back) to the target, and each ordered pair has at most one of each lag.
    """

    def __init__(self, nodes: Iterable[str | Node], kind: GraphKind = GraphKind.MIXED) -> None:
        self.nodes = tuple(n if isinstance(n, Node) else Node(n) for n in nodes)
        self.kind = kind
        self._index = {node.name: i for i, node in enumerate(self.nodes)}
        if len(self._index) != len(self.nodes):
            raise ValueError("node names must be unique")
        # _marks[u][v] is the mark at v of the edge u-v of lag 0.
        self._marks: list[dict[int, Mark]] = [{} for _ in self.nodes]
        self._lagged: dict[tuple[int, int, int], tuple[Mark, Mark]] = {}
        self._attributes: dict[tuple[int, int, int], dict[str, Value]] = {}

    # ---- nodes

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.nodes)

    def index(self, name: str) -> int:
        """Return the number of a node; KeyError when there is none of that name."""
        return self._index[name]

    # ---- changing edges

    def add_edge(
        self,
        u: int,
        v: int,
        mark_u: Mark,
        mark_v: Mark,
        lag: int = 0,
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        """Add an edge with `mark_u` at u and `mark_v` at v.

        Raises ValueError when the edge exists, is a loop of lag 0, or has a negative lag.
        """
        if lag < 0 or (lag == 0 and u == v):
            raise ValueError(f"no edge of lag {lag} from {self.nodes[u].name!r} to {self.nodes[v].name!r}")
        if self.has_edge(u, v, lag):
            raise ValueError(f"two edges of lag {lag} between {self.nodes[u].name!r} and {self.nodes[v].name!r}")
        if lag:
            self._lagged[u, v, lag] = (mark_u, mark_v)
        else:
            self._marks[u][v] = mark_v
            self._marks[v][u] = mark_u
        if attributes:
            # Not by annotate: an attribute of a file may be called u, v or lag.
            self._attributes[self._key(u, v, lag)] = dict(attributes)

    def remove_edge(self, u: int, v: int, lag: int = 0) -> None:
        """Remove an edge and its attributes; KeyError when there is none."""
        if lag:
            del self._lagged[u, v, lag]
        else:
            del self._marks[u][v], self._marks[v][u]
        self._attributes.pop(self._key(u, v, lag), None)

    def orient(self, u: int, v: int) -> None:
        """Make the edge between u and v (lag 0) point from u to v."""
        self._set(u, v, Mark.TAIL, Mark.ARROW)

    def undirect(self, u: int, v: int) -> None:
        """Put tails at both ends of the edge between u and v (lag 0)."""
        self._set(u, v, Mark.TAIL, Mark.TAIL)

    def _set(self, u: int, v: int, mark_u: Mark, mark_v: Mark) -> None:
        if v not in self._marks[u]:
            raise KeyError((u, v))
        self._marks[u][v] = mark_v
        self._marks[v][u] = mark_u

    @staticmethod
    def _key(u: int, v: int, lag: int) -> tuple[int, int, int]:
        return (u, v, lag) if lag or u < v else (v, u, 0)

    def annotate(self, u: int, v: int, lag: int = 0, **attributes: Value) -> None:
        """Set attributes of an edge, such as p_value, n, conflict."""
        if not self.has_edge(u, v, lag):
            raise KeyError((u, v, lag))
        self._attributes.setdefault(self._key(u, v, lag), {}).update(attributes)

    # ---- asking

    def has_edge(self, u: int, v: int, lag: int = 0) -> bool:
        return (u, v, lag) in self._lagged if lag else v in self._marks[u]

    def mark(self, u: int, v: int) -> Mark | None:
        """Return the mark at v of the edge between u and v (lag 0), or None without an edge."""
        return self._marks[u].get(v)

    def is_directed(self, u: int, v: int) -> bool:
        """Tell whether u --> v."""
        return self._marks[u].get(v) is Mark.ARROW and self._marks[v][u] is Mark.TAIL

    def is_undirected(self, u: int, v: int) -> bool:
        """Tell whether u --- v."""
        return self._marks[u].get(v) is Mark.TAIL and self._marks[v][u] is Mark.TAIL

    def adjacencies(self, u: int) -> list[int]:
        """Return the nodes that share an edge of lag 0 with u, in order."""
        return sorted(self._marks[u])

    def parents(self, v: int) -> list[int]:
        return [u for u in sorted(self._marks[v]) if self.is_directed(u, v)]

    def children(self, u: int) -> list[int]:
        return [v for v in sorted(self._marks[u]) if self.is_directed(u, v)]

    def neighbours(self, u: int) -> list[int]:
        """Return the nodes joined to u by an undirected edge, in order."""
        return [v for v in sorted(self._marks[u]) if self.is_undirected(u, v)]

    def attributes(self, u: int, v: int, lag: int = 0) -> dict[str, Value]:
        """Return a copy of the attributes of an edge."""
        return dict(self._attributes.get(self._key(u, v, lag), {}))

    def edges(self) -> Iterator[Edge]:
        """Yield every edge once, in canonical direction and order.

        An edge of lag 0 is told from its tail or circle end towards its arrow; equal ends go by node order.
        """
        found = [self._canonical(u, v) for u, ends in enumerate(self._marks) for v in ends if u < v] + [
            Edge(u, v, mark_u, mark_v, lag, self.attributes(u, v, lag))
            for (u, v, lag), (mark_u, mark_v) in self._lagged.items()
        ]
        yield from sorted(found, key=lambda e: (e.source, e.target, e.lag))

    def _canonical(self, u: int, v: int) -> Edge:
        at_u, at_v = self._marks[v][u], self._marks[u][v]
        if _FIRST[at_u] > _FIRST[at_v]:
            u, v, at_u, at_v = v, u, at_v, at_u
        return Edge(u, v, at_u, at_v, 0, self.attributes(u, v))

    def edge_count(self) -> int:
        return sum(map(len, self._marks)) // 2 + len(self._lagged)

    def copy(self, kind: GraphKind | None = None) -> Graph:
        """Return an independent copy, of another kind if one is given."""
        twin = Graph(self.nodes, kind or self.kind)
        twin._marks = [dict(ends) for ends in self._marks]
        twin._lagged = dict(self._lagged)
        twin._attributes = {key: dict(values) for key, values in self._attributes.items()}
        return twin

    def reordered(self, order: Iterable[str | Node]) -> Graph:
        """Return the same edges on the same names in another order; a Node replaces that of its name."""
        nodes = tuple(n if isinstance(n, Node) else self.nodes[self._index[n]] for n in order)
        places = [self._index[node.name] for node in nodes]
        if sorted(places) != list(range(len(self))):
            raise ValueError("the new order must name every node once")
        twin = Graph(nodes, self.kind)
        place = {old: new for new, old in enumerate(places)}
        twin._marks = [{place[v]: mark for v, mark in self._marks[u].items()} for u in places]
        twin._lagged = {(place[u], place[v], lag): marks for (u, v, lag), marks in self._lagged.items()}
        twin._attributes = {self._key(place[u], place[v], lag): dict(a) for (u, v, lag), a in self._attributes.items()}
        return twin

    def without(self, names: Iterable[str]) -> Graph:
        """Return the graph less some nodes and their edges; KeyError for an unknown name."""
        gone = {self._index[name] for name in names}
        kept = [u for u in range(len(self)) if u not in gone]
        place = {u: i for i, u in enumerate(kept)}
        twin = Graph((self.nodes[u] for u in kept), self.kind)
        for e in self.edges():
            if e.source in place and e.target in place:
                u, v = place[e.source], place[e.target]
                twin.add_edge(u, v, e.mark_source, e.mark_target, e.lag, e.attributes)
        return twin

    # ---- equality and notation

    def __eq__(self, other: object) -> bool:
        """Tell whether nodes, kind, marks and attributes are all the same, in the same node order."""
        if not isinstance(other, Graph):
            return NotImplemented
        return (self.nodes, self.kind, list(self.edges())) == (other.nodes, other.kind, list(other.edges()))

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        """Return the edges by name, such as `a --> c; b o-> c; a --> a [lag 1]`."""
        return "; ".join(
            f"{self.nodes[e.source].name} {glyph(e.mark_source, e.mark_target)} {self.nodes[e.target].name}"
            + (f" [lag {e.lag}]" if e.lag else "")
            for e in self.edges()
        )

    def __repr__(self) -> str:
        return f"<{self.kind.value} of {len(self)} nodes: {self}>"

    @classmethod
    def of_pairs(
        cls,
        nodes: Iterable[str | Node],
        kind: GraphKind,
        pairs: Iterable[tuple[int, int]],
        ends: Iterable[tuple[Mark, Mark]],
    ) -> Graph:
        """Return the graph with an edge of lag 0 for each pair, none of which comes twice, with the marks at its ends.

        For many edges at once; nothing is checked.
        """
        graph = cls(nodes, kind)
        marks = graph._marks
        for (u, v), (mark_u, mark_v) in zip(pairs, ends, strict=True):
            marks[u][v] = mark_v
            marks[v][u] = mark_u
        return graph

    @classmethod
    def parse(cls, notation: str, kind: GraphKind = GraphKind.MIXED, nodes: Iterable[str] = ()) -> Graph:
        """Return the graph of a notation such as `a --> c <-- b; c --- d`, for tests and examples.

        Names have no spaces or semicolons here. `nodes` come first, then names as they appear. A lone name is
        a node without edges.
        """
        chains = [chain.split() for chain in notation.split(";") if chain.strip()]
        names = dict.fromkeys([*nodes, *(name for chain in chains for name in chain[::2])])
        graph = cls(names, kind)
        for chain in chains:
            for left, symbol, right in zip(chain[::2], chain[1::2], chain[2::2], strict=False):
                graph.add_edge(graph.index(left), graph.index(right), *marks(symbol))
        return graph
