"""Other people's searches as commands: the same graphs as theirs, names kept, streams clean, sentences for errors."""

import json
import random
import re
import time
import warnings

import numpy as np
import pytest
from causaldisc.cli.main import main
from causaldisc.cli.talk import Progress, TalkOptions
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import dags

from causaldisc import registry
from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _fci, exact, fci
from causaldisc.algorithms._scores import Score
from causaldisc.citests import TestChoice
from causaldisc.context import UNKNOWN, Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import ComputationError
from causaldisc.graph import Graph, GraphKind, Mark, formats
from causaldisc.graph.equivalence import reaches
from causaldisc.graph.validity import problems
from causaldisc.knowledge import Knowledge
from causaldisc.simulate._latent import pag

ROSTER = [
    "boss", "cam-uv", "direct-lingam", "exact", "fci", "flop", "ges", "gin", "grasp", "ica-lingam", "linear-granger",
    "rcd", "var-lingam",
]  # fmt: skip
SACHS = ["--columns", "praf,pmek,plcg,PIP2,PIP3"]
MACRO = ["--time", "date", "--columns", "date,cpi,m1,unemp"]
MORE = {"cam-uv": ["--max-rows", "60"], "rcd": ["--max-rows", "150"], "gin": ["--max-rows", "150"]}
NEEDS = {"cam-uv": "pygam", "flop": "flopsearch"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    paths = {name: folder / f"{name}.csv" for name in ("sachs", "macrodata")}
    for name, path in paths.items():
        import gzip

        from causaldisc.data import shipped

        path.write_bytes(gzip.decompress(shipped.path(name, shipped.Part.DATA).read_bytes()))
    return paths


def arguments(name, files):
    is_series = name in ("var-lingam", "linear-granger")
    return [
        name,
        str(files["macrodata" if is_series else "sachs"]),
        *(MACRO if is_series else SACHS),
        *MORE.get(name, []),
    ]


def skip_without(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])


@pytest.mark.parametrize("name", ROSTER)
def test_a_shipped_data_set_becomes_graphml_and_pure_json(name, files, tmp_path, capsys):
    skip_without(name)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert main([*arguments(name, files), "-o", str(tmp_path / "g.graphml"), "--progress", "never"]) == 0
    graph = formats.read(str(tmp_path / "g.graphml")).graph
    named = (
        ["cpi", "m1", "unemp"] if name in ("var-lingam", "linear-granger") else ["praf", "pmek", "plcg", "PIP2", "PIP3"]
    )
    assert [n.name for n in graph.nodes if not n.attributes.get("latent")] == named
    assert problems(graph) == []
    out, err = capsys.readouterr()
    assert out == ""
    assert all(re.match(f"causaldisc: |{name}: ", line) for line in err.splitlines())
    assert "it/s" not in err
    assert main([*arguments(name, files), "-f", "json", "-q"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["provenance"]["algorithm"] == name
    assert main([*arguments(name, files), "-f", "json", "-q"]) == 0
    assert capsys.readouterr().out == out
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_every_roster_algorithm_is_listed_with_its_traits(capsys):
    assert main(["algorithms", "-f", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(registry.files("causaldisc.algorithms"))
    assert set(ROSTER) < set(rows)
    assert (rows["fci"]["latent"], rows["pc"]["latent"], rows["fci"]["mixed"]) == (True, False, True)
    assert main(["algorithms", "-f", "tsv"]) == 0
    assert capsys.readouterr().out.startswith("name\tgraph\ttakes\t")


# ---- the same as theirs


def data_of(seed=0, rows=400, p=5, uniform=False):
    rng = np.random.default_rng(seed)
    noise = rng.uniform(-1, 1, (rows, p)) if uniform else rng.standard_normal((rows, p))
    for v in range(1, p):
        noise[:, v] += 0.8 * noise[:, v - 1] - (0.6 * noise[:, v - 3] if v > 2 else 0)
    return Dataset.from_array(noise, [f"v{i}" for i in range(p)])


def theirs(matrix, data):
    found = adapter.Numbers(data, data.names, data.matrix().T)
    return str(adapter.graph_of(matrix, found, GraphKind.MIXED))


def own(name, data, **options):
    module = registry.load("causaldisc.algorithms", name)
    return module.run(data, options=module.Options(**options), context=Context()).graph


def test_scores_over_classes_and_orders_give_the_graphs_of_causal_learn():
    from causallearn.search.PermutationBased.BOSS import boss
    from causallearn.search.PermutationBased.GRaSP import grasp
    from causallearn.search.ScoreBased.GES import ges

    data = data_of()
    values = data.matrix().T
    assert str(own("ges", data)) == theirs(ges(values)["G"].graph, data)
    for name, search in (("grasp", grasp), ("boss", boss)):
        random.seed(3)
        found = search(values, parameters={"lambda_value": 1.0}, verbose=False)
        assert str(own(name, data, seed=3)) == theirs(found.graph, data)


@pytest.mark.parametrize("score", ["cv", "marginal"])
def test_kernel_scores_are_those_of_causal_learn(score):
    from causallearn.search.ScoreBased.GES import ges

    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 60))
    data = Dataset.from_array(
        np.column_stack([a, b, np.tanh(2 * a) + b**2 + 0.2 * rng.standard_normal(60)]), list("abc")
    )
    values = data.matrix().T
    standardised = (values - values.mean(axis=0)) / values.std(axis=0)
    parameters = {"kfold": 10, "lambda": 0.01} if score == "cv" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an optimiser that goes too far and comes back
        found = ges(standardised, f"local_score_{score.upper() if score == 'cv' else score}_general", None, parameters)
    assert str(own("ges", data, score=Score(score))) == theirs(found["G"].graph, data)


@pytest.mark.parametrize("test", ["kci", "rcit", "gcm", "cubic"])
def test_fci_takes_tests_of_relations_that_are_not_linear(test):
    rng = np.random.default_rng(3)
    a, b, d = rng.standard_normal((3, 250))
    c = a**3 / 3 + np.tanh(2 * b) + 0.3 * rng.standard_normal(250)
    data = Dataset.from_array(np.column_stack([a, b, c, d]), list("abcd"))
    found = fci.run(data, fci.Options(alpha=0.01), TestChoice(test), Knowledge(), Context()).graph
    assert str(found) == "a o-> c; b o-> c"


def test_discrete_columns_are_scored_by_bdeu():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 500))
    c = (a | b) ^ (rng.random(500) < 0.05)
    data = Dataset.from_array(np.column_stack([a, b, c]).astype(float), ["a", "b", "c"], discrete=True)
    assert str(own("ges", data)) == "a --> c; b --> c"
    assert str(own("boss", data)) == "a --> c; b --> c"


