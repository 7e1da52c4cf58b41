"""A search that would take too long: a time limit, Ctrl-C, and what is left of the result."""

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.citests.base import Watch
from causaldisc.citests.fisherz import FisherZ, Options
from causaldisc.context import Context, OutOfTime
from causaldisc.data.correlation import correlation
from causaldisc.data.dataset import Dataset
from causaldisc.errors import ComputationError
from causaldisc.knowledge import Knowledge
from causaldisc.search import depths, skeleton, watching
from causaldisc.search.colliders import ColliderRule


def common_cause(p, rows=200):
    """Return columns that all depend on one hidden variable: no set separates any pair."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((rows, 1)) * 2 + rng.standard_normal((rows, p))
    return Dataset.from_array(values, [f"v{i:02}" for i in range(p)])


def test_out_of_time_leaves_the_result_of_a_smaller_depth():
    data = common_cause(60, 1000)
    context = Context(deadline=time.monotonic() + 0.5)
    started = time.monotonic()
    result = pc.run(data, pc.Options(), TestChoice(), Knowledge(), context)
    assert time.monotonic() - started < 3.0
    assert result.is_partial
    assert not pc.run(common_cause(5), pc.Options(), TestChoice(), Knowledge(), Context()).is_partial
    message = next(n.message for n in result.warnings if n.code == "time-limit")
    depth = int(message.split("--max-depth ")[1].split()[0].rstrip(","))
    assert message.endswith("colliders are those of --collider-rule sepset")
    assert depth >= 1
    small = pc.run(
        data, pc.Options(max_depth=depth, collider_rule=ColliderRule.SEPSET), TestChoice(), Knowledge(), Context()
    )
    assert result.graph == small.graph
    assert list(result.separations) == list(small.separations)


def test_out_of_time_for_colliders_judges_them_by_what_was_asked(monkeypatch):
    values = np.random.default_rng(3).standard_normal((500, 8)) @ (np.eye(8) + np.triu(np.full((8, 8), 0.4), 1))
    data = Dataset.from_array(values)
    real = depths.vote

    def vote(*arguments):
        if arguments[4] == 2:
            raise OutOfTime
        return real(*arguments)

    whole = pc.run(data, pc.Options(), TestChoice(), Knowledge(), Context())
    monkeypatch.setattr(depths, "vote", vote)
    result = pc.run(data, pc.Options(), TestChoice(), Knowledge(), Context())
    assert not whole.is_partial
    assert result.is_partial
    assert "separating sets of fewer than 2" in " ".join(n.message for n in result.warnings)
    assert {(s.x, s.y) for s in result.separations} == {(s.x, s.y) for s in whole.separations}


def test_without_time_for_all_pairs_there_is_no_result():
    with pytest.raises(ComputationError, match="time was up before all pairs"):
        pc.run(common_cause(5), pc.Options(), TestChoice(), Knowledge(), Context(deadline=time.monotonic()))


def test_a_single_pair_with_many_sets_can_be_stopped():
    """Sets of one pair alone take minutes; they end soon after they are told to."""
    p = 120
    data = common_cause(p)
    test = FisherZ(correlation(data.matrix(), data.names), data.rows, Options())
    found = skeleton.learn(test, 0.05, 1, Knowledge().bind(data.names), Context())
    pairs, scores = found.pairs[:1], found.weakest.scores[:1]
    context = Context(threads=2, deadline=time.monotonic() + 0.3)
    started = time.monotonic()
    with pytest.raises(OutOfTime):
        watching.watched(
            lambda watch: test.search(pairs, found.neighbours(), 8, -1e-9, scores, watch),
            np.full(1, 1e9),
            "depth 8",
            context,
        )
    assert time.monotonic() - started < 1.3


def test_a_depth_that_takes_long_is_announced_with_its_cost(monkeypatch):
    monkeypatch.setattr(depths, "WORTH_SAYING", 1e-6)
    told = []
    pc.run(common_cause(12), pc.Options(max_depth=2), TestChoice(), Knowledge(), Context(announce=told.append))
    assert len(told) == 2
    # 66 pairs with 45 sets of two others of ten, at each end
    assert told[1].startswith("depth 2 may need 5.9e+03 tests, about 0 seconds, as a variable still has 11 neighbours")
    assert "--max-depth 1 stops before it" in told[1]
    assert [depths._duration(s) for s in (5, 600, 1e4, 1e6, 1e9)] == [
        "about 5 seconds", "about 10 minutes", "about 2.78 hours", "about 11.6 days", "about 31.7 years"
    ]  # fmt: skip


def test_what_the_work_raises_comes_out():
    def work(watch):
        raise MemoryError

    with pytest.raises(MemoryError):
        watching.watched(work, np.ones(3), "depth 1", Context())


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=20), st.integers(1, 4))
def test_the_longest_work_comes_first_and_progress_is_told(seconds, threads):
    told = []

    def work(watch: Watch):
        watch.done[threads - 1] += len(seconds)
        return watch.order.tolist()

    context = Context(lambda done, total, stage: told.append((done, total, stage)), threads)
    order = watching.watched(work, np.array(seconds), "stage", context)
    assert sorted(order) == list(range(len(seconds)))
    assert all(seconds[i] > seconds[j] / 2 for i, j in pairwise(order))
    assert set(told) <= {(done, len(seconds), "stage") for done in (0, len(seconds))}
