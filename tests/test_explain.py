"""Why nodes are joined or not, and why edges point where they do."""

import json

import numpy as np
import pytest
from causaldisc.cli.main import main
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.graph import Graph, GraphKind, Mark, formats
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.graph.explanation import explain
from causaldisc.result import Notice, Result, Separation


def why(notation, x, y, separations=(), kind=GraphKind.CPDAG, **more):
    return explain(Result(Graph.parse(notation, kind), separations, **more), x, y)


def reasons(notation, x, y, *separations):
    (edge,) = why(notation, x, y, separations).edges
    return list(edge.reasons)


def test_a_collider_is_told_with_the_set_that_made_it():
    separation = Separation("a", "b", ("d",), 0.4, 120)
    assert reasons("a --> c <-- b; c --> d", "c", "a", separation) == [
        "collider a --> c <-- b: a and b are independent given d (p = 0.4, 120 rows), which leaves out c"
    ]
    assert reasons("a --> c <-- b", "a", "c") == ["collider a --> c <-- b"]


@pytest.mark.parametrize(
    ("notation", "pair", "rule"),
    [
        ("c --> a; d --> a; a --> b", "ab", "else c --> a <-- b would be a collider (Meek's rule 1)"),
        ("a --> c --> b; a --> b", "ab", "else a --> c --> b would close a cycle (Meek's rule 2)"),
        ("a --- c --> b; a --- d --> b; a --> b", "ab", "(Meek's rule 3)"),
        ("a --- c --> d; a --> d; d --> b; a --> b; a --- e", "ab", "(Meek's rule 2)"),
        ("a --- c; c --> d; d --> b; a --- d; a --> b", "ab", "(Meek's rule 4)"),
        ("a --> b", "ab", "neither a collider nor Meek's rules: knowledge, or how mechanisms change"),
    ],
)
def test_rules_are_told_with_their_edges(notation, pair, rule):
    (reason,) = reasons(notation, *pair)
    assert reason.endswith(rule)


@given(st.lists(st.booleans(), min_size=10, max_size=10), st.permutations(range(5)))
def test_every_arrow_of_a_cpdag_has_a_reason_in_the_graph(present, order):
    graph = Graph("abcde", GraphKind.DAG)
    slots = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    for there, (i, j) in zip(present, slots, strict=True):
        if there:
            graph.add_edge(order[i], order[j], Mark.TAIL, Mark.ARROW)
    cpdag = cpdag_of(graph)
    for e in cpdag.edges():
        (told,) = explain(Result(cpdag), cpdag.names[e.source], cpdag.names[e.target]).edges
        if e.is_directed:
            assert told.reasons
            assert not any("neither a collider nor" in reason for reason in told.reasons)
        else:
            assert told.reasons == ("graphs with the same independences have it in either direction",)


def test_what_is_not_joined_has_a_separating_set_and_a_path():
    found = why("a --> c <-- b", "a", "b", [Separation("b", "a", (), 0.7, 50)])
    assert found.edges == ()
    assert found.remarks == ("independent given nothing (p = 0.7, 50 rows)", "joined through a --> c <-- b")
    assert why("a --> c <-- b; d", "a", "d").remarks == (
        "this file holds no separating sets; graphs in JSON do",
        "nothing joins them",
    )
    other = [Separation("a", "d", ("c",))]
    assert (
        "no separating set is listed: knowledge forbids the edge" in why("a --- c --- b; d", "a", "b", other).remarks[0]
    )
    many = why("a --- c --- b", "a", "b", provenance={"separations_not_listed": 3})
    assert "too many to be listed" in many.remarks[0]


def test_attributes_and_warnings_of_the_pair_are_told():
    graph = Graph.parse("a --> b; b --- ab", GraphKind.MIXED)
    graph.annotate(0, 1, p_value=0.01, conflict=True)
    warnings = (Notice("x", "a -> b <- c has evidence"), Notice("y", "'ab' and b"))
    found = explain(Result(graph, (), warnings), "a", "b")
    assert found.edges[0].attributes == {"p_value": 0.01, "conflict": True}
    assert found.edges[0].notes == ("some evidence about a direction here lost against stronger evidence",)
    assert found.remarks == ("a -> b <- c has evidence",)


def test_all_lags_of_a_pair_are_told(tmp_path, capsys):
    graph = Graph("ab", GraphKind.LAGGED)
    for lag in (1, 3):
        graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, lag, {"weight": 0.5 / lag})
    graph.add_edge(1, 1, Mark.TAIL, Mark.ARROW, 1, {"self_loop": True})
    path = tmp_path / "g.json"
    path.write_text(formats.dump("json", Result(graph)))
    assert main(["explain", str(path), "b", "a", "-f", "text"]) == 0
    assert capsys.readouterr().out == "a --> b  [lag 1]\n  weight  0.5\na --> b  [lag 3]\n  weight  0.1667\n"
    assert main(["explain", str(path), "b", "b", "-f", "text"]) == 0
    assert capsys.readouterr().out == "b --> b  [lag 1]\n  the own past\n"


def test_from_data_to_reasons_in_a_pipe(tmp_path, capsys):
    x = np.random.default_rng(0).standard_normal((400, 3))
    x[:, 2] += x[:, 0] + x[:, 1]
    data, graph = tmp_path / "d.csv", tmp_path / "g.json"
    np.savetxt(data, x, delimiter=",", header="a,b,c", comments="")
    assert main(["pc", str(data), "-o", str(graph), "-q"]) == 0
    assert main(["explain", str(graph), "a", "c"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["edges"][0]["edge"] == "a --> c"
    assert found["edges"][0]["reasons"][0].startswith("collider a --> c <-- b: a and b are independent given nothing")
    assert main(["explain", str(graph), "a", "b"]) == 0
    assert json.loads(capsys.readouterr().out)["separation"]["given"] == []
    assert main(["explain", str(graph), "a", "q"]) == 3
    assert "no node 'q' in" in capsys.readouterr().err
