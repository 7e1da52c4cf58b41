"""Adam with exact proximal steps: its minimum is the one of the penalised problem."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_granger import group_lasso

from causaldisc.forecasters._proximal import Descent, shrink


@given(st.integers(0, 10**6), st.floats(0.0, 3.0))
@settings(max_examples=30)
def test_shrinking_minimises(seed, threshold):
    rng = np.random.default_rng(seed)
    before = rng.standard_normal((2, 3, 4))
    after = before.copy()
    shrink(after, 1, np.full((2, 1, 4), threshold))
    for place in np.ndindex(2, 4):
        w, best = before[place[0], :, place[1]], after[place[0], :, place[1]]

        def worth(v, w=w):
            return 0.5 * np.sum((v - w) ** 2) + threshold * np.linalg.norm(v)

        others = [best + 10.0 ** rng.uniform(-6, 0) * rng.standard_normal(3) for _ in range(20)]
        assert all(worth(best) <= worth(v) + 1e-12 for v in [*others, np.zeros(3)])
        assert best.any() == (np.linalg.norm(w) > threshold)


def test_descent_ends_at_the_group_lasso():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((80, 12)) * np.linspace(0.2, 3, 12)
    y = x @ (rng.standard_normal(12) * (np.arange(12) < 6)) + rng.standard_normal(80)
    gram, cross = x.T @ x / 80, x.T @ y / 80
    w = np.zeros((4, 3))
    descent = Descent([w], [(1,)])
    for k in range(6000):
        (length,) = descent.step([(gram @ w.ravel() - cross).reshape(4, 3)], 0.02 * 0.999**k)
        shrink(w, 1, 0.9 * length)
    expected = group_lasso(gram, cross, 3, 0.9, np.ones(4))
    assert (w.ravel() == 0).sum() == (expected == 0).sum() > 0
    assert w.ravel() == pytest.approx(expected, abs=1e-3)
