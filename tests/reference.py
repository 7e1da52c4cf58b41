"""Slow, obvious twins of the kernels: written from the definitions, to be compared with, never to be used."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product

import numpy as np

from causaldisc.graph import Graph, GraphKind, Mark


def fisher_z(values, x, y, given):
    """Return (statistic, rows) from the residuals of least squares; `values` has shape (variables, rows)."""
    rows = values.shape[1]
    design = np.vstack([np.ones(rows), values[list(given)]]).T
    residuals = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (values[x], values[y])]
    rho = residuals[0] @ residuals[1] / np.sqrt((residuals[0] @ residuals[0]) * (residuals[1] @ residuals[1]))
    return np.sqrt(rows - len(given) - 3) * np.arctanh(rho), rows


def contingency(codes, levels, x, y, given, pearson, df_rule):
    """Return (statistic, df, n) by counting in dictionaries; `df_rule` is 'stratum', 'full' or 'occupied'."""
    strata = {}
    for row in codes.T:
        if all(row[v] >= 0 for v in (x, y, *given)):
            strata.setdefault(tuple(row[list(given)]), Counter())[row[x], row[y]] += 1
    statistic = df = n = 0.0
    for table in strata.values():
        total = sum(table.values())
        of_x, of_y = Counter(), Counter()
        for (i, j), count in table.items():
            of_x[i] += count
            of_y[j] += count
        n += total
        for i, j in product(of_x, of_y):
            expected = of_x[i] * of_y[j] / total
            seen = table[i, j]
            if pearson:
                statistic += (seen - expected) ** 2 / expected
            elif seen:
                statistic += 2 * seen * np.log(seen / expected)
        df += {
            "stratum": (len(of_x) - 1) * (len(of_y) - 1),
            "occupied": (levels[x] - 1) * (levels[y] - 1),
            "full": 0,
        }[df_rule]
    if df_rule == "full":
        df = (levels[x] - 1) * (levels[y] - 1) * np.prod([levels[z] for z in given], dtype=float)
    return statistic, df, n


def all_dags(skeleton: Graph):
    """Yield every DAG on the skeleton of a graph."""
    pairs = [(e.source, e.target) for e in skeleton.edges()]
    for turned in product((False, True), repeat=len(pairs)):
        dag = Graph(skeleton.nodes, GraphKind.DAG)
        for (u, v), turn in zip(pairs, turned, strict=True):
            dag.add_edge(*((v, u) if turn else (u, v)), Mark.TAIL, Mark.ARROW)
        if _acyclic(dag):
            yield dag


def _acyclic(dag: Graph) -> bool:
    left = set(range(len(dag)))
    while left:
        roots = {v for v in left if not left.intersection(dag.parents(v))}
        if not roots:
            return False
        left -= roots
    return True


def colliders(dag: Graph):
    """Return the v-structures of a DAG as a set."""
    return {(a, c, b) for c in range(len(dag)) for a, b in combinations(dag.parents(c), 2) if not dag.has_edge(a, b)}


def cpdag(dag: Graph, known=()) -> Graph:
    """Return the CPDAG by enumerating the class: an arrow where all members (with the `known` arrows) agree."""
    members = [
        d for d in all_dags(dag) if colliders(d) == colliders(dag) and all(d.is_directed(u, v) for u, v in known)
    ]
    graph = Graph(dag.nodes, GraphKind.CPDAG)
    for e in dag.edges():
        graph.add_edge(e.source, e.target, Mark.TAIL, Mark.TAIL)
        for u, v in ((e.source, e.target), (e.target, e.source)):
            if all(member.is_directed(u, v) for member in members):
                graph.orient(u, v)
    return graph
