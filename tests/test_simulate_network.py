"""Rows of known networks: the right frequencies, structure and levels, by name or by file."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest
from frequencies import assert_frequencies

from causaldisc.data import shipped
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import GraphKind
from causaldisc.simulate import _bif
from causaldisc.simulate.network import Options, generate


def make(model="asia", rows=100, seed=0):
    return generate(Options(model=model, rows=rows), np.random.default_rng(seed))


def edges(graph):
    return {(graph.nodes[e.source].name, graph.nodes[e.target].name) for e in graph.edges()}


@pytest.mark.parametrize("name", ["asia", "alarm", "child", "sachs-discrete"])
def test_frequencies_are_those_of_the_network(name):
    network = _bif.read(shipped.path(name, shipped.Part.NETWORK))
    assert_frequencies(network, network.sample(50_000, np.random.default_rng(1)))


@pytest.mark.parametrize("name", ["asia", "alarm", "child"])
def test_truth_is_the_known_structure(name):
    lines = (Path(__file__).parent / "networks" / f"{name}.txt").read_text().splitlines()
    truth = make(name).truth
    assert truth.kind is GraphKind.DAG
    assert edges(truth) == {tuple(line.split()) for line in lines}


def test_levels_are_by_alphabet_and_nodes_know_their_type():
    made = make("alarm")
    assert made.data.columns[made.data.index("CVP")].levels == ("HIGH", "LOW", "NORMAL")
    types = {n.name: n.attributes["type"] for n in made.truth.nodes}
    assert (types["CVP"], types["HISTORY"]) == ("discrete", "binary")
    assert made.data.names == made.truth.names


def test_a_path_names_a_network_too(tmp_path):
    path = tmp_path / "mine.bif.gz"
    path.write_bytes(shipped.path("asia", shipped.Part.NETWORK).read_bytes())
    assert (make(str(path)).data.code_matrix() == make("asia").data.code_matrix()).all()


def test_unknown_names_and_absent_files_are_told_apart():
    with pytest.raises(UsageError, match=r"no data set 'alarn' .*did you mean 'alarm'"):
        make("alarn")
    with pytest.raises(DataError, match=r"there is no file 'alarn\.bif'"):
        make("alarn.bif")
    with pytest.raises(UsageError, match="'penguins' has no network; these have it: alarm, asia"):
        make("penguins")


def test_levels_that_read_back_as_missing_are_reported():
    assert [n.message for n in make("child").data.notices] == [
        "'None' is a level of column 'DuctFlow'; it reads back as missing without --na",
        "'None' is a level of column 'CardiacMixing'; it reads back as missing without --na",
    ]
    assert make("alarm").data.notices == ()


def test_alarm_is_sampled_in_a_blink():
    started = time.perf_counter()
    make("alarm", rows=10_000)
    # 0.02 s when idle; the rest is for a busy machine.
    assert time.perf_counter() - started < 0.5


def test_a_seed_means_the_same_rows_everywhere():
    content = make("alarm", rows=50, seed=42).data.code_matrix().astype("<i4").tobytes()
    assert hashlib.sha256(content).hexdigest()[:16] == "f97dc5c88f532fbd"
