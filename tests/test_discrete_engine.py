"""The engine of gsq and chisq against its slow twins: the search set by set, and counts in dictionaries."""

import math
import threading
import time
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from causaldisc._ext import contingency
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import Plain
from reference import contingency as slow_contingency

from causaldisc.algorithms import pc
from causaldisc.citests._contingency import DfRule, Options, bind_codes
from causaldisc.citests.base import Answers, Neighbours, Watch
from causaldisc.context import Context
from causaldisc.knowledge import Knowledge
from causaldisc.search import pairs as pairs_of
from causaldisc.search import setwise, watching
from causaldisc.search.colliders import ColliderRule
from causaldisc.search.undecided import Undecided

WAYS = {"cheapest": 0, "bitmaps": 1, "rows": 2, "sorting": 3}


@st.composite
def columns(draw, most_levels=12):
    """Return codes and levels: dependent columns, repeated and constant ones, missing cells, levels that are unseen."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    p, rows = draw(st.integers(2, 7)), draw(st.sampled_from([1, 5, 40, 64, 150, 512, 700, 2000]))
    levels = rng.integers(1, draw(st.integers(1, most_levels)) + 1, p).astype(np.int32)
    codes = np.zeros((p, rows), np.int32)
    for v in range(p):
        parents = rng.integers(0, v, rng.integers(0, 3)) if v else []
        mixed = sum((codes[u] for u in parents), np.zeros(rows, np.int32))
        noisy = rng.random(rows) < draw(st.sampled_from([0.0, 0.5, 1.0]))
        codes[v] = np.where(noisy, rng.integers(0, levels[v], rows), mixed % levels[v])
    if draw(st.booleans()):
        codes[rng.random(codes.shape) < rng.choice([0.02, 0.3], (p, 1)) * (rng.random((p, 1)) < 0.5)] = -1
    return codes, levels


def bound(data, pearson, rule, min_rows_per_df=0.0):
    codes, levels = data
    options = Options(df=rule, min_rows_per_df=min_rows_per_df)
    return bind_codes("chisq" if pearson else "gsq", codes, levels, pearson, options)


def answers_by(data, pearson, rule, x, y, given_, **ways):
    codes, levels = data
    tables = contingency.Tables(codes, levels, pearson, list(DfRule).index(rule), 0.0, **ways)
    out = Answers.empty(len(x))
    tables.tests(x, y, given_, out.log_p, out.statistic, out.df, out.n, out.verdict)
    return tables, out


def rows_of(answers):
    return [a.tolist() for a in (answers.log_p, answers.statistic, answers.df, answers.n, answers.verdict)]


def some_tests(rng, p, depth, count):
    """Return x, y and sets for tests, some of which share pairs and beginnings of sets."""
    chosen = np.array([rng.permutation(p)[: depth + 2] for _ in range(count)], np.int32)
    chosen[1::2, :-1] = chosen[::2, :-1][: len(chosen[1::2])]
    fits = [len(set(row)) == depth + 2 for row in chosen.tolist()]
    chosen = chosen[fits]
    return chosen[:, 0].copy(), chosen[:, 1].copy(), np.sort(chosen[:, 2:], axis=1)


@given(columns(), st.integers(0, 5), st.booleans(), st.sampled_from(DfRule))
def test_all_ways_of_counting_give_the_same_bits(data, depth, pearson, rule):
    p = len(data[0])
    x, y, sets = some_tests(np.random.default_rng(0), p, min(depth, p - 2), 12)
    _, expected = answers_by(data, pearson, rule, x, y, sets, way=WAYS["sorting"], merge=False)
    for way, merge in product(WAYS.values(), (False, True)):
        _, got = answers_by(data, pearson, rule, y, x, sets, way=way, merge=merge)
        assert rows_of(got) == rows_of(expected)
    for form in range(contingency.instructions() + 1):
        _, got = answers_by(data, pearson, rule, x, y, sets, way=WAYS["bitmaps"], form=form)
        assert rows_of(got) == rows_of(expected)


@settings(max_examples=40)
@given(columns(5), st.integers(0, 3), st.booleans(), st.sampled_from(DfRule), st.sampled_from(list(WAYS)))
def test_counts_equal_those_of_dictionaries(data, depth, pearson, rule, way):
    p = len(data[0])
    x, y, sets = some_tests(np.random.default_rng(1), p, min(depth, p - 2), 3)
    _, got = answers_by(data, pearson, rule, x, y, sets, way=WAYS[way])
    for i in range(len(x)):
        statistic, df, n = slow_contingency(*data, x[i], y[i], sets[i].tolist(), pearson, rule.value)
        assert (got[i].df, got[i].n) == (df, n)
        assert got[i].statistic == pytest.approx(statistic, rel=1e-9, abs=1e-9)


def test_merging_happens_where_rows_are_alike():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, (5, 1000)).astype(np.int32)
    codes[0, :100] = -1
    levels = np.full(5, 2, np.int32)
    assert contingency.Tables(codes, levels, False, 0, 0.0).distinct <= 48
    assert contingency.Tables(codes, levels, False, 0, 0.0, merge=False).distinct == 1000
    assert contingency.Tables(codes[:, :100].copy(), levels, False, 0, 0.0).distinct == 16


def test_many_rows_and_levels_are_counted_alike():
    """More rows than the table of n log n has entries, more blocks than a tile, levels beyond those of bitmaps."""
    rng = np.random.default_rng(0)
    levels = np.array([2, 3, 2, 70, 3000], np.int32)
    codes = np.array([rng.integers(0, k, 150_000) for k in levels], np.int32)
    codes[0] &= codes[2]
    x, y, sets = some_tests(rng, 5, 2, 12)
    for pearson in (False, True):
        results = [
            rows_of(answers_by((codes, levels), pearson, DfRule.STRATUM, x, y, sets, way=way)[1])
            for way in WAYS.values()
        ]
        assert all(result == results[0] for result in results)


@pytest.mark.parametrize("pearson", [False, True])
def test_strata_of_many_levels_are_numbered_right(pearson):
    """Products of levels far beyond what an array is made for, so that numbers are looked up by hashing."""
    rng = np.random.default_rng(0)
    levels = np.array([3, 2, 500, 500, 40], np.int32)
    codes = np.array([rng.integers(0, k, 600) for k in levels], np.int32)
    codes[2, 50:] %= 20
    codes[3, 100:] = codes[2, 100:] + 7
    x, y = np.zeros(4, np.int32), np.ones(4, np.int32)
    sets = np.array([[2, 3], [2, 4], [3, 4], [2, 3]], np.int32)
    for way in WAYS.values():
        _, got = answers_by((codes, levels), pearson, DfRule.STRATUM, x, y, sets, way=way)
        for i in range(len(sets)):
            statistic, df, n = slow_contingency(codes, levels, 0, 1, sets[i].tolist(), pearson, "stratum")
            assert (got[i].df, got[i].n) == (df, n)
            assert df > 0
            assert got[i].statistic == pytest.approx(statistic, rel=1e-9)


# ---- searching


@dataclass
class Setting:
    """Arguments of a search: most pairs of variables, and possible causes of each."""

    pairs: np.ndarray
    causes: Neighbours
    middles: Neighbours
    scores: np.ndarray
    log_alpha: float

    @classmethod
    def draw(cls, rng, p, alpha):
        x, y = np.triu_indices(p, 1)
        keep = rng.random(len(x)) < 0.8
        pairs = np.ascontiguousarray(np.column_stack([x, y])[keep], np.int32)
        owners, members = np.nonzero(rng.random((p, p)) < 0.8)
        own = owners != members
        causes = Neighbours.build(owners[own].astype(np.int32), members[own].astype(np.int32), p)
        between = [(i, c) for i, ends in enumerate(pairs.tolist()) for c in range(p) if c not in ends]
        numbers, middles = np.array(between, np.int32).reshape(-1, 2).T.copy()
        scores = np.log(alpha) + rng.choice([-np.inf, -80.0, -9.0, -0.1], len(pairs))
        return cls(pairs, causes, Neighbours.build(numbers, middles, len(pairs)), scores, np.log(alpha))

    def watch(self, threads):
        return Watch(threads, np.random.default_rng(1).permutation(len(self.pairs)).astype(np.int32))


def outcome(found):
    """Return an outcome in plain lists, without the count of undecided tests."""
    names = [name for name in vars(found) if name != "insufficient"]
    return {name: value.tolist() if hasattr(value := getattr(found, name), "tolist") else value for name in names}


def insufficient(found):
    return 0 if found.insufficient is None else found.insufficient.sum()


OPTIONS = st.tuples(
    st.booleans(), st.sampled_from(DfRule), st.sampled_from([0.0, 0.5, 5.0]), st.sampled_from([1e-6, 0.01, 0.2, 0.9])
)


@settings(max_examples=200)
@given(columns(), OPTIONS, st.integers(1, 4), st.sampled_from([1, 3]))
def test_search_finds_what_the_search_set_by_set_finds(data, options, depth, threads):
    pearson, rule, few, alpha = options
    test = bound(data, pearson, rule, few)
    s = Setting.draw(np.random.default_rng(0), test.variables, alpha)
    undecided, watch = Undecided(), s.watch(threads)
    slow = setwise.search(Plain(test), s.pairs, s.causes, depth, s.log_alpha, s.scores, undecided, Context())
    found = test.search(s.pairs, s.causes, depth, s.log_alpha, s.scores, watch)
    assert outcome(found) == outcome(slow)
    assert insufficient(found) == sum(undecided.counts.values())
    assert watch.done.sum() == len(s.pairs)


@given(columns(), OPTIONS, st.integers(1, 3), st.sampled_from([1, 3]))
def test_votes_are_those_of_the_search_set_by_set(data, options, depth, threads):
    pearson, rule, few, alpha = options
    test = bound(data, pearson, rule, few)
    s = Setting.draw(np.random.default_rng(0), test.variables, alpha)
    undecided, watch = Undecided(), s.watch(threads)
    slow = setwise.vote(Plain(test), s.pairs, s.causes, s.middles, depth, s.log_alpha, s.scores, undecided, Context())
    votes = test.vote(s.pairs, s.causes, s.middles, depth, s.log_alpha, s.scores, watch)
    assert outcome(votes) == outcome(slow)
    assert insufficient(votes) == sum(undecided.counts.values())
    assert watch.done.sum() == len(s.pairs)


@given(columns(), OPTIONS, st.sampled_from([1, 3]))
def test_marginal_says_what_single_tests_say(data, options, threads):
    pearson, rule, few, alpha = options
    test = bound(data, pearson, rule, few)
    p = test.variables
    watch = Watch(threads, np.arange(p, dtype=np.int32)[::-1].copy())
    asked, undecided = pairs_of.above_diagonal(p), Undecided()
    separated, log_p = setwise.marginal(Plain(test), asked, np.log(alpha), undecided, Context())
    found = test.marginal(np.log(alpha), watch)
    assert found.dependent.tolist() == (asked & ~separated).tolist()
    assert insufficient(found) == sum(undecided.counts.values())
    assert test.scores(pairs_of.marked(found.dependent)).tolist() == log_p[found.dependent].tolist()
    assert watch.done.sum() == p


@settings(max_examples=60)
@given(columns(4), OPTIONS, st.sampled_from(ColliderRule), st.booleans())
def test_pc_finds_the_same_with_and_without_the_engine(data, options, rule, in_threads):
    pearson, df_rule, few, alpha = options
    test = bound(data, pearson, df_rule, few)
    names = tuple(f"v{i}" for i in range(test.variables))
    known = Knowledge().bind(names)
    asked = pc.Options(alpha=alpha, collider_rule=rule)
    with pytest.MonkeyPatch.context() as patch:
        if in_threads:
            patch.setattr(watching, "WORTH_THREADS", 1e-12)
        graph, found = pc.search(test, names, asked, known, Context(threads=3 if in_threads else 1))
    slow_graph, slow = pc.search(Plain(test), names, asked, known, Context())
    assert str(graph) == str(slow_graph)
    assert evidence(found) == evidence(slow)


def evidence(found):
    separations, weakest = list(found.separations.rows()), rows_of(found.answers)
    return found.pairs.tolist(), separations, weakest, found.tests_by_depth, found.collider_tests, vars(found.undecided)


def test_a_stopped_search_returns_at_once():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, (12, 3000)).astype(np.int32)
    test = bound((codes, np.full(12, 2, np.int32)), False, DfRule.STRATUM)
    s = Setting.draw(rng, 12, 0.999)
    watch = Watch()
    watch.stop[0] = 1
    assert test.search(s.pairs, s.causes, 5, s.log_alpha, s.scores, watch).tests == 0
    assert test.vote(s.pairs, s.causes, s.middles, 5, s.log_alpha, s.scores, watch).tests == 0
    assert not test.marginal(s.log_alpha, watch).dependent.any()
    assert watch.done[0] == 0


def test_a_search_is_stopped_within_a_pair():
    """One pair with hundreds of millions of sets, none of which separates."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, (40, 20_000)).astype(np.int32)
    codes[1] = codes[0]
    test = bound((codes, np.full(40, 2, np.int32)), False, DfRule.STRATUM)
    causes = Neighbours.build(np.zeros(38, np.int32), np.arange(2, 40, dtype=np.int32), 40)
    watch = Watch()
    stopper = threading.Timer(0.3, watch.stop.fill, [1])
    stopper.start()
    started = time.monotonic()
    test.search(np.array([[0, 1]], np.int32), causes, 9, math.log(0.01), np.full(1, -np.inf), watch)
    assert time.monotonic() - started < 5
    stopper.join()


