"""DOT, which Graphviz draws: marks as arrow heads and tails, all else as attributes.

The marks read are those that Graphviz draws: an arrow shape counts where `dir` shows that end, shapes with a
dot are circles, `none` is a tail, every other shape is an arrow. Subgraphs are read for their nodes and
edges. A value is text unless it looks like a number, true or false; quotes do not matter, as in Graphviz.

A `label` that repeats the name is no attribute when read.
"""

from __future__ import annotations

import re

from causaldisc.errors import DataError
from causaldisc.graph import Edge, Graph, Mark, Node, Value
from causaldisc.graph.formats._dot_parser import KEYWORDS, Arc, parse
from causaldisc.graph.formats._reading import add_edge, guess_kind, new_graph, read_kind, read_lag
from causaldisc.graph.formats._values import finite, read_values, refuse_reserved, write_value
from causaldisc.result import Result

SUFFIXES = (".dot", ".gv")
LOSES = frozenset({"evidence"})
_SHAPES = {Mark.TAIL: "none", Mark.ARROW: "normal", Mark.CIRCLE: "odot"}
_DRAWN = ("dir", "arrowtail", "arrowhead")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|-?(\.[0-9]+|[0-9]+(\.[0-9]*)?)")
_START = re.compile(
    r"""(?:\s|//.*|\#.*|/\*(?s:.*?)\*/)*+  # possessive: the comments are never tried in another way
        (strict\s+)?(di)?graph\b\s*+("(\\.|[^"\\])*+"|[\w.-]++)?\s*+\{""",
    re.I | re.X,
)


def recognises(text: str) -> bool:
    """Tell whether the text starts as a DOT graph does."""
    return bool(_START.match(text[:4096]))


# ---- writing


def dump(result: Result) -> str:
    """Return the graph as DOT."""
    graph = result.graph
    refuse_reserved(graph, nodes=(), edges=(*_DRAWN, "lag"))
    lines = [
        "digraph {",
        f"  graph [kind={graph.kind.value}];",
        *(f"  {_quote(node.name)}{_list(finite(node.attributes))};" for node in graph.nodes),
        *(_edge(graph, edge) for edge in graph.edges()),
        "}\n",
    ]
    return "\n".join(lines)


def _edge(graph: Graph, edge: Edge) -> str:
    drawn: dict[str, Value] = {}
    if edge.is_undirected:
        drawn = {"dir": "none"}
    elif not edge.is_directed:
        drawn = dict(zip(_DRAWN, ("both", _SHAPES[edge.mark_source], _SHAPES[edge.mark_target])))
    if edge.lag:
        drawn["lag"] = edge.lag
    ends = " -> ".join(_quote(graph.nodes[i].name) for i in (edge.source, edge.target))
    return f"  {ends}{_list(drawn | finite(edge.attributes))};"


def _list(attributes: dict[str, Value]) -> str:
    pairs = ", ".join(f"{_id(key)}={_id(write_value(value))}" for key, value in attributes.items())
    return f" [{pairs}]" if pairs else ""


def _id(text: str) -> str:
    is_bare = _BARE.fullmatch(text) and text.lower() not in KEYWORDS
    return text if is_bare else _quote(text)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---- reading


def load(text: str) -> Result:
    """Return the graph that a DOT text draws."""
    drawing = parse(text)
    kind = read_kind(drawing.attributes["kind"], "kind") if "kind" in drawing.attributes else None
    graph = new_graph((_node(name, cells) for name, cells in drawing.nodes.items()), kind)
    seen: set[tuple[str, str]] = set()
    for arc in drawing.arcs:
        ends = (arc.tail, arc.head)
        # A strict graph draws an edge once however often it is named.
        if not drawing.strict or ends not in seen:
            lag = read_lag(arc.attributes.get("lag", 0), arc.place)
            cells = {key: cell for key, cell in arc.attributes.items() if key not in (*_DRAWN, "lag")}
            add_edge(graph, arc.place, ends, _marks(arc), lag, read_values(cells))
        seen |= {ends, ends[::-1]} if arc.sign == "--" else {ends}
    if kind is None:
        graph.kind = guess_kind(graph)
    return Result(graph)


def _node(name: str, cells: dict[str, str]) -> Node:
    return Node(name, {k: v for k, v in read_values(cells).items() if k != "label" or v not in (name, "\\N")})


def _marks(arc: Arc) -> tuple[Mark, Mark]:
    """Return the marks that Graphviz draws at the tail and the head."""
    shown = arc.attributes.get("dir", "forward" if arc.sign == "->" else "none")
    if shown not in ("forward", "back", "both", "none"):
        raise DataError(f"{arc.place}: dir is {shown!r}; it must be forward, back, both or none")
    tail = _mark(arc.attributes.get("arrowtail", "normal")) if shown in ("back", "both") else Mark.TAIL
    head = _mark(arc.attributes.get("arrowhead", "normal")) if shown in ("forward", "both") else Mark.TAIL
    return tail, head


def _mark(shape: str) -> Mark:
    if shape == "none":
        return Mark.TAIL
    return Mark.CIRCLE if "dot" in shape else Mark.ARROW
