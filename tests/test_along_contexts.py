"""CD-NOD from phase 2 on: directions from independent changes and driving forces, as the command gives them."""

import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc.algorithms import cdnod
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column, discrete_column
from causaldisc.errors import UsageError
from causaldisc.knowledge import Knowledge

ROWS = 500


def smooth(rng, rows=ROWS):
    """A sum of sinusoids of variance one."""
    frequencies, phases = rng.uniform(1, 8, 5), rng.uniform(0, 2 * np.pi, 5)
    curve = np.sin(2 * np.pi * np.outer(np.arange(rows) / rows, frequencies) + phases).sum(axis=1)
    return (curve - curve.mean()) / curve.std()


def pair(seed=1):
    """x -> y whose means change with drivers of their own, and those drivers."""
    rng = np.random.default_rng(seed)
    first, second = smooth(rng), smooth(rng)
    x = first + 0.3 * rng.standard_normal(ROWS)
    y = 0.9 * x + 0.5 * second + 0.7 * rng.standard_normal(ROWS)
    return {"x": x, "y": y}, first, second


def dataset(columns, *more):
    made = [continuous_column(name, values) for name, values in columns.items()]
    return Dataset((*made, *more), len(next(iter(columns.values()))))


def run(data, **options):
    return cdnod.run(data, cdnod.Options(**options), TestChoice(), Knowledge(), Context())


def test_independent_changes_direct_an_edge_and_the_evidence_says_why():
    columns, *_ = pair()
    result = run(dataset(columns), index=("rows",), autocorrelation=cdnod.Autocorrelation.NONE)
    assert str(result.graph) == "x --> y; rows --> x; rows --> y"
    (told,) = result.provenance["directions"]
    assert (told["x"], told["y"], told["index"], told["outcome"]) == ("x", "y", "rows", "oriented")
    assert told["dependence"]["x -> y"]["p_value"] > 0.1
    assert told["dependence"]["y -> x"]["p_value"] <= 0.05
    told_on_edge(result.graph, told)


def told_on_edge(graph, told):
    """Check that an edge x -> y has the evidence of the provenance."""
    attributes = graph.attributes(graph.index("x"), graph.index("y"))
    assert attributes["independent_changes"] == told["outcome"]
    for suffix, way in (("", "x -> y"), ("_reverse", "y -> x")):
        for name in ("p_value", "score"):
            assert attributes[f"changes_{name}{suffix}"] == told["dependence"][way][name]


def test_without_a_level_edges_between_changing_modules_stay_open():
    columns, *_ = pair()
    result = run(dataset(columns), index=("rows",), orient_alpha=0.0, autocorrelation=cdnod.Autocorrelation.NONE)
    assert str(result.graph) == "x --- y; rows --> x; rows --> y"
    assert result.provenance["directions"] == []


def test_the_order_of_columns_counts_for_nothing():
    columns, *_ = pair(2)
    columns["z"] = columns["x"] + np.random.default_rng(0).standard_normal(ROWS)
    turned = dict(reversed(columns.items()))
    one, other = (run(dataset(c), index=("rows",)) for c in (columns, turned))
    assert one.graph == other.graph.reordered(one.graph.nodes)
    assert one.provenance["directions"] == other.provenance["directions"]


def test_the_evidence_on_an_edge_is_told_from_its_tail():
    columns, *_ = pair()
    swapped = {"y": columns["x"], "x": columns["y"]}
    result = run(dataset(swapped), index=("rows",), autocorrelation=cdnod.Autocorrelation.NONE)
    assert str(result.graph) == "y --> x; rows --> y; rows --> x"
    attributes = result.graph.attributes(0, 1)
    (told,) = result.provenance["directions"]
    assert attributes["changes_p_value"] == told["dependence"]["y -> x"]["p_value"]
    assert attributes["changes_p_value"] > 0.1 > attributes["changes_p_value_reverse"]


def test_each_context_is_asked_in_turn():
    columns, *_ = pair()
    site = np.random.default_rng(3).integers(0, 6, ROWS)
    columns["x"] = columns["x"] + np.array([0.0, 3.0, -2.0, 1.0, -3.0, 2.0])[site]
    where = discrete_column("site", site.astype(float))
    when = Column("when", ColumnKind.TIME, np.arange(1.0, ROWS + 1))
    result = run(dataset(columns, where, when), index=("when,site",), driving_force="drift.csv")
    graph = result.graph
    assert graph.is_directed(graph.index("site"), graph.index("x"))
    assert {told["index"] for told in result.provenance["directions"]} <= {"when", "site"}
    lines = result.files["drift.csv"].decode().splitlines()
    assert {line.split(",")[0] for line in lines[1:]} == {"when", "site"}
    assert {line.split(",")[1] for line in lines[1:] if line.startswith("site,")} == {"0", "1", "2", "3", "4", "5"}


def test_driving_forces_follow_the_true_drivers(tmp_path):
    columns, first, second = pair()
    result = run(
        dataset(columns), index=("rows",), autocorrelation=cdnod.Autocorrelation.NONE, driving_force="drift.json"
    )
    modules = {m["name"]: m for m in json.loads(result.files["drift.json"])["modules"]}
    for name, driver in (("x", first), ("y", second)):
        places = np.array(modules[name]["places"]) - 1
        component = np.array(modules[name]["components"][0])
        assert abs(np.corrcoef(component, np.interp(places, np.arange(ROWS), driver))[0, 1]) > 0.9


def test_the_command_writes_drivers_and_a_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    columns, *_ = pair()
    np.savetxt("d.csv", np.column_stack(list(columns.values())), delimiter=",", header="x,y", comments="")
    arguments = ["cdnod", "d.csv", "--index", "rows", "--autocorrelation", "none", "-q", "-o", "g.graphml"]
    assert main([*arguments, "--driving-force", "drift.csv", "--plot", "drift.svg"]) == 0
    assert capsys.readouterr().out == ""
    header, first, *_ = (tmp_path / "drift.csv").read_text().splitlines()
    assert header == "index,place,module,component_1,component_2,component_3"
    assert first.startswith("rows,")
    texts = [e.text for e in ElementTree.parse("drift.svg").iter() if e.tag.endswith("text")]
    assert {"x", "y", "rows"} <= set(texts)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--driving-force", "drift.txt"], "the suffix of 'drift.txt' is none of .csv, .tsv, .json"),
        (["--plot", "drift.jpg"], "the suffix of 'drift.jpg' is none of .svg, .png"),
        (["--plot", "same.svg", "--driving-force", "no/such/folder.csv"], "there is no folder"),
        (["--driving-force", "d.csv"], "would replace an input"),
        (["--orient-alpha", "0.5"], "--orient-alpha must be below 0.5"),
    ],
)
def test_bad_places_are_found_before_the_search(tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(60)))
    assert main(["cdnod", "d.csv", "--index", "rows", *arguments]) in (2, 3)
    assert sentence in capsys.readouterr().err


def test_a_png_without_matplotlib_is_refused_at_once(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="needs matplotlib"):
        cdnod.Options(plot="drift.png")
