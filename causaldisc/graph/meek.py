"""Meek's orientation rules: what follows from the arrows already there.

C. Meek, "Causal inference and causal explanation with background knowledge", UAI 1995, section 2.1. Rules R1-R3
suffice after colliders alone; R4 is needed once background knowledge has oriented an edge.
"""

from __future__ import annotations

from causaldisc._ext import meek as kernel
from causaldisc.graph.graph import Graph
from causaldisc.graph.pairs import arrays_of, set_ways


def close(graph: Graph) -> None:
    """Orient, in place, every undirected edge that R1-R4 compel. Edges of other marks stay as they are."""
    pairs, ways = arrays_of(graph)
    kernel.close(len(graph), pairs, ways)
    set_ways(graph, pairs, ways)
