"""Networks of rectified units: gradients, proximal steps, candidates, and what is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causaldisc.algorithms import granger
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.windows import windows
from causaldisc.forecasters import mlp
from causaldisc.forecasters._own_past import OwnPast
from causaldisc.forecasters.mlp import Network, Penalty, Units
from causaldisc.search import indirect, screen
from causaldisc.simulate import lorenz96

PENALTIES = pytest.mark.parametrize("penalty", list(Penalty))


def units(rng, targets=2, hidden=3, sources=4, lags=2):
    """Weights in double precision, for finite differences."""
    shapes = [(targets, hidden, sources, lags), (targets, hidden), (targets, hidden), (targets,)]
    return Units(*(rng.standard_normal(shape) for shape in shapes))


def sample(x, lags):
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return windows(x, np.zeros(x.shape[1], np.int64), lags)


def products(rows=500, p=5, seed=0):
    """0 drives 1 through its product with 2; 3 pushes 4 down."""
    x = np.random.default_rng(seed).standard_normal((p, rows))
    for t in range(1, rows):
        x[1, t] += x[0, t - 1] * x[2, t - 1]
        x[4, t] -= 0.8 * x[3, t - 1]
    return x


# ---- mathematics


@pytest.mark.parametrize("several", [False, True])
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_gradients_are_those_of_finite_differences(several, seed):
    rng = np.random.default_rng(seed)
    weights = units(rng)
    past = rng.standard_normal((2, 6, 8) if several else (6, 8))
    present = rng.standard_normal((6, 2))

    def loss():
        return 0.5 * ((mlp.forecasts(weights, past)[0] - present) ** 2).sum()

    expected, outputs = mlp.forecasts(weights, past)
    for array, along in zip(weights.arrays(), mlp.gradient(weights, past, outputs, expected - present), strict=True):
        place = tuple(int(rng.integers(n)) for n in array.shape)
        kept, step = array[place], 1e-6
        ends = []
        for move in (-step, step):
            array[place] = kept + move
            ends.append(loss())
        array[place] = kept
        assert along[place] == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-4, abs=1e-6)


def test_candidates_that_are_all_sources_forecast_what_all_sources_do():
    rng = np.random.default_rng(1)
    weights, past = units(rng), rng.standard_normal((7, 8))
    assert mlp.forecasts(weights, np.stack([past, past]))[0] == pytest.approx(mlp.forecasts(weights, past)[0])


def penalty_of(w, penalty):
    """The penalty of weights (H, L) of one source, straight from its definition."""
    lags = w.shape[1]
    if penalty is Penalty.GROUP:
        return np.linalg.norm(w)
    if penalty is Penalty.SPARSE_GROUP:
        return (np.linalg.norm(w) + sum(np.linalg.norm(w[:, k]) for k in range(lags))) / 2
    return sum(np.linalg.norm(w[:, k:]) for k in range(lags)) / lags


@PENALTIES
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 3), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_proximal_steps_are_minima(penalty, seed, threshold, lags):
    rng = np.random.default_rng(seed)
    before = rng.standard_normal((1, 3, 1, lags))
    after = before.copy()
    mlp.shrink_sources(after, penalty, np.full((1, 1, 1, 1), threshold))

    def objective(w):
        return 0.5 * ((w - before) ** 2).sum() + threshold * penalty_of(w[0, :, 0], penalty)

    least = objective(after)
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(10):
            assert objective(after + size * rng.standard_normal(after.shape)) >= least - 1e-9
    assert objective(np.zeros_like(before)) >= least - 1e-9


def test_far_lags_go_before_near_ones_when_penalised_as_nested():
    w = np.ones((1, 2, 1, 4)) * np.array([1.0, 0.5, 0.2, 0.1])
    for _ in range(6):
        mlp.shrink_sources(w, Penalty.HIERARCHICAL, np.full((1, 1, 1, 1), 0.3))
        zero = ~np.logical_or.reduce(w != 0, axis=(0, 1, 2))
        assert (np.diff(zero.astype(int)) >= 0).all()


def test_own_pasts_are_least_squares():
    s = sample(products(), 2)
    found = OwnPast.of(s.past, s.present, 2)
    left = s.present - found.forecasts(s.past)
    for j in range(5):
        assert s.past[:, 2 * j : 2 * j + 2].T @ left[:, j] == pytest.approx([0, 0], abs=1e-8)
    assert found.spread == pytest.approx(left.std(axis=0))


# ---- networks


@PENALTIES
def test_causes_are_kept_and_others_go_exactly(penalty):
    s = sample(products(), 2)
    found = Network(penalty=penalty).fit(s.past, s.present, 2, np.array([0.02, 0.2, 3.0]), 0, 1)
    true = np.eye(5, dtype=bool)
    true[1, 0] = true[1, 2] = true[4, 3] = True
    assert found[1].selected[true].all()
    assert found[1].selected.sum() <= true.sum() + 2
    assert found[2].selected.tolist() == np.eye(5, dtype=bool).tolist()
    errors = [np.mean((f.forecasts(s.past) - s.present) ** 2, axis=0) for f in found]
    assert errors[0][1] < 0.65 * errors[2][1]
    weights = found[1].slopes(s.past).by_lag()
    assert weights[4, 3, 0] < -0.4
    assert abs(weights[4, 3, 1]) < 0.1


@pytest.mark.parametrize("screened", [False, True])
def test_slopes_are_those_of_forecasts(screened):
    s = sample(products(), 2)
    network = Network(candidates=screen.candidates(s, 3, 1)) if screened else Network()
    (found,) = network.fit(s.past, s.present, 2, np.array([0.02]), 0, 1)
    slopes = found.slopes(s.past)
    for place in (0, 3, 6):
        moved = s.past.copy()
        moved[:, place] += 1e-3
        along = (found.forecasts(moved) - found.forecasts(s.past)) / 1e-3
        source, lag = divmod(place, 2)
        assert slopes.mean[:, source, lag] == pytest.approx(along.mean(axis=0), abs=0.02)


def test_a_screened_network_learns_from_its_candidates_only():
    s = sample(products(p=12), 1)
    candidates = screen.candidates(s, 3, 1)
    assert candidates[1].tolist()[0] == 1
    assert {0, 2} < set(candidates[1].tolist())  # through their product
    assert 3 in candidates[4]
    (found,) = Network(candidates=candidates).fit(s.past, s.present, 1, np.array([0.05]), 0, 1)
    assert found.selected.sum(axis=1).max() <= 4
    assert found.selected[1, [0, 2]].all()
    past = s.past.copy()
    past[:, [j for j in range(12) if j not in candidates[1]]] = 0
    assert found.forecasts(past)[:, 1] == pytest.approx(found.forecasts(s.past)[:, 1])


def test_the_same_bytes_for_every_number_of_threads():
    s = sample(np.random.default_rng(0).standard_normal((19, 120)), 1)
    for network in (Network(hidden=4), Network(hidden=4, candidates=screen.candidates(s, 5, 2))):
        runs = [network.fit(s.past, s.present, 1, np.array([0.01, 0.1]), 3, threads) for threads in (1, 2, 3)]
        assert len({b"".join(f.forecasts(s.past).tobytes() for f in r) for r in runs}) == 1
    assert (screen.candidates(s, 5, 1) == screen.candidates(s, 5, 3)).all()


# ---- indirect pairs


def test_two_groups_are_told_from_one():
    rng = np.random.default_rng(0)
    assert indirect.border(np.concatenate([rng.normal(0, 0.3, 20), rng.normal(4, 0.3, 20)])) == pytest.approx(
        2, abs=0.7
    )
    assert sum(indirect.border(rng.standard_normal(40)) is not None for _ in range(40)) <= 14
    assert indirect.border(np.array([1.0, 2, 9])) is None
    assert indirect.border(np.ones(20)) is None


def test_weak_pairs_are_indirect_only_with_a_strong_path():
    """A chain 0 -> 1 -> ... -> 7, with what two steps make of it, and a weak pair that goes against the chain."""
    gains = np.zeros((8, 8))
    rng = np.random.default_rng(2)
    for i in range(7):
        gains[i + 1, i] = np.exp(rng.normal(0, 0.1))
    for i in range(6):
        gains[i + 2, i] = np.exp(rng.normal(-4, 0.1))
    gains[0, 7] = np.exp(-4)
    found = indirect.find(gains, gains > 0)
    assert {(int(i), int(j)) for j, i in np.argwhere(found)} == {(i, i + 2) for i in range(6)}


# ---- the command


def test_a_chaotic_system_is_found_with_what_is_indirect_and_the_scores_of_all_pairs():
    made = lorenz96.generate(lorenz96.Options(rows=500), np.random.default_rng(4))
    options = {"lags": "1", "lambda_": "0.02", "subsamples": 4, "scores": "s.tsv"}
    result = granger.run(made.data, granger.Options(**options, indirect=granger.Indirect.MARK), Context())
    weak = {(e.source, e.target) for e in result.graph.edges() if e.attributes.get("indirect")}
    found = {(e.source, e.target) for e in result.graph.edges()}
    assert found - weak == {(e.source, e.target) for e in made.truth.edges()}
    assert weak
    assert [w.code for w in result.warnings] == ["indirect"]
    lines = [line.split("\t") for line in result.files["s.tsv"].decode().splitlines()]
    assert lines[0] == ["source", "target", "weight", "gain", "frequency", "p_value", "q_value", "edge"]
    assert len(lines) == 101
    assert sum(line[-1] == "1" for line in lines) == 40


def test_a_screen_keeps_what_acts_through_products():
    data = Dataset.from_array(products(400, 12).T)
    options = granger.Options(lags="1", lambda_="0.1", subsamples=4, screen=4, summary=True)
    found = {(e.source, e.target) for e in granger.run(data, options, Context()).graph.edges() if e.source != e.target}
    assert found == {(0, 1), (2, 1), (3, 4)}


# ---- missing cells


def test_a_missing_cell_costs_a_target_its_row_and_others_nothing():
    x = products(300)
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    x[4, 100] = np.nan
    parts = np.zeros(300, np.int64)
    whole, partial = windows(x, parts, 1), windows(x, parts, 1, partial=True)
    assert (len(whole), whole.lost, whole.partial) == (297, 2, 0)
    assert (len(partial), partial.lost, partial.partial) == (298, 1, 1)
    row = int(np.flatnonzero(np.isnan(partial.present[:, 4]))[0])
    assert partial.present[row, :4] == pytest.approx(x[:4, 100])
    x[:, 200] = np.nan  # nothing is known: no window
    assert len(windows(x, parts, 1, partial=True)) == 296


def test_what_is_missing_has_no_part_in_what_is_learnt():
    s = sample(products(200), 1)
    gaps = s.present.copy()
    gaps[::3, 4] = np.nan
    penalties = np.array([0.05])
    (found,) = Network().fit(s.past, gaps, 1, penalties, 0, 1)
    (other,) = Network().fit(s.past, np.where(np.isnan(gaps), np.nan, s.present), 1, penalties, 0, 1)
    assert found.forecasts(s.past).tobytes() == other.forecasts(s.past).tobytes()
    assert np.isfinite(found.forecasts(s.past)).all()
    assert found.selected[4, 3]
    kept = ~np.isnan(gaps[:, 4])
    alone = OwnPast.of(s.past[kept], s.present[kept], 1)
    assert found.own.slopes[4] == pytest.approx(alone.slopes[4])


def test_causes_are_found_in_spite_of_missing_cells():
    x = products(600)
    rng = np.random.default_rng(0)
    x[rng.random(x.shape) < 0.03] = np.nan
    options = granger.Options(lags="1", lambda_="0.1", subsamples=4)
    result = granger.run(Dataset.from_array(x.T), options, Context())
    found = {(e.source, e.target) for e in result.graph.edges() if e.source != e.target}
    assert found == {(0, 1), (2, 1), (3, 4)}
    (told,) = (w.message for w in result.warnings if w.code == "missing")
    assert "more say nothing of the variables that are missing now" in told


# ---- causes within a row


@pytest.mark.parametrize("model", [granger.Model.MLP, granger.Model.LINEAR])
def test_causes_within_a_row_are_found_among_innovations(model):
    x = np.random.default_rng(3).standard_normal((4, 800))
    for t in range(1, 800):
        x[:, t] += 0.5 * x[:, t - 1]
        x[3, t] += 0.8 * x[0, t - 1]
        x[2, t] += 0.7 * (x[0, t] + x[1, t])  # a collider within the row
    options = granger.Options(
        model=model, lags="1", lambda_="0.05", subsamples=4, contemporaneous=granger.Contemporaneous.PC, alpha=0.01
    )
    graph = granger.run(Dataset.from_array(x.T, list("abcd")), options, Context()).graph
    within = {(e.source, e.target) for e in graph.edges() if not e.lag}
    assert within == {(0, 2), (1, 2)}
    assert all(e.is_directed and "p_value" in e.attributes for e in graph.edges() if not e.lag)
    assert {(e.source, e.target) for e in graph.edges() if e.lag and e.source != e.target} >= {(0, 3)}
