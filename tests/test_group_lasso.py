"""The group lasso: against a slow twin, by its optimality conditions, and the same for every number of threads."""

import numpy as np
import pytest
from causaldisc._ext import group_lasso
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_granger import group_lasso as slow
from reference_granger import objective

from causaldisc.data.windows import windows
from causaldisc.search import lagged_regression as regression


def problem(seed, groups, size, rows, copies=0.0):
    """Return Gram matrix and products of standardised columns, some nearly copies of others."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, groups * size))
    x[:, 1:] = copies * x[:, :1] + np.sqrt(1 - copies**2) * x[:, 1:]
    y = x @ (rng.standard_normal(groups * size) * (rng.random(groups * size) < 0.4)) + rng.standard_normal(rows)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return x.T @ x / rows, x.T @ (y - y.mean()) / (rows * y.std())


def solve(gram, cross, size, penalties, factors, threads=1, tolerance=1e-10):
    starts = range(0, len(gram), size)
    values, vectors = np.linalg.eigh(np.array([gram[g : g + size, g : g + size] for g in starts]))
    vectors = np.ascontiguousarray(vectors.transpose(0, 2, 1))
    cross, factors = np.atleast_2d(cross), np.atleast_2d(factors)
    return group_lasso.paths(
        gram, cross, np.maximum(values, 0), vectors, np.asarray(penalties), factors, tolerance, 100_000, threads
    )


@given(
    st.integers(0, 10**6),
    st.integers(1, 6),
    st.integers(1, 4),
    st.floats(0.001, 1.0),
    st.sampled_from([0.0, 0.5, 0.9]),
    st.booleans(),
)
@settings(max_examples=40)
def test_the_kernel_equals_its_slow_twin_and_is_optimal(seed, groups, size, penalty, copies, free):
    gram, cross = problem(seed, groups, size, 60, copies)
    factors = np.ones(groups)
    factors[0] = 0.0 if free else 2.0
    found, converged = solve(gram, cross, size, [1.0, penalty], factors)
    assert converged.all()
    b = found[1, 0]
    expected = slow(gram, cross, size, penalty, factors)
    assert b == pytest.approx(expected, abs=1e-6)
    assert objective(gram, cross, size, penalty, factors, b) == pytest.approx(
        objective(gram, cross, size, penalty, factors, expected), abs=1e-10
    )
    gradient = (cross - gram @ b).reshape(groups, size)  # the conditions of Karush, Kuhn and Tucker
    for block, left, factor in zip(b.reshape(groups, size), gradient, factors, strict=True):
        if block.any():
            assert left == pytest.approx(penalty * factor * block / np.linalg.norm(block), abs=1e-7)
        else:
            assert np.linalg.norm(left) <= penalty * factor * (1 + 1e-6) + 1e-12


def test_copies_of_columns_and_more_columns_than_rows_are_solved():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 30))
    x[:, 3:6] = x[:, :3]
    gram, cross = x.T @ x / 20, x.T @ rng.standard_normal(20) / 20
    found, converged = solve(gram, cross, 3, [0.5, 0.1, 0.02], np.ones(10))
    assert converged.all()
    for penalty, b in zip((0.5, 0.1, 0.02), found[:, 0], strict=True):
        least = objective(gram, cross, 3, penalty, np.ones(10), slow(gram, cross, 3, penalty, np.ones(10)))
        assert objective(gram, cross, 3, penalty, np.ones(10), b) == pytest.approx(least, abs=1e-9)


def test_too_few_sweeps_are_told():
    gram, cross = problem(1, 6, 2, 60, 0.9)
    values, vectors = np.linalg.eigh(np.array([gram[g : g + 2, g : g + 2] for g in range(0, 12, 2)]))
    arguments = (gram, cross[None], values, np.ascontiguousarray(vectors.transpose(0, 2, 1)), np.array([0.01]))
    assert not group_lasso.paths(*arguments, np.ones((1, 6)), 1e-12, 2, 1)[1].any()
    with pytest.raises(ValueError, match="shapes do not match"):
        group_lasso.paths(*arguments, np.ones((1, 5)), 1e-12, 2, 1)
    with pytest.raises(ValueError, match="shapes do not match"):
        group_lasso.paths(gram, cross[None, :-1].copy(), *arguments[2:], np.ones((1, 6)), 1e-12, 2, 1)


def sample(p=6, rows=300, lags=2, seed=3):
    x = np.random.default_rng(seed).standard_normal((p, rows))
    x[1, 1:] += 0.8 * x[0, :-1]
    return windows(x, np.zeros(rows, np.int64), lags)


def test_threads_change_no_bit():
    m = regression.moments(sample())
    penalties = regression.grid(m, 1)
    one, three = (regression.fit(m, penalties, threads).coefficients for threads in (1, 3))
    assert one.tobytes() == three.tobytes()


def test_the_grid_starts_where_the_first_source_enters_and_own_pasts_are_free():
    m = regression.moments(sample())
    penalties = regression.grid(m, 1)
    path = regression.fit(m, penalties[0] * np.array([1.0001, 0.999]), 1)
    own = np.eye(6, dtype=bool)
    assert path.selected[:, own].all()
    assert path.selected[0][~own].sum() == 0
    assert np.argwhere(path.selected[1] & ~own).tolist() == [[1, 0]]
    assert penalties[-1] == pytest.approx(regression.SMALLEST_SHARE * penalties[0])


def test_fewer_lags_of_moments_are_moments_of_fewer_lags():
    x = np.random.default_rng(0).standard_normal((3, 100))
    three = windows(x, np.zeros(100, np.int64), 3)
    kept = np.arange(9) % 3 < 2
    two = regression.moments(type(three)(three.past[:, kept], three.present, 2, 0))
    found = regression.moments(three).first(2)
    assert found.gram == pytest.approx(two.gram, abs=1e-12)
    assert found.cross == pytest.approx(two.cross, abs=1e-12)


def test_held_out_errors_are_those_of_forecasts():
    whole = sample()
    first, last = np.arange(150), np.arange(150, len(whole))
    path = regression.fit(regression.moments(whole, first), np.array([0.1]), 1)
    left = whole.present[last] - whole.past[last] @ path.coefficients[0].reshape(6, -1).T
    left -= left.mean(axis=0)
    found = regression.errors(path, regression.moments(whole, last))
    assert found[0] == pytest.approx((left**2).mean(axis=0))
