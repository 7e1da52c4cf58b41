"""Directions from independent changes: kernels against twins, calibration, invariances, and the procedure."""

import numpy as np
import published_embeddings
import pytest
import reference_changes as twins
from causaldisc._ext import trajectories
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from causaldisc.citests import _kernels
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.search import independent_change, variance_components
from causaldisc.search.changing_module import Trajectory, normal_scores, trajectory
from causaldisc.search.context_index import ContextKind, domain_index, smooth_index
from causaldisc.search.independent_change import Dependence, dependence
from causaldisc.search.mechanisms import Mechanisms
from causaldisc.search.orient_changes import Outcome, judge, orient_changes

SEEDS = st.integers(0, 2**32 - 1)


def symmetric(rng, points):
    matrix = rng.standard_normal((points, points))
    return matrix + matrix.T


# ---- kernels


@given(SEEDS, st.integers(1, 9), st.integers(0, 5))
def test_sums_over_permutations_are_those_of_loops(seed, points, draws):
    rng = np.random.default_rng(seed)
    a, b = symmetric(rng, points), symmetric(rng, points)
    orders = np.array([rng.permutation(points) for _ in range(draws)], np.int32).reshape(draws, points)
    assert np.allclose(trajectories.permuted(a, b, orders), twins.permuted(a, b, orders))


@given(SEEDS, st.integers(1, 7), st.integers(1, 5), st.integers(0, 3), st.integers(0, 4))
def test_sums_over_signs_are_those_of_loops(seed, points, functions, features, draws):
    rng = np.random.default_rng(seed)
    arguments = (
        symmetric(rng, points),
        rng.standard_normal((points, functions)),
        rng.standard_normal((functions, features)),
        rng.choice([-1.0, 1.0], (draws, functions)),
        0.3,
    )
    assert np.allclose(trajectories.flipped(*arguments), twins.flipped(*arguments))


@pytest.mark.parametrize(
    "order",
    [np.array([[0, 3]], np.int32), np.array([[-1, 0]], np.int32), np.array([[0]], np.int32)],
)
def test_orders_that_do_not_fit_are_refused(order):
    with pytest.raises(ValueError, match=r"out of range|do not match"):
        trajectories.permuted(np.eye(2), np.eye(2), order)


def test_signs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not match"):
        trajectories.flipped(np.eye(2), np.eye(2), np.eye(2), np.ones((1, 3)), 1.0)


# ---- regression


@given(SEEDS, st.integers(8, 30))
def test_evidence_is_the_density_of_the_response(seed, rows):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(rows), rng.standard_normal((rows, 4))])
    response = design @ rng.standard_normal(5) + rng.standard_normal(rows)
    groups, relative = np.array([variance_components.FLAT, 0, 0, 1, 1]), np.array([1.0, 1.0, 0.5, 1.0, 2.0])
    moments = variance_components.Moments.of(design, response, np.ones(rows))
    found = variance_components.fit(moments, groups, relative)
    prior = np.concatenate([[1e6], found.variances[groups[1:]] * relative[1:]])
    covariance = design @ np.diag(prior) @ design.T + found.noise * np.eye(rows)
    density = stats.multivariate_normal(np.zeros(rows), covariance).logpdf(response)
    assert found.log_evidence == pytest.approx(density + 0.5 * rows * np.log(2 * np.pi), rel=1e-6, abs=1e-5)
    mean = np.diag(prior) @ design.T @ np.linalg.solve(covariance, response)
    assert np.allclose(found.coefficients, mean, atol=1e-5)


@given(SEEDS)
def test_a_coefficient_without_variance_is_none(seed):
    rng = np.random.default_rng(seed)
    design, response = rng.standard_normal((20, 4)), rng.standard_normal(20)
    groups = np.array([0, 0, 1, 1])
    moments = variance_components.Moments.of(design, response, np.ones(20))
    found = variance_components.fit(moments, groups, np.array([1.0, 0.0, 1.0, 1.0]))
    few = variance_components.Moments.of(design[:, [0, 2, 3]], response, np.ones(20))
    alone = variance_components.fit(few, groups[[0, 2, 3]], np.ones(3))
    assert found.coefficients[1] == 0.0
    assert np.allclose(found.coefficients[[0, 2, 3]], alone.coefficients)
    assert found.log_evidence == pytest.approx(alone.log_evidence)


