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

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import combinations

import numpy as np

from causaldisc.citests.base import CITest
from causaldisc.context import Context
from causaldisc.graph.equivalence import Triple
from causaldisc.knowledge import BoundKnowledge
from causaldisc.search.skeleton import Pair, Separated, Skeleton, ask, candidates, chunks


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
    log_alpha: float,
    max_depth: int | None,
    knowledge: BoundKnowledge,
    context: Context,
) -> list[Finding]:
    """Judge every unshielded triple of the skeleton, in order.

    A pair that knowledge forbids was never tested: its triples are ambiguous, no evidence for a collider.
    """
    middles: dict[Pair, list[int]] = {}
    for a, c, b in _triples(skeleton):
        middles.setdefault((a, b), []).append(c)
    # The parents of one end separate it from any non-descendant, and no node has more neighbours than this.
    most = max_depth if max_depth is not None else max(map(len, skeleton.adjacent), default=0)
    adjacent = [sorted(around) for around in skeleton.adjacent]
    found: list[Finding] = []
    for done, (pair, between) in enumerate(middles.items()):
        context.progress(done, len(middles), "colliders")
        if pair not in skeleton.separations:
            separating = []
        elif rule is ColliderRule.SEPSET:
            separating = [skeleton.separations[pair]]
        else:
            separating = _all_separating(test, skeleton, adjacent, pair, log_alpha, most, knowledge)
        found += [_judge(rule, (pair[0], c, pair[1]), separating) for c in between]
    return sorted(found, key=lambda finding: finding.triple)


def _triples(skeleton: Skeleton) -> Iterable[Triple]:
    for c, around in enumerate(skeleton.adjacent):
        for a, b in combinations(sorted(around), 2):
            if b not in skeleton.adjacent[a]:
                yield a, c, b


def _all_separating(
    test: CITest,
    skeleton: Skeleton,
    adjacent: list[list[int]],
    pair: Pair,
    log_alpha: float,
    most: int,
    knowledge: BoundKnowledge,
) -> list[Separated]:
    """Return every separating set of at most `most` neighbours of either end."""
    found = []
    for depth in range(most + 1):
        for sets in chunks(candidates(*pair, adjacent, depth, knowledge), depth):
            answers = ask(test, *pair, sets)
            skeleton.collider_tests += len(sets)
            skeleton.note_undecided(*pair, sets, answers)
            for i in np.flatnonzero(answers.decided & (answers.log_p > log_alpha)).tolist():
                found.append(Separated(tuple(map(int, sets[i])), answers[i]))
    return found


def _judge(rule: ColliderRule, triple: Triple, separating: list[Separated]) -> Finding:
    if not separating:
        return Finding(triple, Role.AMBIGUOUS, -np.inf)
    # Equal p-values, as perfect tests give, go to the smaller set, then to the earlier columns.
    best = min(separating, key=lambda s: (-s.answer.log_p, len(s.given), s.given))
    share = sum(triple[1] in s.given for s in separating) / len(separating)
    if rule in (ColliderRule.SEPSET, ColliderRule.MAX_P):
        role = Role.NON_COLLIDER if triple[1] in best.given else Role.COLLIDER
    elif rule is ColliderRule.CONSERVATIVE:
        role = {0.0: Role.COLLIDER, 1.0: Role.NON_COLLIDER}.get(share, Role.AMBIGUOUS)
    else:
        role = Role.AMBIGUOUS if share == 0.5 else Role.COLLIDER if share < 0.5 else Role.NON_COLLIDER
    return Finding(triple, role, best.answer.log_p)
