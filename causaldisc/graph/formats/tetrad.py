"""Tetrad's text: a line of nodes and numbered edges, as Tetrad and causal-learn read it.

A name with a space, comma, semicolon, quote or first bracket, which Tetrad's format cannot hold, is in double
quotes with backslash escapes. `(L1)` and `[S1]` are a latent and a selection variable, kept as the node
attributes `latent` and `selection`. What follows an edge on its line (bootstrap shares, flags) is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

from causaldisc.errors import DataError
from causaldisc.graph import Edge, Graph, Node
from causaldisc.graph.formats._names import GLYPH, QUOTED, quote, unquote
from causaldisc.graph.formats._reading import add_edge, guess_kind, new_graph
from causaldisc.graph.graph import glyph, marks
from causaldisc.result import Result

SUFFIXES = (".tetrad",)
LOSES = frozenset({"attributes", "lag", "kind", "node attributes", "evidence"})
_BRACKETS = {"latent": ("(", ")"), "selection": ("[", "]")}
KEEPS = frozenset(_BRACKETS)
_NODES, _EDGES = "Graph Nodes:", "Graph Edges:"
_NODE = re.compile(rf"\s*([(\[]?{QUOTED}[)\]]?|[^;,]+?)\s*(?=[;,]|$)")
_EDGE = re.compile(rf"\s*(?:\d+\.\s+)?({QUOTED}|\S+(?: \S+)*?)\s+({GLYPH})\s+(.+)")


def recognises(text: str) -> bool:
    """Tell whether the text starts as Tetrad's does."""
    return text.lstrip().startswith(_NODES)


def dump(result: Result) -> str:
    """Return the graph in Tetrad's layout; DataError for a lagged edge."""
    graph = result.graph
    nodes = ";".join(map(_node, graph.nodes))
    edges = [f"{i}. {_edge(graph, edge)}" for i, edge in enumerate(graph.edges(), 1)]
    return "\n".join([_NODES, nodes, "", _EDGES, *edges]) + "\n"


def _node(node: Node) -> str:
    for key, (left, right) in _BRACKETS.items():
        if node.attributes.get(key) is True:
            return f"{left}{quote(node.name)}{right}"
    return quote(node.name)


def _edge(graph: Graph, edge: Edge) -> str:
    source, target = (quote(graph.nodes[i].name) for i in (edge.source, edge.target))
    text = f"{source} {glyph(edge.mark_source, edge.mark_target)} {target}"
    if edge.lag:
        raise DataError(f"tetrad cannot hold the lag {edge.lag} of {text}; write json, graphml or csv instead")
    return text


def load(text: str) -> Result:
    """Return the graph of a Tetrad text; its kind is what the marks allow."""
    lines = [line.rstrip() for line in text.split("\n")]
    nodes = [node for number, line in _section(lines, _NODES) for node in _read_nodes(line, f"line {number}")]
    graph = new_graph(nodes)
    known = set(graph.names)
    for number, line in _section(lines, _EDGES):
        place = f"line {number}"
        match = _EDGE.fullmatch(line)
        if not match:
            raise DataError(f"{place}: {line!r} is no edge such as '1. a --> b'")
        ends = (unquote(match[1], place), _target(known, match[3], place))
        add_edge(graph, place, ends, marks(match[2]))
    graph.kind = guess_kind(graph)
    return Result(graph)


def _section(lines: Sequence[str], title: str) -> Iterator[tuple[int, str]]:
    """Yield the lines between a title and the next blank line, with their numbers."""
    if title not in lines:
        raise DataError(f"the text has no line {title!r}, so it is no graph of Tetrad")
    for i in range(lines.index(title) + 1, len(lines)):
        if not lines[i].strip():
            break
        yield i + 1, lines[i]


def _read_nodes(line: str, place: str) -> Iterator[Node]:
    for match in _NODE.finditer(line):
        token = match[1]
        kind = next((key for key, (a, b) in _BRACKETS.items() if token[:1] == a and token[-1:] == b), None)
        if kind:
            yield Node(unquote(token[1:-1].strip(), place), {kind: True})
        elif token.strip():
            yield Node(unquote(token, place))


def _target(known: Set[str], text: str, place: str) -> str:
    """Return the name that the text starts with; names with spaces come without quotes from Tetrad."""
    quoted = re.match(QUOTED, text)
    if quoted:
        return unquote(quoted[0], place)
    words = text.split(" ")
    starts = (" ".join(words[:n]) for n in range(len(words), 0, -1))
    return next((start for start in starts if start in known), words[0])
