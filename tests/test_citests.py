"""The CI tests against their twins, scipy and causal-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import contingency as slow_contingency
from reference import fisher_z as slow_fisher_z
from scipy import stats

from causaldisc import citests
from causaldisc.citests import TestChoice, Verdict, answer
from causaldisc.context import Context
from causaldisc.data.correlation import correlation
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError, UsageError


def bind(name, values, names=(), **options):
    data = Dataset.from_array(values, names, discrete=name != "fisherz")
    return citests.build(TestChoice(name, options), data, Context())


# ---- Fisher's Z


@given(st.integers(0, 2**32 - 1), st.integers(0, 4), st.integers(12, 200))
def test_fisherz_equals_regression_residuals(seed, depth, rows):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((rows, 6)) @ rng.standard_normal((6, 6))
    x, y, *given_ = map(int, rng.permutation(6)[: depth + 2])
    got = answer(bind("fisherz", values), x, y, given_)
    statistic, n = slow_fisher_z(values.T, x, y, given_)
    assert got.statistic == pytest.approx(statistic, rel=1e-7, abs=1e-9)
    assert got.p_value == pytest.approx(2 * stats.norm.sf(abs(statistic)), rel=1e-6)
    assert (got.n, got.verdict) == (n, Verdict.DECIDED)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["fisherz", "gsq", "chisq"]))
def test_answers_are_symmetric_to_the_last_bit(seed, name):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((60, 4)) if name == "fisherz" else rng.integers(0, 3, (60, 4)).astype(float)
    test = bind(name, values)
    assert answer(test, 0, 1, (2, 3)) == answer(test, 1, 0, (3, 2))


def test_fisherz_counts_rank_not_size_when_the_conditioning_set_is_dependent():
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, 100))
    test = bind("fisherz", np.column_stack([x, y, z, 2 * z]))
    doubled, single = answer(test, 0, 1, (2, 3)), answer(test, 0, 1, (2,))
    assert doubled.verdict is Verdict.REDUNDANT
    assert doubled.statistic == pytest.approx(single.statistic, rel=1e-12)


def test_fisherz_does_not_decide_what_the_conditioning_set_determines():
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, 100))
    got = answer(bind("fisherz", np.column_stack([x, y, z, x + z])), 0, 1, (2, 3))
    assert (got.verdict, got.log_p, got.statistic) == (Verdict.SINGULAR, 0.0, 0.0)


def test_fisherz_needs_more_rows_than_conditions():
    values = np.random.default_rng(0).standard_normal((6, 5))
    assert answer(bind("fisherz", values), 0, 1, (2, 3)).verdict is Verdict.DECIDED
    assert answer(bind("fisherz", values), 0, 1, (2, 3, 4)).verdict is Verdict.INSUFFICIENT


def test_identical_columns_have_a_finite_statistic():
    x = np.random.default_rng(0).standard_normal(50)
    got = answer(bind("fisherz", np.column_stack([x, x])), 0, 1)
    assert np.isfinite(got.statistic)
    assert got.p_value < 1e-200


def test_correlation_survives_huge_scales_and_offsets():
    rng = np.random.default_rng(0)
    plain = rng.standard_normal((3, 500))
    plain[1] += plain[0]
    moved = plain * [[1e140], [1e-140], [1.0]] + [[0.0], [0.0], [1e6]]
    names = ("a", "b", "c")
    assert correlation(moved, names) == pytest.approx(correlation(plain, names), abs=1e-9)


def test_a_constant_column_is_named():
    values = np.random.default_rng(0).standard_normal((50, 2))
    values[:, 1] = 0.1
    with pytest.raises(DataError, match="column 'b' is constant"):
        bind("fisherz", values, ["a", "b"])


# ---- G-squared and chi-squared


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 3),
    st.integers(1, 120),
    st.booleans(),
    st.sampled_from(["stratum", "full", "occupied"]),
    st.booleans(),
)
def test_contingency_equals_dictionary_counts(seed, depth, rows, pearson, df_rule, missing):
    rng = np.random.default_rng(seed)
    levels = rng.integers(2, 5, 5)
    values = np.column_stack([rng.integers(0, k, rows) for k in levels]).astype(float)
    values[rng.random(values.shape) < 0.1 * missing] = np.nan
    data = Dataset.from_array(values, discrete=True)
    test = citests.build(TestChoice("chisq" if pearson else "gsq", {"df": _rule(df_rule)}), data, Context())
    x, y, *given_ = map(int, rng.permutation(5)[: depth + 2])
    got = answer(test, x, y, given_)
    statistic, df, n = slow_contingency(test.codes, test.levels, x, y, given_, pearson, df_rule)
    assert (got.df, got.n) == (df, n)
    assert got.statistic == pytest.approx(statistic, rel=1e-9, abs=1e-9)
    if got.verdict is Verdict.DECIDED and df:
        assert got.p_value == pytest.approx(stats.chi2.sf(statistic, df), rel=1e-8)


def _rule(name):
    from causaldisc.citests._contingency import DfRule

    return DfRule(name)


def test_marginal_tests_equal_scipy():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 3, (200, 2)).astype(float)
    table = np.zeros((3, 3))
    np.add.at(table, tuple(values.astype(int).T), 1)
    for name, kind in (("gsq", "log-likelihood"), ("chisq", "pearson")):
        expected = stats.chi2_contingency(table, correction=False, lambda_=kind)
        got = answer(bind(name, values), 0, 1)
        assert (got.statistic, got.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-12)


def test_a_determined_variable_is_independent_when_its_strata_are_full():
    rng = np.random.default_rng(0)
    z, y = rng.integers(0, 2, (2, 100))
    got = answer(bind("gsq", np.column_stack([z, y, z]).astype(float)), 0, 1, (2,))
    assert (got.verdict, got.p_value, got.df) == (Verdict.DECIDED, 1.0, 0.0)


def test_strata_of_single_rows_decide_nothing():
    values = np.column_stack([np.arange(8) % 2, np.arange(8) // 2 % 2, np.arange(8)]).astype(float)
    assert answer(bind("gsq", values), 0, 1, (2,)).verdict is Verdict.INSUFFICIENT


def test_min_rows_per_df_gives_the_third_verdict():
    values = np.random.default_rng(0).integers(0, 3, (39, 2)).astype(float)
    assert answer(bind("gsq", values, min_rows_per_df=9.0), 0, 1).verdict is Verdict.DECIDED
    assert answer(bind("gsq", values, min_rows_per_df=10.0), 0, 1).verdict is Verdict.INSUFFICIENT


# ---- causal-learn as oracle


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["fisherz", "gsq", "chisq"]), st.integers(0, 3))
def test_p_values_equal_causal_learn(seed, name, depth):
    from causallearn.utils.cit import CIT

    rng = np.random.default_rng(seed)
    if name == "fisherz":
        values = rng.standard_normal((150, 5)) @ rng.standard_normal((5, 5))
    else:
        values = rng.integers(0, rng.integers(2, 5), (400, 5)).astype(float)
        values[:, 1] = np.where(rng.random(400) < 0.3, values[:, 0], values[:, 1])
    theirs = CIT(values, name)(0, 1, list(range(2, 2 + depth)))
    ours = answer(bind(name, values), 0, 1, range(2, 2 + depth)).p_value
    assert ours == pytest.approx(theirs, rel=0, abs=1e-10)


# ---- choosing


def test_auto_goes_by_kinds():
    rng = np.random.default_rng(0)
    numbers = Dataset.from_array(rng.standard_normal((20, 2)))
    classes = Dataset.from_array(rng.integers(0, 2, (20, 2)), discrete=True)
    assert (citests.choose(numbers), citests.choose(classes)) == ("fisherz", "gsq")


def test_auto_takes_dg_for_mixed_columns():
    rng = np.random.default_rng(0)
    mixed = Dataset(
        Dataset.from_array(rng.standard_normal((20, 1)), ["age"]).columns
        + Dataset.from_array(rng.integers(0, 2, (20, 1)), ["sex"], discrete=True).columns,
        20,
    )
    assert citests.choose(mixed) == "dg"
    assert citests.suggest(mixed)[1].endswith("discrete and numeric columns together. 1 of 2 columns are discrete.")


def test_suggestions_come_with_a_reason():
    rng = np.random.default_rng(0)
    name, reason = citests.suggest(Dataset.from_array(rng.standard_normal((20, 2))))
    assert name == "fisherz"
    assert "partial correlation" in reason
    assert reason.endswith("No column is discrete.")


def test_unknown_test_is_a_usage_error():
    with pytest.raises(UsageError, match=f"unknown test 'fisher'; known: {', '.join(citests.names())}"):
        bind("fisher", np.zeros((5, 2)))
