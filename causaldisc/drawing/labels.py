"""What a drawing writes: names short enough to be shown, edges in notation, lags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from causaldisc.graph import Edge, Graph, Value
from causaldisc.graph.graph import glyph

LONGEST = 36  # characters; longer names lose their middle


def shown(name: str) -> str:
    """Return a name as it is shown: one line, not too long."""
    text = " ".join(printable(name).split()) or "(blank)"
    half = (LONGEST - 1) // 2
    return text if len(text) <= LONGEST else f"{text[:half]}…{text[-half:]}"


def printable(text: str) -> str:
    """Return a text with spaces for what cannot be printed."""
    return "".join(c if c.isprintable() else " " for c in text)


def in_notation(edges: tuple[Edge, ...], graph: Graph) -> str:
    """Return edges that share ends and marks, such as `a --> b [lag 1-3]`."""
    edge = edges[0]
    behind = f" [lag {with_lags(edges)}]" if any(e.lag for e in edges) else ""
    symbol = glyph(edge.mark_source, edge.mark_target)
    return f"{graph.nodes[edge.source].name} {symbol} {graph.nodes[edge.target].name}{behind}"


def with_lags(edges: Iterable[Edge]) -> str:
    """Return the lags of edges: 1-3, 7."""
    spans: list[list[int]] = []
    for lag in sorted(edge.lag for edge in edges):
        if spans and lag == spans[-1][1] + 1:
            spans[-1][1] = lag
        else:
            spans.append([lag, lag])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def is_doubtful(attributes: Mapping[str, Value]) -> bool:
    """Tell whether the evidence for an edge, or for its direction, was in conflict or missing."""
    return any(attributes.get(key) for key in ("conflict", "ambiguous", "undecided", "insufficient"))