def test_normal_scores_are_close_to_normal_quantiles():
    values = np.random.default_rng(0).standard_normal(500)
    exact = stats.norm.ppf((stats.rankdata(values) - 0.5) / 500)
    assert np.abs(normal_scores(values) - exact).max() < 4.6e-4


@pytest.mark.parametrize("kind", ["location", "weight", "scale"])
def test_a_trajectory_follows_what_changes(kind):
    rng = np.random.default_rng(5)
    codes, driver = np.repeat(np.arange(30), 60), rng.standard_normal(30)
    x, e = rng.standard_normal((2, len(codes)))
    y = {
        "location": np.sin(x) + driver[codes] + 0.5 * e,
        "weight": (1 + 0.5 * driver[codes]) * x + 0.5 * e,
        "scale": np.sin(x) + np.exp(0.5 * driver[codes]) * e,
    }[kind]
    index = domain_index(codes)
    features = trajectory([y], [x], index).at(index.places)
    place = {"location": 0, "weight": 1, "scale": -1}[kind]
    assert np.argmax(features.var(axis=0)) == place % features.shape[1]
    assert abs(np.corrcoef(features[:, place], driver)[0, 1]) > 0.97


# ---- embeddings


def random_kernels(seed, rows):
    rng = np.random.default_rng(seed)
    kernels = [_kernels.Kernel(rng.standard_normal((rows, 1)), np.empty((rows, 0), np.int32), ()) for _ in range(3)]
    return rng, kernels, [k.rows_of(np.arange(rows)) for k in kernels]


@settings(max_examples=30)
@given(SEEDS, st.integers(4, 25), st.floats(0.05, 3.0))
def test_embeddings_of_low_rank_are_the_published_ones(seed, rows, ridge):
    _, kernels, (kx, ky, kc) = random_kernels(seed, rows)
    gx, gy, gc = (k.factor(1e-12) for k in kernels)
    found = published_embeddings.conditional(gx, gy, kc, gc, ridge)
    exact = twins.conditional_embedding(kx, ky, kc, ridge)
    assert np.allclose(found @ found.T, exact, atol=1e-5 * exact.max())
    found = published_embeddings.marginal(gy, kc, gc, ridge)
    exact = twins.marginal_embedding(ky, kc, ridge)
    assert np.allclose(found @ found.T, exact, atol=1e-5 * exact.max())


@settings(max_examples=30)
@given(SEEDS, st.lists(st.integers(1, 9), min_size=2, max_size=5), st.floats(0.05, 3.0))
def test_embeddings_of_domains_are_sums_over_blocks(seed, sizes, ridge):
    codes = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    _, kernels, (kx, ky, _) = random_kernels(seed, len(codes))
    indicators = (codes[:, None] == np.arange(len(sizes))).astype(float)
    gx, gy = (k.factor(1e-12) for k in kernels[:2])
    found = published_embeddings.conditional(gx, gy, indicators.T.copy(), indicators, ridge)
    exact = twins.delta_embedding(kx, ky, codes, ridge)
    assert np.allclose(found @ found.T, exact, atol=1e-5 * exact.max())


@pytest.mark.parametrize("sizes", [(300, 150), (1, 1, 200), (1,) * 12])
def test_published_scores_are_finite_for_any_domains(sizes):
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    x = rng.standard_normal(len(codes)) + codes
    y = np.sin(x) + rng.standard_normal(len(codes))
    fx, fy, fc = _kernels.feature_of_numbers(x), _kernels.feature_of_numbers(y), _kernels.feature_of_codes(codes)
    assert 0.0 <= published_embeddings.score(fx, fy, fc) < 1.0


# ---- the test


def share_below(alpha, one, draws):
    return np.mean([one(np.random.default_rng(s)) <= alpha for s in range(draws)])


