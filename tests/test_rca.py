"""Root causes: each method against hand, a slow twin or its promise, on whatever may come."""

from dataclasses import replace
from itertools import permutations

import networkx as nx
import numpy as np
import pytest
import rca as benchmark
from hypothesis import given, settings
from hypothesis import strategies as st

from causaldisc import registry
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.knowledge import Knowledge
from causaldisc.rca import change_point, deviation, known, links, regression, scoring
from causaldisc.rca.case import Case, Direction
from causaldisc.rca.levels import Level
from causaldisc.rca.links import Link
from causaldisc.rca.methods import base, run
from causaldisc.rca.walk import back_to_causes, ranks
from causaldisc.simulate import faults

CHAIN = (Link(0, 1, (1,)), Link(1, 2, (1,)))


def case(values, start, arrows=(), **more):
    values = np.atleast_2d(np.asarray(values, float))
    names = tuple("abcdefghij"[: len(values)])
    return Case(names, values, np.zeros(values.shape[1], int), start, tuple(arrows), **more)


def chain(rng, shift, at, rows=600, start=400):
    """a -> b -> c, each a row later; `shift` is added to one of them from the start on."""
    x = rng.standard_normal((3, rows))
    x[0] *= 0.5
    for t in range(1, rows):
        for v in range(3):
            if v:
                x[v, t] = 0.8 * x[v - 1, t - 1] + 0.3 * x[v, t]
            if v == at and t >= start:
                x[v, t] += shift
    return x


# ---- deviation


def test_a_deviation_is_counted_in_interquartile_ranges():
    z = deviation.deviations(np.array([[0.0, 1, 2, 3, 4, 10, -4]]), 5)  # median 2, quartiles 1 and 3
    assert z.tolist() == [[4.0, -3.0]]


@given(st.floats(1e-6, 1e9), st.floats(-1e6, 1e6))
def test_scores_have_no_units_even_of_columns_without_spread(factor, offset):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 60))
    x[1, :40], x[2] = 0.0, np.where(np.arange(60) < 40, 5.0, 5.0 + rng.random(60))
    there = deviation.scores(case(x, 40))
    assert deviation.scores(case(x * factor, 40)) == pytest.approx(there, rel=1e-6)
    if abs(offset) < 1e3 * factor:
        assert deviation.scores(case((x + 1.0) * factor, 40)) == pytest.approx(there, rel=1e-6)


def test_a_column_without_spread_deviates_by_ten_at_most():
    x = np.zeros((2, 30))
    x[0, 20:], x[1, 20:] = 1e-7, 1e9
    assert deviation.scores(case(x, 20)).tolist() == [10.0, 10.0]


def test_a_fifth_of_faulty_rows_among_the_normal_ones_moves_medians_little():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((20, 500))
    x[:, 300:] += 8.0
    right, late = (deviation.scores(case(x, start)) for start in (300, 360))
    assert (late > 0.6 * right).all()
    mean, sd = x[:, :360].mean(axis=1), x[:, :360].std(axis=1)
    assert ((x[:, 360:].max(axis=1) - mean) / sd < 0.4 * 10.0).all()  # what means and standard deviations would say


def test_direction_and_lasting():
    x = np.zeros((1, 140))
    x[0, :100] = np.arange(100) % 5
    x[0, 100:] = np.where(np.arange(40) < 20, -8.0, 2.0)
    x[0, 105:108] = 12.0
    scores = {
        (d, share): deviation.scores(case(x, 100, direction=d, lasting=share))[0]
        for d in Direction
        for share in (0.0, 0.25)
    }
    assert scores[Direction.UP, 0.0] == 5.0  # three rows of 12
    assert scores[Direction.UP, 0.25] == 0.0  # which do not last
    assert scores[Direction.DOWN, 0.25] == scores[Direction.BOTH, 0.25] == 5.0


def test_one_row_is_no_deviation():
    x = np.zeros((1, 60))
    x[0, :50] = np.arange(50) % 5
    x[0, 50:] = 2.0
    x[0, 55] = 1e6
    assert deviation.scores(case(x, 50, lasting=0.0)) == [0.0]


