"""Which way a table lies, which genes are searched, which may be causes, and a graph for each group of cells."""

import json
import math

import cellfiles
import numpy as np
import pytest
from causaldisc.cli.main import main
from cellfiles import GENES, barcodes

from causaldisc import knowledge
from causaldisc.data.dataset import ColumnKind, Dataset, continuous_column
from causaldisc.data.genes import GeneLists, GeneOptions, chosen, names_in
from causaldisc.data.orientation import Orient
from causaldisc.data.reading import ReadOptions, Request, read
from causaldisc.data.sparse import SparseColumn
from causaldisc.errors import DataError
from causaldisc.knowledge import Knowledge

VALUES = np.array([[1, 0, 2], [0, 5, 2.5], [3, 1, 0], [4, 0, 1]])


def table(corner, above, beside, values, delimiter=","):
    lines = [delimiter.join([corner, *above])]
    lines += [delimiter.join([name, *(f"{v:g}" for v in row)]) for name, row in zip(beside, values)]
    return "\n".join(lines) + "\n"


def rows_are_genes(tmp_path, text, known=(), orient=Orient.AUTO, **options):
    """Return whether the rows of a table were taken for genes, and the codes of what was said."""
    path = tmp_path / "d.csv"
    path.write_text(text)
    data = read(str(path), ReadOptions(**options), Request(orient, frozenset(known)))
    return isinstance(data.columns[0], SparseColumn), [n.code for n in data.notices]


OTHER = ["u", "v", "w", "x"]
THREE = ["p", "q", "r"]


@pytest.mark.parametrize(
    ("corner", "above", "beside", "genes", "known"),
    [
        ("", THREE, OTHER, True, ["u", "x", "z"]),
        ("", THREE, OTHER, False, ["p"]),
        ("", THREE, OTHER, True, ["p", "u", "v"]),
        ("gene", THREE, OTHER, True, []),
        ("Cell", THREE, OTHER, False, []),
        ("", barcodes(3), OTHER, True, []),
        ("", THREE, barcodes(4), False, []),
        ("", ["E1_0", "E10_3_12", "E7_12_900"], OTHER, True, []),
        ("", THREE, ["cell_1", "cell_2", "cell_3", "cell_4"], False, []),
        ("", THREE, ["ENSG00000141510", "v", "w", "x"], True, []),
        ("", ["RPL13", "q", "MT-CO1"], OTHER, False, []),
    ],
)
def test_the_names_tell_which_way_a_table_lies(tmp_path, corner, above, beside, genes, known):
    found, codes = rows_are_genes(tmp_path, table(corner, above, beside, VALUES), known)
    assert found == genes
    assert ("orientation" in codes) == genes
    assert "orientation-unknown" not in codes


def test_names_that_tell_nothing_are_said_to(tmp_path):
    found, codes = rows_are_genes(tmp_path, table("", THREE, OTHER, VALUES))
    assert (found, codes) == (False, ["row-labels", "orientation-unknown"])
    # Never by shape alone: many more columns than rows say nothing.
    wide = table("", [f"k{i}" for i in range(300)], OTHER, np.ones((4, 300)) * np.arange(300))
    assert rows_are_genes(tmp_path, wide) == (False, ["row-labels", "orientation-unknown"])


def test_a_table_without_names_of_rows_has_rows_of_cells(tmp_path):
    text = "\n".join(line.partition(",")[2] for line in table("", THREE, OTHER, VALUES).splitlines()) + "\n"
    assert rows_are_genes(tmp_path, text, known=["u"]) == (False, [])
    with pytest.raises(DataError, match="no column of names"):
        rows_are_genes(tmp_path, text, orient=Orient.GENES_BY_CELLS)


def test_what_is_said_goes_before_what_is_found(tmp_path):
    text = table("", THREE, OTHER, VALUES)
    assert rows_are_genes(tmp_path, text, ["p"], Orient.GENES_BY_CELLS) == (True, [])
    assert rows_are_genes(tmp_path, text, ["u"], Orient.CELLS_BY_GENES)[0] is False


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_genes_by_cells_is_the_transpose(tmp_path, delimiter):
    path = tmp_path / "d.txt"
    path.write_text(table("", barcodes(3), OTHER, VALUES, delimiter))
    data = read(str(path), request=Request(Orient.AUTO))
    assert data.names == tuple(OTHER)
    np.testing.assert_array_equal(data.matrix(), VALUES)
    assert [c.kind.value for c in data.columns] == ["count", "continuous", "count", "count"]
    path.write_text(table("", barcodes(3), OTHER, VALUES, delimiter).replace("2.5", "NA"))
    assert np.isnan(read(str(path), request=Request(Orient.AUTO)).columns[1].values[2])


def test_cells_of_a_turned_table_are_named_in_errors(tmp_path):
    with pytest.raises(DataError, match=rf"d\.csv, line 3, column '{barcodes(3)[2]}': 'x' is not a number; where"):
        rows_are_genes(tmp_path, table("", barcodes(3), OTHER, VALUES).replace("2.5", "x"))