def test_arguments_are_checked():
    codes, levels = np.zeros((2, 5), np.int32), np.ones(2, np.int32)
    with pytest.raises(ValueError, match="codes must lie in"):
        contingency.Tables(codes + 1, levels, False, 0, 0.0)
    with pytest.raises(ValueError, match="shapes do not match"):
        contingency.Tables(codes, levels[:1], False, 0, 0.0)
    with pytest.raises(ValueError, match="no popcount of form 9"):
        contingency.Tables(codes, levels, False, 0, 0.0, form=9)
    test = bind_codes("gsq", codes, levels, False, Options())
    pair, scores = np.array([[0, 1]], np.int32), np.zeros(1)
    none = Neighbours(np.zeros(3, np.int32), np.zeros(0, np.int32))
    with pytest.raises(ValueError, match="variables must lie in"):
        test.search(pair + 1, none, 1, -1.0, scores, Watch())
    with pytest.raises(ValueError, match="starts must run"):
        test.search(pair, Neighbours(np.array([0, 1, 1], np.int32), none.members), 1, -1.0, scores, Watch())
    with pytest.raises(ValueError, match="shapes do not match"):
        test.search(pair, none, 0, -1.0, scores, Watch())
    with pytest.raises(ValueError, match="every number once"):
        test.search(pair, none, 1, -1.0, scores, Watch(1, np.ones(1, np.int32)))
