"""PC: right with a perfect test, valid and order-free with any test, obedient to knowledge."""

import numpy as np
import pytest
from contradictory import Contradictory
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import dags

from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.citests._oracle import DSeparation
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.graph.validity import problems
from causaldisc.knowledge import Knowledge
from causaldisc.search.colliders import ColliderRule

RULES = list(ColliderRule)
ORDER_FREE = [rule for rule in RULES if rule is not ColliderRule.SEPSET]


def search(test, names, knowledge=None, **options):
    bound = (knowledge or Knowledge()).bind(names)
    graph, _ = pc.search(test, tuple(names), pc.Options(**options), bound, Context())
    return graph


@given(dags(), st.sampled_from(RULES))
def test_pc_with_d_separation_returns_the_true_cpdag(dag, rule):
    assert str(search(DSeparation(dag), dag.names, collider_rule=rule)) == str(cpdag_of(dag))


@given(st.integers(0, 10**6), st.integers(2, 8), st.sampled_from(RULES))
def test_contradictory_answers_still_give_a_valid_cpdag(seed, p, rule):
    names = [f"v{i}" for i in range(p)]
    assert problems(search(Contradictory(names, seed), names, collider_rule=rule)) == []


@given(st.integers(0, 10**6), st.integers(2, 7), st.sampled_from(ORDER_FREE), st.randoms(use_true_random=False))
def test_relabelling_contradictory_variables_relabels_the_graph(seed, p, rule, random):
    """Ties of evidence apart, which go by name: no forced collider may hang on the order."""
    names = [f"v{i}" for i in range(p)]
    shuffled = random.sample(names, p)
    one = search(Contradictory(names, seed), names, collider_rule=rule)
    other = search(Contradictory(shuffled, seed), shuffled, collider_rule=rule)
    if not any(e.attributes.get("conflict") for e in one.edges()):
        assert one == other.reordered(one.nodes)


def linear_gaussian(dag, rows, rng):
    """Return rows from a linear Gaussian model on a DAG, shape (rows, nodes)."""
    values = np.zeros((rows, len(dag)))
    done = set()
    while len(done) < len(dag):
        for v in range(len(dag)):
            if v not in done and done.issuperset(dag.parents(v)):
                values[:, v] = rng.standard_normal(rows)
                for u in dag.parents(v):
                    values[:, v] += rng.choice([-1, 1]) * rng.uniform(0.5, 1) * values[:, u]
                done.add(v)
    return values


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=15)
@given(dags(min_nodes=4, max_nodes=8), st.integers(0, 1000), st.randoms(use_true_random=False))
def test_column_order_changes_nothing(rule, dag, seed, random):
    values = linear_gaussian(dag, 100, np.random.default_rng(seed))
    order = random.sample(range(len(dag)), len(dag))
    results = []
    for columns in (range(len(dag)), order):
        data = Dataset.from_array(values[:, list(columns)], [dag.names[i] for i in columns])
        results.append(pc.run(data, pc.Options(collider_rule=rule), TestChoice(), Knowledge(), Context()))
    one, other = results
    assert one.graph == other.graph.reordered(one.graph.nodes)
    assert (one.separations, one.warnings) == (other.separations, other.warnings)


def test_pc_recovers_the_collider_and_its_evidence():
    dag = Graph.parse("a --> c <-- b; c --> d", GraphKind.DAG)
    values = linear_gaussian(dag, 2000, np.random.default_rng(3))
    result = pc.run(Dataset.from_array(values, dag.names), pc.Options(), TestChoice(), Knowledge(), Context())
    assert str(result.graph) == "a --> c; c --> d; b --> c"
    assert {(s.x, s.y): s.given for s in result.separations} == {
        ("a", "b"): (),
        ("a", "d"): ("c",),
        ("b", "d"): ("c",),
    }
    assert all(e.attributes["p_value"] < 0.05 and e.attributes["n"] == 2000 for e in result.graph.edges())
    assert result.provenance["tests"]["by_depth"][0] == 6


def test_max_depth_stops_the_search():
    dag = Graph.parse("a --> b --> c", GraphKind.DAG)
    assert str(search(DSeparation(dag), dag.names, max_depth=0)) == "a --- b; a --- c; b --- c"


# ---- knowledge


def test_a_forbidden_pair_is_no_evidence_for_a_collider():
    """The smallest case in which storing an empty separating set for a banned pair invents x --> y <-- z."""
    dag = Graph.parse("x --> y --> z", GraphKind.DAG)
    banned = Knowledge(forbidden=(("x", "z"), ("z", "x")))
    graph = search(DSeparation(dag), dag.names, banned)
    assert str(graph) == "x --- y; y --- z"


def test_a_forbidden_pair_is_not_tested():
    class Counting(DSeparation):
        def answers(self, x, y, given):
            assert {(0, 2), (2, 0)}.isdisjoint(zip(x.tolist(), y.tolist(), strict=True))
            return super().answers(x, y, given)

    dag = Graph.parse("x --> y --> z; x --> w --> z", GraphKind.DAG)
    names = dag.names
    graph = search(Counting(dag), names, Knowledge(forbidden=((names[0], names[2]), (names[2], names[0]))))
    assert not graph.has_edge(0, 2)


@given(dags(min_nodes=3, max_nodes=6), st.data())
def test_true_knowledge_is_obeyed_and_followed(dag, data):
    """Knowledge that the DAG fulfils gives the class's members that fulfil it, maximally oriented."""
    arrows = [(e.source, e.target) for e in dag.edges()]
    required = data.draw(st.lists(st.sampled_from(arrows), unique=True)) if arrows else []
    forbidden = [
        (v, u) for u in range(len(dag)) for v in range(u) if not dag.is_directed(v, u) and data.draw(st.booleans())
    ]
    name = dag.names
    knowledge = Knowledge(
        forbidden=tuple((name[u], name[v]) for u, v in forbidden),
        required=tuple((name[u], name[v]) for u, v in required),
    )
    known = sorted({*required, *((u, v) for u, v in arrows if (v, u) in forbidden)})
    graph = search(DSeparation(dag), name, knowledge, collider_rule=ColliderRule.MAJORITY)
    banned = any((v, u) in forbidden for u, v in forbidden)
    if not banned:
        assert str(graph) == str(cpdag_of(dag, known))
    assert problems(graph) == []
    assert all(graph.is_directed(u, v) for u, v in known)


@given(st.integers(0, 10**6), st.integers(3, 7), st.data())
def test_knowledge_holds_whatever_the_tests_say(seed, p, data):
    names = [f"v{i}" for i in range(p)]
    order = data.draw(st.permutations(names))
    cut = data.draw(st.integers(1, p - 1))
    pairs = [(order[i], order[j]) for i in range(p) for j in range(i + 1, p)]
    required = tuple(data.draw(st.lists(st.sampled_from(pairs), max_size=3, unique=True)))
    knowledge = Knowledge(tiers=(tuple(order[:cut]), tuple(order[cut:])), required=required)
    graph = search(Contradictory(names, seed), names, knowledge)
    assert problems(graph) == []
    assert all(graph.is_directed(graph.index(u), graph.index(v)) for u, v in required)
    late = {graph.index(name) for name in order[cut:]}
    assert not any(
        graph.mark(u, v) is Mark.ARROW or graph.is_undirected(u, v) for u in late for v in set(range(p)) - late
    )