def test_lingam_gives_the_weights_of_causal_learn():
    from causallearn.search.FCMBased.lingam import DirectLiNGAM

    data = data_of(uniform=True)
    model = DirectLiNGAM()
    model.fit(data.matrix().T)
    graph = registry.load("causaldisc.algorithms", "direct-lingam")
    found = graph.run(data, graph.Options(), Knowledge(), Context()).graph
    weights = np.zeros((5, 5))
    for e in found.edges():
        weights[e.target, e.source] = e.attributes["weight"]
    assert weights == pytest.approx(model.adjacency_matrix_, rel=1e-8)
    assert set(str(own("ica-lingam", data)).split("; ")) == set(str(found).split("; "))


def test_fci_gives_the_graph_of_causal_learn():
    from causallearn.search.ConstraintBased.FCI import fci as of_causal_learn

    data = data_of(1)
    found, _ = of_causal_learn(data.matrix().T, show_progress=False, verbose=False)
    ours = fci.run(data, fci.Options(), TestChoice("fisherz"), Knowledge(), Context()).graph
    assert str(ours) == theirs(found.graph, data)


def test_exact_search_finds_the_best_of_all_whatever_the_method():
    data = data_of(2)
    graphs = [exact.run(data, exact.Options(method=method), Knowledge(), Context()).graph for method in exact.Method]
    assert graphs[0] == graphs[1]
    shifted = Dataset.from_array(data.matrix().T + 100, data.names)
    assert exact.run(shifted, exact.Options(), Knowledge(), Context()).graph == graphs[0]


@pytest.mark.parametrize("name", ["ges", "boss", "exact", "fci", "direct-lingam"])
def test_the_order_of_columns_changes_nothing(name, tmp_path, capsys):
    data = data_of(uniform=True)
    texts = []
    for order in (data.names, data.names[::-1]):
        path = tmp_path / "d.csv"
        np.savetxt(path, data.select(order).matrix().T, delimiter=",", header=",".join(order), comments="")
        assert main([name, str(path), "-o", str(tmp_path / "g.json"), "-q"]) == 0
        graph = formats.read(str(tmp_path / "g.json")).graph
        texts.append(graph.reordered(data.names))
    assert texts[0] == texts[1]


