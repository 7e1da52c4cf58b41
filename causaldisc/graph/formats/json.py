"""JSON, schema causaldisc.graph/1: everything there is, one node or edge a line.

The shape is that of networkx's node-link data: `networkx.node_link_graph(data, name="name", edges="edges",
directed=True, multigraph=False)` reads it (`multigraph=True` when there are lags). Node-link files without
our schema are read too: nodes by `id` or `name`, edges under `edges` or `links`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from causaldisc.errors import DataError
from causaldisc.graph import Edge, Graph, Mark, Node, Value
from causaldisc.graph.formats import _reading
from causaldisc.graph.formats._reading import add_edge, new_graph, node_number, read_marks
from causaldisc.graph.formats._values import finite, refuse_reserved
from causaldisc.result import Notice, Result, Separation

SUFFIXES = (".json",)
LOSES: frozenset[str] = frozenset()
SCHEMA = "causaldisc.graph/1"
_EDGE_KEYS = ("source", "target", "mark_source", "mark_target", "lag")


def recognises(text: str) -> bool:
    """Tell whether the text looks like JSON."""
    return text.lstrip().startswith("{")


# ---- writing


def dump(result: Result) -> str:
    """Return the result as JSON; equal results give equal bytes."""
    graph = result.graph
    refuse_reserved(graph, nodes=("name",), edges=_EDGE_KEYS)
    parts = {
        "schema": SCHEMA,
        "kind": graph.kind.value,
        "nodes": [{"name": node.name, **finite(node.attributes)} for node in graph.nodes],
        "edges": [_edge(graph, edge) for edge in graph.edges()],
        "separations": _Lines(_separations(result)),
        "warnings": [{"code": w.code, "message": w.message} for w in result.warnings],
        "provenance": _finite(result.provenance),
    }
    return "{" + ",\n ".join(f'"{key}": {_lines(value)}' for key, value in parts.items()) + "}\n"


def _edge(graph: Graph, edge: Edge) -> dict[str, Value]:
    ends = (graph.nodes[edge.source].name, graph.nodes[edge.target].name)
    fixed = (*ends, edge.mark_source.value, edge.mark_target.value, edge.lag)
    return {**dict(zip(_EDGE_KEYS, fixed)), **finite(edge.attributes)}


class _Lines(list[str]):
    """Items that are JSON text already."""


def _separations(result: Result) -> Iterator[str]:
    """Yield a line a separation, by hand: a large graph has a hundred thousand times more of them than names."""
    quoted = {node.name: _text(node.name) for node in result.graph.nodes}
    for x, y, given, p_value, n in result.separations:
        members = ", ".join([quoted[name] for name in given]) if given else ""
        numbers = f', "p_value": {p_value!r}' if p_value is not None and p_value - p_value == 0.0 else ""
        if n is not None:
            numbers += f', "n": {n}'
        yield f'{{"x": {quoted[x]}, "y": {quoted[y]}, "given": [{members}]{numbers}}}'


def _finite(value: Any) -> Any:
    """Return JSON values without NaN and infinity: keys are left out, list items become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, Mapping):
        kept = {key: _finite(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None or value[key] is None}
    return value


def _lines(value: Any) -> str:
    """Return JSON text with each item of a list, or key of an object, on a line of its own."""
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(value if isinstance(value, _Lines) else map(_text, value)) + "\n ]"
    if isinstance(value, dict) and value:
        return "{\n  " + ",\n  ".join(f"{_text(k)}: {_text(v)}" for k, v in value.items()) + "\n }"
    return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


# ---- reading


def load(text: str) -> Result:
    """Return the result that a JSON text holds, every part of it checked."""
    data = _parse(text)
    if data.get("schema", SCHEMA) != SCHEMA:
        raise DataError(f"schema {data['schema']!r} is unknown; this version reads {SCHEMA!r}")
    if "schema" not in data and "nodes" not in data:
        raise DataError(f'the JSON object is no graph: it has neither "schema": "{SCHEMA}" nor "nodes"')
    graph = _read_graph(data)
    provenance = data.get("provenance", {})
    if not isinstance(provenance, dict):
        raise DataError("provenance must be an object")
    separations = tuple(_read_separation(graph, item, place) for item, place in _objects(data, "separations"))
    warnings = tuple(
        Notice(_string(item, "code", place), _string(item, "message", place))
        for item, place in _objects(data, "warnings")
    )
    return Result(graph, separations, warnings, provenance)


def _parse(text: str) -> dict[str, Any]:
    try:
        # NaN and Infinity are no JSON, yet other tools write them: they become null, which is absent.
        data = json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        raise DataError(f"line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"this JSON cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise DataError("the JSON must be an object that describes a graph")
    return data


def _read_graph(data: dict[str, Any]) -> Graph:
    items = _objects(data, "nodes")
    own = "schema" in data
    kind = _reading.read_kind(data["kind"], "kind") if "kind" in data else None
    graph = new_graph([_node(item, place, own) for item, place in items], kind)
    # Node-link data refer to nodes by id, our own by name.
    names = {} if own else {str(item.get("id")): node.name for (item, _), node in zip(items, graph.nodes)}
    plain = (Mark.TAIL, Mark.ARROW if data.get("directed", True) else Mark.TAIL)
    for item, place in _objects(data, "edges" if "edges" in data else "links"):
        ends = (_string(item, "source", place), _string(item, "target", place))
        marks = plain
        if own or "mark_source" in item or "mark_target" in item:
            marks = read_marks(item, place)
        lag = _reading.read_lag(item.get("lag", 0), place)
        ends = (names.get(ends[0], ends[0]), names.get(ends[1], ends[1]))
        add_edge(graph, place, ends, marks, lag, _attributes(item, _EDGE_KEYS, place))
    if kind is None:
        graph.kind = _reading.guess_kind(graph)
    return graph


def _objects(data: dict[str, Any], key: str) -> list[tuple[dict[str, Any], str]]:
    """Return the objects under a key, each with its place for messages."""
    items = data.get(key, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DataError(f"{key} must be a list of objects")
    return [(item, f"{key}[{i}]") for i, item in enumerate(items)]


def _node(item: dict[str, Any], place: str, own: bool) -> Node:
    name = _string(item, "name" if own or "name" in item else "id", place)
    return Node(name, _attributes(item, ("name",) if own else ("name", "id"), place))


def _string(item: dict[str, Any], key: str, place: str) -> str:
    value = item.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # networkx names nodes by number
    if not isinstance(value, str):
        raise DataError(f"{place}: {key} must be text, not {value!r}")
    return value


def _attributes(item: dict[str, Any], known: tuple[str, ...], place: str) -> dict[str, Value]:
    values = {k: v for k, v in item.items() if k not in known and v is not None}
    for key, value in values.items():
        if not isinstance(value, str | int | float):
            raise DataError(f"{place}: {key} must be text, a number, true or false, not a list or an object")
    return finite(values)


def _read_separation(graph: Graph, item: dict[str, Any], place: str) -> Separation:
    given = item.get("given", [])
    if not isinstance(given, list):
        raise DataError(f"{place}: given must be a list of names")
    names = [_string(item, "x", place), _string(item, "y", place)]
    names += [_string({"given": name}, "given", place) for name in given]
    for name in names:
        node_number(graph, name, place)
    numbers = _attributes({k: item[k] for k in ("p_value", "n") if k in item}, (), place)
    p_value, n = numbers.get("p_value"), numbers.get("n")
    if isinstance(p_value, str | bool) or isinstance(n, str | bool | float):
        raise DataError(f"{place}: p_value must be a number and n a whole number")
    return Separation(names[0], names[1], tuple(names[2:]), p_value, n)
