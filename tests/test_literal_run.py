"""RUN as released, with which the repaired one is compared: its gradients are right, its defects are there."""

import literal_run
import networkx as nx
import numpy as np
import pytest
from reference_recurrent import slope


def weights(rng):
    return {k: a + 0.1 * rng.standard_normal(a.shape) for k, a in literal_run.start(4, rng).items()}


def test_gradients_are_those_of_finite_differences():
    rng = np.random.default_rng(0)
    w, x, y = weights(rng), rng.standard_normal((5, 4, 32)), rng.standard_normal(5)
    _, forecast = literal_run.forecast_loss(w, x, y)
    for name, gradient in forecast.items():
        place = tuple(int(rng.integers(s)) for s in gradient.shape)
        expected = slope(lambda: literal_run.forecast_loss(w, x, y)[0], w[name], place)
        assert gradient[place] == pytest.approx(expected, rel=1e-5, abs=1e-9)
    other = literal_run.encode(w, x)[0].reshape(5, 4, 4, 32).copy()  # the branch without a gradient

    def contrast():
        sums = literal_run.encode(w, x)[0] @ w["projector"].T + w["projector_bias"]
        one = np.where(sums > 0, sums, w["prelu"] * sums).reshape(other.shape)
        logits = np.einsum("bpsi,bpsj->bsij", one, other)
        return float(np.mean(np.log(np.exp(logits).sum(-1, keepdims=True)) - logits))

    value, contrasted = literal_run.contrastive_loss(w, x)
    assert value == pytest.approx(contrast())
    for name, gradient in contrasted.items():
        place = tuple(int(rng.integers(s)) for s in gradient.shape)
        assert gradient[place] == pytest.approx(slope(contrast, w[name], place), rel=1e-5, abs=1e-9)


def test_selection_cuts_at_the_largest_gap_in_the_first_half():
    assert literal_run.selected(np.array([1.0, 1.3, 0.9, 1.31, 0.95, 0.94, 0.93, 0.92])) == [3, 1]
    assert literal_run.selected(np.array([1.5, 0.9, 0.89, 0.5, 0.1, 0.0, -1.0, -1.1])) == [0, 1, 2, 3]
    assert literal_run.selected(np.array([1.1, 0.9, 1.05])) == [0, 2]


def test_a_source_that_is_its_own_target_leaves_no_other_edge():
    series = np.random.default_rng(0).standard_normal((6, 200))
    attention = np.eye(6) + 0.5 * np.roll(np.eye(6), 1, axis=1) + 0.01 * np.arange(6)[::-1]
    selected, left = literal_run.graph(attention, series)
    assert selected >= 6
    assert left.number_of_edges() == 0
    assert nx.is_directed_acyclic_graph(left)
