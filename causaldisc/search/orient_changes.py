"""Directions from independent changes: the edges that separations leave open, between mechanisms that both change.

Huang et al., JMLR 21(89), 2020, section 4: x -> y if P(x | ...) and P(y | x, ...) change independently and those of
the other direction do not. Where we deviate from the published procedure, and why:

- Edges are judged one by one, the clearest first, with what is known of causes by then and Meek's rules after each; the
  published search for a sink compares scores of variables with different numbers of causes, which shrink with these.
- An arrow is committed only if the changes of the other direction are dependent (p <= alpha) and its own show no sign
  of it (p > MARGIN alpha). Everything else stays undirected: a common driver makes both directions dependent, equal
  changes of a linear Gaussian pair make neither so. And the data must be at least as likely under its mechanisms as
  under those of the other direction: where neither can be told, one of them looks dependent by chance as often as
  alpha says, and that halves it.
- A node next to both may be a common cause. Each such set of candidates is tried as one, and the largest p of each
  direction counts: a direction is refuted only if no set saves it.
- No arrow closes a cycle, or forces a collider that the skeleton's separations did not find.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import combinations

from causaldisc._ext import orientation
from causaldisc.graph import Graph, meek
from causaldisc.graph.pairs import arrays_of
from causaldisc.search.independent_change import Dependence
from causaldisc.search.mechanisms import Mechanisms

ALPHA = 0.05
# How many times alpha the p-value of the direction kept must exceed.
MARGIN = 2.0
# Of both mechanisms of the direction kept, the variance beside that of noise. Where a common driver cancels in
# P(effect), the reverse has a mechanism that hardly changes, and that looks independent of anything.
CLEAR_CHANGE = 0.1
# Common neighbours tried as common causes, together.
MOST_DECONFOUNDERS = 2


class Outcome(Enum):
    """What the changes say of an edge."""

    ORIENTED = "oriented"
    BOTH_DEPENDENT = "both directions look dependent"
    BOTH_INDEPENDENT = "both directions look independent"
    UNCLEAR = "neither clearly dependent nor clearly independent"
    UNLIKELY = "the direction that looks independent makes the data less likely"
    UNSEEN = "a mechanism does not change as far as the data tell"
    REFUSED = "the arrow would close a cycle or force a collider"


@dataclass(frozen=True)
class Judgement:
    """The evidence on an edge x < y: `forward` is x -> y, and the outcome; `cause`, `effect` if it was oriented."""

    x: int
    y: int
    forward: Dependence
    backward: Dependence
    outcome: Outcome
    cause: int | None = None
    effect: int | None = None

    @property
    def clearness(self) -> float:
        return abs(self.forward.z - self.backward.z)


def orient_changes(
    graph: Graph, mechanisms: Mechanisms, changing: Collection[int], alpha: float = ALPHA
) -> list[Judgement]:
    """Orient, in place, undirected edges between changing nodes; return the last judgement of each, by x, y.

    Nodes of the graph are variables of `mechanisms` by number; it may have more nodes, such as contexts.
    """
    judged: dict[tuple[int, int], Judgement] = {}
    refused: set[tuple[int, int]] = set()
    while True:
        candidates = []
        for x, y in _open_edges(graph, changing):
            judgement = judge(graph, mechanisms, x, y, alpha)
            judged[x, y] = judgement
            if judgement.outcome is Outcome.ORIENTED and (x, y) not in refused:
                candidates.append(judgement)
        names = mechanisms.names
        candidates.sort(key=lambda j: (-j.clearness, *sorted((names[j.x], names[j.y]))))
        if not candidates:
            break
        best = candidates[0]
        assert best.cause is not None
        assert best.effect is not None
        if not _enter(graph, best.cause, best.effect):
            refused.add((best.x, best.y))
    for x, y in refused:
        if graph.is_undirected(x, y):
            old = judged[x, y]
            judged[x, y] = Judgement(x, y, old.forward, old.backward, Outcome.REFUSED)
    return [judged[edge] for edge in sorted(judged)]


def judge(graph: Graph, mechanisms: Mechanisms, x: int, y: int, alpha: float = ALPHA) -> Judgement:
    """Weigh the two directions of an edge, given the arrows that stand."""
    asked = [_answers(graph, mechanisms, *way) for way in ((x, y), (y, x))]
    forward, backward = (answers[_best(answers)] for answers in asked)
    outcome = _outcome(forward, backward, alpha)
    if outcome is not Outcome.ORIENTED:
        return Judgement(x, y, forward, backward, outcome)
    kept, way = (0, (x, y)) if backward.p_value <= alpha else (1, (y, x))
    # With the same common causes, for evidence given different sets does not compare.
    common = _best(asked[kept])
    if asked[kept][common].change < CLEAR_CHANGE:
        return Judgement(x, y, forward, backward, Outcome.UNSEEN)
    if asked[kept][common].log_evidence < asked[1 - kept][common].log_evidence:
        return Judgement(x, y, forward, backward, Outcome.UNLIKELY)
    return Judgement(x, y, forward, backward, outcome, *way)


def _outcome(forward: Dependence, backward: Dependence, alpha: float) -> Outcome:
    if not (forward.is_seen and backward.is_seen):
        return Outcome.UNSEEN
    low, high = sorted((forward.p_value, backward.p_value))
    if low > alpha:
        return Outcome.BOTH_INDEPENDENT
    if high <= alpha:
        return Outcome.BOTH_DEPENDENT
    return Outcome.ORIENTED if high > MARGIN * alpha else Outcome.UNCLEAR


def _answers(graph: Graph, mechanisms: Mechanisms, cause: int, effect: int) -> dict[tuple[int, ...], Dependence]:
    """Return the dependence of a direction by the set of nodes that are taken for common causes."""
    known = len(mechanisms.names)
    of_cause = tuple(v for v in graph.parents(cause) if v < known)
    of_effect = tuple(v for v in graph.parents(effect) if v < known and v != cause)
    return {
        common: mechanisms.dependence(cause, effect, (*of_cause, *common), (*of_effect, *common))
        for common in _deconfounders(graph, cause, effect, known)
    }


def _best(answers: dict[tuple[int, ...], Dependence]) -> tuple[int, ...]:
    """Return the set under which a direction looks least dependent."""
    return max(answers, key=lambda common: (answers[common].is_seen, answers[common].p_value, -answers[common].z))


def _deconfounders(graph: Graph, cause: int, effect: int, known: int) -> Iterator[tuple[int, ...]]:
    """Yield the sets of nodes next to both that no arrow rules out as common causes, smallest first."""
    possible = [
        v
        for v in graph.adjacencies(cause)
        if v < known
        and graph.has_edge(v, effect)
        and not graph.is_directed(cause, v)
        and not graph.is_directed(effect, v)
    ]
    certain = {v for v in possible if graph.is_directed(v, cause) and graph.is_directed(v, effect)}
    possible = [v for v in possible if v not in certain]
    for size in range(min(len(possible), MOST_DECONFOUNDERS) + 1):
        yield from combinations(possible, size)


def _open_edges(graph: Graph, changing: Collection[int]) -> list[tuple[int, int]]:
    nodes = sorted(changing)
    return [(x, y) for x in nodes for y in graph.neighbours(x) if x < y and y in changing]


def _enter(graph: Graph, cause: int, effect: int) -> bool:
    """Orient an edge with all that follows; False, and the graph as it was, if that breaks it."""
    before = _forced(graph)
    trial = graph.copy()
    trial.orient(cause, effect)
    meek.close(trial)
    after = _forced(trial)
    if after is None or (before is not None and after > before):
        return False
    graph.orient(cause, effect)
    meek.close(graph)
    return True


def _forced(graph: Graph) -> int | None:
    """Return how many colliders without evidence a DAG with these arrows must have; None if there is no such DAG."""
    pairs, ways = arrays_of(graph)
    complete, forced = orientation.extend(len(graph), pairs, ways.copy())
    return len(forced) if complete else None
