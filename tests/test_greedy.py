"""Greedy search: every move by definition, the true class from the truth, obedience, and the evidence it leaves."""

import math
import time
from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from causaldisc._ext import tails
from contradictory import Contradictory
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from strategies import dags

from causaldisc import citests
from causaldisc.algorithms import _ges, dropout
from causaldisc.citests import Answers, TestChoice, Verdict
from causaldisc.citests._oracle import DSeparation
from causaldisc.citests._transform import Transform
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import ComputationError
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import cpdag_of, is_acyclic
from causaldisc.graph.pairs import arrays_of, as_graph
from causaldisc.graph.validity import problems
from causaldisc.knowledge import Knowledge
from causaldisc.normal import normal_value
from causaldisc.search import greedy
from causaldisc.search.comparison import ByTest, information
from causaldisc.search.greedy import ORDER, Search
from causaldisc.search.operators import Kind, applied, candidates, is_open
from causaldisc.search.partial_graph import PartialGraph, members

NOTHING_KNOWN = Knowledge()


def searched(comparison, names, *phases, most=None, knowledge=NOTHING_KNOWN):
    """Return the graph that a search by phases ends in, each a tuple of kinds."""
    bound = knowledge.bind(names)
    search = Search(comparison, len(names) if most is None else most, bound, Context(), greedy.start(len(names), bound))
    for phase in phases:
        search.run(*phase)
    return as_graph(names, GraphKind.CPDAG, *search.state.as_pairs())


class Separation:
    """Gains by d-separation alone: 1 or -1, whatever the strength."""

    def __init__(self, dag):
        self.test, self.known = DSeparation(dag), {}

    def prepare(self, questions, stage, context):
        pass

    def gain(self, x, y, given):
        question = min(x, y), max(x, y), given
        if question not in self.known:
            self.known[question] = -1.0 if citests.answer(self.test, x, y, members(given)).log_p == 0 else 1.0
        return self.known[question]


class Population:
    """Partial correlations of a linear Gaussian model, as Fisher's Z of ROWS rows would find them."""

    ROWS = 10**13
    name, deepest = "population", None

    def __init__(self, dag, rng):
        weights = np.zeros((len(dag), len(dag)))
        for e in dag.edges():
            weights[e.target, e.source] = rng.choice([-1, 1]) * rng.uniform(0.3, 1.2)
        mixing = np.linalg.inv(np.eye(len(dag)) - weights)
        self.covariance, self.variables = mixing @ mixing.T, len(dag)

    def answers(self, x, y, given):
        out = Answers.empty(len(x))
        out.n[:] = self.ROWS
        for i, (u, v) in enumerate(zip(x, y, strict=True)):
            chosen = [u, v, *given[i]]
            inverse = np.linalg.inv(self.covariance[np.ix_(chosen, chosen)])
            r = -inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1])
            r = 0.0 if abs(r) < 1e-9 else r
            out.log_p[i] = tails.two_sided_normal(math.sqrt(self.ROWS - given.shape[1] - 3) * math.atanh(r))
        return out


@settings(max_examples=50)
@given(dags(max_nodes=6))
def test_insertions_then_deletions_by_d_separation_end_in_the_true_cpdag(dag):
    found = searched(Separation(dag), dag.names, (Kind.INSERT,), (Kind.DELETE,))
    assert str(found) == str(cpdag_of(dag))


@settings(max_examples=60)
@given(dags(), st.integers(0, 2**32 - 1), st.sampled_from([(ORDER,), ((Kind.INSERT,), (Kind.DELETE,), (Kind.TURN,))]))
def test_the_score_of_the_population_leads_to_the_true_cpdag(dag, seed, phases):
    test = Population(dag, np.random.default_rng(seed))
    assert str(searched(ByTest(test, test.ROWS, 1.0), dag.names, *phases)) == str(cpdag_of(dag))


# ---- each move, against all DAGs of a class


def directions(graph):
    """Yield the DAGs that a CPDAG stands for."""
    lines = [(e.source, e.target) for e in graph.edges() if e.is_undirected]
    for turned in product((False, True), repeat=len(lines)):
        dag = graph.copy(GraphKind.DAG)
        for (u, v), turn in zip(lines, turned, strict=True):
            dag.orient(*((v, u) if turn else (u, v)))
        if is_acyclic(dag) and str(cpdag_of(dag)) == str(graph):
            yield dag


