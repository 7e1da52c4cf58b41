"""Drift or persistence: the evidence is that of the slow twin, and right about series whose making is known."""

import cdnod as benchmark
import numpy as np
import pytest
import reference_changes
from hypothesis import given, settings
from hypothesis import strategies as st

from causaldisc.algorithms import cdnod
from causaldisc.citests import Answers, TestChoice
from causaldisc.citests.base import Verdict
from causaldisc.context import Context
from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column, discrete_column
from causaldisc.data.series import series_of
from causaldisc.knowledge import Knowledge
from causaldisc.options import Options
from causaldisc.search import drift
from causaldisc.search.autocorrelation import choose_lags
from causaldisc.search.own_past import Doubting

ROWS = 500


def one_series(rows):
    return series_of([np.arange(float(rows))], [], rows)


def weigh(values, *others, most=5):
    columns = [continuous_column("z", each) for each in others]
    return drift.weigh(continuous_column("x", values), columns, one_series(len(values)), most)


def curve(rng, rows=ROWS, periods=(4, 16)):
    """A sum of five sinusoids, of variance one."""
    turns = 2 * np.pi * rng.uniform(*periods, 5) * np.arange(rows)[:, None] / rows + rng.uniform(0, 2 * np.pi, 5)
    found = np.sin(turns) @ rng.uniform(0.5, 1, 5)
    return (found - found.mean()) / found.std()


