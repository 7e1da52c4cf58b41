"""The orientation kernels, and what is built on them, against their slow twins."""

import math

import numpy as np
import pytest
import reference_orientation as slow
from causaldisc._ext import meek, orientation
from contradictory import Contradictory
from hypothesis import given
from hypothesis import strategies as st
from strategies import graphs

from causaldisc.context import Context
from causaldisc.errors import DataError
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import cpdag_of, extend, unshielded_triples, v_structures
from causaldisc.graph.meek import close
from causaldisc.graph.pairs import Way, arrays_of, as_graph, places
from causaldisc.knowledge import Knowledge
from causaldisc.search import colliders, skeleton
from causaldisc.search import orientation as search_orientation
from causaldisc.search.colliders import ColliderRule, Findings, Role

DIRECTED = ["forward"]
PARTLY = ["undirected", "undirected", "forward"]
CYCLIC = [*PARTLY, "backward"]
ANY = [*CYCLIC, "bidirected", "circle"]
KINDS = st.sampled_from([DIRECTED, PARTLY, CYCLIC, ANY])


def any_graph(min_nodes=1):
    return KINDS.flatmap(lambda kinds: graphs(kinds, min_nodes))


@given(any_graph())
def test_unshielded_triples_equal_the_twin(graph):
    triples = slow.unshielded(graph)
    found = orientation.unshielded(len(graph), arrays_of(graph)[0])
    assert list(map(tuple, found.tolist())) == triples
    assert unshielded_triples(graph) == sorted(triples, key=lambda t: (t[1], t[0], t[2]))
    into = [t for t in unshielded_triples(graph) if all(graph.is_directed(end, t[1]) for end in (t[0], t[2]))]
    assert v_structures(graph) == into


@given(any_graph())
def test_meek_closure_equals_the_twin(graph):
    """Even where the arrows contradict each other, so that the first to come decides."""
    twin = graph.copy()
    close(graph)
    slow.close(twin)
    assert graph == twin


@given(graphs(DIRECTED), st.data())
def test_cpdag_equals_the_twin(dag, data):
    arrows = [(e.source, e.target) for e in dag.edges()]
    known = data.draw(st.lists(st.sampled_from(arrows), unique=True)) if arrows else []
    assert cpdag_of(dag, known) == slow.cpdag_of(dag, known)


@given(any_graph())
def test_extension_equals_the_twin(graph):
    """The DAG, and which v-structures are forced in what order."""
    assert extend(graph) == slow.extend(graph)


@given(any_graph(min_nodes=2))
def test_edges_of_a_lag_stay(graph):
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, lag=2)
    graph.add_edge(0, 0, Mark.TAIL, Mark.ARROW, lag=1)
    twin = graph.copy()
    close(graph)
    slow.close(twin)
    assert graph == twin
    assert extend(graph) == slow.extend(graph)


@given(graphs(["undirected", "undirected", "undirected", "forward"], min_nodes=2), st.data())
def test_colliders_enter_as_in_the_twin(graph, data):
    """In any order, some more than once, some as a lone arrow, some on edges that are not there."""
    node = st.integers(0, len(graph) - 1)
    unshielded = st.sampled_from(slow.unshielded(graph) or [(0, 1, 0)])
    triples = data.draw(st.lists(st.one_of(unshielded, unshielded, st.tuples(node, node, node)), max_size=60))
    pairs, ways = arrays_of(graph)
    lost = orientation.enter(len(graph), pairs, ways, np.array(triples, np.int32).reshape(-1, 3))
    assert lost.astype(bool).tolist() == slow.enter(graph, triples)
    assert str(as_graph(graph.nodes, graph.kind, pairs, ways)) == str(graph)


def test_a_hub_is_oriented_and_extended():
    """Four hundred leaves: no path of the search may be longer than there is room for."""
    hub = Graph([f"v{i:03}" for i in range(401)], GraphKind.CPDAG)
    for leaf in range(1, 401):
        hub.add_edge(0, leaf, Mark.TAIL, Mark.TAIL)
    pairs, ways = arrays_of(hub)
    triples = orientation.unshielded(401, pairs)
    assert len(triples) == 400 * 399 // 2
    assert not orientation.enter(401, pairs, ways, triples).any()
    assert (ways == Way.IN).all()
    dag, forced = extend(hub)
    assert forced == []
    assert all(dag.is_directed(0, leaf) for leaf in range(1, 400))