def steps(dag, kind):
    """Yield the DAGs that one edge more, less or turned makes of a DAG."""
    for x in range(len(dag)):
        for y in range(len(dag)):
            step = dag.copy()
            if kind is Kind.INSERT and x != y and not dag.has_edge(x, y):
                step.add_edge(x, y, Mark.TAIL, Mark.ARROW)
            elif kind is Kind.DELETE and dag.is_directed(x, y):
                step.remove_edge(x, y)
            elif kind is Kind.TURN and dag.is_directed(y, x):
                step.orient(x, y)
            else:
                continue
            if is_acyclic(step):
                yield step


def bic(values, dag):
    """Return the Bayesian information criterion of linear Gaussian data on a DAG, up to a constant."""
    n, total = len(values), 0.0
    for v in range(len(dag)):
        design = np.column_stack([np.ones(n), values[:, dag.parents(v)]])
        left = values[:, v] - design @ np.linalg.lstsq(design, values[:, v], rcond=None)[0]
        total -= n / 2 * math.log(left @ left) + math.log(n) / 2 * len(dag.parents(v))
    return total


@settings(max_examples=30)
@given(dags(min_nodes=2, max_nodes=5), st.integers(0, 2**32 - 1), st.sampled_from(list(Kind)))
def test_the_moves_are_those_of_the_dags_of_the_class_and_gain_what_their_scores_do(dag, seed, kind):
    values = np.random.default_rng(seed).standard_normal((40, len(dag))) @ (np.eye(len(dag)) + 0.3)
    data, nothing = Dataset.from_array(values, dag.names), NOTHING_KNOWN.bind(dag.names)
    comparison = ByTest(citests.build(TestChoice("fisherz"), data, Context()), 40, 1.0)
    graph = cpdag_of(dag)
    expected = {}
    for member in directions(graph):
        for step in steps(member, kind):
            if str(cpdag_of(step)) != str(graph):
                expected[str(cpdag_of(step))] = bic(values, step) - bic(values, dag)
    state, found = PartialGraph.of_pairs(len(dag), *arrays_of(graph)), defaultdict(list)
    for x, y in product(range(len(dag)), repeat=2):
        for move in candidates(kind, state, x, y, len(dag), nothing) if x != y else ():
            if is_open(move, state):
                questions = [(min(x, y), max(x, y), s) for s in move[4:] if s is not None]
                comparison.prepare(questions, "", Context())
                gain = sum(sign * comparison.gain(x, y, s) for s, sign in zip(move[4:], (1, -1)) if s is not None)
                after = applied(move, state, nothing)
                found[str(as_graph(dag.names, GraphKind.CPDAG, *after.as_pairs()))].append(gain)
    assert found.keys() == expected.keys()
    for after, gains in found.items():
        assert gains == pytest.approx([expected[after]] * len(gains), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_two_phases_are_those_of_causal_learn(seed):
    from causallearn.search.ScoreBased.GES import ges

    from causaldisc.simulate import dag as simulated

    data = simulated.generate(simulated.Options(nodes=9, degree=3, rows=500), np.random.default_rng(seed)).data
    theirs = ges(data.matrix().T.copy(), "local_score_BIC")["G"].graph
    expected = {(j, i) for i, j in zip(*np.nonzero(theirs == 1), strict=True)}
    lines = {(i, j) for i, j in zip(*np.nonzero((theirs == -1) & (theirs.T == -1)), strict=True)}
    comparison = ByTest(citests.build(TestChoice("fisherz"), data, Context()), data.rows, 1.0)
    ours = searched(comparison, data.names, (Kind.INSERT,), (Kind.DELETE,))
    assert {(e.source, e.target) for e in ours.edges() if e.is_directed} == expected
    assert {(e.source, e.target) for e in ours.edges() if e.is_undirected} == {(i, j) for i, j in lines if i < j}


# ---- comparisons


@given(st.floats(-1e6, 0.0))
def test_a_normal_value_has_the_p_value_it_comes_from(log_p):
    z = normal_value(log_p)
    assert tails.two_sided_normal(z) == pytest.approx(log_p, rel=1e-9, abs=1e-12)
    if log_p > -600:
        assert z == pytest.approx(stats.norm.isf(math.exp(log_p) / 2), rel=1e-9, abs=1e-12)


class Fixed:
    """Answers all questions alike."""

    name, deepest, variables = "fixed", None, 2

    def __init__(self, r, n, effect=math.nan):
        self.r, self.n, self.effect = r, n, effect

    def answers(self, x, y, given):
        out = Answers.empty(len(x))
        out.log_p[:] = tails.two_sided_normal(math.sqrt(self.n - 3) * math.atanh(self.r))
        out.n[:], out.effect[:] = self.n, self.effect
        return out


def gain_of(test, rows, penalty=1.0, **more):
    comparison = ByTest(test, rows, penalty, **more)
    comparison.prepare([(0, 1, 0)], "", Context())
    return comparison.gain(0, 1, 0)


def test_a_gain_is_the_criterion_of_as_many_rows_as_there_are():
    assert gain_of(Fixed(0.1, 500), 500) == pytest.approx(500 * information(0.1) - math.log(500) / 2)
    # A fifth of the rows shows a fifth, at the same price, and is worth as much a row.
    few = 5 * (100 * information(0.5) - math.log(500) / 2)
    assert gain_of(Fixed(0.5, 100), 500) == pytest.approx(few)
    assert gain_of(Fixed(0.5, 100), 500, penalty=2.0) == pytest.approx(few - 5 * math.log(500) / 2)
    # The p-value is that of 100 rows at 0.5, the effect says 0.25: more rows must have been behind it.
    rows = 100 * information(0.5) / information(0.25)
    expected = 500 * information(0.25) - math.log(500) / 2 * 500 / rows
    assert gain_of(Fixed(0.5, 100, 0.25), 500) == pytest.approx(expected)
    assert gain_of(Fixed(0.5, 100, information(0.25)), 500, in_nats=True) == pytest.approx(expected)


@given(st.floats(0.001, 0.9), st.integers(20, 10**4), st.integers(1, 50), st.floats(0.1, 4.0))
def test_what_gains_is_decided_by_the_evidence_alone(r, n, more, penalty):
    evidence = n * information(math.tanh(math.atanh(r)))
    cost = penalty * math.log(n * more) / 2
    assume(abs(evidence - cost) > 1e-6)
    for effect in (math.nan, 0.5, 0.0):
        assert (gain_of(Fixed(r, n, effect), n * more, penalty) > 0) == (evidence > cost)


# ---- whatever the answers


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.integers(2, 7), st.data())
def test_contradictory_answers_still_give_a_valid_cpdag_that_obeys(seed, p, data):
    names = [f"v{i}" for i in range(p)]
    arrow = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda a: a[0] != a[1])
    forbidden = tuple(data.draw(st.lists(arrow, max_size=4)))
    required = tuple((u, v) for u, v in data.draw(st.lists(arrow, max_size=2)) if u < v and (u, v) not in forbidden)
    comparison = ByTest(Contradictory(names, seed), 100, 1.0)
    known = Knowledge(forbidden=forbidden, required=required)
    found = searched(comparison, names, ORDER, most=3, knowledge=known)
    assert problems(found) == []
    assert all(question[2].bit_count() <= 3 for question in comparison.known)
    assert all(found.is_directed(found.index(u), found.index(v)) for u, v in required)
    for u, v in forbidden:
        u, v = found.index(u), found.index(v)
        assert not found.has_edge(u, v) or found.is_directed(v, u)


