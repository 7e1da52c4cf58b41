"""The tests of discrete and numeric columns together, against least squares and obvious likelihoods."""

import numpy as np
import pytest
from causaldisc._ext import cells
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import conditional_gaussian as slow_cg
from reference import degenerate_gaussian as slow_dg
from reference import indicators
from scipy import stats

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice, Verdict, answer
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset, continuous_column, discrete_column
from causaldisc.errors import DataError
from causaldisc.knowledge import Knowledge


def dataset(values, discrete):
    """Return the columns of an array (rows, columns), some of them discrete."""
    make = [discrete_column if d else continuous_column for d in discrete]
    return Dataset(tuple(m(f"X{i}", values[:, i]) for i, m in enumerate(make)), len(values))


def bind(name, values, discrete, **options):
    return citests.build(TestChoice(name, options), dataset(values, discrete), Context())


def mixed_values(rng, rows, columns, gaps=0.0, levels=4):
    """Return numbers and categories that depend on each other, and which columns are discrete."""
    values = rng.standard_normal((rows, columns)) @ (np.eye(columns) + 0.5 * rng.standard_normal((columns, columns)))
    discrete = rng.random(columns) < 0.5
    for i in np.flatnonzero(discrete):
        k = rng.integers(2, levels + 1)
        values[:, i] = np.clip(np.floor(values[:, i] / 2 * k + k / 2), 0, k - 1)
    values[rng.random(values.shape) < gaps] = np.nan
    return values, discrete


# ---- degenerate Gaussian


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.integers(30, 150), st.sampled_from([0.0, 0.05]))
def test_dg_equals_canonical_correlations_of_residuals(seed, depth, rows, gaps):
    rng = np.random.default_rng(seed)
    values, discrete = mixed_values(rng, rows, 5, gaps)
    x, y, *given_ = map(int, rng.permutation(5)[: depth + 2])
    used = values[~np.isnan(values[:, [x, y, *given_]]).any(axis=1)]
    blocks = [indicators(used[:, v], discrete[v]) for v in (x, y, *given_)]
    assume(all(len(set(column[~np.isnan(column)].tolist())) > 1 for column in values.T))
    got = answer(bind("dg", values, discrete), x, y, given_)
    if not blocks[0] or not blocks[1]:
        assert got.verdict is Verdict.SINGULAR
        return
    log_lambda, df, rank, ranks = slow_dg(*blocks[:2], [c for block in blocks[2:] for c in block])
    if len(used) - 1 - rank - sum(ranks) < 1:
        assert got.verdict is Verdict.INSUFFICIENT
        return
    if df == 0:
        assert got.verdict is Verdict.SINGULAR
        return
    statistic = -(len(used) - 1 - rank - (sum(ranks) + 1) / 2) * log_lambda
    assert (got.n, got.df, got.verdict) == (len(used), df, Verdict.DECIDED)
    assert got.statistic == pytest.approx(statistic, rel=1e-6, abs=1e-8)
    assert got.effect == pytest.approx(-log_lambda / 2, rel=1e-6, abs=1e-10)
    assert got.p_value == pytest.approx(stats.chi2.sf(statistic, df), rel=1e-5)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2), st.sampled_from(["dg", "cg"]), st.sampled_from([0.0, 0.1]))
