"""Hypothesis strategies shared by the tests."""

from __future__ import annotations

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
