"""Granger causes: what is found, what it rests on, and what is written."""

import json

import numpy as np
import pytest
from causaldisc.cli.main import main
from reference_granger import gain

from causaldisc.algorithms import granger
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.windows import windows
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import formats
from causaldisc.graph.metrics import compare
from causaldisc.result import TIME_LIMIT
from causaldisc.search import held_out, shifted_sources, stability
from causaldisc.search import lagged_regression as regression
from causaldisc.simulate import var

LINEAR = granger.Model.LINEAR


def series(seed=1, **options):
    return var.generate(var.Options(**options), np.random.default_rng(seed))


def found(data, **options):
    return granger.run(data, granger.Options(**{"model": LINEAR, **options}), Context())


def pairs(graph):
    return {(e.source, e.target) for e in graph.edges()}


def noise(rows=400, p=4, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, p))


# ---- what is found


@pytest.mark.parametrize("seed", [1, 2])
def test_the_graph_of_a_sparse_autoregression_is_found_whole(seed):
    made = series(seed, mixed_signs=True)
    result = found(made.data)
    figures = compare(made.truth, result.graph)
    assert (figures.missing, figures.wrong_marks) == (0, 0)
    assert figures.extra <= 3  # a false pair has three lags, and one of ten pairs may be false
    for e in result.graph.edges():
        if true := made.truth.attributes(e.source, e.target, e.lag):
            assert np.sign(e.attributes["weight"]) == np.sign(true["weight"])
        assert e.attributes["q_value"] <= 0.1
        assert e.attributes.get("self_loop", False) == (e.source == e.target)
        assert ("frequency" in e.attributes) == (e.source != e.target)
    assert result.provenance["meaning"] == "predictive (Granger)"
    assert result.provenance["lags"]["chosen"] == 3


def test_nothing_is_found_where_persistent_series_are_independent():
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(20):
        x = rng.standard_normal((400, 6))
        for t in range(1, 400):
            x[t] += 0.8 * x[t - 1]
        graph = found(Dataset.from_array(x), lags="1", subsamples=10).graph
        assert all(graph.has_edge(v, v, 1) for v in range(6))
        wrong += any(u != v for u, v in pairs(graph))
    assert wrong <= 5  # at most 0.1 are expected; 6 of 20 would come once in 100 times


def test_a_common_driver_makes_no_edge_between_its_effects_when_it_is_seen():
    x = noise(1000, 3)
    x[1:, 1] += x[:-1, 0]
    x[2:, 2] += x[:-2, 0]
    assert pairs(found(Dataset.from_array(x), lags="2").graph) - {(v, v) for v in range(3)} == {(0, 1), (0, 2)}


def test_a_summary_has_one_edge_a_pair_at_its_strongest_lag():
    x = noise(1000, 2)
    x[1:, 1] -= 0.3 * x[:-1, 0]
    x[2:, 1] -= 0.8 * x[:-2, 0]
    (edge,) = (e for e in found(Dataset.from_array(x), lags="2", summary=True).graph.edges() if e.source != e.target)
    assert (edge.source, edge.target, edge.lag, edge.attributes["lags"]) == (0, 1, 2, "1,2")
    assert edge.attributes["weight"] < -0.5


def test_a_penalty_can_be_given_and_a_large_one_leaves_own_pasts_alone():
    data = series(rows=300).data
    assert found(data, lags="3", lambda_="0.05").provenance["penalty"] == 0.05
    assert all(u == v for u, v in pairs(found(data, lags="3", lambda_="10").graph))


def test_time_orders_rows_and_no_lag_reaches_over_a_gap():
    made = series(rows=600)
    rows = made.data.matrix().T
    times = np.arange(600.0)
    times[300:] += 50
    shuffled = np.random.default_rng(0).permutation(600)
    table = np.column_stack([times, rows])[shuffled]
    data = Dataset.from_array(table, ["t", *made.data.names])
    result = found(data, time="t", lags="3")
    assert result.provenance["time"] == {
        "cadence": 1.0, "unit": "1", "blocks": 2, "windows": 594, "windows_with_missing_cells": 0
    }  # fmt: skip
    assert result.graph.names == made.data.names
    assert compare(made.truth, result.graph).shd <= 6


def test_missing_cells_cost_the_windows_that_have_them():
    x = noise(300, 2)
    x[1:, 1] += x[:-1, 0]
    x[100, 0] = np.nan
    result = found(Dataset.from_array(x), lags="2")
    assert result.provenance["time"]["windows_with_missing_cells"] == 3
    assert "3 windows with a missing cell left out of 298" in [w.message for w in result.warnings]
    assert (0, 1) in pairs(result.graph)


# ---- what it rests on


def test_gains_are_those_of_least_squares():
    x = noise(200, 4, seed=2).T
    x[1, 1:] += 0.5 * x[0, :-1]
    sample = windows(x, np.zeros(200, np.int64), 2)
    m = regression.moments(sample)
    strengths = np.zeros((4, 4))
    strengths[1, 0] = strengths[1, 3] = 1.0
    given = shifted_sources._conditions(m, strengths)
    assert [g.tolist() for g in given] == [[0], [0, 1, 3], [2], [3]]
    gains = np.array(list(shifted_sources._gains(m, m.gram, m.cross, given)))
    for target in range(4):
        for source in range(4):
            others = [i for i in given[target].tolist() if i != source]
            expected = gain(sample.past, sample.present, target, others, source, 2)
            assert gains[target, source] == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_p_values_of_independent_series_are_uniform():
    rng = np.random.default_rng(8)
    collected = []
    for _ in range(20):
        sample = windows(rng.standard_normal((6, 300)), np.zeros(300, np.int64), 2)
        m = regression.moments(sample)
        found = shifted_sources.test(sample, m, np.zeros((6, 6)), rng, Context())
        collected.append(found.p_values)
    values = np.sort(np.concatenate([p.ravel() for p in collected]))
    distance = np.abs(values - (np.arange(len(values)) + 0.5) / len(values)).max()
    assert distance < 1.63 / np.sqrt(len(values))  # Kolmogorov's 1 % point


