"""The models lstm and run: what they find, their slopes, and the same bytes for every number of threads."""

import numpy as np
import pytest
from reference_recurrent import slope

from causaldisc.data.windows import windows
from causaldisc.forecasters import _past, lstm, run

MODELS = pytest.mark.parametrize("model", [lstm, run], ids=["lstm", "run"])


def sample(seed, rows=400, p=4, lags=2):
    """Return windows of noise in which 0 drives 1 by a product with the sign of the step, and 3 pushes 2 down."""
    x = np.random.default_rng(seed).standard_normal((p, rows))
    for t in range(1, rows):
        x[1, t] += 2.0 * np.abs(x[0, t - 1])
        x[2, t] -= 0.8 * x[3, t - 1]
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return windows(x, np.zeros(rows, np.int64), lags)


@pytest.mark.parametrize(("model", "penalty"), [(lstm, 0.07), (run, 0.2)], ids=["lstm", "run"])
def test_causes_are_kept_and_others_go_exactly_as_the_penalty_rises(model, penalty):
    s = sample(0)
    found = model.fit(s.past, s.present, 2, np.array([0.02, penalty, 3.0]), 0, 1)
    true = np.eye(4, dtype=bool)
    true[1, 0] = true[2, 3] = True
    assert (found[1].selected & true).sum() == true.sum()
    assert found[1].selected.sum() <= true.sum() + 4
    assert (found[2].selected == np.eye(4, dtype=bool)).all()
    errors = [np.mean((f.forecasts(s.past) - s.present) ** 2, axis=0) for f in found]
    assert errors[0][1] < 0.75 * errors[2][1]  # no weighted sum of the past would help
    weights = found[1].slopes(s.past).weights()
    assert weights[2, 3] < -0.3
    assert abs(weights[1, 0]) > 0.3
    assert (weights[~found[1].selected] == 0.0).all()


@MODELS
@pytest.mark.parametrize("lags", [1, 4])
def test_slopes_are_those_of_forecasts(model, lags):
    s = sample(1, rows=120, p=3 + 1, lags=lags)
    (found,) = model.fit(s.past, s.present, lags, np.array([0.01]), 0, 1)
    rows = s.past[:40].copy()
    slopes = found.slopes(rows)
    assert slopes.mean.shape == slopes.square.shape == (4, 4, lags)
    numeric = np.array(
        [
            [slope(lambda n=n, j=j: found.forecasts(rows)[n, j], rows, (n, 5 % (4 * lags)), 1e-2) for j in range(4)]
            for n in range(40)
        ]
    )
    source, lag = divmod(5 % (4 * lags), lags)
    assert slopes.mean[:, source, lag] == pytest.approx(numeric.mean(axis=0), abs=2e-3)
    assert slopes.square[:, source, lag] == pytest.approx(np.sqrt((numeric**2).mean(axis=0)), abs=2e-3)


@MODELS
def test_the_same_bytes_again_and_for_every_number_of_threads(model, monkeypatch):
    monkeypatch.setattr(lstm, "TARGETS", 1)
    s = sample(2, rows=150, p=5)
    runs = [model.fit(s.past, s.present, 2, np.array([0.01, 0.05]), 3, threads) for threads in (1, 1, 2, 3)]
    texts = [b"".join(f.forecasts(s.past).tobytes() + f.slopes(s.past).mean.tobytes() for f in r) for r in runs]
    assert len(set(texts)) == 1
    other = model.fit(s.past, s.present, 2, np.array([0.01, 0.05]), 4, 1)
    assert other[0].forecasts(s.past).tobytes() != runs[0][0].forecasts(s.past).tobytes()


def test_the_past_is_turned_and_signs_are_those_of_mean_slopes():
    assert _past.oldest_first(np.arange(6.0)[None], 3).tolist() == [[[2, 1, 0], [5, 4, 3]]]
    slopes = _past.Slopes(np.array([[[0.1, -0.3]]]), np.array([[[3.0, 4.0]]]))
    assert slopes.weights().tolist() == [[-5.0]]