def rngs(count):
    return [np.random.default_rng([31, seed]) for seed in range(count)]


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2), st.integers(1, 2), st.integers(0, 2))
def test_the_criteria_are_those_of_dense_matrices(seed, k, fixed, lags):
    rng = np.random.default_rng(seed)
    n = 40
    y, design = rng.standard_normal((n, k)), rng.standard_normal((n, fixed))
    past, places = [rng.standard_normal((n, k)) for _ in range(lags)], np.sort(rng.random(n))
    found = drift._weighed(y, design, past, places)
    cosines = np.sqrt(2) * np.cos(np.pi * places[:, None] * np.arange(1, 11))
    ordinary = [(0.0 * np.arange(10), (0.0,), -2 * np.log(n))]  # no curve, and no parameters of one
    smooth = [(np.pad(s, (0, 10 - len(s))), drift._SHARES, 0.0) for s in drift._smooth(10)]
    rough = [(s, drift._SHARES, 0.0) for s in drift._rough(10)]
    for count in range(lags + 1):
        flat = np.concatenate([design, *past[:count]], axis=1)
        for criteria, models in ((found.drifting, smooth), (found.persistent, ordinary + rough)):
            expected = [reference_changes.drift_criterion(y, flat, cosines, *m[:2]) + m[2] for m in models]
            assert criteria[count] == pytest.approx(min(expected), rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("phi", [0.5, 0.8, 0.95])
def test_an_autoregression_is_no_drift(phi):
    found = [weigh(benchmark.autoregression(rng, 300, phi)) for rng in rngs(20)]
    assert sum(each.log_evidence > drift.POSITIVE for each in found) <= 1
    assert not any(each.is_drift_alone for each in found)


def test_persistence_seen_through_noise_is_hardly_ever_taken_for_a_drift_alone():
    found = [weigh(benchmark.autoregression(rng, 600, 0.9) + rng.standard_normal(600)) for rng in rngs(10)]
    assert sum(each.is_drift_alone for each in found) <= 1


@pytest.mark.parametrize("size", [1.0, 4.0])
def test_a_fast_curve_under_noise_needs_no_lags(size):
    for rng in rngs(6):
        column = continuous_column("x", size * curve(rng) + rng.standard_normal(ROWS))
        assert choose_lags(column, one_series(ROWS), 5).lags == 0


def test_a_curve_beside_persistence_is_seen_but_keeps_the_lags():
    found = [weigh(2 * curve(rng) + benchmark.autoregression(rng, ROWS, 0.5)) for rng in rngs(6)]
    assert sum(each.log_evidence > drift.POSITIVE for each in found) >= 5
    assert not any(each.is_drift_alone for each in found)


def test_the_drift_of_a_cause_is_none_of_the_effect():
    rng = np.random.default_rng(1)
    x = 2 * curve(rng) + rng.standard_normal(ROWS)
    y = x + benchmark.autoregression(rng, ROWS, 0.5)
    assert weigh(y).log_evidence > drift.POSITIVE
    assert weigh(y, x).log_evidence < 0


def test_different_levels_of_series_and_gaps_are_no_drift():
    rng = np.random.default_rng(2)
    sites = np.repeat(np.arange(6, dtype=np.int32), 60)
    series = series_of([np.tile(np.arange(60.0), 6)], [sites], 360)
    values = 3 * rng.standard_normal(6)[sites] + benchmark.autoregression(rng, 360, 0.5)
    values[::40] = np.nan
    weighed = drift.weigh(continuous_column("x", values), [discrete_column("k", sites % 2.0)], series, 3)
    assert weighed.log_evidence < drift.POSITIVE


def test_few_rows_and_many_levels_say_nothing():
    assert weigh(np.random.default_rng(3).standard_normal(20)) is None
    levels = discrete_column("x", np.arange(2000.0) % 40)
    assert drift.weigh(levels, [], one_series(2000), 5) is None
    assert choose_lags(continuous_column("x", np.arange(12.0) % 5), one_series(12), 5).is_drift is False


# ---- tests that doubt


class Independent:
    """Finds everything independent, but for pairs of variables with a sum of 3."""

    name, options, deepest, variables = "independent", Options(), None, 4

    def answers(self, x, y, given):
        out = Answers.empty(len(x))
        out.log_p[:] = np.where(x + y == 3, -9.0, -0.5)
        return out


def test_an_independence_of_time_is_doubted_where_a_drift_is_likelier():
    rng = np.random.default_rng(4)
    fast = 2 * curve(rng) + benchmark.autoregression(rng, ROWS, 0.5)
    steady = benchmark.autoregression(rng, ROWS, 0.5)
    time = Column("t", ColumnKind.TIME, np.arange(float(ROWS)))
    columns = (continuous_column("a", fast), time, continuous_column("b", fast), continuous_column("c", steady))
    doubting = Doubting(
        Independent(), np.log(0.05), 1, frozenset([0, 2, 3]), Dataset(columns, ROWS), one_series(ROWS), 5
    )
    x, y = np.array([0, 1, 1, 0, 0], np.int32), np.array([1, 2, 3, 2, 1], np.int32)
    found = doubting.answers(x, y, np.empty((5, 0), np.int32))
    untold, decided = Verdict.UNTOLD, Verdict.DECIDED
    # a and b drift, but b depends on time by the test itself; c persists; a and b are no question of time.
    assert found.verdict.tolist() == [untold, decided, decided, decided, untold]
    given = np.array([[2]], np.int32)
    assert doubting.answers(x[:1], y[:1], given).verdict.tolist() == [decided]  # b accounts for all of a


# ---- the whole command


def run(columns, **options):
    data = benchmark.as_data(columns, "example 2")
    return cdnod.run(data, cdnod.Options(index=("C",), **options), TestChoice("kci"), Knowledge(), Context())


def chain(rng):
    x1 = 1.1 * curve(rng, periods=(1, 8)) + 0.5 * rng.standard_normal(ROWS)
    x2 = 0.8 * x1 + curve(rng, periods=(1, 8)) + 0.5 * rng.standard_normal(ROWS)
    return [x1, x2, 1.6 * curve(rng, periods=(8, 16)) + 0.8 * x2 + 0.3 * rng.standard_normal(ROWS)]


def test_fast_changes_are_found_and_no_arrow_is_drawn_against_them():
    """The setting of example 2: three modules change, the last one fast."""
    for rng in rngs(2):
        found = run(chain(rng))
        graph = found.graph
        assert all(graph.is_directed(graph.index("C"), graph.index(f"X{i}")) for i in (1, 2, 3))
        assert not graph.is_directed(1, 0)
        assert not graph.is_directed(2, 1)
        assert found.provenance["autocorrelation"]["drift"] == ["X3"]
        assert [notice.code for notice in found.warnings] == ["drift"]


def test_what_own_pasts_may_hide_stays_undecided_and_is_said():
    rng = np.random.default_rng([31, 0])
    found = run([2 * curve(rng) + benchmark.autoregression(rng, ROWS, 0.5)])
    graph = found.graph
    assert str(graph) == "C --> X1"
    assert graph.attributes(0, 1) == {"undecided": True}
    messages = {notice.code: notice.message for notice in found.warnings}
    assert "C ~ X1" in messages["drift-or-persistence"]
