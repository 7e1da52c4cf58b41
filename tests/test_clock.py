"""When rows were measured: order, cadence, gaps, runs, and grids for what is not equally far apart."""

import math

import numpy as np
import pytest
from causaldisc.cli.main import main
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.algorithms import granger
from causaldisc.context import Context
from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.data.grid import Aggregate, clock
from causaldisc.errors import DataError, UsageError
from causaldisc.simulate import var


def data(times, kind=ColumnKind.CONTINUOUS):
    times = np.asarray(times, dtype=float)
    return Dataset((Column("t", kind, times),), len(times), "d.csv")


def test_a_clock_orders_rows_and_cuts_at_gaps():
    found = clock(data([30, 10, 20, 60, 70, np.nan]), "t")
    assert found.order.tolist() == [1, 2, 0, 3, 4]
    assert found.parts.tolist() == [0, 0, 0, 1, 1]
    assert (found.cadence, found.unit, found.without, found.blocks) == (10, "", 1, 2)
    assert str(found) == "a row every 10, in 2 blocks without a gap"


def test_without_a_column_rows_are_in_order():
    assert str(clock(data([3, 1, 2]), None)) == "rows in order, in 1 block without a gap"


@pytest.mark.parametrize(
    ("times", "kind", "words"),
    [
        ([1767571200, 1767571260, 1767571320], ColumnKind.COUNT, "a row every 60 s"),
        ([1767571200000, 1767571260000, 1767571320000], ColumnKind.COUNT, "a row every 60 s"),
        ([0, 3600, 7200], ColumnKind.TIME, "a row every 3600 s"),
        ([1, 2, 3], ColumnKind.COUNT, "a row every 1,"),
    ],
)
def test_units_are_told(times, kind, words):
    assert str(clock(data(times, kind), "t")).startswith(words)


def test_steps_that_are_no_whole_cadences_are_counted():
    assert clock(data([0, 10, 20, 34, 44, 54]), "t", request="never").uneven == 1
    assert clock(data([*range(0, 300, 10), 304, 314]), "t").uneven == 1  # one step of 31: a warning will do


@pytest.mark.parametrize(
    ("times", "complaint"),
    [
        ([0, 1, 2, 1, 3], "data rows 2 and 4 of d.csv have the same time in column 't'; if the file holds several"),
        ([0, 10, 20, 23, 30], "data rows 3 and 4 of d.csv are 3 apart in column 't', but most rows"),
        ([5, np.nan], "column 't' of d.csv has 1 time; two are needed"),
    ],
)
def test_times_without_lags_are_refused(times, complaint):
    with pytest.raises(DataError, match=complaint):
        clock(data(times), "t", request="never")


def test_text_is_no_time():
    column = Column("t", ColumnKind.BINARY, None, np.array([0, 1], np.int32), ("a", "b"))
    with pytest.raises(DataError, match=r"column 't' of d\.csv holds text that is no time; say --types 't=time'"):
        clock(Dataset((column,), 2, "d.csv"), "t")


# ---- runs


def table(**columns):
    return Dataset.from_array(np.column_stack([np.asarray(c, float) for c in columns.values()]), list(columns))


def test_runs_are_cut_apart_and_their_rows_may_be_mixed():
    found = clock(table(t=[2, 0, 1, 1, 0, 5], run=[7, 7, 3, 7, 3, np.nan]), "t", ["run"])
    assert found.order.tolist() == [4, 2, 1, 3, 0]
    assert found.parts.tolist() == [0, 0, 1, 1, 1]
    assert (found.runs, found.without, found.cadence) == (2, 1, 1)
    assert str(found) == "2 runs, a row every 1, in 2 blocks without a gap"


def test_runs_without_times_keep_the_order_of_rows():
    found = clock(table(run=[1, 0, 1, 0, 1]), None, ["run"])
    assert found.order.tolist() == [1, 3, 0, 2, 4]
    assert found.steps.tolist() == [0, 1, 0, 1, 2]
    assert str(found) == "2 runs, rows in order, in 2 blocks without a gap"


def test_two_columns_of_runs_make_one_run_a_pair():
    found = clock(table(t=[0, 1, 0, 1, 0, 1], a=[0, 0, 0, 0, 1, 1], b=[0, 0, 1, 1, 1, 1]), "t", ["a", "b"])
    assert found.parts.tolist() == [0, 0, 1, 1, 2, 2]


def test_files_are_runs_and_the_same_as_one_file_with_a_column(tmp_path, capsys):
    x = np.random.default_rng(0).standard_normal((200, 2))
    x[1:, 1] += x[:-1, 0]
    x[100, 1] -= x[99, 0]  # the second series begins anew
    lines = [f"{i % 100},{i // 100},{a},{b}" for i, (a, b) in enumerate(x)]
    (tmp_path / "one.csv").write_text("\n".join(["t,day,a,b", *lines]) + "\n")
    for day in (0, 1):
        part = ["t,a,b", *(f"{t},{a},{b}" for t, _, a, b in (line.split(",") for line in lines[100 * day :][:100]))]
        (tmp_path / f"day{day}.csv").write_text("\n".join(part) + "\n")
    flags = ["--time", "t", "--lags", "1", "-f", "csv", "--model", "linear"]
    assert main(["granger", str(tmp_path / "one.csv"), "--run", "day", *flags]) == 0
    one, err = capsys.readouterr()
    assert "2 runs, a row every 1, in 2 blocks without a gap" in err
    assert main(["granger", str(tmp_path / "day0.csv"), str(tmp_path / "day1.csv"), *flags]) == 0
    assert capsys.readouterr().out == one
    assert "a,tail,arrow,b,1," in one
    assert main(["granger", str(tmp_path / "one.csv"), *flags]) == 3
    assert "--run COLUMN says which a row is of" in capsys.readouterr().err


