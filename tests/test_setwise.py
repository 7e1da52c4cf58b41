"""The search of tests without an engine, in lots: against one question after the other."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import dags

from causaldisc.citests import _oracle
from causaldisc.citests.base import Answers, Neighbours, Verdict, answer
from causaldisc.context import Context
from causaldisc.options import Options
from causaldisc.search import setwise
from causaldisc.search.undecided import Undecided

LOG_ALPHA = np.log(0.3)


@dataclass(frozen=True)
class Whimsical:
    """A test whose p-values look random but belong to the question; some questions it cannot decide."""

    variables: int
    seed: int
    asked: list = field(default_factory=list)
    name: str = "whimsical"
    options: Options = Options()
    deepest: int | None = None

    def answers(self, x, y, given):
        out = Answers.empty(len(x))
        self.asked.append(given.tolist())
        for i, (u, v, z) in enumerate(zip(x.tolist(), y.tolist(), given.tolist(), strict=True)):
            rng = np.random.default_rng([self.seed, min(u, v), max(u, v), *z])
            out.log_p[i] = np.log(rng.uniform())
            out.verdict[i] = rng.choice([Verdict.DECIDED, Verdict.DECIDED, Verdict.INSUFFICIENT])
        out.log_p[~out.decided] = 0.0
        return out


def one_by_one(test, pairs, causes, depth, scores):
    """Return separated, scores, sets and tests, each question by itself."""
    separated, best, sets, tests = [], [], [], 0
    for (x, y), score in zip(pairs.tolist(), scores.tolist(), strict=True):
        hit, chosen = False, [0] * depth
        for given_ in setwise.candidates(x, y, causes, depth):
            tests += 1
            got = answer(test, x, y, given_)
            if not got.verdict.is_decided:
                continue
            if got.log_p > score:
                score, chosen = got.log_p, list(given_)
            if got.log_p > LOG_ALPHA:
                hit = True
                break
        separated.append(hit)
        best.append(score)
        sets.append(chosen)
    return separated, best, sets, tests


def random_pairs(seed, p):
    rng = np.random.default_rng(seed)
    mask = np.triu(rng.random((p, p)) < 0.7, 1)
    pairs = np.argwhere(mask).astype(np.int32).copy()
    return pairs, Neighbours.of_pairs(pairs, p)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(1, 3), st.sampled_from([1, 3]))
def test_lots_find_what_single_questions_find(seed, p, depth, threads):
    pairs, causes = random_pairs(seed, p)
    test = Whimsical(p, seed)
    scores = np.full(len(pairs), -2.0)
    context = Context(threads=threads)
    found = setwise.search(test, pairs, causes, depth, LOG_ALPHA, scores, Undecided(), context)
    separated, best, sets, tests = one_by_one(test, pairs, causes, depth, scores)
    assert (found.separated.tolist(), found.scores.tolist(), found.tests) == (separated, best, tests)
    assert found.sets[found.improved].tolist() == [s for s, i in zip(sets, found.improved, strict=True) if i]
    assert found.improved.tolist() == [b > -2.0 for b in best]


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 7), st.integers(1, 3), st.sampled_from([1, 3]))
def test_votes_of_lots_are_those_of_single_questions(seed, p, depth, threads):
    pairs, causes = random_pairs(seed, p)
    test = Whimsical(p, seed)
    middles = Neighbours.build(np.repeat(np.arange(len(pairs)), p), np.tile(np.arange(p), len(pairs)), len(pairs))
    scores = np.full(len(pairs), -np.inf)
    undecided = Undecided()
    got = setwise.vote(test, pairs, causes, middles, depth, LOG_ALPHA, scores, undecided, Context(threads=threads))
    for i, (x, y) in enumerate(pairs.tolist()):
        asked = [(z, answer(test, x, y, z)) for z in setwise.candidates(x, y, causes, depth)]
        hits = [(a.log_p, z) for z, a in asked if a.verdict.is_decided and a.log_p > LOG_ALPHA]
        assert got.separating[i] == len(hits)
        members = got.members[middles.starts[i] : middles.starts[i + 1]].tolist()
        assert members == [sum(c in z for _, z in hits) for c in range(p)]
        if hits:
            assert (got.scores[i], tuple(got.sets[i].tolist())) == max(hits, key=lambda hit: hit[0])


def test_a_set_is_asked_in_one_run():
    """Questions of a call are sorted by conditioning set, so that work done for a set serves all its pairs."""
    pairs, causes = random_pairs(1, 8)
    test = Whimsical(8, 1)
    setwise.search(test, pairs, causes, 2, LOG_ALPHA, np.full(len(pairs), -np.inf), Undecided(), Context())
    assert len(test.asked) > 3
    assert all(sets == sorted(sets) for sets in test.asked)


def test_undecided_questions_are_counted_and_the_first_is_named():
    pairs, causes = random_pairs(2, 6)
    test = Whimsical(6, 2)
    undecided = Undecided()
    setwise.search(test, pairs, causes, 1, LOG_ALPHA, np.full(len(pairs), -np.inf), undecided, Context(threads=2))
    expected = []
    for x, y in pairs.tolist():
        for z in setwise.candidates(x, y, causes, 1):
            got = answer(test, x, y, z)
            if got.verdict is Verdict.INSUFFICIENT:
                expected.append((x, y, z))
            elif got.log_p > LOG_ALPHA:
                break
    assert undecided.counts == {Verdict.INSUFFICIENT: len(expected)}
    assert undecided.examples[Verdict.INSUFFICIENT][:2] == expected[0][:2]


@settings(max_examples=30)
@given(dags(min_nodes=2, max_nodes=7), st.sampled_from([1, 2]))
def test_separation_in_a_graph_is_found_without_conditioning(dag, threads):
    test = _oracle.DSeparation(dag)
    p = len(dag)
    asked = ~np.tri(p, dtype=np.bool_)
    separated, log_p = setwise.marginal(test, asked, np.log(0.05), Undecided(), Context(threads=threads))
    for x in range(p):
        for y in range(x + 1, p):
            assert log_p[x, y] == answer(test, x, y).log_p
            assert separated[x, y] == (log_p[x, y] == 0.0)


def test_an_error_in_a_thread_comes_out():
    class Broken(Whimsical):
        def answers(self, x, y, given):
            raise ZeroDivisionError

    pairs, causes = random_pairs(3, 8)
    with pytest.raises(ZeroDivisionError):
        setwise.search(Broken(8, 3), pairs, causes, 1, -1.0, np.zeros(len(pairs)), Undecided(), Context(threads=2))