def test_independent_changes_of_domains_are_called_dependent_as_often_as_alpha_says():
    index = domain_index(np.repeat(np.arange(12), 10))

    def p_value(rng):
        return dependence(*(Trajectory(rng.standard_normal((12, 3))) for _ in range(2)), index).p_value

    assert 0.02 <= share_below(0.05, p_value, 400) <= 0.08  # 0.05, and three standard errors


def test_independent_smooth_changes_are_called_dependent_as_often_as_alpha_says(monkeypatch):
    monkeypatch.setattr(independent_change, "DRAWS", 199)
    index = smooth_index(np.arange(500.0))

    def p_value(rng):
        slow = np.sqrt(index.spectra[1])[:, None]
        return dependence(
            *(Trajectory(slow * rng.standard_normal((index.functions, 2))) for _ in range(2)), index
        ).p_value

    assert 0.02 <= share_below(0.05, p_value, 400) <= 0.08


def test_two_straight_trends_are_no_evidence():
    # Nearly all of a trend is one frequency, of which the sign is all there is: a permutation would say p = 0.001.
    index = smooth_index(np.arange(500.0))
    trend = np.linalg.lstsq(index.basis, np.linspace(-2, 2, 500), rcond=None)[0][:, None]
    found = dependence(Trajectory(trend), Trajectory(-trend), index)
    assert found.score > 0.99
    assert found.p_value > 0.05


def test_the_same_change_is_called_dependent():
    rng = np.random.default_rng(0)
    for index in (domain_index(np.repeat(np.arange(10), 10)), smooth_index(np.arange(500.0))):
        same = Trajectory(rng.standard_normal((index.functions, 2)))
        found = dependence(same, same, index)
        assert found.score == pytest.approx(1.0)
        assert found.p_value <= 0.002
        assert found.z > 5


def test_what_does_not_change_is_said_to_be_unseen():
    index = domain_index(np.repeat(np.arange(10), 10))
    moving = Trajectory(np.random.default_rng(0).standard_normal((10, 2)))
    found = dependence(moving, Trajectory(np.full((10, 2), 3.0)), index)
    assert not found.is_seen
    assert found.p_value == 1.0


# ---- pairs


def domain_pair(seed, domains=20, shared=False, sizes=None):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(domains), 50 if sizes is None else sizes)
    u, v = rng.standard_normal((2, domains))
    e, g = rng.standard_normal((2, len(codes)))
    x = np.exp(0.6 * u[codes]) * e
    y = np.tanh(x) + 0.4 * np.exp(0.6 * (u if shared else v)[codes]) * g
    return x, y, codes


def open_graph(*names, edges):
    graph = Graph(names, GraphKind.CPDAG)
    for u, v in edges:
        graph.add_edge(u, v, Mark.TAIL, Mark.TAIL)
    return graph


def judged(x, y, codes):
    bound = Mechanisms(("x", "y"), [[x], [y]], ContextKind.DOMAIN, codes)
    return judge(open_graph("x", "y", edges=[(0, 1)]), bound, 0, 1)


def test_pairs_of_independent_changes_point_from_cause_to_effect():
    found = [judged(*domain_pair(seed)) for seed in range(20)]
    assert sum(j.cause == 0 for j in found) >= 12
    assert sum(j.cause == 1 for j in found) <= 1


def test_pairs_of_one_driver_stay_undirected():
    found = [judged(*domain_pair(seed, shared=True)) for seed in range(20)]
    assert sum(j.outcome is Outcome.ORIENTED for j in found) <= 1
    assert sum(j.outcome is Outcome.BOTH_DEPENDENT for j in found) >= 15


def test_labels_of_domains_and_order_of_rows_do_not_matter():
    x, y, codes = domain_pair(3)
    before = judged(x, y, codes)
    rng = np.random.default_rng(9)
    relabelled = judged(x, y, rng.permutation(1000)[codes])
    order = rng.permutation(len(x))
    shuffled = judged(x[order], y[order], codes[order])
    for after in (relabelled, shuffled):
        assert after.forward.p_value == before.forward.p_value
        assert after.backward.p_value == before.backward.p_value
        assert after.forward.score == pytest.approx(before.forward.score, abs=1e-6)


