"""CD-NOD: right with a perfect test, contexts are sources whatever the tests say, persistence is no change."""

import json

import cdnod as benchmark
import numpy as np
import pytest
from causaldisc.cli.main import main
from contradictory import Contradictory
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import dags

from causaldisc.algorithms import cdnod
from causaldisc.citests import TestChoice
from causaldisc.citests._oracle import DSeparation
from causaldisc.context import Context
from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column, discrete_column
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.graph.validity import problems
from causaldisc.knowledge import Knowledge
from causaldisc.search.autocorrelation import Autocorrelation
from causaldisc.search.colliders import ColliderRule

RULES = list(ColliderRule)
ORDER_FREE = [rule for rule in RULES if rule is not ColliderRule.SEPSET]


def search(test, names, contexts, knowledge=None, **options):
    found = cdnod.search(
        test, tuple(names), frozenset(contexts), cdnod.Options(**options), knowledge or Knowledge(), Context()
    )
    return found.graph


def run(data, test="kci", knowledge=None, threads=1, **options):
    context = Context(threads=threads)
    return cdnod.run(data, cdnod.Options(**options), TestChoice(test), knowledge or Knowledge(), context)


@st.composite
def with_contexts(draw, max_contexts=2):
    """A DAG, and the names of nodes that were added to it as sources; two of them may depend on each other."""
    dag = draw(dags(min_nodes=2, max_nodes=5))
    names = [f"c{i}" for i in range(draw(st.integers(1, max_contexts)))]
    whole = Graph([*dag.names, *names], GraphKind.DAG)
    for e in dag.edges():
        whole.add_edge(e.source, e.target, Mark.TAIL, Mark.ARROW)
    for name in names:
        for v in range(len(dag)):
            if draw(st.booleans()):
                whole.add_edge(whole.index(name), v, Mark.TAIL, Mark.ARROW)
    if len(names) == 2 and draw(st.booleans()):
        whole.add_edge(whole.index("c0"), whole.index("c1"), Mark.TAIL, Mark.ARROW)
    return whole, names


@given(with_contexts(), st.sampled_from(RULES))
def test_a_perfect_test_gives_the_true_class_with_contexts_as_sources(made, rule):
    """What is left undirected is what the data with their contexts cannot tell; contexts are not joined."""
    dag, contexts = made
    arrows = [(e.source, e.target) for e in dag.edges() if dag.names[e.source] in contexts]
    expected = cpdag_of(dag, arrows)
    if len(contexts) == 2 and expected.has_edge(dag.index("c0"), dag.index("c1")):
        expected.remove_edge(dag.index("c0"), dag.index("c1"))
    assert str(search(DSeparation(dag), dag.names, contexts, collider_rule=rule)) == str(expected)