# ---- residuals


def test_what_its_cause_accounts_for_is_no_residual():
    x = chain(np.random.default_rng(2), 6.0, at=0)
    score = base.get("residual").scores(case(x, 400, CHAIN))
    plain = base.get("robust").scores(case(x, 400))
    assert plain.min() > 2.0
    assert score[0] == pytest.approx(plain[0])
    assert score[1:].max() < 1.5
    assert np.argmax(base.get("residual").scores(case(chain(np.random.default_rng(2), 6.0, at=1), 400, CHAIN))) == 1


def test_residuals_equal_those_of_bayesian_regression_by_hand():
    rng = np.random.default_rng(3)
    x = chain(rng, 2.0, at=1)
    left = regression.residuals(case(x, 400, [Link(0, 2, (1, 2))]))[2]
    z = (x - np.median(x[:, :400], axis=1)[:, None]) / np.subtract(*np.percentile(x[:, :400], [75, 25], axis=1))[
        :, None
    ]
    rows = np.arange(2, 600)
    design, y = np.column_stack([z[0, rows - 1], z[0, rows - 2]]), z[2, rows]

    def fit(use):
        mean, level = design[use].mean(axis=0), y[use].mean()
        inverse = np.linalg.inv((design[use] - mean).T @ (design[use] - mean) + np.eye(2))
        return design @ (b := inverse @ (design[use] - mean).T @ (y[use] - level)) + level - mean @ b, mean, inverse

    use = rows < 400
    first = y - fit(use)[0]
    quarter, middle, three = np.percentile(first[use], [25, 50, 75])
    use &= np.abs(first - middle) <= 3 * (three - quarter)
    predicted, mean, inverse = fit(use)
    quarter, middle, three = np.percentile((y - predicted)[use], [25, 50, 75])
    width = np.sqrt(1 + np.array([v @ inverse @ v for v in design - mean]))
    expected = (y - predicted - middle) / ((three - quarter) * width)
    assert left == pytest.approx(expected[rows >= 400])


def test_a_cause_that_never_varied_before_may_account_for_an_effect():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((2, 300))
    x[0, :200], x[1, 200:] = 0.0, x[1, 200:] + 20.0
    x[0, 200:] = 1.0
    alone, with_cause = (base.get("residual").scores(case(x, 200, a))[1] for a in ((), (Link(0, 1, (1,)),)))
    assert with_cause < alone / 5


def test_no_lag_reaches_over_a_gap():
    x = chain(np.random.default_rng(5), 0.0, at=0, rows=100)
    parts = np.repeat([0, 1], 50)
    left = regression.residuals(replace(case(x, 60, CHAIN), parts=parts))
    assert not np.isnan(left).any()
    left = regression.residuals(replace(case(x, 50, CHAIN), parts=parts))
    assert np.isnan(left[1:, 0]).all()


# ---- walks


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(0.1, 3)), max_size=20), st.integers(0, 5))
@settings(max_examples=30)
def test_the_walk_is_pagerank_of_the_reversed_graph(edges, start):
    pairs = {(u, v): w for u, v, w in edges if u != v}
    graph = nx.DiGraph()
    graph.add_nodes_from(range(6))
    graph.add_weighted_edges_from((v, u, w) for (u, v), w in pairs.items())
    v = np.ones(6)
    v[start] = 4.0
    expected = nx.pagerank(graph, personalization=dict(enumerate(v)), tol=1e-13, max_iter=1000)
    found = back_to_causes(6, [Link(*pair, (1,)) for pair in pairs], list(pairs.values()), v)
    assert found == pytest.approx([expected[i] for i in range(6)], abs=1e-9)


def test_equal_scores_share_their_rank():
    assert ranks(np.array([1.0, 3, 1, 1, 7])).tolist() == [4, 2, 4, 4, 1]
    assert ranks(np.array([0.1 + 0.2, 0.3])).tolist() == [1.5, 1.5]
    assert ranks(np.zeros(3)).tolist() == [2, 2, 2]


