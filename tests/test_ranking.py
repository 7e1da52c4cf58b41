"""Rankings of arrows: what is written, what is read, and figures held against hand, a slow twin and BEELINE's rules."""

import json
import math
from itertools import permutations

import numpy as np
import pytest
from causaldisc._ext import tails
from causaldisc.cli.main import main
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from causaldisc.errors import DataError
from causaldisc.graph import Graph, GraphKind, Mark, formats
from causaldisc.graph.ranking import Ranking, compare, strength
from causaldisc.result import Result

TRUTH = "Gene1,Gene2,Type\na,b,+\na,b,+\nb,c,-\nc,c,+\nd,d,+\n"


def ranking(rows, nodes=()):
    return Ranking.of_rows([(u, v, w) for (u, v), w in rows.items()], nodes)


def test_figures_by_hand():
    truth = ranking({("a", "b"): 1, ("b", "c"): 1}, "abc")  # 2 of 6 pairs
    found = compare(truth, ranking({("a", "b"): -3, ("b", "a"): 2, ("b", "c"): 1}))
    assert (found.nodes, found.pairs, found.edges_truth, found.edges_estimate) == (3, 6, 2, 3)
    assert found.random_precision == pytest.approx(1 / 3)
    # Precision 1 at recall 1/2, 1/2 there, 2/3 at recall 1, then down to 1/3 there.
    assert found.auprc == pytest.approx(1 / 2 + (1 / 2 + 2 / 3) / 2 / 2)
    assert found.auprc_ratio == pytest.approx(3 * found.auprc)
    assert (found.early_precision, found.early_precision_ratio) == (1 / 2, pytest.approx(3 / 2))
    # Of the 8 comparisons of a true with a false pair, 7 are won.
    assert found.auroc == pytest.approx(7 / 8)


def test_early_precision_takes_all_that_are_as_strong_as_the_last():
    truth = ranking({("a", "b"): 1, ("b", "c"): 1}, "abcd")
    tied = {("a", "b"): 2, ("b", "c"): 1, ("c", "a"): 1, ("c", "b"): 1, ("d", "a"): 0.5}
    assert compare(truth, ranking(tied)).early_precision == 2 / 4
    # Fewer arrows than true edges: all of them, and none of the pairs without.
    assert compare(truth, ranking({("a", "b"): 2})).early_precision == 1
    assert compare(truth, ranking({})).early_precision == 0
    assert compare(truth, ranking({("a", "b"): 0.0})).early_precision == 0


def test_an_empty_ranking_is_random():
    found = compare(ranking({("a", "b"): 1}, "abc"), ranking({}))
    assert (found.auprc, found.auroc) == (pytest.approx((1 + 1 / 6) / 2), 0.5)


def test_regulators_only_scores_the_pairs_that_start_at_one():
    truth = ranking({("a", "b"): 1, ("a", "c"): 1}, "abc")
    found = compare(truth, ranking({("b", "a"): 9, ("a", "b"): 2, ("a", "x"): 3}), regulators_only=True)
    assert (found.pairs, found.edges_estimate, found.random_precision) == (2, 1, 1.0)
    assert found.auroc is None  # there is no false pair


def test_without_true_edges_nothing_is_defined():
    found = compare(ranking({}, "ab"), ranking({("a", "b"): 1}))
    assert (found.auprc, found.auprc_ratio, found.early_precision, found.auroc) == (None,) * 4
    assert compare(ranking({}), ranking({})).random_precision is None


pairs = st.sampled_from(list(permutations("abcdef", 2)))
weights = st.dictionaries(pairs, st.sampled_from([0.0, -1.0, 0.5, 1.0, 2.0, 3.5]), max_size=20)


@given(st.sets(pairs, min_size=1, max_size=20), weights)
def test_areas_equal_those_over_all_pairs(true, found):
    truth = ranking(dict.fromkeys(true, 1.0), "abcdef")
    every = list(permutations("abcdef", 2))
    labels, scores = [p in true for p in every], [abs(found.get(p, 0.0)) for p in every]
    result = compare(truth, ranking(found))
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    assert result.auprc == pytest.approx(metrics.auc(recall, precision))
    assert result.auroc == pytest.approx(metrics.roc_auc_score(labels, scores))
    # BEELINE: of the predictions, those not weaker than the k-th nor than the weakest that is not 0.
    predicted = sorted((abs(w) for w in found.values()), reverse=True)
    if any(predicted):
        cut = max(min(w for w in predicted if w), predicted[min(len(predicted), len(true)) - 1])
        chosen = [p for p, w in found.items() if abs(w) >= cut]
        assert result.early_precision == pytest.approx(sum(p in true for p in chosen) / len(chosen))


# ---- strength


@given(st.floats(0.0, 37.0))
def test_strength_is_the_normal_value_of_the_p_value(z):
    p_value = math.exp(tails.two_sided_normal(z))
    assert strength({"p_value": p_value, "statistic": 1.0}) == pytest.approx(z, abs=1e-6)