# ---- knowledge


def test_knowledge_is_obeyed(tmp_path):
    data = data_of(4, uniform=True)
    known = Knowledge(tiers=(("v4", "v3"), ("v0", "v1", "v2")), required=(("v3", "v0"),))
    for name in ("exact", "direct-lingam"):
        module = registry.load("causaldisc.algorithms", name)
        graph = module.run(data, module.Options(), known, Context()).graph
        at = graph.index
        assert graph.is_directed(at("v3"), at("v0"))
        late = [at(v) for v in ("v0", "v1", "v2")]
        assert not any(graph.mark(u, v) is Mark.ARROW for u in late for v in (at("v3"), at("v4")))
    graph = fci.run(data, fci.Options(), TestChoice(), known, Context()).graph
    assert graph.is_directed(graph.index("v3"), graph.index("v0"))
    assert all(graph.mark(v, u) in (None, Mark.ARROW) for u in late for v in (graph.index("v3"), graph.index("v4")))


def test_a_forbidden_edge_forbids_no_way_round():
    """a -> b -> c with a -> c forbidden: the order stays a, b, c."""
    rng = np.random.default_rng(5)
    a = rng.uniform(-1, 1, 500)
    b = a + 0.5 * rng.uniform(-1, 1, 500)
    c = b + a + 0.5 * rng.uniform(-1, 1, 500)
    module = registry.load("causaldisc.algorithms", "direct-lingam")
    data = Dataset.from_array(np.column_stack([a, b, c]), ["a", "b", "c"])
    graph = module.run(data, module.Options(), Knowledge(forbidden=(("a", "c"),)), Context()).graph
    assert str(graph) == "a --> b; b --> c"


# ---- hidden common causes


@settings(max_examples=40)
@given(dags(min_nodes=4, max_nodes=8), st.data())
def test_fci_with_d_separation_has_the_adjacencies_and_marks_of_the_ancestral_graph(dag, data):
    hidden = data.draw(st.sets(st.integers(0, len(dag) - 1), max_size=min(3, len(dag) - 3)))
    seen = [v for v in range(len(dag)) if v not in hidden]
    graph = pag(dag, seen)
    children = [dag.children(v) for v in range(len(dag))]
    assert problems(graph) == []
    for i, u in enumerate(seen):
        for j, v in enumerate(seen):
            if graph.mark(j, i) is Mark.TAIL:
                assert reaches(children, u, v)
            if graph.mark(j, i) is Mark.ARROW:
                assert not reaches(children, u, v)


