"""What is said of zeros before a search: sums over blocks against pairs by hand, and how often the model is accused."""

import json

import numpy as np
import pytest
from causaldisc.cli import zeros as of_zeros
from causaldisc.cli.main import main
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from causaldisc.algorithms import dropout as dropout_command
from causaldisc.citests import TestChoice
from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._compressed import Compressed
from causaldisc.context import Context
from causaldisc.data import genes, reading
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.sparse import SparseColumn
from causaldisc.data.totals import totals
from causaldisc.knowledge import Knowledge
from causaldisc.search import discovery_rate, zeros
from causaldisc.simulate import dropout


def columns_of(values):
    return Compressed.of_matrix(np.ascontiguousarray(values.T))


def drawn(seed, mechanism, rate, rows=3000):
    options = dropout.Options(nodes=10, rows=rows, degree=2, mechanism=mechanism, zero_rate=rate)
    return np.log1p(dropout.generate(options, np.random.default_rng(seed)).data.matrix().T)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(30, 200), st.sampled_from([64, 1 << 21]))
def test_correlations_of_zeros_and_values_are_those_of_the_rows_that_show_them(seed, rows, block):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((rows, 3)) @ rng.standard_normal((3, 3)) + 2.0
    values[rng.random(values.shape) < 0.4] = 0.0
    values[:2], values[2:4] = 1.0, 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zeros, "BLOCK", block)
        seen = zeros._moments(columns_of(values))
    of_zeros, counted = seen.correlation_of_zeros()
    of_values = seen.correlation_of_values()
    for i in range(3):
        for j in {0, 1, 2} - {i}:
            there, both = values[values[:, i] != 0], values[(values[:, [i, j]] != 0).all(axis=1)]
            assert (counted.of_zeros[i, j], counted.of_values[i, j]) == (len(there), len(both))
            hits = there[:, j] == 0
            assert counted.few[i, j] == min(hits.sum(), (~hits).sum())
            if 0 < hits.sum() < len(hits) and there[:, i].std() > 1e-6:
                expected = np.corrcoef(there[:, i], hits)[0, 1]
                assert of_zeros[i, j] == pytest.approx(np.clip(expected, -0.999999, 0.999999), abs=1e-9)
            if len(both) > 2 and both.std(axis=0).min() > 1e-6:
                expected = np.corrcoef(both[:, [i, j]].T)[0, 1]
                assert of_values[i, j] == pytest.approx(np.clip(expected, -0.999999, 0.999999), abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_those_of_scipy(p_values):
    assert discovery_rate.adjusted(np.array(p_values)) == pytest.approx(stats.false_discovery_control(p_values))


@pytest.mark.parametrize("mechanism", list(dropout.Mechanism))
@pytest.mark.parametrize("rate", [0.3, 0.5, 0.8])
def test_failures_by_the_own_variable_are_not_accused(mechanism, rate):
    """Of 20 data sets at 5 % at most 4 are (probability 0.3 %, were 5 % the rate); random failures look random too."""
    found = [zeros.examine(columns_of(drawn(seed, mechanism, rate))) for seed in range(20)]
    assert sum(f.own_only.min() <= 0.05 for f in found) <= 4
    at_random = sum(f.at_random.min() > 0.05 for f in found)
    assert at_random >= 16 if mechanism is dropout.Mechanism.RANDOM else at_random == 0
    assert min(f.pairs for f in found) >= 10


def test_failures_by_another_variable_are_found_and_the_other_is_named():
    told = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = drawn(seed, dropout.Mechanism.RANDOM, 0.0)
        values[:, 9] = rng.exponential(1.0, len(values)) + 0.1
        chance = stats.zscore(values[:, 9]) + rng.standard_normal(len(values))
        values[chance < 0, 0] = 0.0
        found = zeros.examine(columns_of(values))
        assert (found.related[0], found.at_random[0] < 1e-6) == (9, True)
        if abs(np.corrcoef(values[values[:, 0] != 0][:, [0, 9]].T)[0, 1]) < 0.02:  # the values show no dependence
            assert (found.intruder[0], found.own_only[0] < 1e-6) == (9, True)
            told += 1
    assert told >= 5


def test_columns_without_zeros_or_without_values_say_nothing():
    values = np.random.default_rng(0).standard_normal((200, 3))
    values[:, 1] = 0.0
    found = zeros.examine(columns_of(values))
    assert found.related.tolist() == found.intruder.tolist() == [-1, -1, -1]
    assert found.at_random.tolist() == found.own_only.tolist() == [1.0, 1.0, 1.0]
    assert found.pairs == 0


def test_expected_rows_are_those_of_the_quarter_with_the_fewest_zeros():
    marks = Bitmaps.of(np.array([[True] * 500 + [False] * 500] + [[True] * 900 + [False] * 100] * 3), 1000)
    assert [zeros.expected_rows(marks, k) for k in range(3)] == pytest.approx([1000, 500, 250])
    assert [zeros.expected_depth(marks, 100, beside) for beside in (0, 2, 9)] == [3, 1, 0]


# ---- the command


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(2)
    values = np.expm1(drawn(2, dropout.Mechanism.RANDOM, 0.5, rows=2000))[:, :4]
    values[:, 3] = rng.exponential(1.0, 2000)
    values[stats.zscore(values[:, 3]) + rng.standard_normal(2000) < 0, 0] = 0.0
    path = tmp_path / "d.csv"
    lines = [",".join(map(repr, row)) + ",a" for row in values.tolist()]
    path.write_text("a,b,c,d,text\n" + "\n".join(lines) + "\n")
    return path, values


def test_the_command_tells_rates_rows_depths_and_both_tests(table, capsys):
    path, values = table
    assert main(["check", "--zeros", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [c["column"] for c in found["columns"]] == ["a", "b", "c", "d"]
    assert [c["zeros"] for c in found["columns"]] == (values == 0).sum(axis=0).tolist()
    assert found["expected_rows"] == pytest.approx([2000.0] * 5)  # the quarter is d, which has no zeros
    assert found["max_depth"] == {"conditioning": None, "all": None, "both": None}
    first = found["columns"][0]
    assert (first["related_to"], first["depends_on"]) == ("d", "d")
    assert max(first["p_random"], first["p_own"]) < 0.01
    assert found["columns"][3]["depends_on"] is None


def test_people_are_told_what_to_do(table):
    data = reading.read(str(table[0]), reading.ReadOptions())
    told = of_zeros.as_text(of_zeros.report(data))
    assert "first those of a on d" in told
    assert "--depth-covariate total" in told
    clean = Dataset.from_array(np.expm1(drawn(1, dropout.Mechanism.RANDOM, 0.5)))
    told = of_zeros.as_text(of_zeros.report(clean))
    assert "look completely at random" in told
    assert "no zeros are seen to depend" in told


def test_text_alone_has_no_zeros_to_examine(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "x,y\nz,y\n" * 5)
    assert main(["check", "--zeros", str(path)]) == 3
    assert "no column holds numbers" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_the_depth_of_a_row_counts_genes_that_are_left_out(kind):
    """Two columns that depend on each other only by what the whole row shares; the total of these two alone is no
    measure of it, that of all eighty is."""
    rng = np.random.default_rng(4)
    shared = rng.standard_normal(3000)
    values = np.exp(shared[:, None] + 0.5 * rng.standard_normal((3000, 80)))
    values[rng.random((3000, 80)) < 0.2] = 0.0
    columns = [SparseColumn.of(f"g{k}", ColumnKind.CONTINUOUS, v) for k, v in enumerate(values.T)]
    whole = Dataset(tuple(columns), 3000) if kind == "sparse" else Dataset.from_array(values, [c.name for c in columns])
    some = genes.chosen(whole, genes.GeneOptions(), genes.GeneLists(genes=("g0", "g1"), of_genes="list"))
    assert some.names == ("g0", "g1")
    assert totals(some) == pytest.approx(values.sum(axis=1), rel=1e-6)
    assert totals(some.take(shared > 0)) == pytest.approx(values[shared > 0].sum(axis=1), rel=1e-6)
    options = dropout_command.Options(alpha=0.001, depth_covariate="total")
    ways = options, dropout_command.Options(alpha=0.001)
    found = [dropout_command.run(some, way, TestChoice(), Knowledge(), Context()).graph for way in ways]
    assert [len(list(graph.edges())) for graph in found] == [0, 1]