def test_exchanged_ends_and_batches_change_no_bit(seed, depth, name, gaps):
    rng = np.random.default_rng(seed)
    values, discrete = mixed_values(rng, 80, 5, gaps, levels=3)
    values[:4] = [[0.0] * 5, [1.0] * 5, [0.5] * 5, [1.0] * 5]
    test = bind(name, values, discrete)
    asked = np.array([rng.permutation(5)[: depth + 2] for _ in range(20)], np.int32)
    given_ = np.sort(asked[:, 2:], axis=1)
    order = np.lexsort((asked[:, 1], asked[:, 0], *given_.T[::-1]))
    x, y, given_ = asked[order, 0].copy(), asked[order, 1].copy(), np.ascontiguousarray(given_[order])
    batch = test.answers(x, y, given_)
    for i in range(len(x)):
        assert batch[i] == answer(test, int(x[i]), int(y[i]), given_[i].tolist())
        assert batch[i] == answer(test, int(y[i]), int(x[i]), given_[i].tolist())


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_levels_changes_nothing_for_dg(seed):
    rng = np.random.default_rng(seed)
    values, discrete = mixed_values(rng, 80, 4)
    assume(all(len(set(column)) > 1 for column in values.T))
    moved = values.copy()
    for i in np.flatnonzero(discrete):
        moved[:, i] = rng.permutation(9)[values[:, i].astype(int)]
    one, other = (answer(bind("dg", v, discrete), 0, 1, (2, 3)) for v in (values, moved))
    assert (one.df, one.verdict) == (other.df, other.verdict)
    assert one.statistic == pytest.approx(other.statistic, rel=1e-7, abs=1e-9)


def test_a_level_that_the_conditioning_set_determines_costs_its_degree_of_freedom():
    rng = np.random.default_rng(0)
    z, y = rng.integers(0, 3, 100), rng.standard_normal(100)
    x = np.where(z == 2, 2, rng.integers(0, 2, 100))
    got = answer(bind("dg", np.column_stack([x, y, z]), [True, False, True]), 0, 1, (2,))
    assert (got.verdict, got.df) == (Verdict.DECIDED, 1.0)


def test_ordinal_takes_levels_for_numbers():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.integers(0, 5, 200), rng.standard_normal(200)])
    plain, ordinal = (answer(bind("dg", values, [True, False], ordinal=o), 0, 1) for o in (False, True))
    numbers = answer(bind("dg", values, [False, False]), 0, 1)
    assert (plain.df, ordinal.df) == (4.0, 1.0)
    assert ordinal == numbers


def test_too_many_levels_are_refused_by_name():
    values = np.column_stack([np.arange(6000), np.random.default_rng(0).standard_normal(6000)])
    with pytest.raises(DataError, match="column 'X0' has 6,000 levels, too many for dg"):
        bind("dg", values, [True, False])


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["dg", "cg"]), st.sampled_from([0.0, 0.05]))
def test_threads_change_no_bit_of_a_mixed_search(seed, name, gaps):
    rng = np.random.default_rng(seed)
    values, discrete = mixed_values(rng, 200, 7, gaps, levels=3)
    assume(all(len(set(column[~np.isnan(column)].tolist())) > 1 for column in values.T))
    data = dataset(values, discrete)
    one, three = (
        pc.run(data, pc.Options(), TestChoice(name), Knowledge(), Context(threads=threads)) for threads in (1, 3)
    )
    assert str(one.graph) == str(three.graph)
    assert tuple(one.separations) == tuple(three.separations)
    assert [e.attributes for e in one.graph.edges()] == [e.attributes for e in three.graph.edges()]


# ---- conditional Gaussian


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.integers(20, 400), st.sampled_from([0.0, 0.05]), st.booleans())
def test_cg_equals_the_likelihoods_of_all_cells(seed, depth, rows, gaps, moved):
    rng = np.random.default_rng(seed)
    values, discrete = mixed_values(rng, rows, 5, gaps, levels=3)
    assume(all(len(set(column[~np.isnan(column)].tolist())) > 1 for column in values.T))
    x, y, *given_ = map(int, rng.permutation(5)[: depth + 2])
    used = values[~np.isnan(values[:, [x, y, *given_]]).any(axis=1)]
    if moved:
        values = np.where(discrete, values, values * 1e80 + 1e83)
    got = answer(bind("cg", values, discrete), x, y, given_)
    statistic, mean, df, n = slow_cg(
        *((used[:, v], discrete[v]) for v in (x, y)), [(used[:, v], discrete[v]) for v in given_]
    )
    assert got.n == n
    if df == 0:
        assert got.verdict is Verdict.INSUFFICIENT or (got.verdict, got.log_p, got.df) == (Verdict.DECIDED, 0.0, 0.0)
        assert (n > 0) or got.verdict is Verdict.INSUFFICIENT
        return
    assert (got.df, got.verdict) == (df, Verdict.DECIDED)
    assert got.statistic == pytest.approx(max(statistic, 0) * df / mean, rel=1e-6, abs=1e-7)
    assert got.effect == pytest.approx(max(statistic, 0) / (2 * n), rel=1e-6, abs=1e-9)
    assert got.p_value == pytest.approx(stats.chi2.sf(got.statistic, df), rel=1e-6)


