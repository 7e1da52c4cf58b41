"""Text for people: one edge a line with its glyph and numbers, then the nodes without edges.

It is read back for kind, marks and lags. Nodes come back in the order in which the text names them.
"""

from __future__ import annotations

import re
import unicodedata

from causaldisc.errors import DataError
from causaldisc.graph import Edge, Graph, GraphKind, Node, Value
from causaldisc.graph.formats._names import GLYPH, NAME, quote, unquote
from causaldisc.graph.formats._reading import add_edge, new_graph
from causaldisc.graph.formats._values import finite
from causaldisc.graph.graph import glyph, marks
from causaldisc.result import Result
from causaldisc.words import counted

SUFFIXES = (".txt",)
LOSES = frozenset({"attributes", "node attributes", "evidence"})
_KINDS = "|".join(kind.value for kind in GraphKind)
_HEAD = re.compile(rf"\s*({_KINDS}): [\d,]+ nodes?, [\d,]+ edges?\s*")
_EDGE = re.compile(rf"\s*({NAME})\s+({GLYPH})\s+({NAME})(?:\s+\[lag (\d+)\])?(?:\s.*)?")
_ALONE = "no edges: "
_WIDEST = 40  # one very long name must not push the numbers of all edges off the screen
_LABELS = {"p_value": "p"}


def recognises(text: str) -> bool:
    """Tell whether the first line is that of a graph shown as text."""
    return bool(_HEAD.fullmatch(text.lstrip().partition("\n")[0]))


def dump(result: Result) -> str:
    """Return the graph as aligned lines."""
    graph = result.graph
    edges = list(graph.edges())
    lines = [f"{graph.kind.value}: {counted(len(graph), 'node')}, {counted(len(edges), 'edge')}", ""]
    cells = [_cells(graph, edge) for edge in edges]
    widths = [min(max(map(_width, column)), _WIDEST) for column in zip(*cells)]
    lines += ["  " + "  ".join(map(_padded, row, widths)).rstrip() for row in cells]
    joined = {i for edge in edges for i in (edge.source, edge.target)}
    alone = [quote(node.name) for i, node in enumerate(graph.nodes) if i not in joined]
    if alone:
        lines += ["", _ALONE + ", ".join(alone)] if edges else [_ALONE + ", ".join(alone)]
    return "\n".join(lines).rstrip() + "\n"


def _cells(graph: Graph, edge: Edge) -> tuple[str, ...]:
    """Return what a line shows: the edge, its lag, its attributes."""
    source, target = (quote(graph.nodes[i].name) for i in (edge.source, edge.target))
    lag = f"[lag {edge.lag}]" if edge.lag else ""
    values = (_told(key, value) for key, value in finite(edge.attributes).items())
    return source, glyph(edge.mark_source, edge.mark_target), target, lag, "  ".join(values)


def _told(key: str, value: Value) -> str:
    if key == "p_value" and value == 0.0:
        return "p<1e-323"  # below the smallest double
    return f"{_LABELS.get(key, key)}={_short(value)}"


def _short(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else quote(str(value))


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return the columns that a text takes on a terminal, where East Asian letters take two."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def load(text: str) -> Result:
    """Return the graph that the text shows; DataError when a line is not as `dump` writes it."""
    lines = [line.rstrip("\r") for line in text.strip().split("\n")]
    head = _HEAD.fullmatch(lines[0])
    if not head:
        raise DataError("the first line is not as in 'cpdag: 3 nodes, 2 edges'; for programs write json")
    edges = []
    names: dict[str, None] = {}
    for number, line in enumerate(lines[1:], 2):
        place = f"line {number}"
        match = _EDGE.fullmatch(line)
        if line.startswith(_ALONE):
            names |= {unquote(token, place): None for token in re.findall(NAME, line.removeprefix(_ALONE))}
        elif match:
            ends = (unquote(match[1], place), unquote(match[3], place))
            names |= dict.fromkeys(ends)
            edges.append((place, ends, marks(match[2]), int(match[4] or 0)))
        elif line.strip():
            raise DataError(f"{place}: {line!r} is no edge such as 'a --> b'")
    graph = new_graph(map(Node, names), GraphKind(head[1]))
    for edge in edges:
        add_edge(graph, *edge)
    return Result(graph)
