"""The descent by PyTorch beside NumPy's. Without PyTorch nothing of it can be run; on its CPU it is compared here."""

import sys

import numpy as np
import pytest

from causaldisc.algorithms import granger
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.windows import windows
from causaldisc.errors import ComputationError, UsageError
from causaldisc.forecasters import _on_gpu, mlp
from causaldisc.forecasters.mlp import Network, Penalty
from causaldisc.search import screen


def sample(lags=2):
    x = np.random.default_rng(0).standard_normal((5, 300))
    for t in range(1, 300):
        x[1, t] += x[0, t - 1] * x[2, t - 1]
        x[4, t] -= 0.8 * x[3, t - 1]
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return windows(x, np.zeros(300, np.int64), lags)


@pytest.mark.parametrize("screened", [False, True])
@pytest.mark.parametrize("penalty", list(Penalty))
def test_networks_are_those_of_numpy_but_for_rounding(penalty, screened, monkeypatch):
    pytest.importorskip("torch")
    # Few steps: where a unit is at its kink, or a group about to go, steps carry rounding on to something larger.
    for name, steps in (("FIRST", 15), ("STEPS", 5), ("AGAIN", 5)):
        monkeypatch.setattr(mlp, name, steps)
    s = sample()
    candidates = screen.candidates(s, 3, 1) if screened else None
    present = s.present.copy()
    present[::5, 4] = np.nan
    one, other = (
        Network(penalty=penalty, candidates=candidates, device=device).fit(
            s.past, present, 2, np.array([0.01, 0.1]), 0, 1
        )
        for device in (None, "cpu")
    )
    for here, there in zip(one, other, strict=True):
        assert there.forecasts(s.past) == pytest.approx(here.forecasts(s.past), abs=1e-4)
        assert there.selected.tolist() == here.selected.tolist()
    again, with_torch = (k[1].again(s.past, present, 0.05, 3).forecasts(s.past) for k in (one, other))
    assert with_torch == pytest.approx(again, abs=1e-4)


def test_what_is_learnt_is_as_good():
    pytest.importorskip("torch")
    s = sample(1)
    here, there = (
        Network(device=device).fit(s.past, s.present, 1, np.array([0.02, 0.1]), 0, 1)[1] for device in (None, "cpu")
    )
    assert there.selected.tolist() == here.selected.tolist()
    errors = [np.mean((k.forecasts(s.past) - s.present) ** 2, axis=0) for k in (here, there)]
    assert errors[1] == pytest.approx(errors[0], rel=0.03)
    weights = [k.slopes(s.past).weights() for k in (here, there)]
    assert weights[1] == pytest.approx(weights[0], abs=0.03)


def test_without_pytorch_or_a_gpu_one_sentence_says_so(monkeypatch):
    data = Dataset.from_array(np.random.default_rng(0).standard_normal((100, 3)))
    monkeypatch.setitem(sys.modules, "torch", None)
    _on_gpu.device.cache_clear()
    with pytest.raises(ComputationError, match="needs PyTorch, which is not installed"):
        granger.run(data, granger.Options(device=granger.Device.GPU), Context())
    _on_gpu.device.cache_clear()
    with pytest.raises(UsageError, match="--device gpu is for --model mlp, not lstm"):
        granger.Options(device=granger.Device.GPU, model=granger.Model.LSTM)