# ---- RUN


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30))
def test_only_edges_on_cycles_are_cut_until_there_is_none(pairs):
    arrows = tuple(Link(u, v, (1,)) for u, v in sorted(pairs) if u != v)
    weight = np.random.default_rng(0).random((7, 7))
    kept = run.acyclic(arrows, weight)
    assert nx.is_directed_acyclic_graph(nx.DiGraph([(k.cause, k.effect) for k in kept]))
    whole = nx.DiGraph([(k.cause, k.effect) for k in arrows])
    component = {v: i for i, c in enumerate(nx.strongly_connected_components(whole)) for v in c}
    assert all(component[k.cause] == component[k.effect] for k in set(arrows) - set(kept))


def test_run_ranks_the_root_of_a_chain_first_and_the_release_ranks_all_alike():
    x = chain(np.random.default_rng(6), 0.0, at=0)
    x = np.vstack([x, x[2] + np.random.default_rng(7).standard_normal(600)])  # d, beside the chain: a cycle with c
    arrows = (*CHAIN, Link(2, 3, (1,)), Link(3, 2, (1,)))
    found = ranks(base.get("run").scores(case(x, 400, arrows)))
    assert found.tolist().index(1.0) == 0
    graph = Graph("abcd", GraphKind.LAGGED)
    for arrow in arrows:
        graph.add_edge(arrow.cause, arrow.effect, Mark.TAIL, Mark.ARROW, 1)
    without_loops = benchmark.literal(case(x, 400, CHAIN), graph)
    assert ranks(without_loops)[:3].tolist() == [4, 3, 1]  # the root last, after d, which is alone: defect 8
    for v in range(4):
        graph.add_edge(v, v, Mark.TAIL, Mark.ARROW, 1)
    assert ranks(benchmark.literal(case(x, 400, arrows), graph)).tolist() == [2.5] * 4  # defects 1 and 2


# ---- change points


@pytest.mark.parametrize("persistence", [0.0, 0.7])
def test_a_change_of_some_metrics_is_found(persistence):
    off = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((20, 400))
        for t in range(1, 400):
            x[:, t] += persistence * x[:, t - 1]
        x[:3, 250:] += 3.0 * np.sqrt(1 / (1 - persistence**2))
        x[rng.integers(20, size=8), rng.integers(400, size=8)] = 1e4
        x[rng.random(x.shape) < 0.01] = np.nan
        off.append(abs(change_point.find(x, 20)[0] - 250))
    assert np.mean(np.array(off) <= 2) >= 0.95


def test_reductions_equal_least_squares():
    rng = np.random.default_rng(9)
    x = rng.standard_normal(60)
    known = rng.random(60) < 0.8
    z = np.where(known, x - x[known].mean(), 0.0)
    places = np.arange(10, 51)
    for found, shapes in zip(change_point._reductions(z, known, places), ((0,), (1,), (0, 1))):
        for place, less in zip(places, found):
            t = np.arange(60)
            basis = np.column_stack([np.ones(60), *([t >= place, np.maximum(t - place, 0)][i] for i in shapes)])[known]
            left = z[known] - basis @ np.linalg.lstsq(basis, z[known], rcond=None)[0]
            assert less == pytest.approx(z @ z - left @ left)


def test_the_begin_of_a_leak_is_found():
    off = []
    for seed in range(20):
        x = np.random.default_rng(seed).standard_normal((10, 400))
        x[0, 250:] += 0.1 * np.arange(150)
        off.append(abs(change_point.find(x, 20)[0] - 250))
    assert np.mean(np.array(off) <= 15) >= 0.9


@pytest.mark.parametrize("persistence", [0.0, 0.7])
def test_nothing_is_found_where_nothing_changes(persistence):
    found = []
    for seed in range(40):
        x = np.random.default_rng(seed).standard_normal((5, 400))
        for t in range(1, 400):
            x[:, t] += persistence * x[:, t - 1]
        found.append(change_point.find(x, 20)[1] > 0)
    assert np.mean(found) <= 0.05
    assert change_point.find(np.ones((2, 50)), 20)[1] == 0.0


# ---- what may come


