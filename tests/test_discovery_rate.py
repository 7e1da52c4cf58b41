"""The false discovery rate of a skeleton's edges."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.knowledge import Knowledge
from causaldisc.search.discovery_rate import Correction, threshold
from causaldisc.simulate import dag


def rejected(p_values, rate, correction):
    """Return the rejected p-values of the step-up procedure, by its definition."""
    m = len(p_values)
    factor = sum(1 / i for i in range(1, m + 1)) if correction is Correction.BY else 1
    ordered = sorted(p_values)
    count = max((k for k in range(1, m + 1) if ordered[k - 1] <= k * rate / (m * factor) * (1 + 1e-12)), default=0)
    return ordered[:count]


@example([0.25, 0.25, 0.3828125], 0.3828125, Correction.BH)
@given(st.lists(st.floats(1e-12, 1), min_size=1, max_size=60), st.floats(0.01, 0.4), st.sampled_from(Correction))
def test_threshold_rejects_what_the_step_up_procedure_does(p_values, rate, correction):
    small = [p for p in p_values if p <= rate]
    largest = threshold(np.log(np.array(small)), len(p_values), rate, correction)
    assert largest <= math.log(rate) + 2e-12
    assert sorted(p for p in small if math.log(p) <= largest) == rejected(p_values, rate, correction)


def learn(data, **options):
    return pc.run(data, pc.Options(**options), TestChoice("fisherz"), Knowledge(), Context())


def test_pruned_edges_have_a_separating_set_and_colliders_follow():
    made = dag.generate(dag.Options(nodes=30, degree=3, rows=300), np.random.default_rng(4))
    plain, pruned = learn(made.data, alpha=0.05), learn(made.data, alpha=0.05, fdr=Correction.BH)
    edges = {(e.source, e.target) for e in pruned.graph.edges()}
    assert pruned.graph.edge_count() < plain.graph.edge_count()
    assert all(pruned.graph.has_edge(u, v) and plain.graph.has_edge(u, v) for u, v in edges)
    assert len(pruned.separations) + len(edges) == 30 * 29 // 2
    before = {(s.x, s.y): s for s in plain.separations}
    weakest = {
        tuple(sorted((plain.graph.names[e.source], plain.graph.names[e.target]))): e.attributes["p_value"]
        for e in plain.graph.edges()
    }
    for s in pruned.separations:
        assert s == before.get((s.x, s.y), s)
        assert (s.x, s.y) in before or s.p_value == weakest[s.x, s.y]
    assert pruned.provenance["options"]["fdr"] == "bh"


def test_required_edges_stay():
    data = Dataset.from_array(np.random.default_rng(0).standard_normal((100, 4)), ["a", "b", "c", "d"])
    known = Knowledge(required=(("a", "b"),))
    result = pc.run(data, pc.Options(fdr=Correction.BY), TestChoice(), known, Context())
    assert str(result.graph) == "a --> b"


@pytest.mark.parametrize("correction", Correction)
def test_the_share_of_false_edges_stays_below_the_rate(correction):
    """40 sparse models of 40 variables; the mean share of false edges, less three standard errors, is within 0.1."""
    shares, plain = [], []
    for seed in range(40):
        made = dag.generate(dag.Options(nodes=40, degree=1, rows=400), np.random.default_rng(seed))
        for kept, options in ((shares, {"fdr": correction}), (plain, {})):
            graph = learn(made.data, alpha=0.1, **options).graph
            truth = made.truth.reordered(graph.names)
            false = [e for e in graph.edges() if not truth.has_edge(e.source, e.target)]
            kept.append(len(false) / max(graph.edge_count(), 1))
    error = np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert np.mean(shares) - 3 * error < 0.1
    assert np.mean(plain) > 0.2
