"""The parts of the model run: gradients that are those of finite differences, crops, and the contrastive loss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_recurrent import slope

from causaldisc.forecasters import _attention as attention
from causaldisc.forecasters import _contrastive as contrastive
from causaldisc.forecasters import _encoder as encoder_of
from causaldisc.forecasters._attention import Readers
from causaldisc.forecasters._encoder import Encoder

SEEDS = st.integers(0, 10**6)


def encoder(rng, rows, hidden=4, features=3):
    made = encoder_of.start(rows, hidden, features, rng)
    return Encoder(*(a + 0.3 * rng.standard_normal(a.shape) for a in made.arrays()))


def agrees(function, arrays, gradients, rng, each=5):
    for array, gradient in zip(arrays, gradients, strict=True):
        for _ in range(each):
            place = tuple(int(rng.integers(s)) for s in array.shape)
            assert gradient[place] == pytest.approx(slope(function, array, place), rel=2e-5, abs=1e-8)


@given(SEEDS, st.integers(1, 7))
@settings(max_examples=20)
def test_the_encoder_splits_along_time_and_its_gradients_are_right(seed, rows):
    rng = np.random.default_rng(seed)
    made, u, target = encoder(rng, rows), rng.standard_normal((6, rows)), rng.standard_normal((6, 3))
    padded = np.pad(u, ((0, 0), (1, 1)), mode="edge")
    trend = (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3
    z, e = encoder_of.encode(made, u)
    by_hand = np.tanh(trend @ made.trend.T + (u - trend) @ made.remainder.T + made.bias) @ made.out.T + made.shift
    assert z == pytest.approx(by_hand)

    def loss():
        return 0.5 * np.sum((encoder_of.encode(made, u)[0] - target) ** 2)

    agrees(loss, made.arrays(), encoder_of.gradient(made, u, e, z - target).arrays(), rng)
    j = encoder_of.sensitivities(made, e)
    row, feature = int(rng.integers(6)), int(rng.integers(3))
    agrees(lambda: encoder_of.encode(made, u)[0][row, feature], [u[row]], [j[row, feature]], rng)


def test_scaled_encodings_have_variance_one():
    rng = np.random.default_rng(0)
    made, u = encoder(rng, 4), rng.standard_normal((50, 4))
    z = encoder_of.encode(made, u)[0]
    again, mean, scale = encoder_of.scaled(made, z)
    found = encoder_of.encode(again, u)[0]
    assert found * scale + mean == pytest.approx(z)
    assert found.std(axis=0) == pytest.approx(np.ones(3))


@given(SEEDS, st.integers(3, 12))
@settings(max_examples=50)
def test_crops_are_shorter_than_the_window_overlap_and_differ(seed, rows):
    crops = contrastive.draw(rows, np.random.default_rng(seed))
    assert 0 <= crops.first < crops.second < crops.second + crops.length <= rows
    assert crops.length < rows
    assert list(crops.shared) == [t for t in range(rows) if crops.second <= t < crops.first + crops.length]
    assert len(crops.shared) > 0
    u = np.arange(rows, dtype=float)[None] + 100 * np.arange(2.0)[:, None]
    one, other = contrastive.views(u, crops)
    for k, t in enumerate(crops.shared):
        for seen, begin in ((one, crops.first), (other, crops.second)):
            assert seen[1, k].tolist() == [100.0 + max(r, begin) for r in range(t - rows + 1, t + 1)]
    assert (one != other).any(axis=2).all()


@given(SEEDS, st.integers(1, 4), st.integers(1, 5))
@settings(max_examples=20)
def test_the_slopes_of_the_contrastive_loss_are_right(seed, series, rows):
    rng = np.random.default_rng(seed)
    one, other = rng.standard_normal((2, series, rows, 3))
    _, *along = contrastive.loss(one, other)
    agrees(lambda: contrastive.loss(one, other)[0], [one, other], along, rng)


def test_the_cross_entropy_wants_partners_alike_and_not_everything():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((1, 8, 5))
    z /= np.linalg.norm(z, axis=2, keepdims=True)
    alike, *_ = contrastive.cross_entropy(z, z)
    collapsed, *_ = contrastive.cross_entropy(np.repeat(z[:, :1], 8, axis=1), np.repeat(z[:, :1], 8, axis=1))
    assert collapsed == pytest.approx(np.log(8))
    assert alike < collapsed / 2
    logits = (z[0] @ z[0][::-1].T) / contrastive.TEMPERATURE
    rows = [np.log(np.exp(logits[k]).sum()) - logits[k, k] for k in range(8)]
    columns = [np.log(np.exp(logits[:, k]).sum()) - logits[k, k] for k in range(8)]
    found, *_ = contrastive.cross_entropy(z, z[:, ::-1])
    assert found == pytest.approx((np.mean(rows) + np.mean(columns)) / 2)


def test_pretraining_lowers_the_loss_below_that_of_collapse():
    rng = np.random.default_rng(1)
    x = np.cumsum(rng.standard_normal(600))
    u = np.lib.stride_tricks.sliding_window_view((x - x.mean()) / x.std(), 8).astype(np.float32)
    made = encoder_of.start(8, 16, 8, rng)
    losses = contrastive.pretrain(made, u, 200, 5e-3, rng)
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:20])
    assert contrastive.pretrain(made, u[:, :2], 200, 5e-3, rng) == []


@given(SEEDS, st.integers(1, 3), st.integers(1, 4))
@settings(max_examples=20)
def test_the_gradients_of_forecasts_by_attention_are_right(seed, targets, variables):
    rng = np.random.default_rng(seed)
    readers = Readers(
        *(a + rng.standard_normal(a.shape) for a in attention.start(targets, variables, 3, 2, rng).arrays())
    )
    z, y = rng.standard_normal((5, variables * 2)), rng.standard_normal((5, targets))

    def loss():
        return 0.5 * np.sum((attention.forecast(readers, z)[0] - y) ** 2)

    made, read = attention.forecast(readers, z)
    along, along_z = attention.gradient(readers, z, read, made - y)
    agrees(loss, [*readers.arrays(), z], [*along.arrays(), along_z], rng)
    j = attention.sensitivities(readers, read)
    n, target = int(rng.integers(5)), int(rng.integers(targets))
    agrees(lambda: attention.forecast(readers, z)[0][n, target], [z[n]], [j[n, target].ravel()], rng)


@given(SEEDS, st.floats(0.0, 2.0), st.floats(0.1, 5.0))
@settings(max_examples=30)
def test_attention_is_settled_by_the_exact_proximal_step(seed, threshold, size):
    rng = np.random.default_rng(seed)
    readers = Readers(size * rng.standard_normal((1, 2, 1, 2)), *(np.zeros(s) for s in ((1, 2), (1, 2), (1,))))
    before = readers.weights.copy()
    attention.settle(readers, np.full((1, 1, 1, 1), threshold))
    after = readers.weights

    def worth(w):
        return 0.5 * np.sum((w - before) ** 2) + threshold * np.linalg.norm(w)

    assert attention.attention(readers)[0, 0] <= 1 + 1e-12
    for _ in range(50):
        other = after + rng.standard_normal(after.shape) * 10.0 ** rng.uniform(-6, 0)
        other /= max(np.linalg.norm(other), 1.0)
        assert worth(after) <= worth(other) + 1e-12