def test_conditions_are_the_strongest_where_rows_are_few():
    m = regression.Moments(np.eye(20), np.zeros((10, 20)), np.ones(10), 2, 30)
    strengths = np.tile(np.arange(10.0), (10, 1))
    assert shifted_sources._conditions(m, strengths)[0].tolist() == [0, 7, 8, 9]


def test_frequencies_tell_what_is_there_from_what_is_not():
    x = noise(400, 4)
    x[1:, 1] += 0.5 * x[:-1, 0]
    sample = windows(x.T / x.T.std(axis=1, keepdims=True), np.zeros(400, np.int64), 1)
    found = stability.measure(sample, np.array([0.3, 0.1]), 20, np.random.default_rng(0), Context())
    assert found.subsamples == 20
    assert found.frequencies[1, 0] == 1.0
    assert (found.frequencies[~np.eye(4, dtype=bool)] < stability.STABLE).sum() == 11


@pytest.mark.parametrize("lags", [1, 2, 4])
def test_the_number_of_lags_is_found(lags):
    x = noise(1000, 3)
    for t in range(lags, 1000):
        x[t, 1] += 0.7 * x[t - lags, 0]
        x[t, 2] += 0.7 * x[t - lags, 1]
    sample = windows(x.T / x.T.std(axis=1, keepdims=True), np.zeros(1000, np.int64), 6)
    chosen = held_out.choose(sample, range(1, 7), Context())
    assert chosen.lags == lags
    assert lags < len(chosen.trials) <= 6


# ---- what is said and written


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"lags": "0"}, "--lags must be 'auto' or a whole number from 1 to 999, not '0'"),
        ({"lags": "many"}, "not 'many'"),
        ({"lambda_": "-1"}, "--lambda must be 'auto' or a number above 0, not '-1'"),
        ({"lambda_": "nan"}, "not 'nan'"),
    ],
)
def test_options_that_are_none_are_refused(options, complaint):
    with pytest.raises(UsageError, match=complaint):
        granger.Options(**options)


def test_short_series_and_single_variables_are_refused():
    with pytest.raises(DataError, match="has 17 windows of 4 rows without a gap; at least 40 are needed"):
        found(Dataset.from_array(noise(20)), lags="3")
    with pytest.raises(DataError, match="1 variable to predict with or to predict; causes need two"):
        found(Dataset.from_array(noise(100, 1)))


def test_an_unknown_time_is_named_and_text_among_variables_too(tmp_path, capsys):
    path = tmp_path / "d.csv"
    path.write_text("t,a,b\n" + "".join(f"{i},{i % 7},{'xy'[i % 2]}\n" for i in range(60)))
    assert main(["granger", str(path), "--time", "when"]) == 3
    assert "no column 'when'" in capsys.readouterr().err
    assert main(["granger", str(path), "--time", "t"]) == 3
    assert "column 'b' holds text" in capsys.readouterr().err


def test_dates_set_the_clock_and_it_is_told(tmp_path, capsys):
    path = tmp_path / "d.csv"
    x = noise(120, 2)
    lines = [f"2026-01-05T{i // 60:02}:{i % 60:02}:00Z,{a},{b}" for i, (a, b) in enumerate(x)]
    path.write_text("\n".join(["ts,a,b", *lines]) + "\n")
    assert main(["granger", str(path), "--time", "ts", "--lags", "1", "--model", "linear", "-f", "json"]) == 0
    out, err = capsys.readouterr()
    assert "causaldisc: a row every 60 s, in 1 block without a gap; 1 lag" in err
    assert json.loads(out)["provenance"]["time"]["cadence"] == 60.0
    assert main(["granger", str(path), "--lags", "1", "--model", "linear", "-f", "json"]) == 0
    assert "the rows are taken in order, whatever 'ts' says; --time uses it" in capsys.readouterr().err


def test_threads_change_no_byte_and_seeds_do(tmp_path, capsys):
    path = tmp_path / "d.csv"
    main(["simulate", "var", "--nodes", "6", "--rows", "300", "-o", str(path)])
    texts = []
    for more in (["--threads", "1"], ["--threads", "2"], ["--seed", "3"]):
        assert main(["granger", str(path), "--lags", "3", "--model", "linear", "-f", "json", *more]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]


def test_simulated_series_are_found_and_scored_in_a_pipe(tmp_path, capsys):
    data, truth, graph = (str(tmp_path / name) for name in ("d.csv", "t.json", "g.graphml"))
    assert main(["simulate", "var", "--truth", truth, "-o", data]) == 0
    assert main(["granger", data, "--model", "linear", "-o", graph]) == 0
    assert main(["compare", truth, graph, "--check"]) == 0
    assert json.loads(capsys.readouterr().out)["shd"] == 0
    assert all(e.lag for e in formats.read(graph).graph.edges())


def test_a_time_limit_gives_what_there_is(tmp_path, capsys):
    data = series(rows=300).data
    result = granger.run(data, granger.Options(model=LINEAR), Context(deadline=0.0))
    assert result.is_partial
    assert [w.code for w in result.warnings] == [TIME_LIMIT]
    assert (result.provenance["subsamples"], result.provenance["shifts"]) == (2, 1)
