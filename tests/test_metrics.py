"""Distances between graphs, on cases worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.errors import DataError
from causaldisc.graph import Graph, Mark
from causaldisc.graph.metrics import Score, compare


def test_equal_graphs_are_at_distance_0_with_perfect_scores():
    graph = Graph.parse("a --> c <-- b; c --- d; d o-> e")
    result = compare(graph, graph)
    assert (result.shd, result.edges_truth, result.edges_estimate) == (0, 4, 4)
    assert result.adjacency == Score(4, 0, 0)
    assert result.arrowhead == Score(3, 0, 0)
    assert result.adjacency.f1 == result.arrowhead.precision == 1.0


def test_a_reversed_a_missing_and_an_extra_edge_count_1_each():
    truth = Graph.parse("a --> b; b --> c; c --> d; a; e")
    estimate = Graph.parse("a <-- b; b --> c; a --- d; e")
    result = compare(truth, estimate)
    assert (result.wrong_marks, result.missing, result.extra, result.shd) == (1, 1, 1, 3)
    assert result.adjacency == Score(tp=2, fp=1, fn=1)
    # Truth has arrowheads at b, c, d; the estimate at a (of a-b) and c: one agrees.
    assert result.arrowhead == Score(tp=1, fp=1, fn=2)
    assert result.arrowhead.precision == pytest.approx(1 / 2)
    assert result.arrowhead.recall == pytest.approx(1 / 3)
    assert result.arrowhead.f1 == pytest.approx(2 / 5)


def test_an_arrowhead_on_a_pair_not_adjacent_in_the_other_graph_counts():
    result = compare(Graph.parse("a <-> b; c"), Graph.parse("a; b --> c"))
    assert result.arrowhead == Score(tp=0, fp=1, fn=2)


def test_a_circle_is_no_arrowhead_but_a_wrong_mark():
    result = compare(Graph.parse("a --> b"), Graph.parse("a o-> b"))
    assert result.wrong_marks == result.shd == 1
    assert result.arrowhead == Score(1, 0, 0)


def test_nodes_are_matched_by_name_not_by_order():
    truth = Graph.parse("a --> b; c o-> b")
    assert compare(truth, truth.reordered("cba")).shd == 0


def test_each_lag_is_an_edge_of_its_own_and_its_direction_counts():
    truth, estimate = Graph("ab"), Graph("ab")
    truth.add_edge(0, 1, Mark.TAIL, Mark.ARROW, lag=1)
    truth.add_edge(0, 0, Mark.TAIL, Mark.ARROW, lag=1)
    estimate.add_edge(1, 0, Mark.TAIL, Mark.ARROW, lag=1)
    estimate.add_edge(0, 0, Mark.TAIL, Mark.ARROW, lag=2)
    estimate.add_edge(0, 1, Mark.TAIL, Mark.ARROW)
    result = compare(truth, estimate)
    assert (result.missing, result.extra, result.wrong_marks) == (2, 3, 0)
    assert result.adjacency == result.arrowhead == Score(tp=0, fp=3, fn=2)


def test_undefined_ratios_are_none():
    empty = Graph("ab")
    scores = compare(empty, empty).as_dict()["adjacency"]
    assert scores == {"tp": 0, "fp": 0, "fn": 0, "precision": None, "recall": None, "f1": None}
    missed = compare(Graph.parse("a --> b"), empty).adjacency
    assert (missed.precision, missed.recall, missed.f1) == (None, 0.0, 0.0)


def test_other_nodes_are_an_error_that_lists_them():
    with pytest.raises(DataError, match="only the truth has 'c' and only the estimate has 'x', 'y'"):
        compare(Graph("abc"), Graph("abxy"))
    many = [f"n{i}" for i in range(10)]
    with pytest.raises(DataError, match=r"only the estimate has 'n0', .* and 2 more"):
        compare(Graph([]), Graph(many))


def test_as_dict_holds_every_number():
    numbers = compare(Graph.parse("a --> b; c"), Graph.parse("a --- b; c")).as_dict()
    arrowhead = {"tp": 0, "fp": 0, "fn": 1, "precision": None, "recall": 0.0, "f1": 0.0}
    adjacency = {"tp": 1, "fp": 0, "fn": 0, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    counts = {"nodes": 3, "edges_truth": 1, "edges_estimate": 1, "shd": 1}
    wrong = {"missing": 0, "extra": 0, "wrong_marks": 1}
    assert numbers == {**counts, **wrong, "adjacency": adjacency, "arrowhead": arrowhead}


@st.composite
def graphs(draw):
    graph = Graph("abcd")
    for u in range(4):
        for v in range(u):
            ends = draw(st.none() | st.tuples(st.sampled_from(Mark), st.sampled_from(Mark)))
            if ends:
                graph.add_edge(u, v, *ends)
    return graph


@given(graphs(), graphs(), graphs())
def test_shd_is_a_metric_and_swapping_swaps_false_positives_and_negatives(x, y, z):
    there, back = compare(x, y), compare(y, x)
    assert there.shd == back.shd
    assert (there.shd == 0) == (str(x) == str(y))
    assert compare(x, z).shd <= there.shd + compare(y, z).shd
    for one, other in ((there.adjacency, back.adjacency), (there.arrowhead, back.arrowhead)):
        assert (one.tp, one.fp, one.fn) == (other.tp, other.fn, other.fp)
