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
from enum import Enum, IntEnum

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import orientation
from causaldisc.citests.base import Answers, CITest, Neighbours
from causaldisc.context import Context, OutOfTime
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search import depths
from causaldisc.search.skeleton import Skeleton


class ColliderRule(Enum):
    """How colliders are told from other unshielded triples."""

    SEPSET = "sepset"
    CONSERVATIVE = "conservative"
    MAJORITY = "majority"
    MAX_P = "max-p"


class Role(IntEnum):
    """What the tests say of the middle of an unshielded triple."""

    COLLIDER = 0
    NON_COLLIDER = 1
    AMBIGUOUS = 2


@dataclass(frozen=True, eq=False)
class Findings:
    """The roles of k unshielded triples.

    `triples` (int32, (k, 3)): rows (a, c, b), a < b, in order of a, c, b; `roles` (uint8, k): a Role each; `log_p`
    (float64, k) of the independence that each rests on says how strong the evidence is (-inf without evidence).
    """

    triples: NDArray[np.int32]
    roles: NDArray[np.uint8]
    log_p: NDArray[np.float64]


def find(
    test: CITest,
    skeleton: Skeleton,
    rule: ColliderRule,
    alpha: float,
    max_depth: int | None,
    knowledge: BoundKnowledge,
    context: Context,
) -> Findings:
    """Judge every unshielded triple of the skeleton, in order.

    A pair that knowledge forbids was never tested: its triples are ambiguous, no evidence for a collider. When the
    time was up for the skeleton, the sets found first decide; when it is up here, those of the sizes that are done.
    """
    triples = orientation.unshielded(skeleton.variables, skeleton.pairs)
    roles, log_p = np.full(len(triples), Role.AMBIGUOUS, np.uint8), np.full(len(triples), -np.inf)
    if rule is not ColliderRule.SEPSET and skeleton.unfinished:
        skeleton.unfinished += ", colliders are those of --collider-rule sepset"
        rule = ColliderRule.SEPSET
    if rule is ColliderRule.SEPSET:
        inside, log_p = skeleton.separations.of_triples(triples)
        tested = log_p > -np.inf
        roles[tested] = np.where(inside[tested], Role.NON_COLLIDER, Role.COLLIDER)
        return Findings(triples, roles, log_p)
    tested = skeleton.separations.separated(triples[:, [0, 2]])
    if tested.any():
        # The parents of one end separate it from any non-descendant, and no node has more neighbours than this.
        most = int(min(skeleton.largest_neighbourhood(), depths.deepest(test, max_depth)))
        roles[tested], log_p[tested] = _by_all_sets(
            test, skeleton, rule, triples[tested], math.log(alpha), most, knowledge, context
        )
    return Findings(triples, roles, log_p)


def _by_all_sets(
    test: CITest,
    skeleton: Skeleton,
    rule: ColliderRule,
    triples: NDArray[np.int32],
    log_alpha: float,
    most: int,
    knowledge: BoundKnowledge,
    context: Context,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Judge by all separating sets of at most `most` neighbours of either end; returns roles and log p."""
    # Stable, so that the middles of a pair of ends stay in order.
    keys = triples[:, 0].astype(np.int64) * skeleton.variables + triples[:, 2]
    order = np.argsort(keys, kind="stable")
    sorted_ = triples[order]
    first = np.diff(keys[order], prepend=-1) != 0
    starts = np.append(np.flatnonzero(first), len(order)).astype(np.int32)
    middles = Neighbours(starts, np.ascontiguousarray(sorted_[:, 1]))
    ends = np.ascontiguousarray(sorted_[first][:, [0, 2]])
    ballot = _ballot(test, skeleton, ends, middles, log_alpha, most, knowledge, context)
    owners = np.cumsum(first) - 1
    roles, log_p = np.empty(len(order), np.uint8), np.empty(len(order))
    roles[order] = _roles(rule, ballot.members, ballot.separating[owners], ballot.in_best)
    log_p[order] = ballot.best.log_p[owners]
    return roles, log_p


def _roles(
    rule: ColliderRule, members: NDArray[np.int64], separating: NDArray[np.int64], in_best: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Judge middles that are in `members` of the `separating` sets, and or not in the best of them."""
    if rule is ColliderRule.MAX_P:
        outside, inside = ~in_best, in_best
    elif rule is ColliderRule.CONSERVATIVE:
        outside, inside = members == 0, members == separating
    else:
        outside, inside = 2 * members < separating, 2 * members > separating
    return np.select(
        [separating == 0, outside, inside], [Role.AMBIGUOUS, Role.COLLIDER, Role.NON_COLLIDER], Role.AMBIGUOUS
    )


@dataclass
class _Ballot:
    """Votes of all depths together: `separating` and `best`, the separating answer with the largest p-value, a row a
    pair; `members` and `in_best`, a number a middle: how many of the sets hold it, and whether the best one does."""

    separating: NDArray[np.int64]
    members: NDArray[np.int64]
    best: Answers
    in_best: NDArray[np.bool_]


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
    count = len(middles.members)
    ballot = _Ballot(np.zeros(len(pairs), np.int64), np.zeros(count, np.int64), best, np.zeros(count, np.bool_))
    owners = np.repeat(np.arange(len(pairs)), np.diff(middles.starts))
    scores = np.full(len(pairs), -np.inf)
    for depth in range(most + 1):
        try:
            votes = depths.vote(test, pairs, causes, middles, depth, log_alpha, scores, skeleton.undecided, context)
        except OutOfTime:
            skeleton.unfinished = f"time was up: colliders are judged by the separating sets of fewer than {depth}"
            break
        skeleton.collider_tests += votes.tests
        ballot.separating += votes.separating
        ballot.members += votes.members
        scores = votes.scores
        news = np.flatnonzero(votes.improved)
        ends = np.ascontiguousarray(pairs[news].T)
        best.put(news, test.answers(ends[0], ends[1], np.ascontiguousarray(votes.sets[news])))
        between = np.flatnonzero(votes.improved[owners])
        ballot.in_best[between] = (votes.sets[owners[between]] == middles.members[between, None]).any(axis=1)
    return ballot
