"""Many draws of one data set: what is drawn, what most draws agree on, what may be expected to be false."""

import json
import pickle

import numpy as np
import pytest
from causaldisc.cli import citest
from causaldisc.cli.main import main

from causaldisc.algorithms import granger, pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.sparse import SparseColumn
from causaldisc.errors import ComputationError, DataError
from causaldisc.graph import Graph, GraphKind
from causaldisc.graph.consensus import tally
from causaldisc.knowledge import Knowledge
from causaldisc.result import TIME_LIMIT
from causaldisc.runs import bootstrap, resampling
from causaldisc.runs.bootstrap import Bootstrap, Search
from causaldisc.runs.resampling import Kind

LINEAR = granger.Options(lags="1", model=granger.Model.LINEAR)


def chain(rows=300, seed=0):
    x = np.random.default_rng(seed).standard_normal((rows, 4))
    x[:, 1] += x[:, 0]
    x[:, 2] += x[:, 1]
    return Dataset.from_array(x, list("abcd"))


def search(data, kind=Kind.ROWS, **more):
    of_pc = {"test": TestChoice(), "knowledge": Knowledge()}
    return Search("pc", pc.Options(), of_pc, data, kind, **more)


def places(rows, kind, share=0.5, length=None, seed=0):
    return resampling.places(rows, kind, share, length, np.random.default_rng(seed))


# ---- what is drawn


def test_rows_come_back_with_repetitions_and_subsamples_without():
    drawn, blocks = places(1000, Kind.ROWS)
    assert len(drawn) == 1000
    assert len(set(drawn.tolist())) == pytest.approx(632, abs=40)  # 1 - 1/e
    assert not blocks.any()
    drawn, _ = places(1000, Kind.SUBSAMPLE, 0.3)
    assert len(drawn) == len(set(drawn.tolist())) == 300


def test_blocks_are_contiguous_and_may_overlap():
    drawn, blocks = places(100, Kind.BLOCKS, length=7)
    assert len(drawn) == len(blocks) == 100
    for b in np.unique(blocks):
        assert set(np.diff(drawn[blocks == b])) <= {1}
    assert drawn.min() >= 0
    assert drawn.max() < 100
    with pytest.raises(DataError, match="blocks of 101 rows do not fit into 100; give a smaller --block-rows"):
        places(100, Kind.BLOCKS, length=101)


def test_columns_that_do_not_vary_in_a_draw_are_left_out_of_it():
    data = Dataset.from_array(np.column_stack([np.arange(10.0), np.arange(10) == 9]), ["a", "rare"])
    drawn = resampling.drawn(data, np.array([1, 1, 2]), np.zeros(3, np.int64), False)
    assert drawn.names == ("a",)
    assert drawn.columns[0].values.tolist() == [1, 1, 2]


def test_sparse_columns_stay_sparse():
    column = SparseColumn.of("g", ColumnKind.COUNT, np.array([0.0, 3, 0, 5]))
    drawn = resampling.drawn(Dataset((column,), 4), np.array([1, 1, 2]), np.zeros(3, np.int64), False)
    assert isinstance(drawn.columns[0], SparseColumn)
    assert drawn.columns[0].values.tolist() == [3, 3, 0]


# ---- what draws agree on


def test_edges_that_are_there_are_in_all_draws_and_others_seldom():
    found = bootstrap.run(search(chain()), 30, 1, Context()).found
    frequencies = {(r["source"], r["target"]): r["frequency"] for r in found.rows()}
    assert frequencies["a", "b"] == frequencies["b", "c"] == 1
    assert all(f < 0.5 for pair, f in frequencies.items() if "d" in pair)


def test_results_do_not_depend_on_how_many_work():
    one, two = (bootstrap.run(search(chain(), seed=3), 12, jobs, Context()).found for jobs in (1, 2))
    assert one.rows() == two.rows()
    other = bootstrap.run(search(chain(), seed=4), 12, 1, Context()).found
    assert one.rows() != other.rows()


def test_a_draw_without_a_column_counts_as_one_without_its_edges():
    x = np.random.default_rng(0).standard_normal((40, 3))
    x[:, 2] = 0
    x[7, 2] = 1
    data = Dataset.from_array(x, ["a", "b", "rare"])
    found = bootstrap.run(search(data), 10, 1, Context()).found
    assert [node.name for node in found.nodes] == ["a", "b", "rare"]
    assert found.graphs == 10


