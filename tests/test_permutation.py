"""p-values of contingency tests by permutation."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from causaldisc._ext import permutation
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import contingency

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.knowledge import Knowledge


def build(values, name="gsq", **options):
    return citests.build(TestChoice(name, options), Dataset.from_array(values, discrete=True), Context())


def exact(codes, levels, x, y, z, pearson):
    """Return the share of all permutations of y within strata with a statistic at least as large."""
    observed = contingency(codes, levels, x, y, [z], pearson, "stratum")[0]
    groups = [np.flatnonzero(codes[z] == s) for s in set(codes[z].tolist())]

    def arrangements(places):
        return [(places, order) for order in permutations(codes[y, places].tolist())]

    counted = Counter()
    stack = [({}, 0)]
    while stack:
        done, depth = stack.pop()
        if depth == len(groups):
            changed = codes.copy()
            for place, value in done.items():
                changed[y, place] = value
            counted[contingency(changed, levels, x, y, [z], pearson, "stratum")[0] >= observed - 1e-9] += 1
            continue
        for places, order in arrangements(groups[depth]):
            stack.append((done | dict(zip(places.tolist(), order, strict=True)), depth + 1))
    return counted[True] / sum(counted.values())


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.booleans())
def test_p_values_are_those_of_all_permutations(seed, pearson):
    rng = np.random.default_rng(seed)
    codes = np.array([rng.integers(0, 2, 7), rng.integers(0, 3, 7), [0, 0, 0, 0, 1, 1, 1]], np.int32)
    codes = np.ascontiguousarray(codes[:, rng.permutation(7)])
    expected = exact(codes, [2, 3, 2], 0, 1, 2, pearson)
    order = np.argsort(codes[2], kind="stable")
    larger = permutation.at_least_as_large(
        codes[0, order], codes[1, order], np.array([0, 4, 7], np.int32), 2, 3, pearson, 20000, seed
    )
    assert larger / 20000 == pytest.approx(expected, abs=5 * np.sqrt(0.25 / 20000))


def test_answers_depend_on_seed_and_question_alone():
    values = np.random.default_rng(1).integers(0, 3, (60, 5)).astype(float)
    test = build(values, permutations=199)
    x, y = np.array([0, 1, 3], np.int32), np.array([2, 4, 1], np.int32)
    given_ = np.array([[1, 3], [0, 2], [0, 4]], np.int32)
    together = test.answers(x, y, given_)
    for i in range(3):
        alone = test.answers(y[i : i + 1], x[i : i + 1], given_[i : i + 1])
        assert alone.log_p[0] == together.log_p[i]
    other = build(values, permutations=199, seed=1).answers(x, y, given_)
    assert other.log_p.tolist() != together.log_p.tolist()
    assert other.statistic.tolist() == together.statistic.tolist()


@pytest.mark.parametrize(
    ("name", "levels", "strata", "rows", "skew"), [("gsq", 5, 6, 90, 1), ("gsq", 3, 8, 60, 3), ("chisq", 4, 2, 40, 4)]
)
def test_sparse_tables_are_calibrated_where_the_chi_squared_law_is_not(name, levels, strata, rows, skew):
    """400 tables, x and y independent given z: the share of p-values up to 0.05."""
    shares = {}
    for permutations_ in (0, 199):
        low = 0
        for seed in range(400):
            rng = np.random.default_rng(seed)
            z = rng.integers(0, strata, rows)
            x, y = (rng.random((2, rows)) ** skew * levels).astype(int)
            test = build(np.column_stack([x, y, z]).astype(float), name, permutations=permutations_)
            low += citests.answer(test, 0, 1, [2]).p_value <= 0.05
        shares[permutations_] = low / 400
    error = np.sqrt(0.05 * 0.95 / 400)
    assert abs(shares[199] - 0.05) < 3 * error
    assert shares[0] - 0.05 > 3 * error


def test_missing_cells_and_constant_columns():
    rng = np.random.default_rng(3)
    values = rng.integers(0, 2, (50, 3)).astype(float)
    values[:10, 0] = np.nan
    values[5:20, 2] = np.nan
    test = build(values, permutations=99)
    assert citests.answer(test, 0, 1, [2]).n == 30
    values[:, 1] = rng.integers(0, 2, 50)
    values[:, 2] = values[:, 1]  # y is constant in every stratum
    assert citests.answer(build(values, permutations=99), 0, 1, [2]).p_value == 1.0


def test_pc_searches_with_permutations():
    rng = np.random.default_rng(5)
    a = rng.integers(0, 3, 400)
    b = np.where(rng.random(400) < 0.6, a, rng.integers(0, 3, 400))
    c = np.where(rng.random(400) < 0.6, b, rng.integers(0, 3, 400))
    data = Dataset.from_array(np.column_stack([a, b, c]).astype(float), ["a", "b", "c"], discrete=True)
    choice = TestChoice("gsq", {"permutations": 199})
    results = [
        pc.run(data, pc.Options(alpha=0.01), choice, Knowledge(), Context(threads=threads)) for threads in (1, 3)
    ]
    assert str(results[0].graph) == "a --- b; b --- c"
    assert results[0] == results[1]


def test_shapes_are_checked():
    ok = np.zeros(2, np.int32)
    for x, y, starts in ((ok, ok[:1], [0, 2]), (ok, ok, [0, 3]), (ok, ok + 1, [0, 2]), (ok, ok, [0, 2, 1, 2])):
        with pytest.raises(ValueError, match=r"shapes|range"):
            permutation.at_least_as_large(x, y, np.array(starts, np.int32), 1, 1, False, 1, 0)
