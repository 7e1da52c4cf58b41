"""Skeletons identical to causal-learn's, computed here by both.

causal-learn goes on after the first separating set and keeps the union of all, so its colliders differ from PC's; an
edge goes in both as soon as one set separates, so the skeletons are the same.
"""

import numpy as np
import pytest
from causallearn.utils.cit import CIT
from causallearn.utils.PCUtils import SkeletonDiscovery

from causaldisc import citests
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.knowledge import Knowledge
from causaldisc.search import skeleton
from causaldisc.simulate import dag, discrete
from causaldisc.simulate import network as networks

ALPHA = 0.05


def pairs_of_causal_learn(values, name):
    found = SkeletonDiscovery.skeleton_discovery(
        values, ALPHA, CIT(values, name), stable=True, verbose=False, show_progress=False
    )
    marks = found.G.graph
    return [(i, j) for i in range(len(marks)) for j in range(i + 1, len(marks)) if marks[i, j] != 0]


def our_pairs(data, name):
    test = citests.build(TestChoice(name), data, Context())
    found = skeleton.learn(test, ALPHA, None, Knowledge().bind(data.names), Context())
    return list(map(tuple, found.pairs.tolist()))


@pytest.mark.parametrize("seed", range(5))
def test_linear_gaussian(seed):
    made = dag.generate(dag.Options(nodes=20, degree=3, rows=10000), np.random.default_rng(seed))
    assert our_pairs(made.data, "fisherz") == pairs_of_causal_learn(made.data.matrix().T.copy(), "fisherz")


@pytest.mark.parametrize("name", ["gsq", "chisq"])
@pytest.mark.parametrize("seed", range(3))
def test_random_discrete(seed, name):
    made = discrete.generate(discrete.Options(nodes=20, degree=3, rows=10000), np.random.default_rng(seed))
    assert our_pairs(made.data, name) == pairs_of_causal_learn(made.data.code_matrix().T.astype(float), name)


@pytest.mark.parametrize("name", ["gsq", "chisq"])
@pytest.mark.parametrize("model", ["asia", "sachs-discrete", "child", "alarm"])
def test_samples_of_known_networks(model, name):
    made = networks.generate(networks.Options(model=model, rows=10000), np.random.default_rng(1))
    varying = [c.name for c in made.data.columns if len(np.unique(c.codes)) > 1]
    data: Dataset = made.data.select(varying)
    assert our_pairs(data, name) == pairs_of_causal_learn(data.code_matrix().T.astype(float), name)
