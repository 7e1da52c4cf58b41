"""Meek's rules, CPDAGs and extensions against enumeration of all DAGs."""

import networkx as nx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reference import all_dags, colliders, cpdag
from strategies import dags

from causaldisc.citests import answer
from causaldisc.citests._oracle import DSeparation
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import consistent_extension, cpdag_of, extend, is_acyclic, v_structures
from causaldisc.graph.meek import close
from causaldisc.graph.validity import problems


@given(dags(max_nodes=5))
def test_cpdag_marks_what_all_equivalent_dags_share(dag):
    assert str(cpdag_of(dag)) == str(cpdag(dag))


@given(dags(max_nodes=5), st.data())
def test_knowledge_is_followed_to_its_last_consequence(dag, data):
    arrows = [(e.source, e.target) for e in dag.edges()]
    known = data.draw(st.lists(st.sampled_from(arrows), unique=True)) if arrows else []
    assert str(cpdag_of(dag, known)) == str(cpdag(dag, known))


@given(dags())
def test_every_cpdag_is_valid_and_extends_to_its_class(dag):
    graph = cpdag_of(dag)
    assert problems(graph) == []
    extension = consistent_extension(graph)
    assert problems(extension) == []
    assert str(cpdag_of(extension)) == str(graph)


@given(dags())
def test_meek_is_idempotent(dag):
    graph = cpdag_of(dag)
    again = graph.copy()
    close(again)
    assert again == graph


@given(dags(min_nodes=2, max_nodes=5), st.data())
def test_extension_exists_exactly_when_enumeration_finds_one(dag, data):
    graph = Graph(dag.nodes, GraphKind.CPDAG)
    for e in dag.edges():
        u, v = data.draw(st.sampled_from([(e.source, e.target), (e.target, e.source)]))
        graph.add_edge(u, v, Mark.TAIL, data.draw(st.sampled_from([Mark.TAIL, Mark.ARROW])))
    assume(is_acyclic(graph))
    arrows = [(e.source, e.target) for e in graph.edges() if e.is_directed]
    exists = any(
        colliders(d) == set(v_structures(graph)) and all(d.is_directed(u, v) for u, v in arrows)
        for d in all_dags(graph)
    )
    assert (consistent_extension(graph) is not None) == exists
    relaxed, _ = extend(graph)
    assert problems(relaxed) == []
    assert all(relaxed.is_directed(u, v) for u, v in arrows)


def test_a_square_of_non_colliders_gets_one_collider_by_force():
    square = Graph.parse("a --- b --- c --- d --- a", GraphKind.CPDAG)
    dag, forced = extend(square)
    assert consistent_extension(square) is None
    assert len(forced) == 1
    assert problems(dag) == []


@pytest.mark.parametrize(
    ("kind", "notation", "problem"),
    [
        (GraphKind.DAG, "a --> b --> c --> a", "there is a directed cycle"),
        (GraphKind.DAG, "a --- b", "a DAG has only directed edges"),
        (GraphKind.CPDAG, "a <-> b", "a CPDAG has only directed and undirected edges"),
        (GraphKind.CPDAG, "a --> b --> c --> a", "there is a directed cycle"),
        (GraphKind.CPDAG, "a --- b --- c --- d --- a", "no DAG has its skeleton, arrows and v-structures"),
        (GraphKind.CPDAG, "a --> b --- c", "Meek's rules orient more edges"),
        (GraphKind.PAG, "a --> b --> c; a <-> c", "a and c form an almost directed cycle"),
        (GraphKind.LAGGED, "a --> b --> a2; a2 --> a", "there is a directed cycle at lag 0"),
    ],
)
def test_invalid_graphs_are_told(kind, notation, problem):
    assert problems(Graph.parse(notation, kind)) == [problem]


@pytest.mark.parametrize("notation", ["a --- b --- c", "a --> b <-- c; b --> d", "a"])
def test_valid_cpdags_are_told(notation):
    assert problems(Graph.parse(notation, GraphKind.CPDAG)) == []


# The four rules by their defining pictures (Meek 1995, figure 1).
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a --> b --- c", "a --> b; b --> c"),
        ("a --> b --> c; a --- c", "a --> b; a --> c; b --> c"),
        ("a --- b; a --- c; a --- d; c --> b; d --> b", "a --> b; a --- c; a --- d; c --> b; d --> b"),
        ("a --- b; a --- c; a --- d; c --> d; d --> b", "a --> b; a --- c; a --- d; c --> d; d --> b"),
    ],
)
def test_meek_rules(before, after):
    graph = Graph.parse(before, GraphKind.CPDAG, nodes="abcd")
    close(graph)
    assert str(graph) == after


@given(dags(min_nodes=2), st.data())
def test_d_separation_equals_networkx(dag, data):
    nodes = range(len(dag))
    x, y = data.draw(st.lists(st.sampled_from(nodes), min_size=2, max_size=2, unique=True))
    given_ = data.draw(st.sets(st.sampled_from(nodes))) - {x, y}
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((e.source, e.target) for e in dag.edges())
    separated = answer(DSeparation(dag), x, y, tuple(given_)).p_value == 1.0
    assert separated == nx.is_d_separator(graph, {x}, {y}, given_)
