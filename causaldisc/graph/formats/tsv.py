"""TSV edge list: one edge a row with its marks, lag and attributes; a row without a target is a node."""

from __future__ import annotations

from causaldisc.graph.formats import _edge_list
from causaldisc.result import Result

SUFFIXES = (".tsv",)
LOSES = frozenset({"evidence"})
_DELIMITER = "\t"


def recognises(text: str) -> bool:
    """Tell whether the first line names the columns of an edge list."""
    return _edge_list.recognises(text, _DELIMITER)


def dump(result: Result) -> str:
    """Return the graph as rows of text."""
    return _edge_list.dump(result, _DELIMITER)


def load(text: str) -> Result:
    """Return the graph that rows of text hold."""
    return _edge_list.load(text, _DELIMITER)
