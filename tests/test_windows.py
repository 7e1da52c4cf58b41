"""When rows were measured, and which of them a regression may see together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.data.clock import clock
from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.data.windows import pieces, windows
from causaldisc.errors import DataError


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 30))
def test_windows_are_those_that_a_loop_finds(seed, lags, rows):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((2, rows))
    values[rng.random((2, rows)) < 0.1] = np.nan
    parts = np.cumsum(rng.random(rows) < 0.1)
    expected, lost = [], 0
    for t in range(lags, rows):
        if parts[t] != parts[t - lags]:
            continue
        window = values[:, t - lags : t + 1]
        if np.isnan(window).any():
            lost += 1
        else:
            expected.append([*window[0, -2::-1], *window[1, -2::-1], *window[:, -1]])
    found = windows(values, parts, lags)
    assert (len(found), found.lost, found.variables) == (len(expected), lost, 2)
    assert np.array_equal(np.hstack([found.past, found.present]), np.array(expected).reshape(-1, 2 * lags + 2))


def test_pieces_are_contiguous_and_nearly_equal():
    assert [p.tolist() for p in pieces(7, 3)] == [[0, 1], [2, 3], [4, 5, 6]]


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
    assert clock(data([0, 10, 20, 34, 44, 54]), "t").uneven == 1


@pytest.mark.parametrize(
    ("times", "complaint"),
    [
        ([0, 1, 2, 1, 3], "data rows 2 and 4 of d.csv have the same time in column 't'"),
        ([0, 10, 20, 23, 30], "data rows 3 and 4 of d.csv are 3 apart in column 't', but most rows"),
        ([5, np.nan], "column 't' of d.csv has 1 time; two are needed"),
    ],
)
def test_times_without_lags_are_refused(times, complaint):
    with pytest.raises(DataError, match=complaint):
        clock(data(times), "t")


def test_text_is_no_time():
    column = Column("t", ColumnKind.BINARY, None, np.array([0, 1], np.int32), ("a", "b"))
    with pytest.raises(DataError, match=r"column 't' of d\.csv holds text that is no time; say --types 't=time'"):
        clock(Dataset((column,), 2, "d.csv"), "t")
