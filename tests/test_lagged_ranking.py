"""Lagged graphs ranked by strength, against areas over all pairs."""

import json

import numpy as np
import pytest
from causaldisc.cli.main import main
from sklearn import metrics

from causaldisc.graph import Graph, GraphKind, Mark, formats
from causaldisc.graph.lagged_ranking import compare
from causaldisc.result import Result


def lagged(links, nodes="abc"):
    graph = Graph(nodes, GraphKind.LAGGED)
    for (u, v, lag), weight in links.items():
        attributes = {} if weight is None else {"weight": weight}
        graph.add_edge(graph.index(u), graph.index(v), Mark.TAIL, Mark.ARROW, lag, attributes)
    return graph


def test_figures_by_hand():
    truth = lagged({("a", "a", 1): None, ("a", "b", 1): None, ("a", "b", 2): None, ("b", "a", 1): None})
    found = compare(truth, lagged({("a", "b", 1): -3, ("a", "b", 2): 4, ("a", "c", 1): 6, ("c", "c", 2): 0.5}))
    summary, by_lag = found["summary"], found["lagged"]
    assert (summary["tp"], summary["fp"], summary["fn"], summary["f1"]) == (1, 1, 1, 0.5)
    # Of 2 true and 4 false pairs: a-b (5) is below a-c (6) alone, b-a is level with three.
    assert summary["auroc"] == pytest.approx((3 + 1.5) / 8)
    assert summary["random_precision"] == pytest.approx(2 / 6)
    assert summary["random_precision_with_self"] == pytest.approx(3 / 9)
    # Pairs and lags: 3 true of 12, then 4 of 18 with those of a variable with itself.
    assert by_lag["random_precision"] == pytest.approx(3 / 12)
    assert by_lag["random_precision_with_self"] == pytest.approx(4 / 18)


@pytest.mark.parametrize("seed", range(5))
def test_areas_equal_those_over_all_pairs_and_lags(seed):
    rng = np.random.default_rng(seed)
    every = [(u, v, k) for u in "abcd" for v in "abcd" for k in (1, 2, 3)]
    true = {link: None for link in every if rng.random() < 0.3 or link == ("a", "b", 3)}
    found = {link: float(rng.choice([-2, -1, 0.5, 1, 3])) for link in every if rng.random() < 0.4}
    figures = compare(lagged(true, "abcd"), lagged(found, "abcd"))["lagged"]
    for suffix, links in (("_with_self", every), ("", [link for link in every if link[0] != link[1]])):
        labels, scores = [link in true for link in links], [abs(found.get(link, 0.0)) for link in links]
        precision, recall, _ = metrics.precision_recall_curve(labels, scores)
        assert figures[f"auroc{suffix}"] == pytest.approx(metrics.roc_auc_score(labels, scores))
        assert figures[f"auprc{suffix}"] == pytest.approx(metrics.auc(recall, precision))


def test_a_graph_without_strengths_counts_its_edges_alike_and_none_is_chance():
    truth = lagged({("a", "b", 1): None})
    assert compare(truth, lagged({("a", "b", 3): None}))["summary"]["auroc"] == 1.0
    assert compare(truth, lagged({}))["summary"]["auroc"] == 0.5
    assert compare(lagged({}), lagged({}))["lagged"] == dict.fromkeys(
        f"{name}{suffix}" for suffix in ("", "_with_self") for name in ("auroc", "auprc", "random_precision")
    )


def test_compare_tells_them_for_lagged_graphs_only(tmp_path, capsys):
    truth, plain = tmp_path / "t.json", tmp_path / "p.json"
    truth.write_text(formats.dump("json", Result(lagged({("a", "b", 1): None}))))
    plain.write_text(formats.dump("json", Result(Graph.parse("a --> b", GraphKind.DAG))))
    assert main(["compare", str(truth), str(truth), "-f", "json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["summary_auroc"], figures["lagged_auprc"], figures["summary_recall"]) == (1.0, 1.0, 1.0)
    assert main(["compare", str(plain), str(plain), "-f", "json"]) == 0
    assert "summary_auroc" not in json.loads(capsys.readouterr().out)
