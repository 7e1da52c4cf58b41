"""From a skeleton and judged triples to a valid CPDAG, whatever the judgements.

Tests on real data contradict each other, and then orienting triple by triple yields cycles and double arrows.
Here colliders enter by strength of evidence, each only if the arrows stay free of cycles; then a DAG that has
them all is built (with as few new v-structures as possible where no other way is left), and its CPDAG is the
answer. Evidence that lost is reported as a conflict of the edges concerned. Where the judgements agree, as those
of a perfect test do, the outcome is that of PC's own orientation steps.
"""

from __future__ import annotations

from collections.abc import Iterable

from causaldisc.context import Context
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import Triple, cpdag_of, extend, reaches
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search.colliders import Finding, Role
from causaldisc.search.skeleton import Skeleton


def orient(
    names: Iterable[str],
    skeleton: Skeleton,
    findings: list[Finding],
    knowledge: BoundKnowledge,
    context: Context,
) -> Graph:
    """Return the CPDAG (maximally oriented, with knowledge), edges marked `conflict` or `ambiguous` where due."""
    graph = Graph(names, GraphKind.CPDAG)
    for u, v in skeleton.pairs.tolist():
        graph.add_edge(u, v, Mark.TAIL, Mark.TAIL)
    known = _orient_known(graph, skeleton, knowledge, context)
    lost = _orient_colliders(graph, findings)
    dag, forced = extend(graph)
    assert dag is not None, "arrows were added one by one, each without a cycle"
    cpdag = cpdag_of(dag, known)
    for triple in [*lost, *forced]:
        _mark(cpdag, triple, "conflict")
    for finding in findings:
        if finding.role is Role.AMBIGUOUS:
            _mark(cpdag, finding.triple, "ambiguous")
    _report(cpdag, lost, forced, findings, context)
    return cpdag


def _mark(graph: Graph, triple: Triple, attribute: str) -> None:
    a, c, b = triple
    for end in (a, b):
        if graph.has_edge(end, c):
            graph.annotate(end, c, **{attribute: True})


def _orient_known(
    graph: Graph, skeleton: Skeleton, knowledge: BoundKnowledge, context: Context
) -> list[tuple[int, int]]:
    """Orient required edges, then those of which one direction is forbidden; return the arrows.

    Prohibitions alone can close a cycle that no sparser graph would have; the weakest edge then goes.
    """
    one_way = [
        (weakness, (u, v) if knowledge.may_cause(u, v) else (v, u))
        for (u, v), weakness in zip(skeleton.pairs.tolist(), skeleton.weakest.scores.tolist(), strict=True)
        if knowledge.may_cause(u, v) != knowledge.may_cause(v, u) and not knowledge.requires_pair(u, v)
    ]
    children: list[list[int]] = [[] for _ in graph.nodes]
    for u, v in knowledge.required:
        graph.orient(u, v)
        children[u].append(v)
    known = list(knowledge.required)
    # The strongest first, so that the edge that closes a cycle is the weakest in it.
    for _, (u, v) in sorted(one_way):
        if reaches(children, v, u):
            graph.remove_edge(u, v)
            context.warn(
                "knowledge-cycle",
                f"the edge between {graph.names[u]!r} and {graph.names[v]!r} was dropped: the directions that "
                "knowledge allows would close a cycle",
            )
        else:
            graph.orient(u, v)
            children[u].append(v)
            known.append((u, v))
    return known


def _orient_colliders(graph: Graph, findings: list[Finding]) -> list[Triple]:
    """Orient colliders, strongest evidence first; return those that would undo an arrow or close a cycle."""
    lost = []
    children = [graph.children(v) for v in range(len(graph))]
    colliders = [f for f in findings if f.role is Role.COLLIDER]
    for finding in sorted(colliders, key=lambda f: (-f.log_p, f.triple)):
        a, c, b = finding.triple
        if not (graph.has_edge(a, c) and graph.has_edge(b, c)):
            continue  # knowledge dropped the edge
        # An arrow that is there needs no look for a cycle; in a hub most triples bring one new arrow or none.
        new = [end for end in (a, b) if not graph.is_directed(end, c)]
        if any(graph.is_directed(c, end) or reaches(children, c, end) for end in new):
            lost.append(finding.triple)
            continue
        for end in new:
            graph.orient(end, c)
            children[end].append(c)
    return lost


def _report(graph: Graph, lost: list[Triple], forced: list[Triple], findings: list[Finding], context: Context) -> None:
    names = graph.names
    for a, c, b in lost:
        context.warn(
            "collider-conflict",
            f"{names[a]} -> {names[c]} <- {names[b]} has evidence but contradicts stronger arrows",
        )
    for a, c, b in forced:
        context.warn(
            "forced-collider",
            f"{names[a]} -> {names[c]} <- {names[b]} has no evidence of its own, but no acyclic graph on this "
            "skeleton does without",
        )
    ambiguous = sum(f.role is Role.AMBIGUOUS for f in findings)
    if ambiguous:
        triples = "1 unshielded triple was" if ambiguous == 1 else f"{ambiguous} unshielded triples were"
        context.warn("ambiguous-triples", f"{triples} left undecided and taken for non-colliders")