def test_equal_seeds_give_equal_judgements_and_other_units_the_same_directions():
    x, y, codes = domain_pair(4)
    assert judged(x, y, codes) == judged(x, y, codes)
    assert judged(1e6 * x - 3, -1e-6 * y, codes).cause == judged(x, y, codes).cause


@pytest.mark.parametrize("sizes", [[1] * 20, [1] * 10 + [100] * 10, [2] * 19 + [900]])
def test_domains_of_any_size_give_finite_scores(sizes):
    found = judged(*domain_pair(1, sizes=sizes))
    for way in (found.forward, found.backward):
        assert np.isfinite([way.score, way.z, way.p_value]).all()
        assert 0.0 <= way.score <= 1.0 + 1e-9
        assert 0.0 < way.p_value <= 1.0


def test_few_domains_are_left_undecided():
    assert judged(*domain_pair(1, domains=4)).outcome is Outcome.UNSEEN


def test_rows_with_a_missing_cell_are_left_out():
    x, y, codes = domain_pair(6)
    gone = np.random.default_rng(0).random(len(x)) < 0.1
    with_holes = x.copy()
    with_holes[gone] = np.nan
    assert judged(with_holes, y, codes) == judged(x[~gone], y[~gone], codes[~gone])


def test_categories_and_groups_are_variables_too():
    rng = np.random.default_rng(2)
    codes, u = np.repeat(np.arange(15), 60), rng.standard_normal(15)
    category = np.digitize(rng.standard_normal(len(codes)) + u[codes], [-0.5, 0.5]).astype(np.int32)
    group = [category + rng.standard_normal(len(codes)), rng.standard_normal(len(codes))]
    bound = Mechanisms(("category", "group"), [[category], group], ContextKind.DOMAIN, codes)
    found = judge(open_graph("category", "group", edges=[(0, 1)]), bound, 0, 1)
    assert np.isfinite([found.forward.score, found.backward.score]).all()


# ---- the procedure, with answers given


class Answers:
    """Stands in for mechanisms: says which directions look dependent."""

    def __init__(self, names, right):
        self.names, self.right, self.asked = tuple(names), right, []

    def dependence(self, cause, effect, given, parents):
        self.asked.append((cause, effect, tuple(sorted(given)), tuple(sorted(parents))))
        independent = (cause, effect) in self.right
        return Dependence(0.1, 0.0, 0.6, True) if independent else Dependence(0.9, 5.0, 0.001, True)


def test_meeks_rules_follow_each_arrow():
    graph = open_graph("a", "b", "c", edges=[(0, 1), (1, 2)])
    answers = Answers("abc", {(0, 1), (2, 1), (1, 2)})  # both directions of b --- c look independent
    orient_changes(graph, answers, (0, 1, 2))
    assert str(graph) == "a --> b; b --> c"


def test_no_arrow_forces_a_collider_that_separations_denied():
    graph = open_graph("a", "b", "c", edges=[(0, 1), (1, 2)])
    found = orient_changes(graph, Answers("abc", {(0, 1), (2, 1)}), (0, 1, 2))
    assert str(graph) == "a --> b; b --> c"
    assert found[0].outcome is Outcome.ORIENTED


def test_no_arrow_closes_a_cycle():
    graph = open_graph("a", "b", "c", edges=[(0, 1), (1, 2), (0, 2)])
    orient_changes(graph, Answers("abc", {(0, 1), (1, 2), (2, 0)}), (0, 1, 2))
    assert sum(edge.is_directed for edge in graph.edges()) == 3
    assert any(not graph.parents(v) for v in range(3))


def test_only_edges_between_changing_nodes_are_judged():
    graph = open_graph("a", "b", "c", edges=[(0, 1), (1, 2)])
    answers = Answers("abc", {(0, 1)})
    found = orient_changes(graph, answers, (0, 1))
    assert [(j.x, j.y) for j in found] == [(0, 1)]