def test_simulated_hidden_causes_are_found_and_scored_in_a_pipe(tmp_path, capsys):
    data, truth, graph = (str(tmp_path / name) for name in ("d.csv", "t.json", "g.json"))
    flags = ["--nodes", "7", "--rows", "4000", "--degree", "2.5", "--latent", "1", "--seed", "1"]
    assert main(["simulate", "dag", *flags, "--truth", truth, "-o", data]) == 0
    assert formats.read(truth).graph.kind is GraphKind.PAG
    assert main(["fci", data, "--alpha", "0.01", "-o", graph]) == 0
    capsys.readouterr()
    assert main(["compare", truth, graph]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["nodes"] == 6
    assert scores["adjacency_f1"] > 0.9


def test_too_many_hidden_variables_are_refused(capsys):
    assert main(["simulate", "dag", "--nodes", "4", "--degree", "0", "--latent", "1"]) == 2
    assert "--latent 1: only 0 of the variables have two children" in capsys.readouterr().err


def test_rcd_marks_a_pair_with_a_hidden_cause():
    rng = np.random.default_rng(2)
    hidden, one, two = rng.uniform(-1, 1, (3, 400)) ** 3
    data = Dataset.from_array(np.column_stack([hidden + 0.5 * one, hidden + 0.5 * two]), ["a", "b"])
    assert str(own("rcd", data)) == "a <-> b"


def test_gin_finds_the_hidden_causes_and_their_order():
    rng = np.random.default_rng(1)
    first = rng.uniform(-1, 1, 600) ** 3
    second = first + rng.uniform(-1, 1, 600) ** 3
    columns = [hidden + 0.3 * rng.uniform(-1, 1, 600) ** 3 for hidden in [first] * 3 + [second] * 3]
    graph = own("gin", Dataset.from_array(np.column_stack(columns), ["a", "b", "c", "d", "e", "L1"]))
    hidden = [n.name for n in graph.nodes if n.attributes.get("latent")]
    assert hidden == ["latent 1", "latent 2"]
    at = graph.index
    assert graph.children(at("latent 1")) == [at("a"), at("b"), at("c"), at("latent 2")]
    assert graph.children(at("latent 2")) == [at("d"), at("e"), at("L1")]


def test_contradictory_marks_become_circles_and_conflicts():
    graph = Graph.parse("a --> b --> c; a <-> c", GraphKind.PAG)
    context = Context()
    _fci.repair(graph, context)
    assert problems(graph) == []
    assert str(graph) == "a o-> b; a <-> c; b o-> c"
    assert [w.code for w in context.warnings] == ["conflict"]


def test_too_few_rows_are_no_independence(tmp_path):
    rng = np.random.default_rng(0)
    data = Dataset.from_array(rng.integers(0, 4, (12, 3)).astype(float), ["a", "b", "c"], discrete=True)
    result = fci.run(data, fci.Options(), TestChoice("gsq"), Knowledge(), Context())
    undecided = [e for e in result.graph.edges() if e.attributes.get("undecided")]
    assert ("insufficient-data" in [w.code for w in result.warnings]) == bool(undecided)


# ---- what is said


@pytest.mark.parametrize(
    ("name", "text", "code", "sentence"),
    [
        ("ges", "a,b\n1.5,x\n2.5,y\n3.5,x\n4.5,y\n", 3, "column 'b' holds text, not numbers"),
        ("boss", "a,b,c\n" + "".join(f"{i * i % 7}.5,{i % 5}.5,{i * i % 7 + i % 5 + 1}\n" for i in range(40)), 3,
         "is determined by others ("),
        ("exact", "a,b,c\n1.5,2,3\n2.5,1,7\n4.5,2,9\n", 3, "at least 4"),
        ("direct-lingam", "a,b\n" + "1.5,\n2.5,\n,1.5\n,2.5\n" * 5, 3, "only 0 of 20 rows have no missing cell"),
        ("var-lingam", "a,b\n" + "".join(f"{i * i % 7}.5,{i % 5}.5\n" for i in range(20)), 3, "needs 41"),
        ("grasp", "a\n" + "".join(f"{i}.5\n" for i in range(20)), 3, "needs two at least"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(name, text, code, sentence, tmp_path, capsys):
    path = tmp_path / "d.csv"
    path.write_text(text)
    assert main([name, str(path)]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_missing_cells_cost_rows_and_are_told(capsys, tmp_path):
    values = data_of(uniform=True).matrix().T
    path = tmp_path / "d.csv"
    np.savetxt(path, values, delimiter=",", header="a,b,c,d,e", comments="")
    lines = path.read_text().splitlines()
    lines[3] = "," + lines[3].partition(",")[2]
    path.write_text("\n".join(lines) + "\n")
    assert main(["boss", str(path), "-f", "json"]) == 0
    out, err = capsys.readouterr()
    assert "1 of 400 rows have a missing cell and were left out" in err
    assert json.loads(out)["provenance"]["rows_used"] == 399


def test_a_time_limit_ends_with_a_sentence(files, capsys):
    assert main(["exact", str(files["sachs"]), "--max-seconds", "0.3"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "time was up before exact had a graph" in err


def test_a_crash_inside_is_a_sentence_and_its_prints_are_not_heard(capsys):
    def crash():
        with adapter.running("ges", Context()):
            print("noise")
            raise np.linalg.LinAlgError("Singular matrix")

    with pytest.raises(ComputationError, match=r"ges of causal-learn failed: Singular matrix \(LinAlgError\)"):
        crash()
    assert capsys.readouterr() == ("", "")
    with pytest.raises(KeyboardInterrupt), adapter.running("ges", Context()):
        raise KeyboardInterrupt


def test_a_search_that_tells_nothing_gives_signs_of_life_on_our_stream(capsys):
    stages = []
    with adapter.running("ges", Context(lambda done, total, stage: stages.append((done, total, stage)))):
        print("not for us")
        time.sleep(1.2)
    assert stages == [(0, UNKNOWN, "ges")] * 2
    assert capsys.readouterr() == ("", "")


def test_signs_of_life_have_no_share_of_a_total(files, capsys, monkeypatch):
    monkeypatch.setattr("causaldisc.cli.talk.PATIENCE", 0.0)
    show = TalkOptions(progress=Progress.ALWAYS).context().progress
    with adapter.running("ges", Context(show)):
        time.sleep(0.7)
    assert re.fullmatch(r"ges, \d s\n", capsys.readouterr().err)
