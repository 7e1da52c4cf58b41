"""Files of genes and cells: every layout gives the same data; bad ones one sentence."""

import gzip
import hashlib
import sys
import tracemalloc
from pathlib import Path

import cellfiles
import h5py
import numpy as np
import pytest
from causaldisc.cli.main import main
from cellfiles import GENES, barcodes, counts
from hypothesis import given, settings
from hypothesis import strategies as st

from causaldisc.data import expression
from causaldisc.data.dataset import ColumnKind
from causaldisc.data.expression import Block, gather, told_apart
from causaldisc.data.reading import ReadOptions, Request, read, read_labelled
from causaldisc.data.sparse import SparseColumn
from causaldisc.errors import DataError

VALUES = counts()


def assert_holds(data, values, genes=GENES):
    assert data.names == tuple(genes)
    assert all(isinstance(c, SparseColumn) for c in data.columns)
    np.testing.assert_array_equal(data.matrix().T, values)


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
@pytest.mark.parametrize("age", ["new", "0.7", "nullable"])
def test_h5ad_of_every_layout(tmp_path, form, age):
    path = cellfiles.h5ad(tmp_path / "d.h5ad", VALUES, form, age)
    data, labels = read_labelled(path, ReadOptions(), Request(labels="cell_type"))
    assert_holds(data, VALUES)
    assert {c.kind for c in data.columns} == {ColumnKind.COUNT}
    assert [labels.levels[k] for k in labels.codes] == [cellfiles.GROUPS[i % 4] for i in range(12)]
    assert data.sha256 == hashlib.sha256((tmp_path / "d.h5ad").read_bytes()).hexdigest()


@pytest.mark.parametrize("form", ["old csr", "old csc", "dense"])
def test_h5ad_from_before_2019(tmp_path, form):
    path = cellfiles.h5ad(tmp_path / "d.h5ad", VALUES, form, "old", raw=VALUES + 1)
    data, labels = read_labelled(path, ReadOptions(), Request(labels="cell_type"))
    assert_holds(data, VALUES)
    assert [labels.levels[k] for k in labels.codes] == [cellfiles.GROUPS[i % 4] for i in range(12)]
    assert_holds(read(path, ReadOptions(layer="raw")), VALUES + 1)


def test_layers_and_raw(tmp_path):
    layers = [("counts", VALUES + 1, "csc"), ("scaled", VALUES - 0.5, "dense")]
    path = cellfiles.h5ad(tmp_path / "d.h5ad", VALUES, layers=layers, raw=VALUES * 2)
    for layer, values in ((None, VALUES), ("X", VALUES), ("counts", VALUES + 1), ("raw", VALUES * 2)):
        data = read(path, ReadOptions(layer=layer))
        assert_holds(data, values)
        assert data.layers == tuple(sorted({"X", "counts", "raw", "scaled"} - {layer or "X"}))
    assert {c.kind for c in read(path, ReadOptions(layer="scaled")).columns} == {ColumnKind.CONTINUOUS}


@pytest.mark.parametrize("version", [2, 3])
def test_the_h5_of_cell_ranger(tmp_path, version):
    assert_holds(read(cellfiles.tenx(tmp_path / "d.h5", VALUES, version)), VALUES)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("scale", [1, 0.25])
def test_a_folder_of_cell_ranger(tmp_path, version, packed, scale):
    path = cellfiles.folder(tmp_path / "run", VALUES * scale, version, packed=packed)
    data = read(path)
    assert_holds(data, VALUES * scale)
    assert data.source == path
    matrix = read(f"{path}/matrix.mtx" + (".gz" if packed else ""))
    assert_holds(matrix, VALUES * scale)
    assert matrix.sha256 == data.sha256


def test_the_checksum_of_a_folder_is_that_of_its_checksums(tmp_path):
    path = cellfiles.folder(tmp_path / "run", VALUES)
    files = [(tmp_path / "run" / name).read_bytes() for name in ("matrix.mtx", "features.tsv", "barcodes.tsv")]
    digests = "".join(hashlib.sha256(content).hexdigest() for content in files)
    assert read(path).sha256 == hashlib.sha256(digests.encode()).hexdigest()


def test_files_with_something_before_their_names_and_matrices_the_other_way_round(tmp_path):
    path = cellfiles.folder(tmp_path / "a", VALUES, packed=True, before="GSM1_")
    assert_holds(read(f"{path}/GSM1_matrix.mtx.gz"), VALUES)
    assert_holds(read(cellfiles.folder(tmp_path / "b", VALUES, turned=True)), VALUES)


