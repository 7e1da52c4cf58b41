"""Recurrent cells: the forecasts of their slow twin, and gradients that are those of finite differences."""

import numpy as np
import pytest
from causaldisc._ext import gates
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_recurrent import forecast, slope

from causaldisc.forecasters import _recurrent as recurrent
from causaldisc.forecasters._recurrent import Cells

SHAPES = (st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))


def cells(seed, targets, variables, units, size=1.0):
    """Return random cells in float64, with biases that matter."""
    rng = np.random.default_rng(seed)
    made = recurrent.start(targets, variables, units, rng)
    return Cells(*(a + size * rng.standard_normal(a.shape) for a in made.arrays()))


def windows_of(seed, variables, rows, n):
    return np.random.default_rng(seed + 1).standard_normal((variables, rows, n))


@given(*SHAPES, st.integers(1, 40))
@settings(max_examples=30)
def test_forecasts_are_those_of_one_cell_after_another(seed, targets, variables, units, rows, n):
    c, x = cells(seed, targets, variables, units), windows_of(seed, variables, rows, n)
    expected = [[forecast(*(a[j] for a in c.arrays()), x[:, :, k].T) for k in range(n)] for j in range(targets)]
    assert recurrent.run(c, x).forecasts == pytest.approx(np.array(expected), rel=1e-10, abs=1e-10)
    single = Cells(*(a.astype(np.float32) for a in c.arrays()))
    found = recurrent.run(single, x.astype(np.float32)).forecasts
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array(expected), rel=1e-4, abs=1e-4)


@given(*SHAPES)
@settings(max_examples=20)
def test_gradients_are_those_of_finite_differences(seed, targets, variables, units, rows):
    c, x = cells(seed, targets, variables, units), windows_of(seed, variables, rows, 3)
    y = np.random.default_rng(seed + 2).standard_normal((targets, 3))

    def loss():
        return 0.5 * np.sum((recurrent.run(c, x).forecasts - y) ** 2)

    trace = recurrent.run(c, x)
    found = recurrent.gradient(c, x, trace, trace.forecasts - y)
    rng = np.random.default_rng(seed + 3)
    for weights, gradient in zip(c.arrays(), found.arrays(), strict=True):
        for _ in range(6):
            place = tuple(int(rng.integers(s)) for s in weights.shape)
            assert gradient[place] == pytest.approx(slope(loss, weights, place), rel=1e-5, abs=1e-7)
    single = Cells(*(a.astype(np.float32) for a in c.arrays()))
    trace = recurrent.run(single, x.astype(np.float32))
    slopes = (trace.forecasts - y).astype(np.float32)
    for mine, twin in zip(
        recurrent.gradient(single, x.astype(np.float32), trace, slopes).arrays(), found.arrays(), strict=True
    ):
        assert mine == pytest.approx(twin, rel=1e-3, abs=1e-3)


@given(*SHAPES)
@settings(max_examples=20)
def test_sensitivities_are_those_of_finite_differences(seed, targets, variables, units, rows):
    c, x = cells(seed, targets, variables, units), windows_of(seed, variables, rows, 2)
    found = recurrent.sensitivities(c, x)
    assert found.shape == (targets, variables, rows, 2)
    rng = np.random.default_rng(seed)
    for _ in range(6):
        place = tuple(int(rng.integers(s)) for s in x.shape)
        for j in range(targets):
            expected = slope(lambda j=j, k=place[2]: recurrent.run(c, x).forecasts[j, k], x, place)
            assert found[j, *place] == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_gates_keep_to_their_functions_far_out():
    sums = np.linspace(-200, 200, 1001, dtype=np.float32)
    values = np.tile(sums, (1, 4, 1, 1))
    state = [np.empty((1, 1, 1, 1001), np.float32) for _ in range(3)]
    gates.forward(values, np.zeros((1, 4), np.float32), *state, 0)
    for k, function in enumerate([lambda a: 1 / (1 + np.exp(-a))] * 2 + [np.tanh] + [lambda a: 1 / (1 + np.exp(-a))]):
        with np.errstate(over="ignore"):
            assert values[0, k, 0] == pytest.approx(function(sums.astype(np.float64)), rel=0, abs=3e-7)


def test_other_shapes_are_refused():
    g, b, s = np.zeros((2, 8, 3, 5)), np.zeros((2, 8)), np.zeros((2, 2, 3, 5))
    with pytest.raises(ValueError, match="row 3 is not one of 3"):
        gates.forward(g, b, s, s, s, 3)
    with pytest.raises(ValueError, match="not those of the same cells"):
        gates.forward(g, b, s, s, np.zeros((2, 2, 3, 4)), 0)
    with pytest.raises(ValueError, match="do not go with"):
        gates.backward(g, s, s, np.zeros((2, 2, 5)), np.zeros((2, 3, 5)), 0)
