"""Attributes in a fixed order, and their values as text for formats whose cells have no types."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping

from causaldisc.errors import DataError
from causaldisc.graph import Graph, Value

_KNOWN = ("type", "p_value", "statistic", "n", "weight", "frequency", "conflict")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,4000})")
_FLOAT = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][+-]?[0-9]+)?")
_ABSENT = {"", "NA", *(sign + word for sign in ("", "-") for word in ("NaN", "nan", "inf", "Inf", "INF"))}


def in_order(keys: Iterable[str]) -> list[str]:
    """Return attribute names in the order of every output: the well-known ones, then by alphabet."""
    return sorted(set(keys), key=lambda key: (_KNOWN.index(key) if key in _KNOWN else len(_KNOWN), key))


def finite(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """Return attributes in order, without numbers that are NaN or infinite."""
    known = {k: attributes[k] for k in in_order(attributes)}
    return {k: v for k, v in known.items() if not isinstance(v, float) or math.isfinite(v)}


def refuse_reserved(graph: Graph, nodes: Iterable[str], edges: Iterable[str]) -> None:
    """Raise DataError when an attribute has a name that the format needs for itself."""
    used_nodes = {key for node in graph.nodes for key in node.attributes}
    used_edges = {key for edge in graph.edges() for key in edge.attributes}
    clashes = [("node", k) for k in sorted(used_nodes.intersection(nodes))]
    clashes += [("edge", k) for k in sorted(used_edges.intersection(edges))]
    if clashes:
        what, key = clashes[0]
        raise DataError(f"this format needs the name {key!r} for itself; rename the {what} attribute {key!r}")


def write_value(value: Value) -> str:
    """Return a value as text that `read_value` gives back with its type.

    Text stands as it is, unless it would be read as a number, a truth value or nothing; then it is written
    as a JSON string, quotes included.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return repr(float(value))
    return value if read_value(value) == value else json.dumps(value, ensure_ascii=False)


def read_value(text: str) -> Value | None:
    """Return the value of a text; None when it is empty or stands for a missing or infinite number."""
    if text in _ABSENT:
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else None
    return _quoted(text) if text.startswith('"') else text


def _quoted(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def read_values(cells: Mapping[str, str]) -> dict[str, Value]:
    """Return the values of many texts, without the absent ones."""
    values = {key: read_value(text) for key, text in cells.items()}
    return {key: value for key, value in values.items() if value is not None}