@pytest.mark.parametrize("write", [cellfiles.tenx, cellfiles.folder])
def test_only_genes_are_taken_of_features(tmp_path, write):
    types = ["Gene Expression", "Antibody Capture", "Gene Expression", "CRISPR Guide Capture", "Gene Expression"]
    data = read(write(tmp_path / "d", VALUES, types=types))
    assert_holds(data, VALUES[:, [0, 2, 4]], [GENES[0], GENES[2], GENES[4]])
    assert "1 Antibody Capture, 1 CRISPR Guide Capture" in data.notices[0].message


def test_genes_of_one_name_are_told_apart(tmp_path):
    genes = ["A", "B", "A", "C", "A"]
    data = read(cellfiles.folder(tmp_path / "d", VALUES, genes=genes))
    assert_holds(data, VALUES, ["ENSG00000000000", "B", "ENSG00000000002", "C", "ENSG00000000004"])
    assert data.notices[0].code == "names-told-apart"
    assert_holds(read(cellfiles.h5ad(tmp_path / "d.h5ad", VALUES, genes=genes)), VALUES, ["A", "B", "A-1", "C", "A-2"])


@given(st.lists(st.sampled_from(["A", "A-1", "A-2", "B", "A-1-1"]), max_size=8))
def test_names_told_apart_differ(names):
    found, notices = told_apart(names, (), "d")
    assert len(set(found)) == len(names)
    assert bool(notices) == (len(set(names)) < len(names))
    assert all(new == old or new.startswith(f"{old}-") for new, old in zip(found, names, strict=True))


def test_columns_and_kinds_are_chosen_as_of_any_file(tmp_path):
    path = cellfiles.h5ad(tmp_path / "d.h5ad", VALUES)
    assert_holds(read(path, ReadOptions(columns="LYZ-NKG7")), VALUES[:, 1:4], GENES[1:4])
    data = read(path, ReadOptions(types="LYZ=continuous,NKG7=discrete"))
    assert [c.kind.value for c in data.columns] == ["count", "continuous", "count", "discrete", "count"]
    np.testing.assert_array_equal(data.matrix().T, VALUES)


def test_missing_numbers_stay_missing(tmp_path):
    values = VALUES.copy()
    values[3, 1] = np.nan
    for form in ("csr", "csc", "dense"):
        assert_holds(read(cellfiles.h5ad(tmp_path / "d.h5ad", values, form)), values)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans())
def test_blocks_in_any_order_are_gathered_by_gene(seed, count, by_cell):
    rng = np.random.default_rng(seed)
    values = counts(20, 5, seed)
    cells, genes = np.nonzero(values)
    order = np.arange(len(cells)) if by_cell else rng.permutation(len(cells))
    blocks = [Block(cells[k], genes[k].astype(np.int32), values[cells[k], genes[k]])
              for k in np.array_split(order, count)]  # fmt: skip
    starts, places, numbers = gather(blocks, GENES, 20, "d")
    for gene in range(5):  # the slow twin: each gene by itself
        part = slice(starts[gene], starts[gene + 1])
        np.testing.assert_array_equal(places[part], np.flatnonzero(values[:, gene]))
        np.testing.assert_array_equal(numbers[part], values[places[part], gene])


@pytest.mark.parametrize("write", [cellfiles.h5ad, cellfiles.tenx, cellfiles.folder])
def test_reading_never_holds_a_dense_matrix(tmp_path, write, monkeypatch):
    monkeypatch.setattr(expression, "BLOCK", 1 << 12)
    rng = np.random.default_rng(0)
    values = np.zeros((4000, 200), np.float32)
    values[rng.random(values.shape) < 0.02] = 3.0
    path = write(tmp_path / "d", values, genes=[f"g{i}" for i in range(200)])
    read(path)  # what is imported is not counted
    tracemalloc.start()
    data = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(data) == 200
    assert peak < 0.25 * values.size * 8


