"""Hypothesis strategies shared by the tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from causaldisc.graph import Graph, GraphKind, Mark


@st.composite
def dags(draw, min_nodes=1, max_nodes=7):
    """Random DAGs named A, B, ...; the causal order is a random order of the names."""
    p = draw(st.integers(min_nodes, max_nodes))
    order = draw(st.permutations(range(p)))
    dag = Graph([chr(ord("A") + i) for i in range(p)], GraphKind.DAG)
    for i in range(p):
        for j in range(i):
            if draw(st.booleans()):
                dag.add_edge(order[j], order[i], Mark.TAIL, Mark.ARROW)
    return dag


ENDS = {
    "undirected": (Mark.TAIL, Mark.TAIL),
    "forward": (Mark.TAIL, Mark.ARROW),
    "backward": (Mark.ARROW, Mark.TAIL),
    "bidirected": (Mark.ARROW, Mark.ARROW),
    "circle": (Mark.CIRCLE, Mark.ARROW),
}


@st.composite
def graphs(draw, kinds, min_nodes=1, max_nodes=12):
    """Random graphs, sparse or dense, with or without hubs, of the given kinds of edges; forward ones form no cycle."""
    p = draw(st.integers(min_nodes, max_nodes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    graph = Graph([f"v{i:02}" for i in range(p)], GraphKind.MIXED)
    order = rng.permutation(p)
    density = draw(st.sampled_from([0.15, 0.4, 0.8, 1.0]))
    hubs = set(order[: draw(st.integers(0, 2))].tolist())
    for j in range(p):
        for i in range(j):
            u, v = int(order[i]), int(order[j])
            if rng.random() < (0.9 if hubs & {u, v} else density):
                graph.add_edge(u, v, *ENDS[kinds[rng.integers(len(kinds))]], attributes={"place": i * p + j})
    return graph