def test_tiers_direct_what_data_alone_cannot():
    dag = Graph.parse("a --> b --> c", GraphKind.DAG)
    test = Population(dag, np.random.default_rng(0))
    found = searched(ByTest(test, test.ROWS, 1.0), dag.names, ORDER, knowledge=Knowledge(tiers=(("a",), ("b", "c"))))
    assert str(found) == "a --> b; b --> c"


def failed(dag, rows, share, seed=0):
    """Return data of a linear Gaussian model, with a share of zeros."""
    rng = np.random.default_rng(seed)
    values = np.zeros((rows, len(dag)))
    for v in range(len(dag)):
        values[:, v] = 0.9 * values[:, dag.parents(v)].sum(axis=1) + rng.standard_normal(rows)
    return Dataset.from_array(values * (rng.random(values.shape) > share), dag.names)


def run(data, **options):
    chosen = dropout.Options(search=dropout.Search.GES, transform=Transform.NONE, **options)
    return dropout.run(data, chosen, TestChoice(), Knowledge(), Context())


DAG = Graph.parse("a --> c; b --> c; c --> d; d --> e", GraphKind.DAG, "abcde")


def test_rows_left_out_lead_to_the_true_cpdag_with_evidence():
    result = run(failed(DAG, 4000, 0.4))
    assert str(result.graph) == str(cpdag_of(DAG))
    edge = {(e.source, e.target): e.attributes for e in result.graph.edges()}[2, 3]
    assert 0 < edge["p_value"] < 1e-10 or edge["p_value"] == 0
    assert edge["n"] <= 4000
    z = math.sqrt(2 * math.log(4000)) + stats.norm.ppf(0.8)
    assert edge["detectable"] == pytest.approx(math.tanh(z / math.sqrt(edge["n"] - 3)), rel=1e-6)
    separated = {(s.x, s.y): s.given for s in result.separations}
    assert separated["a", "b"] == ()
    assert separated["a", "d"] == ("c",)
    assert result.provenance["options"]["search"] == "ges"