def test_searches_of_every_form_find_the_same_graph(tmp_path, capsys):
    rng = np.random.default_rng(1)
    values = np.exp(rng.standard_normal((600, 4)) @ np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1]]))
    values = np.round(values) * (rng.random(values.shape) < 0.8)
    genes = GENES[:4]
    table = "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())
    (tmp_path / "d.csv").write_text(",".join(genes) + "\n" + table)
    (tmp_path / "t.csv").write_text(
        "," + ",".join(barcodes(600)) + "\n"
        + "".join(f"{g}," + ",".join(map(repr, row)) + "\n" for g, row in zip(genes, values.T.tolist()))
    )  # fmt: skip
    paths = [
        str(tmp_path / "d.csv"),
        str(tmp_path / "t.csv"),
        cellfiles.h5ad(tmp_path / "d.h5ad", values.astype(np.float32)),
        cellfiles.tenx(tmp_path / "d.h5", values.astype(np.float32)),
        cellfiles.folder(tmp_path / "run", values),
    ]
    found = []
    for path in paths:
        assert main(["dropout", path, "-f", "tsv", "-q", "--max-depth", "1"]) == 0
        found.append([line.split("\t") for line in capsys.readouterr().out.splitlines() if "\t0\t" in line])
    assert found[1] == found[2] == found[3] == found[4]
    assert [edge[:4] for edge in found[0]] == [edge[:4] for edge in found[1]]  # numbers of a table have more digits
    assert len(found[0]) >= 3


# ---- bad input


def told(arguments, capfd):
    """Return the exit code and the one sentence on stderr."""
    code = main(arguments)
    out, err = capfd.readouterr()
    assert out == ""
    assert "Traceback" not in err
    lines = err.splitlines()
    assert len(lines) == 1, err
    return code, lines[0]


def assert_refused(arguments, pieces, capfd, code=3):
    got, line = told(arguments, capfd)
    assert got == code, line
    for piece in pieces:
        assert piece in line


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_scaled_matrix_is_refused_with_the_layers_that_may_do(here, capfd):
    cellfiles.h5ad("d.h5ad", VALUES - VALUES.mean(axis=0), "dense", layers=[("my counts", VALUES, "csr")], raw=VALUES)
    for transform in ("log1p", "rank"):
        pieces = ["'CD3D'", "scaled", "--layer 'my counts' or --layer raw", "--transform none"]
        assert_refused(["dropout", "d.h5ad", "--transform", transform], pieces, capfd)
    assert main(["dropout", "d.h5ad", "--transform", "none", "-q", "-f", "json"]) == 0
    capfd.readouterr()


def test_unknown_layers(here, capfd):
    cellfiles.h5ad("d.h5ad", VALUES, layers=[("counts", VALUES, "csr")])
    assert_refused(["dropout", "d.h5ad", "--layer", "count"], ["d.h5ad has no layer 'count'", "'counts'?"], capfd)
    (here / "d.csv").write_text("a,b\n" + "1,2\n2,3\n" * 5)
    assert_refused(["dropout", "d.csv", "--layer", "raw"], ["d.csv has no layers", ".h5ad"], capfd)
    with h5py.File("d.h5ad", "a") as file:
        del file["X"]
    assert_refused(["dropout", "d.h5ad"], ["no matrix X", "'counts'", "--layer"], capfd)