def test_cg_of_categories_alone_is_gsq():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 3, (200, 4)).astype(float)
    values[:, 1] = np.where(rng.random(200) < 0.4, values[:, 0], values[:, 1])
    values[rng.random(values.shape) < 0.05] = np.nan
    for given_ in ((), (2,), (2, 3)):
        cg, gsq = (answer(bind(name, values, [True] * 4), 0, 1, given_) for name in ("cg", "gsq"))
        assert (cg.df, cg.n, cg.verdict) == (gsq.df, gsq.n, gsq.verdict)
        assert (cg.statistic, cg.log_p, cg.effect) == pytest.approx((gsq.statistic, gsq.log_p, gsq.effect), rel=1e-9)


def test_cg_sees_what_differs_between_categories_only():
    """Two numbers whose correlation is of opposite sign in two categories: none on the whole."""
    rng = np.random.default_rng(0)
    z = np.arange(300) % 2
    x = rng.standard_normal(300)
    y = np.where(z == 1, x, -x) + rng.standard_normal(300)
    values = np.column_stack([x, y, z])
    cg, dg = (answer(bind(name, values, [False, False, True]), 0, 1, (2,)) for name in ("cg", "dg"))
    assert cg.p_value < 1e-10 < 0.01 < dg.p_value


def test_cg_decides_nothing_from_thin_cells_or_what_is_determined():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 40))
    thin = np.arange(40) // 3
    assert answer(bind("cg", np.column_stack([x, y, thin]), [False, False, True]), 0, 1, (2,)).verdict is (
        Verdict.INSUFFICIENT
    )
    doubled = np.column_stack([x, y, 2 * x])
    assert answer(bind("cg", doubled, [False] * 3), 0, 1, (2,)).verdict is Verdict.SINGULAR
    group = np.arange(40) % 2
    flat = np.where(group == 1, 0.3, x)
    assert answer(bind("cg", np.column_stack([flat, group]), [False, True]), 0, 1).verdict is Verdict.SINGULAR
    same = answer(bind("cg", np.column_stack([x, group, group]), [False, True, True]), 0, 1, (2,))
    assert (same.verdict, same.p_value, same.effect) == (Verdict.DECIDED, 1.0, 0.0)


@given(st.integers(0, 2**32 - 1))
def test_a_superfluous_number_in_the_set_changes_nothing_for_cg(seed):
    rng = np.random.default_rng(seed)
    values, _ = mixed_values(rng, 300, 4)
    values[:, 3] = values[:, 2] * 2 - 1
    assume(all(len(set(column)) > 1 for column in values.T))
    for discrete in ([False] * 4, [True, False, False, False]):
        levels = values.copy()
        levels[:, 0] = np.where(discrete[0], values[:, 0] > np.median(values[:, 0]), values[:, 0])
        test = bind("cg", levels, discrete)
        one, other = answer(test, 0, 1, (2,)), answer(test, 0, 1, (2, 3))
        assert (one.df, one.n) == (other.df, other.n)
        assert one.statistic == pytest.approx(other.statistic, rel=1e-6, abs=1e-8)


def test_cells_refuse_what_does_not_fit():
    numbers, codes = np.zeros((2, 5)), np.zeros((2, 5), np.int32)
    with pytest.raises(ValueError, match="shapes"):
        cells.Cells(numbers, codes[:1], np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="codes"):
        cells.Cells(numbers, codes + 1, np.zeros(2, np.int32))