def test_thin_comparisons_neither_make_nor_remove_edges():
    data = failed(DAG, 400, 0.5)
    result = run(data, min_rows=390)
    # Nothing but the empty set has the rows: edges between nodes without others, and no deletion.
    assert {len(s.given) for s in result.separations} <= {0}
    assert any(n.code == "insufficient-data" for n in result.warnings)
    for e in result.graph.edges():
        assert e.attributes["n"] == 400


class Thin:
    """A test that has no answer given anything."""

    name, deepest, variables = "thin", None, 3

    def answers(self, x, y, given):
        out = Answers.empty(len(x))
        out.log_p[:], out.n[:] = -50.0, 100
        if given.shape[1]:
            out.log_p[:], out.verdict[:] = 0.0, Verdict.INSUFFICIENT
        return out


def test_edges_say_how_many_comparisons_had_too_few_rows():
    comparison = ByTest(Thin(), 100, 1.0)
    graph, found = _ges.search(comparison, ("a", "b", "c"), None, NOTHING_KNOWN.bind("abc"), Context())
    dropout.annotate(graph, found, comparison.critical)
    edges = {(graph.names[e.source], graph.names[e.target]): e.attributes for e in graph.edges()}
    # The third edge needs a comparison given something: nothing speaks for it, nothing against the other two.
    assert edges.keys() == {("a", "b"), ("a", "c")}
    assert found.undecided.thin


def test_a_price_that_no_evidence_pays_leaves_no_edge():
    assert str(run(failed(DAG, 300, 0.3), penalty=1e6).graph) == ""


def test_column_order_changes_nothing():
    data = failed(DAG, 300, 0.3)
    one, other = run(data), run(data.select("ebdac"))
    assert str(one.graph) == str(other.graph.reordered(one.graph.nodes))
    assert (list(one.separations), one.warnings) == (list(other.separations), other.warnings)


def test_out_of_time_leaves_a_valid_graph_and_says_so():
    data = failed(DAG, 300, 0.3)
    test = citests.build(TestChoice("fisherz"), data, Context())

    class Slow:
        name, deepest, variables, asked = "slow", None, 5, 0

        def answers(self, x, y, given):
            if given.shape[1]:
                time.sleep(0.2)
            return test.answers(x, y, given)

    context = Context(deadline=time.monotonic() + 0.1)
    graph, _ = _ges.search(ByTest(Slow(), 300, 1.0), data.names, None, NOTHING_KNOWN.bind(data.names), context)
    assert problems(graph) == []
    assert graph.edge_count() >= 1
    assert [n.code for n in context.warnings] == ["time-limit"]
    with pytest.raises(ComputationError, match="before the first edge"):
        _ges.search(ByTest(Slow(), 300, 1.0), data.names, None, NOTHING_KNOWN.bind(data.names), Context(deadline=0.0))