def odd_cases():
    rng = np.random.default_rng(8)
    x = rng.standard_normal((4, 80))
    cyclic = (Link(0, 1, (0,)), Link(1, 0, (0,)), Link(1, 2, (1, 3)), Link(3, 1, (1,)))
    holes = x.copy()
    holes[rng.random(x.shape) < 0.3] = np.nan
    empty = x.copy()
    empty[0], empty[1, :50], empty[2, 50:] = np.nan, np.nan, np.nan
    short = case(x[:, :25], 20, cyclic)
    return {
        "plain": case(x, 50, cyclic),
        "no arrows": case(x, 50),
        "constant": case(np.ones((3, 40)), 30, CHAIN),
        "holes": case(holes, 50, cyclic, sli=2),
        "nothing on one side": case(empty, 50, cyclic, sli=0),
        "short": short,
        "large": case(x * 1e120, 50, cyclic),
        "one metric": case(x[:1], 50),
        "down": case(x, 50, cyclic, direction=Direction.DOWN, lasting=0.0),
    }


@pytest.mark.parametrize("name", base.names())
@pytest.mark.parametrize("kind", odd_cases())
def test_every_method_gives_a_finite_score_for_each_metric(name, kind):
    some = odd_cases()[kind]
    found = base.get(name).scores(some)
    assert found.shape == (len(some),)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


@pytest.mark.parametrize("name", base.names())
def test_ranks_do_not_depend_on_the_order_of_the_metrics_or_on_units(name):
    some = odd_cases()["plain"]
    order = [2, 0, 3, 1]
    arrows = tuple(
        sorted(
            (replace(k, cause=order.index(k.cause), effect=order.index(k.effect)) for k in some.links),
            key=lambda k: (k.cause, k.effect),
        )
    )
    other = replace(some, values=some.values[order] * np.array([[1e-6], [1.0], [1e9], [3.0]]), links=arrows)
    assert base.get(name).scores(other) == pytest.approx(base.get(name).scores(some)[order], rel=1e-6)


def test_methods_have_a_summary():
    for name in base.names():
        summary = registry.summary(base.PACKAGE, name)
        assert summary.startswith("Rank ")
        assert summary.endswith(".")
        assert len(summary) < 110


def test_an_unknown_method_is_a_usage_error():
    with pytest.raises(UsageError, match="unknown method 'x'; known: combined"):
        base.get("x")


# ---- arrows and what is known


def test_loops_are_no_arrows_and_lags_of_a_pair_are_joined():
    graph = Graph("ab", GraphKind.LAGGED)
    graph.add_edge(0, 0, Mark.TAIL, Mark.ARROW, 1)
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, 2, {"weight": -0.5})
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, 1, {"weight": 0.1})
    graph.add_edge(1, 0, Mark.TAIL, Mark.ARROW, 3, {"lags": "1,3"})
    assert links.of_graph(graph, [5, 2]) == (Link(2, 5, (1, 3)), Link(5, 2, (1, 2), 0.5))
    undirected = Graph.parse("a --- b")
    assert links.of_graph(undirected, [0, 1]) == (Link(0, 1, (0,)), Link(1, 0, (0,)))


def test_the_way_is_the_shortest():
    arrows = [
        Link(0, 1, (1,)),
        Link(1, 2, (1,)),
        Link(2, 3, (1,)),
        Link(0, 4, (1,)),
        Link(4, 3, (1,)),
        Link(3, 0, (1,)),
    ]
    assert links.way(arrows, 0, 3) == [0, 4, 3]
    assert links.way(arrows, 0, 0) == [0]
    assert links.way(arrows, 5, 0) == []


NAMES = ("web_cpu", "web_ms", "db_cpu", "db_ms", "lone")
ALL = tuple(Link(u, v, (1,)) for u, v in permutations(range(5), 2))


