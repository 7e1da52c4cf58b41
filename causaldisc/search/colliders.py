"""Which unshielded triples a - c - b are colliders: four rules.

sepset: c is not in the set that separated a and b (Spirtes, Glymour, Scheines 2000, PC step C).
conservative: c is in none of all separating sets; a non-collider if in all (Ramsey, Spirtes, Zhang, UAI 2006).
majority: c is in less than half of them (Colombo, Maathuis, JMLR 2014).
max-p: c is not in the separating set with the largest p-value (Ramsey, arXiv:1610.00378, 2016).

The last three ask all sets of neighbours in the finished skeleton and do not look at the set that was found
first, so they do not depend on the order of the columns. Where no such set separates, the triple is ambiguous
(Colombo and Maathuis).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answers, CITest, Neighbours
from causaldisc.context import Context
from causaldisc.graph.equivalence import Triple
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search import depths
from causaldisc.search.skeleton import Skeleton


class ColliderRule(Enum):
    """How colliders are told from other unshielded triples."""

    SEPSET = "sepset"
    CONSERVATIVE = "conservative"
    MAJORITY = "majority"
    MAX_P = "max-p"


class Role(Enum):
    """What the tests say of the middle of an unshielded triple."""

    COLLIDER = "collider"
    NON_COLLIDER = "non-collider"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Finding:
    """The role of a triple; `log_p` of the independence it rests on says how strong the evidence is."""

    triple: Triple
    role: Role
    log_p: float


def find(
    test: CITest,
    skeleton: Skeleton,
    rule: ColliderRule,
    alpha: float,
    max_depth: int | None,
    knowledge: BoundKnowledge,
    context: Context,
) -> list[Finding]:
    """Judge every unshielded triple of the skeleton, in order.

    A pair that knowledge forbids was never tested: its triples are ambiguous, no evidence for a collider.
    """
    triples = unshielded(skeleton)
    if rule is ColliderRule.SEPSET:
        return [_by_separating_set(skeleton, triple) for triple in triples]
    tested = [t for t in triples if skeleton.separations.separated(np.array([[t[0], t[2]]], np.int32))[0]]
    # The parents of one end separate it from any non-descendant, and no node has more neighbours than this.
    most = int(min(skeleton.largest_neighbourhood(), depths.deepest(test, max_depth)))
    judged = {
        f.triple: f for f in _by_all_sets(test, skeleton, rule, tested, math.log(alpha), most, knowledge, context)
    }
    return [judged.get(triple, Finding(triple, Role.AMBIGUOUS, -math.inf)) for triple in triples]


def unshielded(skeleton: Skeleton) -> list[Triple]:
    """Return the triples (a, c, b), a < b, both adjacent to c and not to each other, in order of a, c, b."""
    adjacent = skeleton.neighbours()
    around = [adjacent.of(c) for c in range(skeleton.variables)]
    known = [set(nodes) for nodes in around]
    return sorted(
        (a, c, b)
        for c, nodes in enumerate(around)
        for i, a in enumerate(nodes)
        for b in nodes[i + 1 :]
        if b not in known[a]
    )


def _by_separating_set(skeleton: Skeleton, triple: Triple) -> Finding:
    _a, _c, _b = triple
    inside, log_p = skeleton.separations.of_triples(np.array([triple], np.int32))
    if log_p[0] == -math.inf:
        return Finding(triple, Role.AMBIGUOUS, -math.inf)
    return Finding(triple, Role.NON_COLLIDER if inside[0] else Role.COLLIDER, float(log_p[0]))


def _by_all_sets(
    test: CITest,
    skeleton: Skeleton,
    rule: ColliderRule,
    triples: list[Triple],
    log_alpha: float,
    most: int,
    knowledge: BoundKnowledge,
    context: Context,
) -> list[Finding]:
    """Judge by all separating sets of at most `most` neighbours of either end."""
    ends = sorted({(a, b) for a, _, b in triples})
    if not ends:
        return []
    number = {pair: i for i, pair in enumerate(ends)}
    owners = np.array([number[a, b] for a, _, b in triples], np.int32)
    middles = Neighbours.build(owners, np.array([c for _, c, _ in triples], np.int32), len(ends))
    ballot = _ballot(test, skeleton, np.array(ends, np.int32), middles, log_alpha, most, knowledge, context)
    findings = []
    for i, (a, b) in enumerate(ends):
        for place in range(middles.starts[i], middles.starts[i + 1]):
            c = int(middles.members[place])
            role = _role(rule, int(ballot.members[place]), int(ballot.separating[i]), c in ballot.best_sets.get(i, ()))
            findings.append(Finding((a, c, b), role, float(ballot.best.log_p[i])))
    return findings


def _role(rule: ColliderRule, members: int, separating: int, in_best: bool) -> Role:
    """Judge a middle that is in `members` of the `separating` sets."""
    if not separating:
        return Role.AMBIGUOUS
    if rule is ColliderRule.MAX_P:
        return Role.NON_COLLIDER if in_best else Role.COLLIDER
    if rule is ColliderRule.CONSERVATIVE:
        return {0: Role.COLLIDER, separating: Role.NON_COLLIDER}.get(members, Role.AMBIGUOUS)
    if 2 * members == separating:
        return Role.AMBIGUOUS
    return Role.COLLIDER if 2 * members < separating else Role.NON_COLLIDER


@dataclass
class _Ballot:
    """Votes of all depths together, a row a pair; `best` is the separating answer with the largest p-value."""

    separating: NDArray[np.int64]
    members: NDArray[np.int64]
    best: Answers
    best_sets: dict[int, tuple[int, ...]]


def _ballot(
    test: CITest,
    skeleton: Skeleton,
    pairs: NDArray[np.int32],
    middles: Neighbours,
    log_alpha: float,
    most: int,
    knowledge: BoundKnowledge,
    context: Context,
) -> _Ballot:
    causes = skeleton.neighbours(knowledge)
    best = Answers.empty(len(pairs))
    best.log_p[:] = -np.inf
    ballot = _Ballot(np.zeros(len(pairs), np.int64), np.zeros(len(middles.members), np.int64), best, {})
    scores = np.full(len(pairs), -np.inf)
    for depth in range(most + 1):
        votes = depths.vote(test, pairs, causes, middles, depth, log_alpha, scores, skeleton.undecided, context)
        skeleton.collider_tests += votes.tests
        ballot.separating += votes.separating
        ballot.members += votes.members
        news = np.flatnonzero(votes.improved)
        scores = votes.scores
        ends = np.ascontiguousarray(pairs[news].T)
        sets = np.ascontiguousarray(votes.sets[news])
        best.put(news, test.answers(ends[0], ends[1], sets))
        ballot.best_sets.update(zip(news.tolist(), map(tuple, sets.tolist()), strict=True))
    return ballot
