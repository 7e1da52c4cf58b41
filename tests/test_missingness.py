"""Gaps that depend on other columns: the correction of Fisher's Z, and finding what they depend on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import Missing, TestChoice, Verdict, answer
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError
from causaldisc.knowledge import Knowledge
from causaldisc.search import missingness

CORRECTED = TestChoice("fisherz", {"missing": Missing.CORRECTED})


def bind(values, names=(), context=None):
    return missingness.bind(CORRECTED, Dataset.from_array(values, names), 0.05, context or Context())


def selected(rng, rows, common=0.0):
    """x and y, which share a cause z if `common`, have the effect w; x is missing where w is above its mean."""
    x, y, z, noise = rng.standard_normal((4, rows))
    x, y = x + common * z, y + common * z
    w = x + y + noise
    values = np.column_stack([x, y, z, w])
    values[w > 0, 0] = np.nan
    return values


def corrected_covariance(values, asked, behind):
    """Return the covariance of `asked` by regression on `behind` where all are known, and that of `behind`."""
    w = values[~np.isnan(values[:, behind]).any(axis=1)]
    both = w[~np.isnan(w[:, asked]).any(axis=1)]
    design = np.column_stack([np.ones(len(both)), both[:, behind]])
    slopes = np.linalg.lstsq(design, both[:, asked], rcond=None)[0]
    residuals = both[:, asked] - design @ slopes
    of_w = np.cov(w[:, behind].T, bias=True).reshape(len(behind), len(behind))
    return slopes[1:].T @ of_w @ slopes[1:] + residuals.T @ residuals / len(both)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.booleans())
def test_the_effect_is_the_partial_correlation_of_the_corrected_covariance(seed, conditional):
    rng = np.random.default_rng(seed)
    values = selected(rng, 300, common=1.0)
    test = bind(values)
    if test.causes[0] != (3,):
        return
    asked = [0, 1, 2] if conditional else [0, 1]
    got = answer(test, *asked[:2], asked[2:])
    precision = np.linalg.inv(corrected_covariance(values, asked, [3]))
    expected = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
    sign = np.sign(got.statistic)
    assert got.n == (~np.isnan(values[:, 0])).sum()
    assert got.effect == pytest.approx(expected, rel=1e-6)
    assert sign == np.sign(expected)


@pytest.mark.parametrize("rows", [300, 1000])
@pytest.mark.parametrize("common", [0.0, 1.0])
def test_type_one_error_is_held_where_deletion_fails(rows, common):
    """500 samples, x and y independent (given z): the share of p-values below 0.05, by both ways."""
    low = np.zeros(2)
    for seed in range(500):
        values = selected(np.random.default_rng([seed, rows]), rows, common)
        given_ = [2] if common else []
        deleted = citests.build(TestChoice("fisherz"), Dataset.from_array(values), Context())
        low += [answer(bind(values), 0, 1, given_).p_value < 0.05, answer(deleted, 0, 1, given_).p_value < 0.05]
    error = np.sqrt(0.05 * 0.95 / 500)
    assert abs(low[0] / 500 - 0.05) < 3 * error
    assert low[1] / 500 > 0.5


def test_causes_of_gaps_are_found():
    """Gaps of x depend on w, those of w on z; indicators depend on nothing else."""
    right = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x, y, z, noise = rng.standard_normal((4, 1500))
        w = x + y + noise
        values = np.column_stack([x, y, z, w])
        values[w + 0.3 * rng.standard_normal(1500) > 0.5, 0] = np.nan
        values[z + 0.3 * rng.standard_normal(1500) > 1, 3] = np.nan
        found = missingness.causes_of_gaps(values.T.copy(), ("x", "y", "z", "w"), 0.01, Context())
        assert {3} <= set(found[0])
        assert {2} <= set(found[3])
        right += found == ((3,), (), (), (2,))
        assert bind(values)._behind((0, 1))[0] <= 2  # the gaps of w are corrected for, too
    assert right >= 24


def test_pc_finds_the_graph_that_deletion_misses():
    names = ["x", "y", "z", "w"]
    wrong = np.zeros(2)
    for seed in range(20):
        data = Dataset.from_array(selected(np.random.default_rng(seed), 1500), names)
        for way, missing in enumerate((Missing.CORRECTED, Missing.TEST_WISE)):
            choice = TestChoice("fisherz", {"missing": missing})
            result = pc.run(data, pc.Options(alpha=0.01), choice, Knowledge(), Context())
            wrong[way] += str(result.graph) != "x --> w; y --> w"
    assert wrong[0] <= 3
    assert wrong[1] >= 17


def test_what_the_gaps_depend_on_is_told():
    context = Context()
    bind(selected(np.random.default_rng(1), 1000), ["x", "y", "z", "w"], context)
    assert [n.message for n in context.warnings if n.code == "gaps-depend"] == [
        "the gaps of 'x' depend on 'w'; tests are corrected for it"
    ]


def test_answers_are_symmetric_and_depend_on_the_question_alone():
    test = bind(selected(np.random.default_rng(2), 500, 1.0))
    x, y = np.array([0, 1, 2], np.int32), np.array([1, 2, 0], np.int32)
    given_ = np.array([[2], [0], [1]], np.int32)
    there, back = test.answers(x, y, given_), test.answers(y, x, given_)
    assert there.log_p.tolist() == back.log_p.tolist()
    assert [answer(test, int(a), int(b), [int(c)]).log_p for a, b, (c,) in zip(x, y, given_, strict=True)] == (
        there.log_p.tolist()
    )


def test_too_few_rows_and_exact_dependences_decide_nothing():
    values = selected(np.random.default_rng(3), 400)
    test = bind(values)
    assert test.causes[0] == (3,)
    few = missingness.Corrected(test.inner, test.values[:, :9], test.causes)
    got = few.answers(np.array([0], np.int32), np.array([1], np.int32), np.array([[2]], np.int32))
    assert got[0].verdict is Verdict.INSUFFICIENT
    copied = np.column_stack([values, values[:, 0]])
    copy = missingness.Corrected(bind(copied).inner, copied.T.copy(), ((3,), (), (), (), (3,)))
    assert answer(copy, 0, 1, [4]).verdict is Verdict.SINGULAR


def test_data_without_gaps_keep_their_engine_and_other_tests_refuse():
    values = np.random.default_rng(0).standard_normal((100, 3))
    assert type(bind(values)).__name__ == "FisherZ"
    discrete = Dataset.from_array((values > 0).astype(float), discrete=True)
    with pytest.raises(DataError, match="--missing corrected serves fisherz only, not gsq"):
        missingness.bind(TestChoice("gsq", {"missing": Missing.CORRECTED}), discrete, 0.05, Context())
    with pytest.raises(DataError, match="it needs a search"):
        citests.build(CORRECTED, Dataset.from_array(values), Context())
