"""The Gaussian engine against its slow twin: the same search, test by test through the correlation matrix."""

import mpmath
import numpy as np
import pytest
from causaldisc._ext import gaussian
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import Plain

from causaldisc.algorithms import pc
from causaldisc.citests import _gaussian
from causaldisc.citests.base import Neighbours
from causaldisc.citests.fisherz import FisherZ, Options, critical
from causaldisc.context import Context
from causaldisc.data.correlation import correlation
from causaldisc.knowledge import Knowledge
from causaldisc.search import skeleton, watching
from causaldisc.search.colliders import ColliderRule


def linear(seed, p, rows, density=0.4):
    """Return Fisher's Z bound to rows of a random linear model, and names."""
    rng = np.random.default_rng(seed)
    mixing = np.eye(p) + np.triu(rng.standard_normal((p, p)) * (rng.random((p, p)) < density), 1)
    names = tuple(f"v{i:02}" for i in range(p))
    values = np.ascontiguousarray((rng.standard_normal((rows, p)) @ mixing)[:, rng.permutation(p)].T)
    return FisherZ(correlation(values, names), rows, Options()), names


def evidence(found):
    separations = {(x, y): (given, round(log_p, 7)) for x, y, given, log_p, _ in found.separations.rows()}
    weakest = np.round(found.answers.log_p, 7).tolist()
    return found.pairs.tolist(), separations, weakest, found.tests_by_depth, found.collider_tests


@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(15, 300), st.sampled_from(ColliderRule))
def test_engine_and_twin_find_the_same(seed, p, rows, rule):
    test, names = linear(seed, p, rows)
    bound = Knowledge().bind(names)
    options = pc.Options(collider_rule=rule)
    graph, found = pc.search(test, names, options, bound, Context())
    slow_graph, slow = pc.search(Plain(test), names, options, bound, Context())
    assert evidence(found) == evidence(slow)
    assert str(graph) == str(slow_graph)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(3, 9))
def test_engine_obeys_knowledge_as_its_twin_does(seed, p):
    test, names = linear(seed, p, 100)
    rng = np.random.default_rng(seed)
    order = rng.permutation(names).tolist()
    cut = p // 2
    known = Knowledge(tiers=(tuple(order[:cut]), tuple(order[cut:])), required=((order[0], order[-1]),))
    bound = known.bind(names)
    results = [pc.search(t, names, pc.Options(), bound, Context()) for t in (test, Plain(test))]
    assert evidence(results[0][1]) == evidence(results[1][1])
    assert str(results[0][0]) == str(results[1][0])


@pytest.mark.parametrize("even", [0.0, 1.0])
@pytest.mark.parametrize("worth_order", [0, 10**9])
def test_threads_portions_and_order_change_nothing(monkeypatch, even, worth_order):
    monkeypatch.setattr(watching, "WORTH_THREADS", 1e-12)
    monkeypatch.setattr(watching, "EVEN", even)
    monkeypatch.setattr(_gaussian, "WORTH_ORDER", worth_order)
    test, names = linear(1, 40, 300, density=0.1)
    bound = Knowledge().bind(names)
    one = pc.search(test, names, pc.Options(), bound, Context(threads=1))
    four = pc.search(test, names, pc.Options(), bound, Context(threads=4))
    twin = pc.search(Plain(test), names, pc.Options(), bound, Context())
    assert one[0] == four[0]
    assert evidence(one[1]) == evidence(four[1]) == evidence(twin[1])


def test_dependent_columns_never_separate_by_rounding():
    """x, y, their sum and copies of it: partial correlations given those are 0/0."""
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, 200))
    y = y + 0.5 * x
    values = np.array([x, y, z, x + z, x + z, 2 * (x + z) - y])
    names = tuple("abcdef")
    test = FisherZ(correlation(values, names), 200, Options())
    found, slow = (skeleton.learn(t, 0.05, None, Knowledge().bind(names), Context()) for t in (test, Plain(test)))
    assert found.pairs.tolist() == slow.pairs.tolist()
    assert [0, 1] in found.pairs.tolist()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 4), st.floats(1e-4, 1e-1))
def test_ill_conditioned_sets_agree_with_fifty_digits(seed, depth, noise):
    """Conditioning variables that nearly repeat each other; the bound that comes back is a squared correlation."""
    rng = np.random.default_rng(seed)
    base = rng.standard_normal(200)
    z = base + noise * rng.standard_normal((depth, 200))
    x, y = base + rng.standard_normal(200), base + rng.standard_normal(200)
    matrix = correlation(np.vstack([x, y, z]), tuple(map(str, range(depth + 2))))
    bounds, sets, separated = np.full(1, np.inf), np.zeros((1, depth), np.int32), np.zeros(1, np.uint8)
    causes = Neighbours(np.array([0, depth] + [depth] * (depth + 1), np.int32), np.arange(2, depth + 2, dtype=np.int32))
    pairs = np.array([[0, 1]], np.int32)
    out = [bounds, sets, separated, None, np.zeros(1, np.int32), np.zeros(1, np.int64)]
    tests = gaussian.search(matrix, pairs, causes.starts, causes.members, depth, 0.0, *out)
    assert tests == 1
    mpmath.mp.dps = 50
    precision = mpmath.matrix(matrix.tolist()) ** -1
    exact = precision[0, 1] ** 2 / (precision[0, 0] * precision[1, 1])
    assert bounds[0] == pytest.approx(float(exact), rel=1e-6, abs=1e-12)


@given(st.floats(-600, -1e-3))
def test_critical_value_inverts_the_tail(log_alpha):
    from causaldisc._ext import tails

    assert tails.two_sided_normal(critical(log_alpha)) == pytest.approx(log_alpha, rel=1e-12)


def test_shapes_are_checked():
    matrix = np.eye(3)
    good = [np.zeros((1, 2), np.int32), np.zeros(4, np.int32), np.zeros(0, np.int32), 1, 0.1]
    out = [
        np.zeros(1),
        np.zeros((1, 1), np.int32),
        np.zeros(1, np.uint8),
        None,
        np.zeros(1, np.int32),
        np.zeros(1, np.int64),
    ]
    assert gaussian.search(matrix, *good, *out) == 0
    with pytest.raises(ValueError, match="variables must lie in"):
        gaussian.search(matrix, np.array([[0, 3]], np.int32), *good[1:], *out)
    with pytest.raises(ValueError, match="starts must run"):
        gaussian.search(matrix, good[0], np.array([0, 1, 1, 1], np.int32), *good[2:], *out)
    with pytest.raises(ValueError, match="shapes do not match"):
        gaussian.search(matrix, good[0], good[1], good[2], 2, 0.1, *out)