# ---- grids


def test_rows_that_come_late_stay_in_their_cell():
    rng = np.random.default_rng(1)
    times = 60 * np.arange(500) + rng.uniform(0, 25, 500)  # steps from 35 to 85
    found = clock(table(t=1767571200 + times), "t")
    assert found.is_resampled
    assert (found.cadence, found.blocks) == (60, 1)
    assert found.cells.tolist() == list(range(500))


def test_a_step_is_long_enough_for_most_cells_to_have_a_row():
    rng = np.random.default_rng(2)
    times = np.cumsum(rng.exponential(1.0, 4000))
    found = clock(table(t=times), "t")
    # A cell of m means is empty with probability exp(-m): 0.05 at 3.0 means, or 4.3 medians.
    assert found.cadence == pytest.approx(5 * np.median(np.diff(times)))
    assert 1 < found.blocks < 0.05 * len(found.parts)


def test_no_cell_is_made_in_a_gap():
    times = np.concatenate([np.arange(0, 100, 0.6), 1000 + np.arange(0, 100, 0.6)])
    times += np.random.default_rng(3).uniform(-0.29, 0.29, len(times))
    found = clock(table(t=times), "t", request="2")
    assert found.is_resampled
    assert found.blocks == 2
    assert found.steps[-1] - found.steps[0] == pytest.approx(550, abs=1)


def test_cells_of_a_step_begin_at_its_multiples_when_times_gather_nowhere():
    times = 1767571200 + 60.0 * np.arange(30)  # a whole hour, each minute
    found = clock(table(t=times), "t", request="5m")
    assert found.cells.tolist() == [i // 5 for i in range(30)]
    assert found.cadence == 300


cells = st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.floats(-5, 5))), min_size=1, max_size=30)


@given(cells, st.sampled_from(Aggregate))
def test_aggregates_are_those_of_each_cell(rows, aggregate):
    rows.sort(key=lambda row: row[0])
    keys, places = np.unique([k for k, _ in rows], return_inverse=True)
    values = np.array([[np.nan if v is None else v for _, v in rows]])
    found = aggregate.of(values, places)[0]
    for k, value in zip(keys, found, strict=True):
        known = [v for key, v in rows if key == k and v is not None]
        twin = {"mean": lambda v: sum(v) / len(v), "last": lambda v: v[-1], "max": max, "sum": sum}[aggregate.value]
        assert value == pytest.approx(twin(known)) if known else math.isnan(value)


def test_causes_are_found_in_resampled_series_and_it_is_told():
    made = var.generate(var.Options(rows=400, lags=1), np.random.default_rng(1))
    x = np.repeat(made.data.matrix().T, 3, axis=0)  # three readings a minute, at odd seconds
    rng = np.random.default_rng(2)
    seconds = 60.0 * np.repeat(np.arange(400), 3) + np.sort(rng.uniform(5, 55, (400, 3)), axis=1).ravel()
    data = table(t=1767571200 + seconds, **dict(zip(made.data.names, x.T, strict=True)))
    result = granger.run(
        data, granger.Options(time="t", resample="1m", lags="1", model=granger.Model.LINEAR), Context()
    )
    assert result.provenance["time"] == {
        "cadence": 60.0, "unit": "s", "resampled": True, "blocks": 1, "windows": 399, "windows_with_missing_cells": 0
    }  # fmt: skip
    found = {(e.source, e.target) for e in result.graph.edges()}
    assert {(e.source, e.target) for e in made.truth.edges()} <= found
    result = granger.run(data, granger.Options(time="t", lags="1", model=granger.Model.LINEAR), Context())
    assert "resampled" in [w.code for w in result.warnings]


@pytest.mark.parametrize(
    ("times", "request_", "complaint"),
    [
        (np.exp2(np.arange(60.0)), "auto", "are too irregular: no step up to 100 median steps"),
        (np.arange(9.0), "5m", "--resample 5m: column 't' has no dates or seconds"),
        (np.arange(9.0) * 1e9, "1", "--resample 1 would make more than 1e\\+08 steps"),
    ],
)
def test_grids_that_cannot_be_are_refused(times, request_, complaint):
    with pytest.raises(DataError, match=complaint):
        clock(table(t=times), "t", request=request_)


def test_a_step_needs_times_and_must_be_one():
    with pytest.raises(DataError, match="--resample 5 needs times; say which column has them with --time"):
        clock(table(t=[1, 2]), None, request="5")
    with pytest.raises(UsageError, match="--resample: 'often' is no period; give units of the time column"):
        granger.Options(resample="often")