@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 2), st.sampled_from(RULES))
def test_no_arrow_points_at_a_context_whatever_the_tests_say(seed, p, count, rule):
    names = [f"v{i}" for i in range(p)]
    contexts = names[:: p // count][:count]
    graph = search(Contradictory(names, seed), names, contexts, collider_rule=rule)
    assert problems(graph) == []
    for c in map(graph.index, contexts):
        assert all(graph.is_directed(c, v) for v in graph.adjacencies(c))
        assert not any(graph.has_edge(c, graph.index(other)) for other in contexts)


def test_tests_of_a_context_never_condition_on_what_only_it_touches():
    """Its own neighbours are effects; only those of the variable, other contexts among them, can separate the two."""
    asked = []

    class Listening(DSeparation):
        def answers(self, x, y, given):
            asked.extend(zip(x.tolist(), y.tolist(), map(tuple, given.tolist()), strict=True))
            return super().answers(x, y, given)

    dag = Graph.parse("c --> a --> b; c --> d", GraphKind.DAG)
    graph = search(Listening(dag), dag.names, ["c"])
    assert str(graph) == "c --> a; c --> d; a --> b"
    c, b = dag.index("c"), dag.index("b")
    assert all(c not in given for x, y, given in asked if c in (x, y))
    assert (c, b, (dag.index("a"),)) in asked


@pytest.mark.parametrize(
    ("truth", "found"),
    [
        ("c --> x --> y", "c --> x; x --> y"),  # invariance: c and y are separated by x
        ("c --> y; x --> y", "c --> y; x --> y"),  # by nothing, or not by y: the cause does not change
        ("c --> x --> y; c --> y", "c --> x; c --> y; x --- y"),  # both change
        ("x --> y; c", "x --- y"),
    ],
)
def test_changes_orient_what_they_can(truth, found):
    dag = Graph.parse(truth, GraphKind.DAG)
    assert sorted(str(search(DSeparation(dag), dag.names, ["c"])).split("; ")) == sorted(found.split("; "))


def test_knowledge_is_obeyed_beside_contexts():
    dag = Graph.parse("c --> x; c --> y; x --> y", GraphKind.DAG)
    oracle, names = DSeparation(dag), dag.names
    known = search(oracle, names, ["c"], Knowledge(required=(("y", "x"),)))
    assert known.is_directed(names.index("y"), names.index("x"))
    still = search(oracle, names, ["c"], Knowledge(forbidden=(("c", "x"),)))
    assert not still.has_edge(names.index("c"), names.index("x"))
    with pytest.raises(DataError, match="'x' -> 'c' is required but forbidden"):
        search(oracle, names, ["c"], Knowledge(required=(("x", "c"),)))


# ---- data


def drifting(rows=300, seed=0):
    """x changes with time in the mean, y follows x, z is apart."""
    rng = np.random.default_rng(seed)
    t = np.arange(rows) / rows
    x = 2 * np.sin(2 * np.pi * t) + rng.standard_normal(rows)
    y = x + 0.7 * rng.standard_normal(rows)
    return t, x, y, rng.standard_normal(rows)


def test_a_drift_is_found_and_orients():
    t, x, y, z = drifting()
    result = run(Dataset.from_array(np.column_stack([t, x, y, z]), ["t", "x", "y", "z"]), index=("t",))
    assert str(result.graph) == "x --> y; t --> x"
    assert result.graph.nodes[3].attributes == {"type": "context", "index": "time"}
    assert result.provenance["autocorrelation"]["lags"] == {"x": 0, "y": 0, "z": 0}


def test_the_order_of_the_rows_serves_as_an_index():
    _, x, y, z = drifting()
    data = Dataset.from_array(np.column_stack([x, y, z]), ["x", "y", "z"])
    result = run(data, index=("rows",))
    assert str(result.graph) == "x --> y; rows --> x"
    assert str(run(data, index=("rows",), drop_context=True).graph) == "x --> y"


@settings(max_examples=4)
@given(st.permutations(range(4)))
def test_the_order_of_the_columns_changes_nothing(order):
    columns, names = np.column_stack(drifting(150, 3)), ["t", "x", "y", "z"]
    one = run(Dataset.from_array(columns, names), index=("t",))
    other = run(Dataset.from_array(columns[:, order], [names[i] for i in order]), index=("t",))
    assert one.graph == other.graph.reordered(one.graph.nodes)
    assert one.separations == other.separations


def test_neither_threads_nor_the_order_of_columns_count_with_pasts():
    rng = np.random.default_rng(12)
    a, b = autoregression(rng, 150, 0.7), autoregression(rng, 150, 0.6)
    columns = np.column_stack([np.arange(150.0), a, b, a - b + rng.standard_normal(150)])
    names = ["t", "a", "b", "c"]
    one = run(Dataset.from_array(columns, names), index=("t",))
    assert sum(one.provenance["autocorrelation"]["lags"].values()) >= 2
    other = run(Dataset.from_array(columns[:, ::-1], names[::-1]), index=("t",), threads=4)
    assert one.graph == other.graph.reordered(one.graph.nodes)
    assert one.separations == other.separations
    assert one.warnings == other.warnings


def test_labels_of_domains_are_no_numbers():
    """A spread that is large in the middle one of three domains has no trend in their labels."""
    rng = np.random.default_rng(1)
    codes = np.repeat([0.0, 1.0, 2.0], 100)
    x = rng.standard_normal(300) * np.where(codes == 1, 3.0, 1.0)
    result = None
    for labels in (codes, (codes + 1) % 3):
        data = Dataset((continuous_column("x", x), discrete_column("site", labels)), 300)
        found = run(data, index=("site",))
        p_value = found.graph.attributes(0, 1)["p_value"]
        assert result is None or p_value == pytest.approx(result, rel=1e-9)
        result = p_value
    assert result < 1e-6


def test_no_test_computes_with_labels_of_domains():
    data = Dataset.from_array(np.column_stack([np.arange(60.0), np.repeat([0.0, 1.0, 2.0], 20)]), ["x", "site"])
    with pytest.raises(DataError, match="column 'site' holds text, and fisherz needs numbers"):
        run(data, "fisherz", index=("site",), index_kind="domain")


def test_gaps_leave_out_the_rows_that_a_test_needs():
    columns = np.column_stack(drifting())
    columns[::10, 1], columns[5, 0] = np.nan, np.nan
    result = run(Dataset.from_array(columns, ["t", "x", "y", "z"]), index=("t",))
    assert str(result.graph) == "x --> y; t --> x"
    assert {(s.x, s.y): s.n for s in result.separations}["y", "z"] == 299
    assert result.graph.attributes(result.graph.index("t"), 0)["n"] == 269
    assert [n.message for n in result.warnings] == ["1 row without a value of 't' left out"]


def test_mixed_variables_and_contexts_of_the_kind_context():
    rng = np.random.default_rng(6)
    site, k = rng.integers(0, 3, 400), rng.integers(0, 3, 400)
    x = rng.standard_normal(400) + site
    y = x + 1.5 * (k == 1) + rng.standard_normal(400)
    columns = (
        discrete_column("k", k.astype(float)),
        continuous_column("x", x),
        continuous_column("y", y),
        Column("site", ColumnKind.CONTEXT, site.astype(float), None, ("north", "south", "west")),
    )
    for test in ("kci", "dg"):
        result = run(Dataset(columns, 400), test)
        assert str(result.graph) == "k --> y; x --> y; site --> x"
        assert result.graph.nodes[3].attributes == {"type": "context", "index": "domain"}


def test_two_contexts_are_told_apart():
    """Sites were visited in turn; only the site matters."""
    rng = np.random.default_rng(2)
    rows = 400
    time = np.arange(rows, dtype=float)
    site = (time * 4 // rows + rng.integers(0, 2, rows)) % 4
    x = np.array([0.0, 2.0, -1.0, 1.0])[site.astype(int)] + rng.standard_normal(rows)
    data = Dataset((continuous_column("x", x), continuous_column("time", time), discrete_column("site", site)), rows)
    result = run(data, index=("time,site",), index_kind="time,domain", autocorrelation=Autocorrelation.NONE)
    assert str(result.graph) == "site --> x"
    assert result.provenance["contexts"] == {"time": "time", "site": "domain"}


def test_contexts_that_go_together_too_closely_are_said_to():
    """Each site was visited at a time of its own, so that either says nothing given the other."""
    rng = np.random.default_rng(0)
    site = np.repeat([0.0, 1.0], 150)
    x, z = site + rng.standard_normal(300), rng.standard_normal(300)
    when = Column("time", ColumnKind.TIME, np.arange(300.0))
    data = Dataset((continuous_column("x", x), continuous_column("z", z), when, discrete_column("site", site)), 300)
    result = run(data, index=("time,site",), autocorrelation=Autocorrelation.NONE)
    assert str(result.graph) == ""
    (warning,) = (w for w in result.warnings if w.code == "contexts-together")
    assert warning.message.startswith("x: no arrow from time or site")
    alone = run(data, index=("time",), autocorrelation=Autocorrelation.NONE)
    assert "contexts-together" not in {w.code for w in alone.warnings}


def autoregression(rng, rows, phi):
    x = rng.standard_normal(rows)
    for i in range(1, rows):
        x[i] = phi * x[i - 1] + np.sqrt(1 - phi * phi) * x[i]
    return x


def found_changing(series, **options):
    data = Dataset.from_array(np.asarray(series)[:, None], ["x"])
    return run(data, index=("rows",), **options).graph.has_edge(0, 1)


def test_persistence_is_not_taken_for_change():
    """The promise: at most 10 % at alpha 0.05, of 60 seeds; without the remedy it is nearly always taken for one."""
    draws = [autoregression(np.random.default_rng([8, seed]), 300, 0.8) for seed in range(60)]
    assert sum(map(found_changing, draws)) <= 6
    assert sum(found_changing(x, autocorrelation=Autocorrelation.NONE) for x in draws[:10]) >= 6


@pytest.mark.parametrize("shape", ["step", "smooth"])
def test_a_change_of_half_a_standard_deviation_is_found(shape):
    """The promise: at least 80 % in 600 rows, of 20 seeds."""
    t = np.arange(600) / 600
    change = 0.5 * (t > 0.5) if shape == "step" else 0.25 * np.tanh(6 * (t - 0.5))
    found = [found_changing(change + np.random.default_rng([5, s]).standard_normal(600)) for s in range(20)]
    assert sum(found) >= 16


def test_two_wandering_series_are_not_joined():
    joined = 0
    for seed in range(20):
        rng = np.random.default_rng([9, seed])
        pair = np.column_stack([autoregression(rng, 300, 0.9) for _ in range(2)])
        joined += run(Dataset.from_array(pair), index=("rows",)).graph.has_edge(0, 1)
    assert joined <= 4


def test_pasts_are_those_of_the_own_domain_and_are_told():
    rng = np.random.default_rng(10)
    x = np.concatenate([autoregression(rng, 100, 0.8) for _ in range(4)])
    columns = (continuous_column("x", x), discrete_column("site", np.repeat(np.arange(4.0), 100)))
    data = Dataset(columns, 400)
    assert run(data, index=("site",)).provenance["autocorrelation"] == {"remedy": "none"}
    result = run(data, index=("site",), autocorrelation=Autocorrelation.LAGS)
    assert result.provenance["autocorrelation"]["lags"] == {"x": 1}
    assert ["x (1)" in n.message for n in result.warnings if n.code == "own-past"] == [True]
    assert result.separations[0].n == 396  # the first row of each domain has no past


# ---- the shell


@pytest.fixture
def call(capfd):
    def call(*arguments):
        code = main([str(a) for a in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three files of a chain x --> y --> z, of which x is at another level in each; and others that do not fit."""
    place = tmp_path_factory.mktemp("domains")
    rng = np.random.default_rng(0)
    for name, rows, level in (("site_a", 80, 0.0), ("site_b", 120, 1.5), ("site_c", 40, -1.5)):
        x = rng.standard_normal(rows) + level
        y = x + 0.5 * rng.standard_normal(rows)
        z = y + 0.5 * rng.standard_normal(rows)
        lines = [f"{a},{b},{c}" for a, b, c in zip(x, y, z, strict=True)]
        (place / f"{name}.csv").write_text("\n".join(["x,y,z", *lines]) + "\n")
    (place / "short.csv").write_text("x,y\n1,2\n2,3.5\n3,1\n4,2\n")
    (place / "text.csv").write_text("x,y,z\n" + "a,1,2\nb,2,1\na,3,3\nb,5,4\n")
    (place / "one.csv").write_text("year,x\n" + "".join(f"2001,{i * i % 7}.5\n" for i in range(30)))
    return place


def test_a_file_for_each_domain(call, folder):
    files = sorted(folder.glob("site_*.csv"))
    code, out, err = call("cdnod", *files, "-f", "json")
    assert code == 0
    found = json.loads(out)
    assert {n["name"]: n["type"] for n in found["nodes"]}["site"] == "context"
    assert [(e["source"], e["target"]) for e in found["edges"] if e["mark_target"] == "arrow"] == [
        ("x", "y"),
        ("y", "z"),
        ("site", "x"),
    ]
    assert found["provenance"]["data"]["source"] == ", ".join(map(str, files))
    assert found["provenance"]["data"]["rows"] == 240
    assert found["provenance"]["options"]["test"] == "kci"
    assert "cdnod: 4 nodes, 3 edges" in err


def test_the_order_of_the_files_changes_no_arrow(call, folder):
    files = sorted(folder.glob("site_*.csv"))
    graphs = [json.loads(call("cdnod", *some, "-f", "json")[1]) for some in (files, files[::-1])]
    assert graphs[0]["nodes"] == graphs[1]["nodes"]
    ends = [[(e["source"], e["target"], e["mark_target"]) for e in g["edges"]] for g in graphs]
    assert ends[0] == ends[1]


def test_changing_modules_are_printed_and_the_graph_is_kept(call, folder, tmp_path):
    code, out, _ = call("cdnod", *sorted(folder.glob("site_*.csv")), "--changing", "-o", tmp_path / "g.json")
    assert code == 0
    header, line = out.splitlines()
    assert header == "module\tindex\tp_value"
    assert line.split("\t")[:2] == ["x", "site"]
    assert 0 <= float(line.split("\t")[2]) < 0.05
    assert json.loads((tmp_path / "g.json").read_text())["kind"] == "cpdag"


def test_a_dropped_context_leaves_no_trace_in_nodes_and_separations(call, folder):
    _, out, _ = call("cdnod", *sorted(folder.glob("site_*.csv")), "--drop-context", "-f", "json")
    found = json.loads(out)
    assert [n["name"] for n in found["nodes"]] == ["x", "y", "z"]
    assert not any("site" in (s["x"], s["y"], *s["given"]) for s in found["separations"])
    assert [e["mark_target"] for e in found["edges"]] == ["arrow", "arrow"]


def test_simulated_changes_are_found_from_the_shell(call, tmp_path):
    data, truth = tmp_path / "d.csv", tmp_path / "t.json"
    call("simulate", "nonstationary", "--nodes", 4, "--rows", 400, "--change", "mean", "--seed", 2, "-o", data,
         "--truth", truth)  # fmt: skip
    code, out, err = call("cdnod", data, "--index", "time", "--changing")
    assert code == 0
    assert "numbers the rows" not in err
    true = {e["target"] for e in json.loads(truth.read_text())["edges"] if e["source"] == "time"}
    assert {line.split("\t")[0] for line in out.splitlines()[1:]} == true


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["site_a.csv"], 2, "compared along an index; name its column with --index"),
        (["site_a.csv", "--index", "q"], 3, "no column 'q'"),
        (["site_a.csv", "--index", "x,"], 2, "is no list of columns"),
        (["site_a.csv", "--index", "x", "--index-kind", "domain"], 3, "has 80 domains in 80 rows"),
        (["site_a.csv", "--index", "x", "--index-kind", "place"], 2, "unknown kind 'place'; there are auto, time"),
        (["site_a.csv", "--index", "x", "--index-kind", "time,domain"], 2, "names 2 kinds, --index 1 column"),
        (["site_a.csv", "--index", "rows", "--index-kind", "domain"], 2, "--index rows is the order of the rows"),
        (["site_a.csv", "short.csv"], 3, "short.csv has no column 'z', which"),
        (["site_a.csv", "text.csv"], 3, "column 'x' holds text in"),
        (["site_a.csv", "site_a.csv"], 3, "is given twice; give each file once"),
        (["text.csv", "--index", "x", "--index-kind", "time"], 3, "holds text that is no time"),
        (["one.csv", "--index", "year", "--drop-constant"], 3, "no column 'year'"),
        (["site_a.csv", "--index", "rows", "--missing", "corrected"], 2, "serves pc only"),
        (["site_a.csv", "--index", "rows", "--require", "x -> rows"], 3, "'x' -> 'rows' is required but forbidden"),
    ],
)
def test_bad_requests_get_one_sentence(call, folder, arguments, code, message):
    arguments = [folder / a if a.endswith(".csv") else a for a in arguments]
    got, out, err = call("cdnod", *arguments, "-q")
    assert (got, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1


def test_corrected_tests_are_refused_in_the_library_too():
    with pytest.raises(UsageError, match="serves pc only"):
        cdnod.run(
            Dataset.from_array(np.eye(5)),
            cdnod.Options(index=("rows",)),
            TestChoice("fisherz", {"missing": cdnod.Missing.CORRECTED}),
            Knowledge(),
            Context(),
        )


@pytest.mark.parametrize("name", ["example 1", "example 3"])
def test_kernels_of_low_rank_give_the_graph_of_exact_ones(name):
    found = benchmark.differences(name, benchmark.EXAMPLES[name], 0)
    assert found["edges"] >= 5
    assert found["differ"] == 0