def test_draws_of_a_series_never_join_their_blocks():
    """A block of 50 rows has 49 windows; a single series of 500 would have 499."""
    x = np.random.default_rng(1).standard_normal((500, 3))
    x[1:, 1] += x[:-1, 0]
    of = Search(
        "granger",
        LINEAR,
        {},
        Dataset.from_array(x),
        Kind.BLOCKS,
        block_rows=50,
    )
    rows, blocks = places(500, Kind.BLOCKS, length=50)
    drawn = resampling.drawn(of.data, rows, blocks, of.is_of_series)
    result = granger.run(drawn, of.options, Context())
    assert result.provenance["time"]["windows"] == 490
    assert result.provenance["time"]["runs"] == 10
    found = bootstrap.run(of, 3, 1, Context()).found
    assert found.frequency((0, 1, 1)) == 1


def test_the_bound_is_that_of_stability_selection():
    """Nodes a, b, c, d: six pairs; two edges a draw; at 0.9, 4 / (0.8 * 6)."""
    found = tally([Graph.parse("a --- b --- c", GraphKind.CPDAG, "abcd")] * 4)
    assert Bootstrap(found).expected_false(0.9) == pytest.approx(4 / 4.8)
    assert Bootstrap(found).expected_false(0.5) is None


def test_the_bound_holds_where_nothing_is_true():
    """Independent columns: at 0.05, 45 pairs, 2.25 edges a draw; those that half-samples agree on are far fewer."""
    false = []
    for seed in range(20):
        data = Dataset.from_array(np.random.default_rng(seed).standard_normal((200, 10)))
        found = bootstrap.run(search(data, Kind.SUBSAMPLE), 30, 1, Context())
        bound = found.expected_false(0.8)
        false.append(sum(row["frequency"] >= 0.8 for row in found.found.rows()) - bound)
    assert np.mean(false) <= 2 * np.std(false) / len(false) ** 0.5


# ---- what goes wrong


def test_when_most_draws_cannot_be_searched_it_says_why():
    x = np.random.default_rng(0).standard_normal((30, 2))
    of = Search(
        "granger",
        LINEAR,
        {},
        Dataset.from_array(x),
        Kind.BLOCKS,
        block_rows=3,
    )
    with pytest.raises(ComputationError, match=r"4 of 4 draws could not be searched: .* has 20 windows of 2 rows"):
        bootstrap.run(of, 4, 1, Context())


def test_a_time_limit_gives_the_draws_there_are():
    context = Context(deadline=0.0)
    found = bootstrap.run(search(chain()), 50, 1, context)
    assert found.found.graphs == 1
    assert [w.code for w in context.warnings] == [TIME_LIMIT]


def test_options_of_tests_go_to_other_processes():
    made = citest.test_options()(test="kci")
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is type(made)
    assert again == made


def test_from_the_shell_to_a_file_with_frequencies(tmp_path, capsys):
    data = tmp_path / "d.csv"
    assert main(["simulate", "dag", "--nodes", "5", "--rows", "300", "-o", str(data)]) == 0
    flags = ["--runs", "10", "--kind", "subsample", "--min-frequency", "0.7", "--jobs", "1"]
    out, table = tmp_path / "g.json", tmp_path / "f.tsv"
    assert main(["bootstrap", "pc", str(data), *flags, "-o", str(out), "--frequencies", str(table)]) == 0
    written = json.loads(out.read_text())
    assert written["provenance"]["algorithm"] == "bootstrap pc"
    assert written["provenance"]["draws"] == 10
    assert written["provenance"]["expected_false_edges"] > 0
    assert all(edge["frequency"] >= 0.7 for edge in written["edges"])
    assert "10 draws of subsample" in capsys.readouterr().err
    assert table.read_text().startswith("source\ttarget\tlag\tfrequency\tdirected")


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["granger", "D", "--kind", "rows"], 2, "granger needs rows in order; draw --kind blocks"),
        (["pc", "D", "--min-frequency", "2"], 2, "--min-frequency must be at most 1, not 2"),
        (["dropout", "D", "--group-by", "x", "-o", "{group}.json"], 2, "--group-by makes several graphs"),
        (["nothing", "D"], 2, "nothing"),
    ],
)
def test_bad_requests_get_one_sentence(tmp_path, capsys, arguments, code, complaint):
    data = tmp_path / "d.csv"
    data.write_text("x,a,b\n" + "".join(f"{i % 2},{i % 7},{i % 5}\n" for i in range(60)))
    assert main(["bootstrap", *(str(data) if a == "D" else a for a in arguments)]) == code
    assert complaint in capsys.readouterr().err
