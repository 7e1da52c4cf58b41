"""What `describe` tells about data."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causaldisc import citests
from causaldisc.citests import _costs
from causaldisc.context import Context
from causaldisc.data.correlation import correlation
from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column, discrete_column
from causaldisc.data.dependence import find_dependences
from causaldisc.data.report import describe, most_tests

RNG = np.random.default_rng(0)
A, B, C, D = RNG.normal(size=(4, 200))
GROUP = RNG.integers(0, 4, 200)
HOLES = np.where(np.arange(200) % 10 == 0, np.nan, 0.0)


def dataset(**columns: np.ndarray | Column) -> Dataset:
    made = [c if isinstance(c, Column) else continuous_column(n, c) for n, c in columns.items()]
    return Dataset(tuple(made), 200)


def text(name: str, words: list[str], kind: ColumnKind = ColumnKind.DISCRETE) -> Column:
    levels = tuple(sorted(set(words)))
    return Column(name, kind, None, np.array([levels.index(w) for w in words], np.int32), levels)


@pytest.mark.parametrize(
    ("columns", "formulas"),
    [
        ({"a": A, "b": B, "c": A + 2 * B}, ["c = a + 2 b"]),
        ({"a": A, "b": B, "c": C}, []),
        ({"a": A, "b": -A}, ["b = -a"]),
        ({"f": 32 + 1.8 * A, "c": A}, ["c = 0.555556 f - 17.7778"]),
        ({"a": A, "b": B, "c": A + B, "d": C, "e": A + B + C}, ["c = a + b", "e = c + d"]),
        ({"a": A, "b": B, "c": A + B, "d": C + A + B, "e": C}, ["c = a + b", "e = -c + d"]),
        ({"a": A, "b": B, "mean": (A + B) / 2, "gap": A - B}, ["mean = 0.5 a + 0.5 b", "gap = a - b"]),
        ({f"g{i}": (i == GROUP) * 1.0 for i in range(4)}, ["g3 = -g0 - g1 - g2 + 1"]),
        ({"a": A, "tiny": 1e-9 * A + 1e-9 * B, "b": 1e9 * B}, ["b = -1e+09 a + 1e+18 tiny"]),
        ({"a": A, "b": B, "c": A + B + 1e-4 * C}, []),
        ({"a": A + HOLES, "b": B, "c": A + B}, ["c = a + b"]),
        ({"a": A, "one": A * 0 + 3, "c": A + 3}, ["c = a + 3"]),
        ({"a": 1e8 + A, "b": B, "c": 1e8 + A + B}, ["c = a + b"]),
    ],
)
def test_dependences_by_name(columns: dict[str, np.ndarray], formulas: list[str]) -> None:
    found = describe(dataset(**columns)).dependences
    assert [str(d) for d in found] == formulas


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), free=st.integers(2, 5), dependent=st.integers(1, 3))
def test_every_planted_dependence_is_found_and_no_other(seed: int, free: int, dependent: int) -> None:
    rng = np.random.default_rng(seed)
    basis = rng.normal(size=(free, 60))
    weights = rng.integers(-3, 4, size=(dependent, free)).astype(float)
    weights[np.count_nonzero(weights, axis=1) == 0, 0] = 1.0
    data = np.vstack([basis, weights @ basis])
    names = [f"v{i}" for i in range(len(data))]
    found = find_dependences(names, data, correlation(data, tuple(names)))
    assert [d.column for d in found] == names[free:]
    for dependence, plain in zip(found, weights):
        total = sum(c * data[names.index(n)] for n, c in dependence.terms) + dependence.constant
        np.testing.assert_allclose(total, data[names.index(dependence.column)], atol=1e-7)
        assert len(dependence.terms) <= np.count_nonzero(plain)
        others = [n for n, _ in dependence.terms]
        for fewer in combinations(others, len(others) - 1):
            kept = np.array([data[names.index(n)] for n in fewer] + [np.ones(60)]).T
            target = data[names.index(dependence.column)]
            residual = target - kept @ np.linalg.lstsq(kept, target, rcond=None)[0]
            assert np.std(residual) > 1e-6 * np.std(target)


def test_dependences_are_not_looked_for_in_too_few_rows() -> None:
    report = describe(Dataset.from_array(RNG.normal(size=(5, 4))))
    assert report.dependences == ()
    assert report.dependences_note == "not looked for, as 5 complete rows fit any 4 columns of numbers"
    holes = describe(dataset(a=A + HOLES, b=B))
    assert holes.dependences_note == "looked for in the 180 rows without missing numbers"


def test_identical_constant_and_missing_columns() -> None:
    zero = np.where(A > 0, 0.0, A)
    report = describe(
        dataset(
            a=A, k=A * 0 + 2, b=A.copy(), gone=A * np.nan, z=zero, y=np.where(A > 0, -0.0, A),
            m=A + HOLES, n=A + HOLES, s=text("s", ["u", "v"] * 100), t=text("t", ["u", "v"] * 100),
            w=text("w", ["x", "y"] * 100),
        )
    )  # fmt: skip
    assert report.identical == (("a", "b"), ("z", "y"), ("m", "n"), ("s", "t"))
    assert report.constant == ("k",)
    assert report.all_missing == ("gone",)
    assert report.complete_rows == 0


def test_columns_in_numbers() -> None:
    values = np.array([0.0, 0.0, 1.0, 3.0, np.nan])
    word = Column("w", ColumnKind.DISCRETE, None, np.array([1, 1, 0, 2, -1], np.int32), ("0", "p", "q"))
    report = describe(Dataset((continuous_column("x", values), discrete_column("d", values), word), 5))
    x, d, w = report.columns
    assert (x.kind, x.missing, x.zeros, x.different, x.min, x.max, x.mean) == ("continuous", 1, 2, 3, 0, 3, 1)
    assert x.sd == pytest.approx(np.sqrt(2))
    assert x.levels == ()
    assert d.levels == (("0", 2), ("1", 1), ("3", 1))
    assert (w.missing, w.zeros, w.different, w.min, w.levels[0]) == (1, 1, 3, None, ("p", 2))
    assert report.complete_rows == 4


def test_report_is_strict_json() -> None:
    columns = dataset(a=A, b=2 * A, gone=A * np.nan, w=text("w", ["u", "v"] * 100))
    content = json.loads(json.dumps(describe(columns).as_dict(), allow_nan=False))
    assert content["rows"] == 200
    assert content["dependences"] == [{"column": "b", "terms": {"a": 2.0}, "constant": 0.0, "formula": "b = 2 a"}]
    assert content["columns"][3]["levels"] == {"u": 100, "v": 100}
    assert content["columns"][2]["mean"] is None


def test_most_tests_counts_pairs_and_sets() -> None:
    for variables in range(2, 7):
        for depth in range(4):
            others = range(variables - 2)
            pairs = len(list(combinations(range(variables), 2)))
            assert most_tests(variables, depth) == pairs * len(list(combinations(others, depth)))
    assert describe(Dataset.from_array(RNG.normal(size=(50, 4)))).tests_by_depth == (6, 12, 6, 0)


def test_costs_name_every_test_and_go_as_deep_as_columns_allow():
    rng = np.random.default_rng(0)
    data = Dataset.from_array(rng.standard_normal((60, 3)))
    costs = _costs.measure(data, citests.TestChoice(), Context())
    assert [cost.test for cost in costs] == list(citests.names())
    taken = {cost.test: cost for cost in costs if cost.reason is None}
    assert {"fisherz", "kci", "gcm"} <= set(taken)
    assert all(len(cost.seconds) == 2 and min(cost.seconds) > 0 for cost in taken.values())
    refused = {cost.test: cost.reason for cost in costs if cost.reason is not None}
    assert "needs discrete columns" in refused["gsq"]


def test_costs_stop_at_what_takes_too_long(monkeypatch):
    monkeypatch.setattr(_costs, "TOO_LONG", 0.0)
    data = Dataset.from_array(np.random.default_rng(0).standard_normal((60, 3)))
    assert all(
        len(cost.seconds) == 1 for cost in _costs.measure(data, citests.TestChoice(), Context()) if not cost.reason
    )