def test_services_knowledge_and_calls_alter_the_arrows():
    of = known.services(NAMES, "^(.*?)_")
    assert of == ("web", "web", "db", "db", "lone")
    assert known.services(NAMES, None) is None
    assert known.services(("a1", "a2"), "^.") == ("a", "a")
    fewer = known.with_knowledge(ALL, NAMES, Knowledge(forbidden=(("web", "db"), ("lone", "web_ms"))), of, 1)
    assert {(k.cause, k.effect) for k in ALL} - {(k.cause, k.effect) for k in fewer} == {
        (0, 2),
        (0, 3),
        (1, 2),
        (1, 3),
        (4, 1),
    }
    first = Knowledge(tiers=(("db",), ("web",)), causes=("db", "web_ms"))
    pairs = {(k.cause, k.effect) for k in known.with_knowledge(ALL, NAMES, first, of, 1)}
    assert pairs == {(u, v) for u in (2, 3) for v in range(5) if u != v} | {(1, 0), (1, 4)}
    more = known.with_knowledge((), NAMES, Knowledge(required=(("db_ms", "web_ms"),)), of, 2)
    assert more == (Link(3, 1, (2,)),)
    calls = Graph.parse("web; db; cache --> db", nodes=("web", "db"))
    kept = {(k.cause, k.effect) for k in known.with_calls(ALL, calls, of)}
    assert kept == {(0, 1), (1, 0), (2, 3), (3, 2)} | {p for p in permutations(range(5), 2) if 4 in p}
    with pytest.raises(DataError, match="no column 'dbx'"):
        known.with_knowledge((), NAMES, Knowledge(required=(("dbx", "web_ms"),)), of, 1)
    with pytest.raises(DataError, match="matches no metric"):
        known.services(NAMES, "zz")


# ---- scoring


@given(st.lists(st.integers(0, 2), min_size=1, max_size=5), st.integers(0, 1))
@settings(max_examples=40)
def test_ties_count_in_expectation(scores, unlisted):
    names = [f"m{i}" for i in range(len(scores) + unlisted)]
    rank = dict(zip(names, ranks(np.array(scores, float)).tolist()))
    for root in names:
        hits = np.zeros(5)
        orders = 0
        for order in permutations(range(len(names))):
            keys = [(-scores[i] if i < len(scores) else 1, order[i]) for i in range(len(names))]
            place = sorted(range(len(names)), key=lambda i, keys=keys: keys[i]).index(names.index(root))
            hits[place:] += 1
            orders += 1
        assert scoring.accuracy(rank, root, names) == pytest.approx(hits / orders)


def test_figures_of_metrics_and_services():
    services = {"a_1": "a", "a_2": "a", "b_1": "b", "b_2": "b", "c_1": "c", "c_2": "c", "c_3": "c", "c_4": "c"}
    truth = scoring.Truth("b_2", tuple(services), services)
    listed = {"a_1": 1.0, "b_1": 2.0, "b_2": 3.0}
    metrics, of_services = scoring.figures([(truth, Level.METRIC, listed)] * 2)
    assert [metrics[f"ac@{k}"] for k in range(1, 6)] == [0, 0, 1, 1, 1]
    assert metrics["chance"] == pytest.approx(3 / 8)
    assert metrics["lift"] == pytest.approx(0.6 / (3 / 8))
    assert of_services["avg@5"] == pytest.approx(0.8)
    assert of_services["chance"] == pytest.approx((1 / 3 + 2 / 3 + 3) / 5)
    (alone,) = scoring.figures([(truth, Level.SERVICE, {"b": 1.0})])
    assert (alone["level"], alone["avg@5"], alone["avg@5_se"]) == ("service", 1.0, None)


# ---- the whole


def test_the_default_finds_injected_faults_and_more_than_deviations_do():
    hits = {"combined": [], "robust": []}
    for seed in range(2000, 2012):
        made = faults.generate(faults.Options(services=5, rows=500), np.random.default_rng(seed))
        names = made.truth.names
        x = made.data.select(names).matrix()
        some = Case(names, x, np.zeros(500, int), 300, links.of_graph(made.truth, range(len(names))))
        root = made.facts["root"]
        for method, found in hits.items():
            rank = dict(zip(names, ranks(base.get(method).scores(some)).tolist()))
            found.append(np.mean(scoring.accuracy(rank, root, names)))
    assert np.mean(hits["combined"]) >= 0.9
    assert np.mean(hits["combined"]) > np.mean(hits["robust"])