# ---- which genes


def data_of(values, names="abcdefgh"):
    return Dataset(
        tuple(SparseColumn.of(n, ColumnKind.CONTINUOUS, v) for n, v in zip(names, np.asarray(values, np.float64).T)),
        len(values),
    )


def names_of(data, lists=None, **options):
    return "".join(chosen(data, GeneOptions(**{"min_cells": 0, **options}), lists or GeneLists()).names)


def test_the_most_variable_are_those_of_log_values_and_ties_go_by_name():
    rng = np.random.default_rng(0)
    values = rng.poisson([0.1, 3, 40, 0.5, 9], (200, 5)).astype(np.float64)
    logs = [float(np.var(np.log1p(v))) for v in values.T]
    for count in (2, 3, 4):
        best = sorted(range(5), key=lambda i: (-logs[i], "abcde"[i]))[:count]
        assert names_of(data_of(values), top_variable=count) == "".join("abcde"[i] for i in sorted(best))
    same = np.repeat(values[:, 1:2], 5, axis=1)
    assert names_of(data_of(same, "edcba"), top_variable=2) == "ba"
    dense = Dataset(tuple(continuous_column(n, v) for n, v in zip("abcde", values.T)), 200)
    assert names_of(dense, top_variable=3) == names_of(data_of(values), top_variable=3)
    values[5, 2] = math.nan
    assert names_of(data_of(values), top_variable=3) == names_of(data_of(values[np.arange(200) != 5]), top_variable=3)


def test_genes_seen_in_few_cells_go_with_a_word():
    values = np.ones((6, 4))
    values[2:, 0] = 0.0
    values[3:, 1] = np.nan
    found = chosen(data_of(values), GeneOptions(min_cells=4), GeneLists())
    assert found.names == ("c", "d")
    assert "2 columns" in found.notices[0].message
    assert "'a', 'b'" in found.notices[0].message
    assert names_of(data_of(values), min_cells=2) == "abcd"
    with pytest.raises(DataError, match=r"no gene of .* fewer than 7 cells"):
        chosen(data_of(values), GeneOptions(min_cells=7), GeneLists())


def test_lists_of_genes_and_regulators(tmp_path):
    (tmp_path / "l").write_text("# of mine\nb\n\nd \nb\nz\n")
    assert names_in(str(tmp_path / "l")) == ("b", "d", "z")
    data = data_of(np.diag([1.0, 2, 3, 4, 5]))
    lists = GeneLists(("d", "b", "z"), ("e",), "genes.txt", "tfs.txt")
    found = chosen(data, GeneOptions(min_cells=0), lists)
    assert found.names == ("b", "d", "e")
    assert found.notices[0].message == "--genes: 1 name of 3 in genes.txt not in the data: z"
    assert names_of(data, GeneLists(regulators=("a",)), top_variable=2) == "ade"
    with pytest.raises(DataError, match=r"--genes: none of the 1 name in l\.txt is a gene"):
        names_of(data, GeneLists(("x",), None, "l.txt"))


def test_only_causes_may_cause(tmp_path):
    (tmp_path / "k.toml").write_text('causes = ["b", "c"]\n')
    assert knowledge.read(str(tmp_path / "k.toml")).causes == ("b", "c")
    bound = Knowledge(causes=("b",)).bind("abc")
    np.testing.assert_array_equal(bound.forbidden, [[1, 1, 1], [0, 1, 0], [1, 1, 1]])
    assert not bound.allows_pair(0, 2)
    assert (Knowledge(causes=("a", "b")) | Knowledge(causes=("b", "c"))).causes == ("b",)
    assert (Knowledge(causes=("b",)) | Knowledge(forbidden=(("b", "a"),))).as_json()["causes"] == ["b"]
    with pytest.raises(DataError, match="'a' -> 'b' is required but 'a' is none of the causes"):
        Knowledge(required=(("a", "b"),), causes=("b",)).bind("abc")


# ---- at the shell


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with d.h5ad, whose groups T and B have 160 and 120 cells, C 20: LYZ causes all in T, nothing in B."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    sizes = {"T / x": 160, "B": 120, "C": 20}
    groups = [name for name, size in sizes.items() for _ in range(size)]
    values = np.exp(rng.standard_normal((300, 5)) / 2).astype(np.float32)
    values[:160] *= values[:160, 1:2]
    values[rng.random(values.shape) < 0.1] = 0.0
    cellfiles.h5ad("d.h5ad", values, groups=groups)
    header = "type," + ",".join(GENES)
    lines = [f"{g}," + ",".join(f"{v:.7g}" for v in row) for g, row in zip(groups, values.tolist())]
    (tmp_path / "d.csv").write_text("\n".join([header, *lines]) + "\n")
    return tmp_path


def edges(path):
    return {(e["source"], e["target"]) for e in json.loads(path.read_text())["edges"]}