@given(any_graph(), st.data())
def test_places_of_edges(graph, data):
    pairs, _ = arrays_of(graph)
    node = st.integers(0, len(graph) - 1)
    asked = data.draw(st.lists(st.tuples(node, node)))
    u, v = np.array(asked, np.int32).reshape(-1, 2).T
    rows = pairs.tolist()
    assert places(pairs, u, v).tolist() == [
        rows.index(sorted(pair)) if sorted(pair) in rows else -1 for pair in zip(u.tolist(), v.tolist(), strict=True)
    ]


# ---- what is no graph


@pytest.mark.parametrize(
    ("nodes", "pairs", "ways"),
    [
        (3, [(0, 3)], [0]),
        (3, [(-1, 2)], [0]),
        (3, [(1, 1)], [0]),
        (3, [(2, 1)], [0]),
        (3, [(0, 2), (0, 1)], [0, 0]),
        (3, [(1, 2), (0, 1)], [0, 0]),
        (3, [(0, 1), (0, 1)], [0, 0]),
        (3, [(0, 1)], [4]),
        (3, [(0, 1)], [0, 0]),
        (3, [(0, 1, 2)], [0]),
        (-1, [], []),
    ],
)
def test_kernels_refuse_what_is_no_graph(nodes, pairs, ways):
    pairs = np.array(pairs, np.int32).reshape(len(pairs), -1 if pairs else 2)
    ways = np.array(ways, np.uint8)
    none = np.zeros((0, 3), np.int32)
    with pytest.raises(ValueError, match="pairs must be"):
        orientation.extend(nodes, pairs, ways)
    with pytest.raises(ValueError, match="pairs must be"):
        meek.close(nodes, pairs, ways)
    with pytest.raises(ValueError, match="pairs must be"):
        meek.cpdag(nodes, pairs, ways, np.zeros(len(pairs), np.uint8))
    with pytest.raises(ValueError, match=r"pairs must be|directed or undirected"):
        orientation.enter(nodes, pairs, ways, none)
    if not ways.any() and len(ways) == len(pairs):
        with pytest.raises(ValueError, match="pairs must be"):
            orientation.unshielded(nodes, pairs)


@pytest.mark.parametrize("triples", [[(0, 1, 3)], [(-1, 1, 2)], [(0, 1)]])
def test_colliders_out_of_range_are_refused(triples):
    with pytest.raises(ValueError, match="triples must be"):
        orientation.enter(3, np.array([(0, 1)], np.int32), np.zeros(1, np.uint8), np.array(triples, np.int32))


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="shapes"):
        meek.cpdag(3, np.array([(0, 1)], np.int32), np.ones(1, np.uint8), np.zeros(2, np.uint8))


def test_no_nodes_and_no_edges_are_no_trouble():
    none, ways = np.zeros((0, 2), np.int32), np.zeros(0, np.uint8)
    for nodes in (0, 1, 3):
        assert orientation.unshielded(nodes, none).shape == (0, 3)
        assert orientation.extend(nodes, none, ways)[0]
        assert orientation.enter(nodes, none, ways, np.zeros((0, 3), np.int32)).shape == (0,)
        meek.close(nodes, none, ways)
        meek.cpdag(nodes, none, ways, ways)


# ---- the search


@st.composite
def knowledges(draw, names, edges=()):
    """Knowledge that does not contradict itself: required edges follow an order of the names, prohibitions do not."""
    order = draw(st.permutations(range(len(names))))
    place = {v: i for i, v in enumerate(order)}
    edges = [(u, v) if place[u] < place[v] else (v, u) for u, v in edges]
    required = draw(st.lists(st.sampled_from(edges), max_size=3, unique=True)) if edges else []
    node = st.integers(0, len(names) - 1)
    forbidden = draw(st.lists(st.tuples(node, node).filter(lambda a: a[0] != a[1]), max_size=len(names) * 2))
    return Knowledge(
        forbidden=tuple((names[u], names[v]) for u, v in forbidden if (u, v) not in required),
        required=tuple((names[u], names[v]) for u, v in required),
    )


