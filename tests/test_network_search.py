"""Sources by networks: swapping them on held-out blocks, lags and penalty, and the command."""

import json

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc.algorithms import granger
from causaldisc.algorithms.granger import Model
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.windows import windows
from causaldisc.forecasters import lstm, mlp, run
from causaldisc.forecasters._past import Slopes, dense, swaps
from causaldisc.result import TIME_LIMIT
from causaldisc.search import network_search, swapped_sources

NETWORKS = pytest.mark.parametrize("model", ["mlp", "lstm", "run"])


class LeastSquares:
    """A network that is none: regressions on all of the past, with no penalty and nothing left to chance."""

    tells_lags = True

    def __init__(self, past, present):
        x = np.column_stack([np.ones(len(past)), past])
        self.coefficients = np.linalg.lstsq(x, present, rcond=None)[0]

    @property
    def selected(self):
        return np.ones((self.coefficients.shape[1],) * 2, dtype=bool)

    def forecasts(self, past):
        past = dense(past)
        return np.column_stack([np.ones(len(past)), past]) @ self.coefficients

    def slopes(self, past):
        p = self.coefficients.shape[1]
        b = self.coefficients[1:].T.reshape(p, p, -1)
        return Slopes(b, np.abs(b))

    def swaps(self, past, turned):
        return swaps(past, turned, past.shape[1] // self.coefficients.shape[1])

    def again(self, past, present, penalty, seed):
        return LeastSquares(dense(past), present)

    @staticmethod
    def fit(past, present, lags, penalties, seed, threads):
        return [LeastSquares(past, present) for _ in penalties]


def driven(rows=300, lag=1, seed=0):
    """0 drives 1, 1 drives 2, `lag` rows later; 3 goes its own way."""
    x = np.random.default_rng(seed).standard_normal((4, rows))
    for t in range(lag, rows):
        x[1, t] += 0.8 * x[0, t - lag]
        x[2, t] -= 0.8 * x[1, t - lag]
    return x


def of(x, lags):
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return windows(x, np.zeros(x.shape[1], np.int64), lags)


def test_swapped_sources_tell_what_adds_to_the_others():
    found = swapped_sources.test(of(driven(), 1), LeastSquares, 0.0, np.random.default_rng(1), Context())
    assert {(0, 1), (1, 2)} == {
        (s, t) for t, s in np.argwhere(found.significance.q_values <= 0.05).tolist() if s != t
    }  # 0 tells of 2 only by way of 1
    # Least squares learn that a swapped source says nothing: the error rises from 1 to 1 + 0.64.
    assert found.gains[1, 0] == pytest.approx(0.64, abs=0.35)
    assert abs(found.gains[0, 3]) < 0.05


def test_p_values_of_sources_that_add_nothing_are_not_too_small():
    rng = np.random.default_rng(4)
    collected = []
    for _ in range(25):
        sample = of(rng.standard_normal((5, 200)), 2)
        found = swapped_sources.test(sample, LeastSquares, 0.0, rng, Context())
        collected.append(found.significance.p_values.ravel())
    p = np.concatenate(collected)  # 625
    for level in (0.01, 0.05, 0.2):
        assert np.mean(p <= level) <= level + 2.33 * np.sqrt(level * (1 - level) / len(p))


def test_swapping_moves_one_source_and_keeps_its_values():
    past = np.arange(40.0).reshape(10, 4)
    turned = swapped_sources._turned(past, 0.3)
    (_, (sources, swapped)) = swaps(past, turned, 2)
    assert sources.tolist() == [1, 1]
    assert (swapped.dense()[:, :2] == past[:, :2]).all()
    assert (swapped.dense()[3:, 2:] == past[:-3, 2:]).all()
    assert (swapped.dense()[:3, 2:] == past[-3:, 2:]).all()


def test_folds_share_no_rows():
    sample = of(driven(), 3)
    for learnt_from, held in swapped_sources.folds(sample):
        gaps = np.abs(learnt_from[:, None] - held)
        assert gaps.min() > sample.lags
        assert len(learnt_from) > 0.7 * len(sample)


def test_when_time_is_up_one_fold_must_do():
    found = swapped_sources.test(of(driven(60), 1), LeastSquares, 0.0, np.random.default_rng(0), Context(deadline=0.0))
    assert found.significance.p_values.min() > 1e-3  # of one fold
    assert found.significance.shifts == 1


@pytest.mark.parametrize("df", [1, 3, 5, 19])
def test_tails_are_those_of_student(df):
    from scipy.special import stdtr

    points = np.linspace(-8, 8, 33)
    assert swapped_sources.upper_tail(points, df) == pytest.approx(stdtr(df, -points), rel=1e-6)


@pytest.mark.parametrize("lags", [1, 3])
def test_the_least_lags_that_are_as_good_are_chosen(lags):
    chosen = network_search.choose(LeastSquares, of(driven(600, lags), 5), range(1, 6), 0, Context())
    assert chosen.lags == lags


def test_fewer_lags_keep_windows():
    sample = of(driven(), 3)
    fewer = network_search.fewer(sample, 2)
    assert (fewer.lags, len(fewer)) == (2, len(sample))
    assert (fewer.past.reshape(-1, 4, 2) == sample.past.reshape(-1, 4, 3)[:, :, :2]).all()


# ---- the command


def nonlinear(rows=400, seed=0):
    x = np.random.default_rng(seed).standard_normal((rows, 3))
    for t in range(1, rows):
        x[t, 1] += 2.0 * np.abs(x[t - 1, 0])
        x[t, 2] -= 0.8 * x[t - 1, 1]
    return x


@NETWORKS
def test_what_no_weighted_sum_explains_is_found(model):
    data = Dataset.from_array(nonlinear())
    options = granger.Options(model=Model(model), lags="2", lambda_="0.03", subsamples=2)
    result = granger.run(data, options, Context())
    of_pairs = {}
    for e in result.graph.edges():
        if e.source != e.target:
            of_pairs.setdefault((e.source, e.target), []).append(e)
    assert set(of_pairs) == {(0, 1), (1, 2)}
    at_first = {pair: next(e for e in edges if e.lag == 1) for pair, edges in of_pairs.items()}
    assert at_first[1, 2].attributes["weight"] < -0.3
    if model == "mlp":
        assert {e.lag for e in of_pairs[1, 2]} == {1, 2}
        assert abs(of_pairs[1, 2][1].attributes["weight"]) < 0.15
    else:
        assert [e.lag for e in of_pairs[1, 2]] == [1]
        assert at_first[1, 2].attributes["lags"] == "1,2"
    assert at_first[0, 1].attributes["q_value"] <= 0.1
    assert at_first[0, 1].attributes["gain"] > 0.3


@pytest.fixture
def hasty(monkeypatch):
    """Networks that are hardly trained, where only the way of things matters."""
    for name, steps in (("FIRST", 40), ("STEPS", 10), ("AGAIN", 10), ("TARGETS", 1)):
        monkeypatch.setattr(lstm, name, steps)
        monkeypatch.setattr(mlp, name, steps)
    for name, steps in (("PRETRAINING", 10), ("TOGETHER", 30), ("STEPS", 10), ("AGAIN", 10)):
        monkeypatch.setattr(run, name, steps)


@NETWORKS
@pytest.mark.usefixtures("hasty")
def test_threads_change_no_byte(model, tmp_path, capsys):
    path = tmp_path / "d.csv"
    np.savetxt(path, nonlinear(150), delimiter=",", header="a,b,c", comments="")
    command = ["granger", str(path), "--model", model, "--lags", "2", "--lambda", "0.03", "--subsamples", "2"]
    texts = []
    for threads in ("1", "1", "3"):
        assert main([*command, "-f", "json", "--threads", threads]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] == texts[2]
    assert json.loads(texts[0])["provenance"]["options"]["model"] == model


@NETWORKS
@pytest.mark.usefixtures("hasty")
def test_a_time_limit_gives_what_there_is(model):
    data = Dataset.from_array(nonlinear(120))
    result = granger.run(data, granger.Options(model=Model(model)), Context(deadline=0.0))
    assert result.is_partial
    assert [w.code for w in result.warnings] == [TIME_LIMIT]
    assert (result.provenance["subsamples"], result.provenance["shifts"]) == (2, 1)