@pytest.mark.parametrize(("file", "column"), [("d.h5ad", "cell_type"), ("d.csv", "type")])
def test_a_graph_for_each_group(here, capsys, file, column):
    assert main(["dropout", file, "--group-by", column, "-o", "{group}.json", "-o", "x-{group}.csv"]) == 0
    err = capsys.readouterr().err
    assert "1 group left out" in err
    assert "'C' (20)" in err
    assert sorted(p.name for p in here.glob("*.json")) == ["B.json", "T_x.json"]
    assert sorted(p.name for p in here.glob("x-*")) == ["x-B.csv", "x-T_x.csv"]
    assert len(edges(here / "T_x.json")) > len(edges(here / "B.json"))
    provenance = json.loads((here / "T_x.json").read_text())["provenance"]
    assert (provenance["options"]["group"], provenance["data"]["rows"]) == ("T / x", 160)


@pytest.mark.parametrize(("file", "column"), [("d.h5ad", "cell_type"), ("d.csv", "type")])
def test_one_group_is_as_in_a_file_of_its_own(here, capsys, file, column):
    assert main(["dropout", file, "--group-by", f"{column}=B", "-o", "b.json", "-q"]) == 0
    lines = (here / "d.csv").read_text().splitlines()
    kept = [line.partition(",")[2] for line in lines if line.startswith(("type", "B"))]
    (here / "b.csv").write_text("\n".join(kept) + "\n")
    assert main(["dropout", "b.csv", "-o", "alone.json", "-q"]) == 0
    assert edges(here / "b.json") == edges(here / "alone.json")


@pytest.mark.parametrize(
    ("arguments", "code", "pieces"),
    [
        (["d.h5ad", "--group-by", "cell_type"], 2, ["{group} into -o", "--group-by 'cell_type=GROUP'"]),
        (["d.h5ad", "--group-by", "cell_type", "-o", "x.json"], 2, ["{group} into -o"]),
        (["d.h5ad", "--group-by", "a=b=c"], 2, ["neither COLUMN nor COLUMN=GROUP"]),
        (["d.h5ad", "--group-by", "celltype=B"], 3, ["no column 'celltype' in obs", "'cell_type'?"]),
        (["d.csv", "--group-by", "typ=B"], 3, ["no column 'typ' in d.csv", "'type'?"]),
        (["d.h5ad", "--group-by", "cell_type=D"], 3, ["has no group 'D'"]),
        (["d.h5ad", "--group-by", "cell_type=C"], 3, ["'C' (20)", "fewer than 100 (--min-rows)"]),
        (["d.h5ad", "--genes", "nowhere"], 3, ["there is no file nowhere"]),
        (["d.h5ad", "--regulators", "empty"], 3, ["empty names no gene"]),
        (["d.h5ad", "--genes", "others"], 3, ["--genes: none of the 2 names in others is a gene of d.h5ad"]),
        (["d.h5ad", "--top-variable", "1"], 2, ["--top-variable must be at least 2"]),
        (["d.h5ad", "--min-cells", "400"], 3, ["no gene of d.h5ad is left", "400 cells (--min-cells)"]),
    ],
)
def test_requests_that_cannot_be_met(here, capfd, arguments, code, pieces):
    (here / "empty").write_text("# nothing\n")
    (here / "others").write_text("X1\nX2\n")
    got = main(["dropout", *arguments])
    out, err = capfd.readouterr()
    assert (got, out, len(err.splitlines())) == (code, "", 1), err
    for piece in pieces:
        assert piece in err


def test_only_regulators_cause_and_other_pairs_are_not_tested(here, capsys):
    (here / "tf").write_text("LYZ\nCD3D\nNOPE\n")
    assert main(["dropout", "d.h5ad", "--regulators", "tf", "--max-depth", "0", "-f", "json"]) == 0
    out, err = capsys.readouterr()
    graph = json.loads(out)
    assert "1 name of 3 in tf not in the data: NOPE" in err
    assert graph["provenance"]["tests"]["by_depth"] == [7]  # ten pairs less three of others
    assert graph["edges"]
    for edge in graph["edges"]:
        assert {edge["source"], edge["target"]} & {"LYZ", "CD3D"}
        assert edge["mark_target"] == "arrow" or {edge["source"], edge["target"]} == {"LYZ", "CD3D"}


def test_a_list_of_genes_tells_the_way_of_a_table(here, capsys):
    values = np.random.default_rng(0).gamma(1.0, size=(3, 200))
    (here / "t.csv").write_text(table("", [f"k{i}" for i in range(200)], ["u", "v", "w"], values))
    (here / "genes").write_text("w\nu\n")
    assert main(["dropout", "t.csv", "--genes", "genes", "-f", "json"]) == 0
    out, err = capsys.readouterr()
    assert [node["name"] for node in json.loads(out)["nodes"]] == ["u", "w"]
    assert "2 of the genes named are in its first column" in err


def test_check_looks_at_the_genes_asked_for(here, capsys):
    assert main(["check", "d.h5ad", "--top-variable", "3", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["columns"]) == 3
