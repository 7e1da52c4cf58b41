"""Shipped data: every file is what the index and the page say, and the truths are those of the networks."""

import csv
import gzip
import hashlib
import io
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from causaldisc.data import reading, shipped, writing
from causaldisc.data.shipped import Part
from causaldisc.errors import UsageError
from causaldisc.graph import GraphKind, formats
from causaldisc.simulate import _bif, network

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "datasets"
PAGE = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
FILES = [(s.name, part) for s in shipped.catalogue() for part in s.files]
NETWORKS = [s.name for s in shipped.catalogue() if Part.NETWORK in s.files]


def rows(name, part=Part.DATA):
    content = shipped.path(name, part).read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    return list(csv.reader(io.StringIO(content.decode())))


def edges(name, part=Part.TRUTH):
    cells = [dict(zip(rows(name, part)[0], row, strict=True)) for row in rows(name, part)[1:]]
    found = [row for row in cells if row["target"]]
    assert all((row["mark_source"], row["mark_target"]) == ("tail", "arrow") for row in found)
    return {(row["source"], row["target"]) for row in found}


@pytest.mark.parametrize(("name", "part"), FILES)
def test_checksums_match(name, part):
    content = shipped.path(name, part).read_bytes()
    assert hashlib.sha256(content).hexdigest() == shipped.find(name).files[part].sha256


@pytest.mark.parametrize("name", [name for name, part in FILES if part is Part.DATA])
def test_data_have_the_stated_shape(name):
    entry = shipped.find(name)
    header, *cells = rows(name)
    assert (len(cells), len(header)) == (entry.rows, entry.columns)
    assert {len(row) for row in cells} == {entry.columns}
    assert len(set(header)) == entry.columns == sum(entry.kinds.values())
    assert sum(cell in ("", "NA") for row in cells for cell in row) == entry.missing


@pytest.mark.parametrize("name", [name for name, part in FILES if part is Part.DATA])
def test_data_are_read_with_the_stated_kinds_and_without_complaint(name):
    data = reading.read(str(shipped.path(name)))
    entry = shipped.find(name)
    assert (data.rows, len(data)) == (entry.rows, entry.columns)
    assert Counter(c.kind.value for c in data.columns) == entry.kinds
    assert sum(int(c.missing.sum()) for c in data.columns) == entry.missing
    assert data.notices == ()


@pytest.mark.parametrize("part", [Part.TRUTH, Part.CONSENSUS])
def test_graphs_are_read_with_their_kind(part):
    for name in (name for name, there in FILES if there is part):
        graph = formats.get("csv").load(shipped.path(name, part).read_text(encoding="utf-8")).graph
        assert graph.kind is (GraphKind.DAG if part is Part.TRUTH else GraphKind.MIXED)
        assert {(graph.nodes[e.source].name, graph.nodes[e.target].name) for e in graph.edges()} == edges(name, part)


@pytest.mark.parametrize("name", [name for name, part in FILES if part is Part.TRUTH])
def test_truths_are_graphs_of_the_columns(name):
    entry = shipped.find(name)
    named = {node for edge in edges(name) for node in edge}
    if Part.DATA in entry.files:
        assert named <= set(rows(name)[0])
    assert entry.truth


@pytest.mark.parametrize("name", NETWORKS)
def test_truths_are_those_of_the_networks(name):
    variables = _bif.read(shipped.path(name, Part.NETWORK)).variables
    assert edges(name) == {(variables[u].name, v.name) for v in variables for u in v.parents}


@pytest.mark.parametrize("name", [n for n in NETWORKS if Part.DATA in shipped.find(n).files])
def test_rows_of_networks_are_made_again_from_their_seed(name):
    made = network.generate(network.Options(model=name, rows=10_000), np.random.default_rng(1))
    assert writing.encode(made.data, "-") == gzip.decompress(shipped.path(name).read_bytes())


def test_graphs_of_sachs_have_their_known_edges():
    assert len(edges("sachs")) == 17
    consensus = edges("sachs", Part.CONSENSUS)
    assert len(consensus) == 18
    assert {("PIP2", "PIP3"), ("PIP3", "plcg"), ("plcg", "PIP2")} <= consensus
    assert {node for edge in consensus for node in edge} == set(rows("sachs")[0])


def test_dates_of_macrodata_are_consecutive_quarters():
    months = [int(row[0][:4]) * 12 + int(row[0][5:7]) for row in rows("macrodata")[1:]]
    assert set(np.diff(months)) == {3}
    assert (rows("macrodata")[1][0], rows("macrodata")[-1][0]) == ("1959-01-01", "2009-07-01")


def test_every_file_is_in_the_index_and_small():
    known = {file.name for s in shipped.catalogue() for file in s.files.values()}
    present = {path.name for path in FOLDER.iterdir() if path.suffix in (".gz", ".csv", ".graphml", ".bif")}
    assert present == known
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 2_000_000


def test_packed_files_hold_no_time():
    for name, part in FILES:
        content = shipped.path(name, part).read_bytes()
        if content.startswith(b"\x1f\x8b"):
            # Bytes 4 to 8 are the time of a gzip file, byte 3 says whether a name follows.
            assert content[3:8] == bytes(5)


def test_the_page_lists_exactly_what_ships():
    assert re.findall(r"^\| `(\S+)` \| `([0-9a-f]{64})` \|$", PAGE, re.MULTILINE) == [
        (file.name, file.sha256) for s in shipped.catalogue() for file in s.files.values()
    ]
    sections = re.findall(r"^## (\S+)$", PAGE, re.MULTILINE)
    assert sections == [s.name for s in shipped.catalogue()]
    for s in shipped.catalogue():
        kinds = ", ".join(f"{count} {kind}" for kind, count in s.kinds.items())
        assert f"| [{s.name}](#{s.name}) | {s.rows} x {s.columns} | {kinds} | {s.missing} |" in PAGE
        for fact in (s.title, s.source, s.licence, s.citation, s.truth):
            assert fact in PAGE


def test_unknown_names_get_a_suggestion():
    with pytest.raises(UsageError, match="no data set 'penguin' comes with causaldisc; did you mean 'penguins'"):
        shipped.path("penguin")


def test_absent_parts_name_the_data_sets_that_have_them():
    with pytest.raises(UsageError, match="'penguins' has no truth; these have it: alarm, asia, child, sachs"):
        shipped.truth_path("penguins")
    with pytest.raises(UsageError, match=r"'child' has no data; make rows with .*--model child"):
        shipped.path("child")


def test_lines_of_the_catalogue_are_flat():
    (line,) = [s.as_dict() for s in shipped.catalogue() if s.name == "sachs"]
    assert line["kinds"] == ["11 continuous"]
    assert line["parts"] == ["data", "truth", "consensus"]
