"""Own pasts: which rows follow which, how many lags are chosen, and that tests are asked the right questions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causaldisc import citests
from causaldisc.citests import Answers, TestChoice, answer
from causaldisc.context import Context
from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column, discrete_column
from causaldisc.data.series import series_of
from causaldisc.options import Options
from causaldisc.search import autocorrelation
from causaldisc.search.autocorrelation import GivenOwnPast, choose_lags

SEEDS = st.integers(0, 2**32 - 1)


def one_series(rows):
    return series_of([np.arange(float(rows))], [], rows)


def lags_of(values, most=5, series=None):
    column = values if isinstance(values, Column) else continuous_column("x", values)
    return choose_lags(column, series or one_series(len(column.missing)), most).lags


def persistent(rng, rows, *coefficients):
    fresh = rng.standard_normal(rows + 100)
    x = np.zeros(rows + 100)
    for t in range(len(coefficients), rows + 100):
        x[t] = fresh[t] + sum(c * x[t - k] for k, c in enumerate(coefficients, 1))
    return x[100:]


# ---- rows in order


@given(SEEDS, st.integers(2, 30), st.integers(0, 4))
def test_a_lag_is_the_value_so_many_rows_before_in_its_domain(seed, rows, steps):
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 8, rows).astype(float)
    times[0], times[-1] = 0.0, 9.0
    sites = rng.integers(0, 3, rows).astype(np.int32)
    values = rng.standard_normal(rows)
    found = series_of([times], [sites], rows).lagged(continuous_column("x", values), steps)
    for i in range(rows):
        own = sorted((times[j], j) for j in range(rows) if sites[j] == sites[i])
        place = own.index((times[i], i)) - steps
        expected = values[own[place][1]] if place >= 0 else np.nan
        assert found.values[i] == expected or (np.isnan(found.values[i]) and np.isnan(expected))


def test_lags_of_categories_are_categories():
    column = discrete_column("x", np.array([1.0, 2.0, 1.0, 3.0]))
    found = one_series(4).lagged(column, 1)
    assert found.codes.tolist() == [-1, 0, 1, 0]
    assert found.levels == column.levels


# ---- how many


@pytest.mark.parametrize(("coefficients", "lags"), [((), 0), ((0.8,), 1), ((-0.5,), 1), ((0.4, 0.4), 2)])
def test_the_order_of_an_autoregression_is_found(coefficients, lags):
    found = [lags_of(persistent(np.random.default_rng(seed), 600, *coefficients)) for seed in range(10)]
    assert found.count(lags) >= 8


@pytest.mark.parametrize("drift", [lambda t: 2 * (t > 0.5), lambda t: 1.5 * np.sin(10 * t), lambda t: 4 * t])
def test_a_drift_of_independent_rows_costs_no_lag(drift):
    t = np.arange(500) / 500
    found = [lags_of(drift(t) + np.random.default_rng(seed).standard_normal(500)) for seed in range(10)]
    assert found.count(0) >= 8


def test_of_many_rows_some_tell_the_order():
    assert lags_of(persistent(np.random.default_rng(7), 45_000, 0.3, 0.2), most=3) == 2


def test_different_levels_of_domains_cost_no_lag():
    rng = np.random.default_rng(0)
    sites = np.repeat(np.arange(6, dtype=np.int32), 50)
    series = series_of([np.tile(np.arange(50.0), 6)], [sites], 300)
    assert lags_of(rng.standard_normal(300) + 3 * rng.standard_normal(6)[sites], series=series) == 0


def test_categories_that_persist_need_their_past():
    rng = np.random.default_rng(1)
    state, states = 0.0, []
    for _ in range(500):
        state = state if rng.random() < 0.7 else float(rng.integers(0, 3))
        states.append(state)
    assert lags_of(discrete_column("x", np.array(states))) == 1
    assert lags_of(discrete_column("x", rng.integers(0, 3, 500).astype(float))) == 0


def test_a_group_is_judged_as_a_whole():
    rng = np.random.default_rng(2)
    noise, slow = rng.standard_normal(500), persistent(rng, 500, 0.8)
    assert lags_of(Column("g", ColumnKind.CONTINUOUS, np.column_stack([noise, slow]))) == 1


def test_few_rows_and_gaps_leave_no_lag_unjudged():
    values = persistent(np.random.default_rng(3), 400, 0.8)
    values[::50] = np.nan
    assert lags_of(values) == 1
    assert lags_of(values[1:12]) == 0


@given(SEEDS, st.integers(1, 2), st.integers(1, 3), st.integers(0, 3), st.integers(0, 4))
def test_the_criterion_is_that_of_least_squares(seed, k, fixed, free, more):
    rng = np.random.default_rng(seed)
    y, design = rng.standard_normal((40, k)), rng.standard_normal((40, fixed + free + more))
    found = list(autocorrelation._criteria(y, design, fixed, free))
    expected = []
    for used in range(fixed + free, fixed + free + more + 1):
        left = y - design[:, :used] @ np.linalg.lstsq(design[:, :used], y, rcond=None)[0]
        expected.append(40 * np.log(np.linalg.det(left.T @ left / 40)) + np.log(40) * k * used)
    assert found == pytest.approx(expected, rel=1e-7)


# ---- tests


class Listening:
    """Notes what it is asked."""

    name, options, deepest, variables = "listening", Options(), 10, 7

    def __init__(self):
        self.asked = []

    def answers(self, x, y, given):
        self.asked += zip(x.tolist(), y.tolist(), map(tuple, given.tolist()), strict=True)
        out = Answers.empty(len(x))
        out.log_p[:] = -(x + 10.0 * y + given.sum(axis=1))
        return out


def test_every_question_gets_the_pasts_of_its_two_ends():
    inner = Listening()
    test = GivenOwnPast(inner, 4, ((4, 5), (), (6,), ()))
    x, y = np.array([0, 1, 2, 1], np.int32), np.array([2, 3, 3, 2], np.int32)
    answers = test.answers(x, y, np.array([[1], [0], [0], [3]], np.int32))
    assert sorted(inner.asked) == [(0, 2, (1, 4, 5, 6)), (1, 2, (3, 6)), (1, 3, (0,)), (2, 3, (0, 6))]
    assert answers.log_p.tolist() == [-(0 + 20 + 16), -(1 + 30 + 0), -(2 + 30 + 6), -(1 + 20 + 9)]
    assert (test.name, test.variables, test.deepest) == ("listening", 4, 7)


def test_a_bound_test_equals_one_on_columns_made_by_hand():
    rng = np.random.default_rng(4)
    x, y = persistent(rng, 120, 0.7), rng.standard_normal(120)
    y[5] = np.nan
    data = Dataset.from_array(np.column_stack([x, y]), ["x", "y"])
    bound = autocorrelation.bind(TestChoice("fisherz"), data, {"x": 2, "y": 1}, one_series(120), Context())
    by_hand = np.column_stack([x[2:], y[2:], x[1:-1], x[:-2], y[1:-1]])
    plain = citests.build(TestChoice("fisherz"), Dataset.from_array(by_hand), Context())
    got, expected = answer(bound, 0, 1), answer(plain, 0, 1, [2, 3, 4])
    assert got == expected
    assert got.n == 116  # two rows have no past, one cell is missing and is once the past


def test_without_lags_the_test_is_the_plain_one():
    data = Dataset.from_array(np.random.default_rng(5).standard_normal((50, 2)))
    bound = autocorrelation.bind(TestChoice("fisherz"), data, {"X1": 0}, one_series(50), Context())
    assert type(bound) is type(citests.build(TestChoice("fisherz"), data, Context()))
