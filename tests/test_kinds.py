"""The rule that gives columns their kinds, and what --types may change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.data.cells import Cells, Rules
from causaldisc.data.dataset import Column, ColumnKind
from causaldisc.data.kinds import MOST_LEVELS, ROWS_PER_LEVEL, make_column
from causaldisc.distinct import distinct, numbered

RULES = Rules("x", "f.csv", lambda row: f"line {row + 2}", ("",))


def of_numbers(values: list[float], kind: ColumnKind | None = None, is_time: bool = False) -> Column:
    return make_column(Cells(np.array(values, np.float64), is_time=is_time), kind, RULES)


def of_text(words: str, kind: ColumnKind | None = None) -> Column:
    levels = tuple(sorted(set(words) - {"-"}))
    codes = np.array([levels.index(w) if w != "-" else -1 for w in words], np.int32)
    return make_column(Cells(codes=codes, levels=levels), kind, RULES)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 1] * 5, "binary"),
        ([0.0, 1.0, float("nan")] * 5, "binary"),
        ([0, 1] * 4 + [0], "count"),
        ([5, 7, 9] * 5, "discrete"),
        ([-1, 0, 1] * 5, "discrete"),
        ([*range(10)] * 5, "discrete"),
        ([*range(10)] * 4, "count"),
        ([*range(11)] * 50, "count"),
        ([*range(-1, 10)] * 50, "continuous"),
        ([0.5, 1] * 50, "continuous"),
        ([7] * 50, "count"),
        ([float("nan")] * 50, "continuous"),
        ([0, 1] * 5000 + [0.5], "continuous"),
        ([0, 1] * 5000 + [2], "discrete"),
        ([0, 1] * 5000 + [*range(2, 20)], "count"),
        ([1e15, 2e15] * 5, "binary"),
    ],
)
def test_numbers(values: list[float], kind: str) -> None:
    assert of_numbers(values).kind.value == kind


@pytest.mark.parametrize(("words", "kind"), [("ab-ba", "binary"), ("aaa", "binary"), ("abc", "discrete")])
def test_text(words: str, kind: str) -> None:
    column = of_text(words)
    assert column.kind.value == kind
    assert column.values is None


def test_times_are_times_even_if_whole_and_few() -> None:
    assert of_numbers([0, 60] * 50, is_time=True).kind is ColumnKind.TIME


def test_levels_are_ordered_by_size_and_codes_point_at_them() -> None:
    column = of_numbers([10, 9, float("nan"), -1] * 5)
    assert column.levels == ("-1", "9", "10")
    assert column.codes is not None
    assert column.codes[:4].tolist() == [2, 1, -1, 0]


def test_the_users_word_counts() -> None:
    assert of_numbers([0, 1] * 5, ColumnKind.CONTINUOUS).codes is None
    assert of_numbers([0.5, 1.5], ColumnKind.DISCRETE).levels == ("0.5", "1.5")
    assert of_numbers([0, 1] * 5, ColumnKind.COUNT).kind is ColumnKind.COUNT
    assert of_numbers([1, 2, 3], ColumnKind.TIME).kind is ColumnKind.TIME


def test_context_of_text_gets_numbers() -> None:
    column = of_text("ba-b", ColumnKind.CONTEXT)
    assert column.kind is ColumnKind.CONTEXT
    assert column.levels == ("a", "b")
    assert column.values is not None
    np.testing.assert_array_equal(column.values, [1, 0, np.nan, 1])


@given(st.lists(st.one_of(st.integers(-3, 12).map(float), st.just(float("nan"))), min_size=1, max_size=120))
def test_the_rule_as_its_documentation_says_it(values: list[float]) -> None:
    present = [v for v in values if v == v]
    different = len(set(present))
    if 2 <= different <= MOST_LEVELS and len(present) >= ROWS_PER_LEVEL * different:
        expected = "binary" if different == 2 else "discrete"
    else:
        expected = "count" if present and min(present) >= 0 else "continuous"
    column = of_numbers(values)
    assert column.kind.value == expected
    if column.codes is not None:
        decoded = [float(column.levels[c]) if c >= 0 else None for c in column.codes]
        assert decoded == [v if v == v else None for v in values]


@given(st.lists(st.integers(-5, 5)))
def test_distinct_values_are_those_of_a_set(values):
    array = np.array(values, np.float64)
    assert distinct(array).tolist() == sorted(set(values))
    levels, codes = numbered(array)
    assert levels[codes].tolist() == values