def test_common_neighbours_are_tried_as_common_causes_and_parents_always_count():
    graph = open_graph("a", "b", "c", "d", edges=[(0, 1), (0, 2), (1, 2)])
    graph.add_edge(3, 1, Mark.TAIL, Mark.ARROW)
    answers = Answers("abcd", set())
    judge(graph, answers, 0, 1)
    assert (0, 1, (), (3,)) in answers.asked
    assert (0, 1, (2,), (2, 3)) in answers.asked
    assert (1, 0, (2, 3), (2,)) in answers.asked


def test_a_context_node_is_no_cause_that_is_conditioned_on():
    graph = open_graph("a", "b", "time", edges=[(0, 1)])
    for v in (0, 1):
        graph.add_edge(2, v, Mark.TAIL, Mark.ARROW)
    answers = Answers("ab", {(0, 1)})
    orient_changes(graph, answers, (0, 1))
    assert graph.is_directed(0, 1)
    assert all(given == () == parents for _, _, given, parents in answers.asked)


@pytest.mark.parametrize(
    ("forward", "backward", "outcome"),
    [
        (0.6, 0.6, Outcome.BOTH_INDEPENDENT),
        (0.01, 0.02, Outcome.BOTH_DEPENDENT),
        (0.1, 0.02, Outcome.UNCLEAR),
        (0.5, 0.02, Outcome.ORIENTED),
    ],
)
def test_outcomes(forward, backward, outcome):
    class Fixed(Answers):
        def dependence(self, cause, effect, given, parents):
            return Dependence(0.5, 1.0, forward if cause == 0 else backward, True)

    found = judge(open_graph("a", "b", edges=[(0, 1)]), Fixed("ab", set()), 0, 1, alpha=0.05)
    assert found.outcome is outcome
    assert (found.cause, found.effect) == ((0, 1) if outcome is Outcome.ORIENTED else (None, None))


def test_the_order_of_columns_does_not_matter():
    rng = np.random.default_rng(7)
    codes, drivers = np.repeat(np.arange(20), 40), rng.standard_normal((3, 20))
    e = rng.standard_normal((3, len(codes)))
    a = np.exp(0.6 * drivers[0][codes]) * e[0]
    b = np.tanh(a) + 0.4 * np.exp(0.6 * drivers[1][codes]) * e[1]
    c = b + a + 0.4 * np.exp(0.6 * drivers[2][codes]) * e[2]
    columns, found = {"a": a, "b": b, "c": c}, []
    for names in ("abc", "cab", "bca"):
        bound = Mechanisms(tuple(names), [[columns[n]] for n in names], ContextKind.DOMAIN, codes)
        graph = open_graph(*names, edges=[(0, 1), (0, 2), (1, 2)])
        judgements = orient_changes(graph, bound, range(3))
        evidence = {}
        for j in judgements:
            evidence[names[j.x], names[j.y]], evidence[names[j.y], names[j.x]] = j.forward, j.backward
        arrows = {(names[e.source], names[e.target]) for e in graph.edges() if e.is_directed}
        found.append((arrows, evidence))
    assert found[0] == found[1] == found[2]
    assert ("b", "a") not in found[0][0]


def test_a_direction_that_makes_the_data_less_likely_is_not_committed():
    class Unlikely(Answers):
        def dependence(self, cause, effect, given, parents):
            return Dependence(0.5, 1.0, *((0.6, True, -10.0) if cause == 0 else (0.001, True, 10.0)))

    assert judge(open_graph("a", "b", edges=[(0, 1)]), Unlikely("ab", set()), 0, 1).outcome is Outcome.UNLIKELY


def test_a_mechanism_that_hardly_changes_is_no_sign_of_independence():
    class Hardly(Answers):
        def dependence(self, cause, effect, given, parents):
            return Dependence(0.5, 1.0, *((0.6, True, 0.0, 0.05) if cause == 0 else (0.001, True, 0.0, 2.0)))

    assert judge(open_graph("a", "b", edges=[(0, 1)]), Hardly("ab", set()), 0, 1).outcome is Outcome.UNSEEN
