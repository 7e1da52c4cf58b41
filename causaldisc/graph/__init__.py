"""Graphs whose edges carry a mark at each end."""

from causaldisc.graph.graph import Edge, Graph, GraphKind, Mark, Node, Value

__all__ = ["Edge", "Graph", "GraphKind", "Mark", "Node", "Value"]