def test_p_values_that_no_double_holds_are_ranked_by_their_statistics():
    normal = [strength({"p_value": 0.0, "statistic": s}) for s in (-45.0, 60.0)]
    assert normal == [45.0, 60.0]
    chi_squared = [strength({"p_value": 0.0, "statistic": s, "df": 1.0}) for s in (2500.0, 3600.0)]
    assert chi_squared == pytest.approx([50.0, 60.0])
    # The cubic test has a degree of freedom and a normal statistic.
    assert strength({"p_value": 0.0, "statistic": 45.0, "df": 1.0}) == 45.0
    assert strength({"p_value": 0.0}) == pytest.approx(38.5, abs=0.2)


def test_a_weight_comes_first_and_flags_are_no_numbers():
    assert strength({"weight": -2, "p_value": 0.5}) == 2
    assert strength({"frequency": 0.25, "p_value": 0.5}) == 0.25
    assert strength({"weight": True, "conflict": True}) is None
    assert strength({}) is None


# ---- files


def evident():
    graph = Graph("abcd", GraphKind.CPDAG)
    graph.add_edge(0, 1, Mark.TAIL, Mark.TAIL, attributes={"p_value": 0.01})
    graph.add_edge(2, 1, Mark.TAIL, Mark.ARROW, attributes={"p_value": 1e-5})
    graph.add_edge(2, 3, Mark.TAIL, Mark.ARROW, attributes={"undecided": True})
    return graph


def test_arrows_are_written_by_strength_in_the_directions_that_marks_allow():
    lines = formats.dump("ranked", Result(evident())).splitlines()
    assert lines == [
        "Gene1\tGene2\tEdgeWeight",
        "c\tb\t4.417173413",
        "a\tb\t2.575829304",
        "b\ta\t2.575829304",
        "c\td\t0",
    ]
    assert formats.losses("ranked", Result(Graph("ab", GraphKind.DAG))) == ["2 nodes without an edge"]
    marks = Graph.parse("a o-> b; c <-> d; e o-o f")
    assert {arrow for arrow, _ in Ranking.of_graph(marks).in_order()} == {
        ("a", "b"), ("c", "d"), ("d", "c"), ("e", "f"), ("f", "e"),
    }  # fmt: skip
    assert set(Ranking.of_graph(marks).weights.values()) == {1.0}


def test_ranked_arrows_are_read_back_as_a_graph():
    graph = formats.load(formats.dump("ranked", Result(evident()))).graph
    assert str(graph) == "c --> b; c --> d; b --- a"
    assert str(formats.load(TRUTH).graph) == "a --> b; b --> c"


def test_files_of_a_benchmark_are_scored_as_they_are(tmp_path, capsys):
    truth, found = tmp_path / "GroundTruthNetwork.csv", tmp_path / "rankedEdges.csv"
    truth.write_text(TRUTH)
    found.write_text("Gene1\tGene2\tEdgeWeight\na\tb\t-0.9\nb\ta\t0.2\na\tb\t0.1\nx\ta\t7\n")
    assert main(["compare", str(truth), str(found), "--ranked", "-f", "json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    # Two distinct true edges of twelve pairs of four genes; of the estimate, x is none of them.
    assert (figures["nodes"], figures["pairs"], figures["edges_truth"], figures["edges_estimate"]) == (4, 12, 2, 2)
    assert figures["random_precision"] == pytest.approx(1 / 6)
    assert figures["early_precision"] == 0.5


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Gene1\tGene2\tEdgeWeight\na\tb\tmuch\n", "line 2: EdgeWeight is 'much'"),
        ("Gene1\tGene2\tEdgeWeight\na\tb\tnan\n", "line 2: EdgeWeight is 'nan'"),
        ("Gene1,Gene2\na\n", "line 2 has 1 cells"),
        ("Gene1,Gene2\na,\n", "line 2: a row needs both"),
    ],
)
def test_rows_that_are_none_are_named(text, complaint, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(text)
    for read in (formats.read, formats.read_ranking):
        with pytest.raises(DataError, match=complaint):
            read(path)


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    a = rng.standard_normal(300)
    b = a + rng.standard_normal(300)
    path = tmp_path / "d.csv"
    table = np.column_stack([a, b, b + rng.standard_normal(300)])
    np.savetxt(path, table, "%.6f", ",", header="a,b,c", comments="")
    return path


def test_rank_makes_edge_lists_ranked_and_leaves_other_formats(data, tmp_path, capsys):
    ranked, graph = tmp_path / "rankedEdges.csv", tmp_path / "g.json"
    assert main(["pc", str(data), "--rank", "-o", str(ranked), "-o", str(graph)]) == 0
    assert ranked.read_text().splitlines()[0] == "Gene1\tGene2\tEdgeWeight"
    assert json.loads(graph.read_text())["kind"] == "cpdag"
    capsys.readouterr()
    assert main(["pc", str(data), "--rank"]) == 0
    assert capsys.readouterr().out == ranked.read_text()
    assert main(["compare", str(graph), str(ranked), "--ranked", "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["auroc"] == 1.0
    assert main(["pc", str(data), "--rank", "-f", "json"]) == 2
    assert "--rank is for edge lists" in capsys.readouterr().err
    assert main(["compare", str(graph), str(ranked), "--ranked", "--check"]) == 2
