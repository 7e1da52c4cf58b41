"""Slow, obvious twins of the orientation kernels: on whole graphs, by sets and lists; to be compared with only."""

from __future__ import annotations

from collections import deque
from itertools import chain, combinations

from causaldisc.citests import answer
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import reaches
from causaldisc.search.colliders import ColliderRule, Role


def unshielded(graph):
    """Return the triples (a, c, b), a < b, both adjacent to c and not to each other, in order."""
    return sorted(
        (a, c, b)
        for c in range(len(graph))
        for a, b in combinations(graph.adjacencies(c), 2)
        if not graph.has_edge(a, b)
    )


def close(graph):
    """Orient, in place, every undirected edge that Meek's rules compel, first come, first served."""
    waiting = deque((u, v) for u in range(len(graph)) for v in graph.neighbours(u))
    while waiting:
        a, b = waiting.popleft()
        if graph.is_undirected(a, b) and _compelled(graph, a, b):
            graph.orient(a, b)
            for u in [a, b, *graph.children(b)]:
                for v in graph.neighbours(u):
                    waiting.extend(edge for edge in ((u, v), (v, u)) if edge not in waiting)


def _compelled(graph, a, b):
    into_b = graph.parents(b)
    r1 = any(not graph.has_edge(c, b) for c in graph.parents(a))
    r2 = any(graph.is_directed(a, c) for c in into_b)
    between = [c for c in into_b if graph.is_undirected(a, c)]
    r3 = any(not graph.has_edge(c, d) for c, d in combinations(between, 2))
    r4 = any(
        graph.has_edge(a, d) and graph.is_undirected(a, c) and not graph.has_edge(c, b)
        for d in into_b
        for c in graph.parents(d)
    )
    return r1 or r2 or r3 or r4


def cpdag_of(dag, known=()):
    """Return the v-structures and known arrows of a DAG, closed under Meek's rules."""
    graph = dag.copy(GraphKind.CPDAG)
    for u in range(len(dag)):
        for v in dag.adjacencies(u):
            graph.undirect(u, v)
    for a, c, b in unshielded(dag):
        if dag.is_directed(a, c) and dag.is_directed(b, c):
            graph.orient(a, c)
            graph.orient(b, c)
    for u, v in known:
        graph.orient(u, v)
    close(graph)
    return graph


def extend(graph):
    """Return a DAG by removal of sinks and the v-structures that had to be forced; see equivalence.extend."""
    nodes = range(len(graph))
    if any(not (graph.is_undirected(u, v) or graph.is_directed(u, v) or graph.is_directed(v, u))
           for u in nodes for v in graph.adjacencies(u)):  # fmt: skip
        return None, []
    dag, left, forced = graph.copy(GraphKind.DAG), set(nodes), []
    while left:
        childless = [v for v in sorted(left) if left.isdisjoint(graph.children(v))]
        if not childless:
            return None, forced
        brings = {v: _new_v_structures(graph, left, v) for v in childless}
        sink = min(childless, key=lambda v: len(brings[v]))
        forced += brings[sink]
        for u in left.intersection(graph.neighbours(sink)):
            dag.orient(u, sink)
        left.remove(sink)
    return dag, forced


def _new_v_structures(graph, left, v):
    return [
        (a, v, b)
        for a, b in combinations([u for u in graph.adjacencies(v) if u in left], 2)
        if not graph.has_edge(a, b) and (graph.is_undirected(a, v) or graph.is_undirected(b, v))
    ]


def enter(graph, triples):
    """Orient colliders (or lone arrows a == b) in the order given, in place; return whether each was lost."""
    lost = []
    for a, c, b in triples:
        lost.append(False)
        if graph.has_edge(a, c) and graph.has_edge(b, c):
            new = [end for end in (a, b) if not graph.is_directed(end, c)]
            children = [graph.children(v) for v in range(len(graph))]
            if any(graph.is_directed(c, end) or reaches(children, c, end) for end in new):
                lost[-1] = True
            else:
                for end in new:
                    graph.orient(end, c)
    return lost


def judge(test, graph, triple, rule, log_alpha, most, may_cause):
    """Return (role, log p) of a triple by asking every set of at most `most` possible causes of either end."""
    a, c, b = triple
    sets = set()
    for x, y in ((a, b), (b, a)):
        causes = [z for z in graph.adjacencies(x) if z != y and may_cause(z, x)]
        sets.update(chain.from_iterable(combinations(causes, size) for size in range(most + 1)))
    answers = {s: answer(test, a, b, s) for s in sets}
    separating = {
        s: found.log_p for s, found in answers.items() if found.verdict.is_decided and found.log_p > log_alpha
    }
    if not separating:
        return Role.AMBIGUOUS, float("-inf")
    best = max(separating, key=separating.__getitem__)
    holds = sum(c in s for s in separating)
    lacks = len(separating) - holds
    if rule is ColliderRule.MAX_P:
        role = Role.NON_COLLIDER if c in best else Role.COLLIDER
    elif rule is ColliderRule.CONSERVATIVE:
        role = Role.AMBIGUOUS if holds and lacks else Role.NON_COLLIDER if holds else Role.COLLIDER
    else:
        role = Role.AMBIGUOUS if holds == lacks else Role.NON_COLLIDER if holds > lacks else Role.COLLIDER
    return role, separating[best]


def orient(names, skeleton, findings, knowledge):
    """Return the CPDAG of judged triples and what there is to warn of, as search.orientation does."""
    graph = Graph(names, GraphKind.CPDAG)
    for u, v in skeleton.pairs.tolist():
        graph.add_edge(u, v, Mark.TAIL, Mark.TAIL)
    for u, v in knowledge.required:
        graph.orient(u, v)
    known, warned = list(knowledge.required), []
    one_way = [
        (score, (u, v) if knowledge.may_cause(u, v) else (v, u))
        for (u, v), score in zip(skeleton.pairs.tolist(), skeleton.weakest.scores.tolist(), strict=True)
        if knowledge.may_cause(u, v) != knowledge.may_cause(v, u) and not knowledge.requires_pair(u, v)
    ]
    for _, (u, v) in sorted(one_way):
        if reaches([graph.children(w) for w in range(len(graph))], v, u):
            graph.remove_edge(u, v)
            warned.append(("knowledge-cycle", f"the edge between {names[u]!r} and {names[v]!r} was dropped"))
        else:
            graph.orient(u, v)
            known.append((u, v))
    judged = list(zip(map(tuple, findings.triples.tolist()), findings.roles, findings.log_p.tolist(), strict=True))
    colliders = sorted((-log_p, triple) for triple, role, log_p in judged if role == Role.COLLIDER)
    triples = [triple for _, triple in colliders]
    lost = [triple for triple, is_lost in zip(triples, enter(graph, triples), strict=True) if is_lost]
    dag, forced = extend(graph)
    cpdag = cpdag_of(dag, known)
    ambiguous = [triple for triple, role, _ in judged if role == Role.AMBIGUOUS]
    for attribute, concerned in (("conflict", lost + forced), ("ambiguous", ambiguous)):
        for a, c, b in concerned:
            for end in (a, b):
                if cpdag.has_edge(end, c):
                    cpdag.annotate(end, c, **{attribute: True})
    for code, concerned in (("collider-conflict", lost), ("forced-collider", forced)):
        warned += [(code, f"{names[a]} -> {names[c]} <- {names[b]} has") for a, c, b in concerned]
    if ambiguous:
        warned.append(("ambiguous-triples", f"{len(ambiguous)} unshielded triple"))
    return cpdag, warned
