"""GraphML reader: our profile, what networkx, igraph, Gephi and Cytoscape write, and drawings of yEd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from causaldisc.errors import DataError
from causaldisc.graph import Mark, Node, Value
from causaldisc.graph.formats._reading import add_edge, guess_kind, new_graph, read_kind, read_lag, read_marks
from causaldisc.graph.formats._values import finite, read_value
from causaldisc.result import Result

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Marks = tuple[Mark, Mark]
# Ends the id of a key whose values have several types, each written so that its text tells its type.
ANY_TYPE = ".any"
# Where each graph key lies in the provenance.
FACTS = {
    "tool": ("tool",),
    "tool_version": ("version",),
    "algorithm": ("algorithm",),
    "alpha": ("options", "alpha"),
    "data_sha256": ("data", "sha256"),
}
_HALF = {
    (Mark.TAIL, Mark.ARROW): "directed",
    (Mark.TAIL, Mark.TAIL): "undirected",
    (Mark.ARROW, Mark.ARROW): "bidirected",
    (Mark.CIRCLE, Mark.ARROW): "partially_directed",
    (Mark.CIRCLE, Mark.CIRCLE): "nondirected",
    (Mark.TAIL, Mark.CIRCLE): "partially_undirected",
}
INTERACTIONS = {(b, a): word for (a, b), word in _HALF.items()} | _HALF
_BY_WORD = {word: marks for marks, word in _HALF.items()}
_YED_CIRCLES = {"circle", "transparent_circle"}


class _Key:
    """A declared column of data: its name, type, default, and the elements it is for."""

    def __init__(self, element: Element) -> None:
        self.id = element.get("id", "")
        # Keys of yEd hold graphics and have no name.
        self.name = element.get("attr.name")
        self.type = element.get("attr.type", "string")
        self.scope = element.get("for", "all")
        default = element.find("{*}default")
        self.default = None if default is None else self.value(default.text or "", f"key {self.id!r}")

    def value(self, text: str, place: str) -> Value | None:
        """Return the value of a text in the key's type; None when it is a missing or infinite number."""
        if self.type == "string":
            return read_value(text) if self.id.endswith(ANY_TYPE) else text
        word = text.strip()
        if self.type == "boolean" and word.lower() in ("true", "false", "1", "0"):
            return word.lower() in ("true", "1")
        number = read_value(word)
        if self.type in ("int", "long", "float", "double") and not isinstance(number, str | bool):
            return number
        raise DataError(f"{place}: {self.name} is {text!r}, which is no {self.type}")


def load(text: str) -> Result:
    """Return the graph that a GraphML text holds.

    The marks of an edge are those of its keys, else what `interaction`, the arrows of yEd, its attribute
    `directed`, or the default of the file say, in this order.
    """
    root = _parse(text)
    graphs = root.findall("{*}graph")
    if len(graphs) != 1:
        raise DataError(f"the GraphML file holds {len(graphs)} graphs; it must hold one")
    keys = {key.id: key for key in map(_Key, root.findall("{*}key"))}
    top = graphs[0]
    facts = _data(top, keys, "graph")
    found = [_node(element, keys) for element in top.iterfind(".//{*}node")]
    kind = read_kind(facts["kind"], "graph key kind") if "kind" in facts else None
    graph = new_graph([node for _, node in found], kind)
    names = {id: node.name for id, node in found}
    default = top.get("edgedefault") != "undirected"
    if next(top.iterfind(".//{*}hyperedge"), None) is not None:
        raise DataError("the GraphML file has a hyperedge; only edges between two nodes can be read")
    for i, element in enumerate(top.iterfind(".//{*}edge"), 1):
        ends = (element.get("source", ""), element.get("target", ""))
        place = f"edge {i}"
        data = _data(element, keys, "edge", place)
        marks = _marks(element, data, default, place)
        lag = read_lag(data.pop("lag", 0), place)
        add_edge(graph, place, (names.get(ends[0], ends[0]), names.get(ends[1], ends[1])), marks, lag, data)
    if kind is None:
        graph.kind = guess_kind(graph)
    return Result(graph, provenance=_provenance(facts))


def _parse(text: str) -> Element:
    from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

    class NoDoctype(TreeBuilder):
        """Refuses a DOCTYPE, whose entities can name other files or grow without end."""

        def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
            raise DataError("the GraphML file has a DOCTYPE, which is not read for safety; remove that line")

    parser = XMLParser(target=NoDoctype())
    try:
        parser.feed(text.lstrip())
        root: Element = parser.close()
    except (ParseError, ValueError) as error:
        raise DataError(f"this is no XML: {error}") from None
    if root.tag.rpartition("}")[2] != "graphml":
        raise DataError(f"the XML element is {root.tag!r}, not graphml")
    return root


def _data(element: Element, keys: Mapping[str, _Key], scope: str, place: str = "graph") -> dict[str, Value]:
    """Return the data of an element by name, defaults included."""
    values: dict[str, Value] = {
        key.name: key.default
        for key in keys.values()
        if key.name is not None and key.default is not None and key.scope in (scope, "all")
    }
    for datum in element.findall("{*}data"):
        key = keys.get(datum.get("key", ""))
        if key is None:
            raise DataError(f"{place}: no key {datum.get('key')!r} is declared")
        value = key.value(datum.text or "", place) if key.name is not None else None
        if key.name is not None and value is not None:
            values[key.name] = value
    return finite(values)


def _node(element: Element, keys: Mapping[str, _Key]) -> tuple[str, Node]:
    """Return the id of a node, and the node: called by its name, else its label, else its id."""
    id = element.get("id", "")
    data = _data(element, keys, "node", f"node {id!r}")
    drawn = next((label.text for label in element.iterfind(".//{*}NodeLabel") if label.text), None)
    name = str(data.pop("name", None) or data.get("label") or (drawn or "").strip() or id)
    # igraph keeps the ids of a file it has read in an attribute.
    return id, Node(name, {k: v for k, v in data.items() if k not in ("label", "id") or v != name})


def _marks(element: Element, data: dict[str, Value], default: bool, place: str) -> Marks:
    """Return the marks of an edge, and take the data that say no more than the marks away."""
    words: dict[str, object] = {key: data.pop(key) for key in ("mark_source", "mark_target") if key in data}
    marks = read_marks(words, place) if words else next(_hints(element, data, default))
    if data.get("interaction") == INTERACTIONS[marks]:
        del data["interaction"]
    return marks


def _hints(element: Element, data: Mapping[str, Value], default: bool) -> Iterator[Marks]:
    word = data.get("interaction")
    if isinstance(word, str) and word in _BY_WORD:
        yield _BY_WORD[word]
    for arrows in element.iterfind(".//{*}Arrows"):
        yield _yed_mark(arrows.get("source", "none")), _yed_mark(arrows.get("target", "none"))
    directed = element.get("directed", "true" if default else "false").strip().lower() in ("true", "1")
    yield Mark.TAIL, Mark.ARROW if directed else Mark.TAIL


def _yed_mark(arrow: str) -> Mark:
    if arrow == "none":
        return Mark.TAIL
    return Mark.CIRCLE if arrow in _YED_CIRCLES else Mark.ARROW


def _provenance(facts: Mapping[str, Value]) -> dict[str, object]:
    """Return the provenance that the graph keys hold, each fact at its place."""
    found: dict[str, object] = {}
    for key, path in FACTS.items():
        if key in facts:
            inner = found
            for step in path[:-1]:
                inner = inner.setdefault(step, {})  # type: ignore[assignment]
            inner[path[-1]] = facts[key]
    return found
