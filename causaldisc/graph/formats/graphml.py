"""GraphML that networkx, igraph, Cytoscape and Gephi open: marks, lags and all attributes.

The profile: `edgedefault="directed"`, one edge an adjacency, told from its tail or circle end, string keys
`mark_source`, `mark_target` and `interaction`. No `directed` on an edge, which networkx refuses; words and no
glyphs, since Cytoscape cuts a value at an entity; no id on an edge, which igraph attaches to wrong edges. The
node key `name` is for igraph, `label` for Gephi. Of the provenance, the graph keys hold a few facts.

A `label` that repeats the name, and an `interaction` that repeats the marks, are no attributes when read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from causaldisc.errors import DataError
from causaldisc.graph import Edge, Graph, Value
from causaldisc.graph.formats._graphml_reader import ANY_TYPE, FACTS, INTERACTIONS, load
from causaldisc.graph.formats._values import finite, in_order, refuse_reserved, write_value
from causaldisc.result import Result

__all__ = ["LOSES", "SUFFIXES", "dump", "load", "recognises"]

SUFFIXES = (".graphml",)
LOSES = frozenset({"evidence"})
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def recognises(text: str) -> bool:
    """Tell whether the text has a GraphML element near its start."""
    return bool(re.search(r"<(\w+:)?graphml\b", text[:4096]))


@dataclass(frozen=True)
class _Key:
    """A column of data: its id in the file, its name, and its GraphML type."""

    id: str
    name: str
    type: str

    def data(self, value: Value) -> str:
        text = write_value(value) if self.type != "string" or self.id.endswith(ANY_TYPE) else str(value)
        return f'<data key="{self.id}">{_escape(text)}</data>'


def dump(result: Result) -> str:
    """Return the graph as GraphML; DataError when a text has a character that XML cannot hold."""
    graph = result.graph
    refuse_reserved(graph, nodes=("name",), edges=("mark_source", "mark_target", "lag"))
    facts: dict[str, Value] = {"kind": graph.kind.value, **_facts(result.provenance)}
    nodes = [{"name": n.name, "label": n.name, **finite(n.attributes)} for n in graph.nodes]
    has_lags = any(edge.lag for edge in graph.edges())
    edges = [(edge, _edge_data(edge, has_lags)) for edge in graph.edges()]
    graph_keys = _keys("graph", "g", [facts], ["kind"])
    node_keys = _keys("node", "n", nodes, ["name", "label"])
    edge_keys = _keys("edge", "e", [data for _, data in edges], ["mark_source", "mark_target", "interaction"])
    lines = [
        *(_key_line(what, key) for what, keys in (graph_keys, node_keys, edge_keys) for key in keys),
        ' <graph id="causaldisc" edgedefault="directed">',
        *("  " + key.data(facts[key.name]) for key in graph_keys[1]),
        *(f'  <node id="{_escape(n["name"])}">{_data(node_keys[1], n)}</node>' for n in nodes),
        *(f"  <edge {_ends(graph, edge)}>{_data(edge_keys[1], data)}</edge>" for edge, data in edges),
        " </graph>\n</graphml>\n",
    ]
    return _HEAD + "\n".join(lines)


def _facts(provenance: Mapping[str, object]) -> dict[str, Value]:
    """Return the facts of the provenance that have a graph key."""
    found: dict[str, Value] = {}
    for key, path in FACTS.items():
        value: object = provenance
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str | int | float):
            found[key] = value
    return finite(found)


def _edge_data(edge: Edge, has_lags: bool) -> dict[str, Value]:
    marks = (edge.mark_source, edge.mark_target)
    words = {"mark_source": marks[0].value, "mark_target": marks[1].value, "interaction": INTERACTIONS[marks]}
    return words | ({"lag": edge.lag} if has_lags else {}) | finite(edge.attributes)


def _keys(what: str, letter: str, rows: Sequence[Mapping[str, Value]], first: Sequence[str]) -> tuple[str, list[_Key]]:
    """Return the keys that rows of data need, the names in `first` first."""
    types: dict[str, set[type]] = {name: {str} for name in first}
    for row in rows:
        for name, value in row.items():
            types.setdefault(name, set()).add(type(value))
    names = [*first, *in_order(types.keys() - set(first))]
    return what, [_key(f"{letter}{i}", name, types[name]) for i, name in enumerate(names)]


def _key(id: str, name: str, types: Iterable[type]) -> _Key:
    """Return a key; igraph allows one type a name, so mixed types become text with a mark in the id."""
    kinds = {next(t for t in (bool, int, float, str) if issubclass(found, t)) for found in types}
    if len(kinds) == 1:
        return _Key(id, name, {bool: "boolean", int: "long", float: "double", str: "string"}[kinds.pop()])
    if kinds == {int, float}:
        return _Key(id, name, "double")
    return _Key(id + ANY_TYPE, name, "string")


def _key_line(what: str, key: _Key) -> str:
    return f' <key id="{key.id}" for="{what}" attr.name="{_escape(key.name)}" attr.type="{key.type}"/>'


def _data(keys: Iterable[_Key], row: Mapping[str, Value]) -> str:
    return "".join(key.data(row[key.name]) for key in keys if key.name in row)


def _ends(graph: Graph, edge: Edge) -> str:
    source, target = (_escape(graph.nodes[i].name) for i in (edge.source, edge.target))
    return f'source="{source}" target="{target}"'


def _escape(value: Value) -> str:
    text = str(value)
    bad = _NOT_XML.search(text)
    if bad:
        raise DataError(f"XML cannot hold the character {bad[0]!a} of {text!a}; rename it, or write json")
    return text.translate(_ESCAPES)
