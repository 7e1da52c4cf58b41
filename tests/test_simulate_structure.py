"""Random DAGs: acyclic by construction, of the degree asked for, and silent about the causal order."""

import numpy as np
import pytest

from causaldisc.errors import UsageError
from causaldisc.simulate._structure import Shape, StructureOptions, random_structure


def structure(seed=0, **options):
    return random_structure(StructureOptions(**options), np.random.default_rng(seed))


def edges(made):
    return [(u, v) for v, parents in enumerate(made.parents) for u in parents]


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("seed", range(5))
def test_parents_come_before_children(shape, seed):
    made = structure(seed, nodes=40, degree=5, shape=shape)
    place = {v: i for i, v in enumerate(made.order)}
    assert sorted(made.order) == list(range(40))
    assert len(edges(made)) > 40
    assert all(place[u] < place[v] for u, v in edges(made))


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("degree", [0.5, 2.0, 3.5])
def test_mean_degree_is_the_one_asked_for(shape, degree):
    nodes, runs = 200, 20
    degrees = [2 * len(edges(structure(seed, nodes=nodes, degree=degree, shape=shape))) / nodes for seed in range(runs)]
    # The number of edges of an Erdős–Rényi graph has variance below nodes * degree / 2; that of a scale-free
    # graph has less, but lacks what the first newcomers could not join.
    error = 2 / nodes * np.sqrt(nodes * degree / 2 / runs)
    assert abs(np.mean(degrees) - degree) < 4 * error + (0.05 if shape is Shape.SCALE_FREE else 0)


def test_erdos_renyi_degrees_are_binomial():
    nodes, degree = 1000, 4.0
    counts = np.bincount(np.array(edges(structure(nodes=nodes, degree=degree))).ravel(), minlength=nodes)
    # Mean and variance of a binomial with small probability agree; each has a standard error near 0.1 here.
    assert counts.mean() == pytest.approx(degree, abs=0.25)
    assert counts.var() == pytest.approx(degree, abs=0.7)


def test_scale_free_graphs_have_hubs_that_cause_and_few_parents():
    made = structure(nodes=1000, degree=4.0, shape=Shape.SCALE_FREE)
    children = np.bincount([u for u, _ in edges(made)], minlength=1000)
    assert children.max() > 40
    assert np.median(children) <= 2
    assert max(map(len, made.parents)) == 2


def test_numbers_do_not_betray_the_causal_order():
    forward = [u < v for seed in range(200) for u, v in edges(structure(seed, nodes=10, degree=3))]
    # Edges within one graph are not independent, so the error is that of about one edge in three.
    assert abs(np.mean(forward) - 0.5) < 4 * 0.5 / np.sqrt(len(forward) / 3)


@pytest.mark.parametrize("shape", Shape)
def test_max_parents_holds(shape):
    made = structure(nodes=50, degree=20, shape=shape, max_parents=3)
    assert max(map(len, made.parents)) == 3


@pytest.mark.parametrize("shape", Shape)
def test_degree_beyond_all_others_gives_the_complete_graph(shape):
    made = structure(nodes=6, degree=1000, shape=shape)
    assert len(edges(made)) == 15


def test_zero_degree_gives_no_edges_and_one_node_is_a_graph():
    assert edges(structure(nodes=10, degree=0)) == []
    assert structure(nodes=1).parents == ((),)


def test_ranges_are_checked():
    with pytest.raises(UsageError, match="--nodes must be at least 1, not 0"):
        StructureOptions(nodes=0)
