"""From a skeleton and judged triples to a valid CPDAG, whatever the judgements.

Tests on real data contradict each other, and then orienting triple by triple yields cycles and double arrows.
Here colliders enter by strength of evidence, each only if the arrows stay free of cycles; then a DAG that has
them all is built (with as few new v-structures as possible where no other way is left), and its CPDAG is the
answer. Evidence that lost is reported as a conflict of the edges concerned. Where the judgements agree, as those
of a perfect test do, the outcome is that of PC's own orientation steps.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import meek, orientation
from causaldisc.context import Context
from causaldisc.distinct import distinct
from causaldisc.graph import Graph, GraphKind
from causaldisc.graph.pairs import Pairs, Way, Ways, as_graph, places
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search.colliders import Findings, Role
from causaldisc.search.skeleton import Skeleton

Triples = NDArray[np.int32]


def orient(
    names: Iterable[str],
    skeleton: Skeleton,
    findings: Findings,
    knowledge: BoundKnowledge,
    context: Context,
) -> Graph:
    """Return the CPDAG (maximally oriented, with knowledge), edges marked `conflict` or `ambiguous` where due."""
    names, nodes = tuple(names), skeleton.variables
    pairs, ways = _orient_known(names, skeleton, knowledge, context)
    known = (ways != Way.UNDIRECTED).astype(np.uint8)
    colliders = _by_strength(findings)
    lost = colliders[orientation.enter(nodes, pairs, ways, colliders) == 1]
    complete, forced = orientation.extend(nodes, pairs, ways)
    assert complete, "arrows were added one by one, each without a cycle"
    meek.cpdag(nodes, pairs, ways, known)
    cpdag = as_graph(names, GraphKind.CPDAG, pairs, ways)
    ambiguous = findings.triples[findings.roles == Role.AMBIGUOUS]
    _mark(cpdag, pairs, np.concatenate([lost, forced]), "conflict")
    _mark(cpdag, pairs, ambiguous, "ambiguous")
    _report(names, lost, forced, len(ambiguous), context)
    return cpdag


def _mark(graph: Graph, pairs: Pairs, triples: Triples, attribute: str) -> None:
    """Mark the edges of the triples, where they are still there."""
    a, c, b = triples.T
    concerned = distinct(np.concatenate([places(pairs, a, c), places(pairs, b, c)]))
    for u, v in pairs[concerned[concerned >= 0]].tolist():
        graph.annotate(u, v, **{attribute: True})


def _orient_known(
    names: tuple[str, ...], skeleton: Skeleton, knowledge: BoundKnowledge, context: Context
) -> tuple[Pairs, Ways]:
    """Orient required edges, then those of which one direction is forbidden; return what then stands.

    Prohibitions alone can close a cycle that no sparser graph would have; the weakest edge then goes.
    """
    pairs = skeleton.pairs
    ways = np.zeros(len(pairs), np.uint8)
    required = np.array(knowledge.required, np.int32).reshape(-1, 2)
    ways[places(pairs, *required.T)] = np.where(required[:, 0] < required[:, 1], Way.OUT, Way.IN)
    u, v = pairs.T
    may = ~knowledge.forbidden[u, v]
    one_way = (may == knowledge.forbidden[v, u]) & (ways == Way.UNDIRECTED)
    causes, effects = np.where(may, u, v)[one_way], np.where(may, v, u)[one_way]
    # The strongest first, so that the edge that closes a cycle is the weakest in it.
    order = np.lexsort((effects, causes, skeleton.weakest.scores[one_way]))
    arrows = np.column_stack([causes, effects, causes])[order]
    closing = arrows[orientation.enter(skeleton.variables, pairs, ways, arrows) == 1]
    for cause, effect, _ in closing.tolist():
        context.warn(
            "knowledge-cycle",
            f"the edge between {names[cause]!r} and {names[effect]!r} was dropped: the directions that "
            "knowledge allows would close a cycle",
        )
    stays = np.ones(len(pairs), np.bool_)
    stays[places(pairs, closing[:, 0], closing[:, 1])] = False
    return np.ascontiguousarray(pairs[stays]), ways[stays]


def _by_strength(findings: Findings) -> Triples:
    """Return the colliders, those of the strongest evidence first, equals in order of a, c, b."""
    colliders = np.flatnonzero(findings.roles == Role.COLLIDER)
    return findings.triples[colliders[np.argsort(-findings.log_p[colliders], kind="stable")]]


def _report(names: tuple[str, ...], lost: Triples, forced: Triples, ambiguous: int, context: Context) -> None:
    for a, c, b in lost.tolist():
        context.warn(
            "collider-conflict",
            f"{names[a]} -> {names[c]} <- {names[b]} has evidence but contradicts stronger arrows",
        )
    for a, c, b in forced.tolist():
        context.warn(
            "forced-collider",
            f"{names[a]} -> {names[c]} <- {names[b]} has no evidence of its own, but no acyclic graph on this "
            "skeleton does without",
        )
    if ambiguous:
        triples = "1 unshielded triple was" if ambiguous == 1 else f"{ambiguous} unshielded triples were"
        context.warn("ambiguous-triples", f"{triples} left undecided and taken for non-colliders")