def test_files_cut_short(here, capfd):
    content = Path(cellfiles.h5ad("d.h5ad", VALUES)).read_bytes()
    (here / "cut.h5ad").write_bytes(content[: len(content) // 2])
    assert_refused(["dropout", "cut.h5ad"], ["cut.h5ad is cut short, damaged"], capfd)
    with h5py.File("d.h5ad", "a") as file:
        file["X/indptr"][-1] = 1000
    assert_refused(["dropout", "d.h5ad"], ["d.h5ad is cut short, damaged", "indptr"], capfd)


def test_parts_that_do_not_fit(here, capfd):
    cellfiles.h5ad("d.h5ad", VALUES, genes=[*GENES, "MORE"])
    assert_refused(["dropout", "d.h5ad"], ["d.h5ad is damaged", "12 x 5", "12 cells x 6 genes"], capfd)
    cellfiles.h5ad("e.h5ad", VALUES)
    with h5py.File("e.h5ad", "a") as file:
        file["X/indices"][0] = 99
    assert_refused(["dropout", "e.h5ad"], ["e.h5ad is damaged", "outside its 12 cells and 5 genes"], capfd)
    values = VALUES.copy()
    values[3, 1] = np.inf
    cellfiles.h5ad("f.h5ad", values, "dense")
    assert_refused(["dropout", "f.h5ad"], ["f.h5ad, row 4, column 'LYZ'", "inf"], capfd)


def test_other_hdf5_files(here, capfd):
    with h5py.File("d.h5", "w") as file:
        file["things"] = np.zeros(3)
    assert_refused(["dropout", "d.h5"], ["d.h5 is an HDF5 file", "it holds things"], capfd)
    with h5py.File("d.loom", "w") as file:
        file["matrix"] = np.zeros((3, 3))
        file["row_attrs/Gene"] = np.zeros(3)
    assert_refused(["dropout", "d.loom"], ["d.loom is a Loom file", ".h5ad"], capfd)


def test_without_h5py_the_remedy_is_a_command(here, capfd, monkeypatch):
    cellfiles.h5ad("d.h5ad", VALUES)
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert_refused(["dropout", "d.h5ad"], ["d.h5ad", "pip install 'causaldisc[h5ad]'"], capfd)


def test_genomes_and_features_to_choose_from(here, capfd):
    cellfiles.tenx("d.h5", VALUES, 2, genomes=("hg19", "mm10"))
    assert_refused(["dropout", "d.h5"], ["several genomes: hg19, mm10", "--layer hg19"], capfd)
    assert_holds(read("d.h5", ReadOptions(layer="mm10")), VALUES)
    assert_refused(["dropout", "d.h5", "--layer", "mm9"], ["no genome 'mm9'", "'mm10'"], capfd)
    cellfiles.tenx("e.h5", VALUES, types=["Antibody Capture"] * 5)
    assert_refused(["dropout", "e.h5"], ["no feature of the type 'Gene Expression'", "Antibody Capture"], capfd)


MATRIX = "run/matrix.mtx"


@pytest.mark.parametrize(
    ("change", "pieces"),
    [
        (lambda text: text.replace("coordinate integer", "array real"), [MATRIX, "array real", "coordinate"]),
        (lambda text: text.replace("\n5 12 ", "\n5 x "), [f"{MATRIX}, line 3", "size"]),
        (lambda text: text.replace("\n5 12 ", "\n5 13 "), [MATRIX, "5 x 13", "5 genes and 12 cells"]),
        (lambda text: text[:-8], [MATRIX, "cut short", "entries"]),
        (lambda text: text[:20], [MATRIX]),
        (lambda text: text + "1 2\n", [f"{MATRIX}, line {{last}}", "'1 2'"]),
        (lambda text: text + "1 2 three\n", [f"{MATRIX}, line {{last}}", "'1 2 three'"]),
        (lambda text: text + "6 2 3\n", [f"{MATRIX}, line {{last}}", "'6 2 3'", "outside"]),
        (lambda text: text + text.splitlines()[-1] + "\n", [MATRIX, "entries"]),
    ],
)
def test_matrices_that_are_none(here, capfd, change, pieces):
    cellfiles.folder(here / "run", VALUES)
    path = here / "run" / "matrix.mtx"
    path.write_text(change(path.read_text()))
    last = len(path.read_text().splitlines())
    assert_refused(["dropout", "run/matrix.mtx"], [piece.format(last=last) for piece in pieces], capfd)


def test_an_entry_given_twice(here, capfd):
    cellfiles.folder(here / "run", VALUES)
    path = here / "run" / "matrix.mtx"
    *lines, last = path.read_text().splitlines()
    lines[2] = f"5 12 {np.count_nonzero(VALUES) + 1}"
    path.write_text("\n".join([*lines, last, last]) + "\n")
    assert_refused(["dropout", "run"], ["run gives the number in row 12", "twice"], capfd)


def test_files_that_are_not_beside_the_matrix(here, capfd):
    cellfiles.folder(here / "run", VALUES)
    (here / "run" / "features.tsv").unlink()
    assert_refused(["dropout", "run"], ["no features.tsv or genes.tsv", "beside run/matrix.mtx"], capfd)
    (here / "run" / "matrix.mtx").unlink()
    assert_refused(["dropout", "run"], ["run is a directory"], capfd)


def test_a_matrix_from_a_pipe_has_no_names(here, capfd, monkeypatch):
    path = cellfiles.folder(here / "run", VALUES)
    with open(f"{path}/matrix.mtx") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert_refused(["dropout", "-"], ["give the path of the folder"], capfd)


def test_a_compressed_h5ad_is_unpacked(tmp_path):
    path = tmp_path / "d.h5ad.gz"
    path.write_bytes(gzip.compress(Path(cellfiles.h5ad(tmp_path / "d.h5ad", VALUES)).read_bytes()))
    assert_holds(read(str(path)), VALUES)


def test_no_cells_at_all(tmp_path):
    with pytest.raises(DataError, match="5 genes and 0 cells"):
        read(cellfiles.h5ad(tmp_path / "d.h5ad", VALUES[:0]))
