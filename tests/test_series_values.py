"""Series made ready: differences, seasons, and what is left out."""

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc.algorithms import granger
from causaldisc.context import Context
from causaldisc.data import seasons
from causaldisc.data.dataset import Dataset
from causaldisc.data.grid import clock
from causaldisc.data.series_values import Difference, prepare
from causaldisc.errors import DataError, UsageError


def prepared(columns, time=None, difference=Difference.AUTO, periods=()):
    data = Dataset.from_array(np.column_stack(list(columns.values())), list(columns))
    return prepare(data, [] if time is None else [time], clock(data, time), difference, periods)


def noise(rows=200, seed=0):
    return np.random.default_rng(seed).standard_normal((4, rows))


def scaled(x):
    return (x - x.mean()) / x.std()


def test_values_are_standardised_over_known_cells():
    a, b, *_ = noise()
    a[3] = np.nan
    found = prepared({"a": 5 + 3 * a, "b": b})
    assert np.isnan(found.values[0, 3])
    assert np.nanmean(found.values, axis=1) == pytest.approx([0, 0], abs=1e-12)
    assert np.nanstd(found.values, axis=1) == pytest.approx([1, 1])


def test_counters_are_differenced_inside_blocks_and_told():
    a, b, *_ = noise()
    counter = np.cumsum(np.abs(a))
    counter[120:] -= counter[120]  # a reset
    times = np.arange(200.0) + 10 * (np.arange(200) >= 50)
    found = prepared({"t": times, "n": counter, "b": b}, "t")
    assert found.differenced == ("n",)
    assert [n.code for n in found.notices] == ["differenced"]
    assert found.values.shape == (2, 198)  # the first row of each block has no step
    inside = np.delete(np.arange(200), [0, 50])
    assert found.values[0] == pytest.approx(scaled(np.diff(counter, prepend=0)[inside]))
    assert found.values[1] == pytest.approx(scaled(b[inside]))


def test_no_or_all_columns_are_differenced_when_asked():
    a, b, *_ = noise()
    columns = {"n": np.cumsum(np.abs(a)), "b": b}
    assert prepared(columns, difference=Difference.NONE).differenced == ()
    found = prepared(columns, difference=Difference.ALL)
    assert found.differenced == ("n", "b")
    assert found.values[1] == pytest.approx(scaled(np.diff(b)))
    assert found.notices == ()


def test_a_level_that_moves_a_few_times_is_no_counter():
    a, *_ = noise()
    assert prepared({"a": a, "level": np.arange(200) // 50 + 0.0}).differenced == ()


def test_constants_and_repetitions_are_left_out_and_named():
    a, b, c, _ = noise()
    c[5] = np.nan
    found = prepared({"a": a, "b": b, "flat": np.full(200, 7.1), "copy": 3 - 2 * a, "c": c, "d": c * (1 + 1e-9)})
    assert found.data.names == ("a", "b", "c")
    assert [n.message for n in found.notices] == [
        "left out, as they do not vary in the rows used: flat",
        "left out, as they repeat another column: copy (a), d (c)",
    ]
    with pytest.raises(DataError, match="has 1 variable to predict with or to predict; causes need two"):
        prepared({"a": a, "copy": -a})
    with pytest.raises(DataError, match="has no column besides 't'"):
        prepared({"t": np.arange(5.0)}, "t")


def test_what_repeats_is_taken_out_through_gaps():
    a, b, *_ = noise()
    times = np.arange(200.0) + 7 * (np.arange(200) >= 90)
    wave = 5 * np.cos(2 * np.pi * times / 24 + 1) + 3 * np.sin(4 * np.pi * times / 24)
    plain = prepared({"t": times, "a": a, "b": b}, "t", periods=["24"])
    found = prepared({"t": times, "a": a + wave, "b": b}, "t", periods=["24"])
    assert found.values == pytest.approx(plain.values, abs=1e-9)
    assert plain.values[0] == pytest.approx(scaled(a), abs=0.6)


def test_the_shortest_season_alternates():
    a, b, *_ = noise()
    a -= a.mean()
    wave = np.where(np.arange(200) % 2, 4.0, -4.0)
    assert prepared({"a": a + wave, "b": b}, periods=["2"]).values == pytest.approx(
        prepared({"a": a, "b": b}, periods=["2"]).values
    )


def test_periods_are_rows_or_times():
    times = Dataset.from_array(np.arange(10.0)[:, None] * 3600 + 1767571200, ["t"])
    hourly = clock(times, "t")
    assert [seasons.in_rows(text, hourly) for text in ("10", "9h", "180m", "7200s")] == [10, 9, 3, 2]
    with pytest.raises(DataError, match="--deseason 1h is 1 rows"):
        seasons.in_rows("1h", hourly)
    with pytest.raises(DataError, match="--deseason 1d is 24 rows, but the series spans 10"):
        seasons.in_rows("1d", hourly)
    with pytest.raises(DataError, match="--deseason 1d: the rows have no times in seconds"):
        seasons.in_rows("1d", clock(times, None))
    for text in ("day", "0", "-3", "1y", ""):
        with pytest.raises(UsageError, match="is no period"):
            granger.Options(deseason=(text,))


def test_a_common_season_makes_no_causes_since_shifted_sources_have_it_too():
    a, b, c, _ = noise(600)
    wave = 3 * np.sin(2 * np.pi * np.arange(600) / 24)
    data = Dataset.from_array(np.column_stack([a + wave, b + wave, c + wave]))
    for periods in ((), ("24",)):
        graph = granger.run(
            data, granger.Options(lags="1", deseason=periods, model=granger.Model.LINEAR), Context()
        ).graph
        assert all(e.source == e.target for e in graph.edges())


def test_constants_and_times_of_one_value_are_said(tmp_path, capsys):
    path = tmp_path / "d.csv"
    rows = "\n".join(f"3,{a},{b},1" for a, b in noise(100)[:2].T)
    path.write_text(f"t,a,b,flat\n{rows}\n")
    assert main(["granger", str(path), "--lags", "1", "--model", "linear", "-f", "json"]) == 0
    assert "left out, as they do not vary in the rows used: t, flat" in capsys.readouterr().err
    assert main(["granger", str(path), "--time", "t"]) == 3
    assert "data rows 1 and 2 of" in capsys.readouterr().err