@given(st.integers(0, 10**6), st.integers(3, 7), st.sampled_from([0, 2, 5]), st.data())
def test_triples_are_judged_by_asking_all_sets(seed, p, most, data):
    names = tuple(f"v{i}" for i in range(p))
    test, bound = Contradictory(names, seed), data.draw(knowledges(names)).bind(names)
    found = skeleton.learn(test, 0.05, 1, bound, Context())
    graph = as_graph(names, GraphKind.CPDAG, found.pairs, np.zeros(len(found.pairs), np.uint8))
    for rule in (ColliderRule.CONSERVATIVE, ColliderRule.MAJORITY, ColliderRule.MAX_P):
        findings = colliders.find(test, found, rule, 0.05, most, bound, Context())
        assert list(map(tuple, findings.triples.tolist())) == slow.unshielded(graph)
        for triple, role, log_p in zip(findings.triples.tolist(), findings.roles, findings.log_p, strict=True):
            a, _, b = triple
            expected = (Role.AMBIGUOUS, -math.inf)
            if bound.allows_pair(a, b):
                expected = slow.judge(test, graph, triple, rule, math.log(0.05), most, bound.may_cause)
            assert (role, log_p) == expected


@given(st.integers(0, 10**6), st.integers(3, 8))
def test_the_rule_of_the_first_separating_set_looks_into_that_set(seed, p):
    names = tuple(f"v{i}" for i in range(p))
    test, bound = Contradictory(names, seed), Knowledge().bind(names)
    found = skeleton.learn(test, 0.05, None, bound, Context())
    findings = colliders.find(test, found, ColliderRule.SEPSET, 0.05, None, bound, Context())
    separated = {(x, y): (given, log_p) for x, y, given, log_p, _ in found.separations.rows()}
    for (a, c, b), role, log_p in zip(findings.triples.tolist(), findings.roles, findings.log_p, strict=True):
        members, expected = separated[a, b]
        assert (role, log_p) == (Role.NON_COLLIDER if c in members else Role.COLLIDER, expected)


@given(graphs(["undirected"], min_nodes=2, max_nodes=14), st.data())
def test_orientation_equals_the_twin(graph, data):
    """Whatever the judgements and their ties, with knowledge that leaves cycles and directions that contradict them."""
    names = graph.names
    pairs, _ = arrays_of(graph)
    knowledge = data.draw(knowledges(names, pairs.tolist()))
    try:
        bound = knowledge.bind(names)
    except DataError:  # required one way, forbidden the other and this way too
        return
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    levels = data.draw(st.sampled_from([2, 1000]))
    weakest = skeleton.Weakest(
        rng.integers(levels, size=len(pairs)) / levels,
        np.zeros(len(pairs), np.int32),
        np.zeros((len(pairs), 0), np.int32),
    )
    found = skeleton.Skeleton(
        Contradictory(names, 0), pairs, weakest, skeleton.Separations(None, np.zeros((0, 0), bool)), []
    )
    triples = orientation.unshielded(len(graph), pairs)
    weights = data.draw(st.sampled_from([(0.4, 0.5, 0.1), (0.8, 0.1, 0.1), (0.05, 0.95, 0.0)]))
    roles = rng.choice(len(Role), len(triples), p=weights).astype(np.uint8)
    findings = Findings(triples, roles, -rng.integers(levels, size=len(triples)) / levels)
    context = Context()
    cpdag = search_orientation.orient(names, found, findings, bound, context)
    expected, warned = slow.orient(names, found, findings, bound)
    assert cpdag == expected
    assert len(context.warnings) == len(warned)
    assert all(w.code == code and w.message.startswith(start) for w, (code, start) in zip(context.warnings, warned))
