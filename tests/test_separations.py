"""The pairs of a skeleton, their neighbours and what separated them: compact forms against plain ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import dags

from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice, _oracle
from causaldisc.citests.base import Neighbours
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.knowledge import Knowledge
from causaldisc.search import evidence, pairs, separations, skeleton


@given(st.integers(0, 10**6), st.integers(0, 12), st.booleans())
def test_neighbours_of_pairs_are_those_of_their_definition(seed, p, restricted):
    rng = np.random.default_rng(seed)
    mask = (rng.random((p, p)) < 0.5) & pairs.above_diagonal(p)
    forbidden = rng.random((p, p)) < 0.4
    found = Neighbours.of_pairs(pairs.marked(mask), p, forbidden if restricted else None)
    for v in range(p):
        either = [u for u in range(p) if mask[u, v] or mask[v, u]]
        assert found.of(v) == [u for u in either if not (restricted and forbidden[u, v])]


def test_pairs_out_of_order_are_refused():
    for wrong in ([[1, 0]], [[0, 3]], [[0, 2], [0, 1]], [[1, 2], [0, 1]], [[0, 1], [0, 1]]):
        with pytest.raises(ValueError, match="increasing order"):
            Neighbours.of_pairs(np.array(wrong, np.int32), 3)


@given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0, 1))
def test_marked_pairs_are_those_of_argwhere(seed, p, density):
    mask = np.random.default_rng(seed).random((p, p)) < density
    found = pairs.marked(mask)
    assert found.tolist() == np.argwhere(mask).tolist()
    assert found.flags.c_contiguous
    assert (np.diff(pairs.keys(found, p)) > 0).all()


@settings(max_examples=40)
@given(dags(min_nodes=2), st.sampled_from([1, 3, 1 << 18]))
def test_rows_and_triples_tell_the_same_story(dag, lot):
    """Every missing pair is listed once, in order, with a set that separates; triples and pairs agree with the list."""
    test = _oracle.DSeparation(dag)
    p = len(dag)
    found = skeleton.learn(test, 0.05, None, Knowledge().bind(dag.names), Context())
    before, separations.PAIRS_AT_ONCE = separations.PAIRS_AT_ONCE, lot
    try:
        rows = list(found.separations.rows())
    finally:
        separations.PAIRS_AT_ONCE = before
    listed = [(x, y) for x, y, *_ in rows]
    adjacent = set(map(tuple, found.pairs.tolist()))
    assert listed == [(x, y) for x in range(p) for y in range(x + 1, p) if (x, y) not in adjacent]
    assert len(found.separations) == len(rows)
    assert [row for row in rows if row[2]] == list(found.separations.rows(with_marginal=False))
    of_pair = {(x, y): (given_, log_p) for x, y, given_, log_p, _ in rows}
    triples = [(a, c, b) for a in range(p) for b in range(a + 1, p) for c in range(p) if c not in (a, b)]
    asked = np.array(triples, np.int32).reshape(-1, 3)
    inside, log_p = found.separations.of_triples(asked)
    for (a, c, b), is_inside, of_p in zip(triples, inside.tolist(), log_p.tolist(), strict=True):
        members, expected = of_pair.get((a, b), ([], -np.inf))
        assert (is_inside, of_p) == (c in members, expected)
    everything = pairs.marked(pairs.above_diagonal(p))
    assert found.separations.separated(everything).tolist() == [tuple(e) not in adjacent for e in everything.tolist()]


def test_too_many_marginal_separations_are_counted_instead_of_listed(monkeypatch):
    values = np.random.default_rng(2).standard_normal((300, 6))
    values[:, 1] += values[:, 0]
    values[:, 2] += values[:, 1]
    data = Dataset.from_array(values)
    whole = pc.run(data, pc.Options(alpha=0.01), TestChoice(), Knowledge(), Context())
    monkeypatch.setattr(evidence, "MOST_MARGINAL", 3)
    short = pc.run(data, pc.Options(alpha=0.01), TestChoice(), Knowledge(), Context())
    marginal = [s for s in whole.separations if not s.given]
    assert len(marginal) > 3
    assert list(short.separations) == [s for s in whole.separations if s.given]
    assert len(short.separations) == len(whole.separations) - len(marginal)
    assert short.provenance["separations_not_listed"] == len(marginal)
    assert "separations_not_listed" not in whole.provenance


@pytest.mark.parametrize("threads", [1, 3])
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 7, 17, 40, 300]), st.sampled_from([0.0, 0.02, 0.5, 1.0]))
@settings(max_examples=40)
def test_masks_and_pairs_say_the_same(threads, seed, nodes, share):
    mask = np.random.default_rng(seed).random((nodes, nodes)) < share
    above = ~np.tri(nodes, dtype=bool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "MANY_NODES", 0)
        assert pairs.unmarked(mask, threads).tolist() == np.argwhere(above & ~mask).tolist()
        assert pairs.marked(mask).tolist() == np.argwhere(mask).tolist()
        assert pairs.complement(mask.copy(), threads).tolist() == (above & ~mask).tolist()
