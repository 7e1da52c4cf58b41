"""Columns of mostly zeros stand wherever dense ones do, with the same answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from causaldisc import citests
from causaldisc.algorithms import dropout, pc
from causaldisc.citests import TestChoice
from causaldisc.citests._transform import Transform, transformed
from causaldisc.context import Context
from causaldisc.data import writing
from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.data.domains import joined
from causaldisc.data.groups import grouped
from causaldisc.data.read_options import ReadOptions
from causaldisc.data.report import describe
from causaldisc.data.series import series_of
from causaldisc.data.sparse import SparseColumn
from causaldisc.data.validation import is_all_missing, is_constant, validate_for_analysis
from causaldisc.graph.formats import dump
from causaldisc.knowledge import Knowledge

CELLS = st.sampled_from([0.0, 0.0, 0.0, -0.0, 1.0, 2.5, -3.0, float("nan")])
VALUES = npst.arrays(np.float64, st.integers(1, 30), elements=CELLS)


def dense(values):
    return Column("a", ColumnKind.CONTINUOUS, values)


def sparse(values):
    return SparseColumn.of("a", ColumnKind.CONTINUOUS, values)


def assert_equal(one, other):
    assert (one.name, one.kind, one.codes, one.levels, one.is_group) == (
        other.name, other.kind, other.codes, other.levels, other.is_group,
    )  # fmt: skip
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.missing, other.missing)
    np.testing.assert_array_equal(one.zeros, other.zeros)
    np.testing.assert_array_equal(one.extremes, other.extremes)


@given(VALUES)
def test_values_zeros_and_missing_are_those_of_the_dense_column(values):
    column = sparse(values)
    assert_equal(column, dense(values))
    assert np.all(np.diff(column.places) > 0)
    assert np.all(column.numbers != 0)
    assert (is_constant(column), is_all_missing(column)) == (is_constant(dense(values)), is_all_missing(dense(values)))


@given(VALUES, st.data())
def test_taking_rows_keeps_their_cells(values, data):
    rows = data.draw(npst.arrays(np.bool_, len(values)))
    column = sparse(values).take(rows)
    np.testing.assert_array_equal(column.places, sparse(values[rows]).places)
    if rows.any():
        assert_equal(column, dense(values).take(rows))


@given(VALUES, st.sampled_from(Transform))
def test_transforms_are_those_of_the_dense_column(values, transform):
    values = np.abs(values)
    of_sparse, of_dense = (
        transformed(Dataset((c,), len(values)), transform).columns[0] for c in (sparse(values), dense(values))
    )
    assert isinstance(of_sparse, SparseColumn)
    np.testing.assert_allclose(of_sparse.values, of_dense.values, rtol=1e-6)


def both(rows=300, columns=4, share=0.4, seed=0):
    """Return the same data as sparse and as dense columns."""
    rng = np.random.default_rng(seed)
    values = np.exp(rng.standard_normal((rows, columns)) @ rng.standard_normal((columns, columns)) / 2)
    values[rng.random(values.shape) < share] = 0.0
    values = values.astype(np.float32).astype(np.float64)
    names = [f"g{i}" for i in range(columns)]
    kind = ColumnKind.CONTINUOUS
    return tuple(
        Dataset(tuple(make(n, kind, v) for n, v in zip(names, values.T)), rows) for make in (SparseColumn.of, Column)
    )


def test_the_matrix_and_what_is_written_are_the_same():
    of_sparse, of_dense = both()
    np.testing.assert_array_equal(of_sparse.matrix(), of_dense.matrix())
    assert b"".join(writing.to_csv(of_sparse)) == b"".join(writing.to_csv(of_dense))
    assert writing.to_parquet(of_sparse) == writing.to_parquet(of_dense)
    assert describe(of_sparse) == describe(of_dense)


def test_what_makes_new_columns_takes_them():
    of_sparse, of_dense = both()
    for change in (
        lambda data: joined([Dataset(data.columns, data.rows, source) for source in ("one.csv", "two.csv")]),
        lambda data: grouped(data, ("both=g0,g1",)),
        lambda data: Dataset((series_of([], [], data.rows).lagged(data.columns[0], 2),), data.rows),
        lambda data: validate_for_analysis(data, ReadOptions()),
    ):
        for one, other in zip(change(of_sparse).columns, change(of_dense).columns, strict=True):
            assert_equal(one, other)


@pytest.mark.parametrize("name", ["cubic", "fisherz", "spearman", "copula", "gcm", "kci", "rcit", "dg"])
def test_tests_answer_alike(name):
    answers = []
    for data in both():
        test = citests.build(TestChoice(name), data, Context())
        answers.append(citests.answer(test, 0, 1, (2,)))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("transform", ["none", "log1p", "rank"])
def test_searches_find_the_same_graph(transform):
    found = []
    for data in both():
        options = dropout.Options(transform=Transform(transform), max_depth=2, min_rows=20)
        found.append(dropout.run(data, options, TestChoice(), Knowledge(), Context()))
    assert str(found[0].graph) == str(found[1].graph)
    one, other = (pc.run(data, pc.Options(), TestChoice(), Knowledge(), Context()) for data in both())
    assert dump("json", one) == dump("json", other)


def test_a_constant_column_is_named():
    data = both()[0]
    constant = SparseColumn.of("k", ColumnKind.COUNT, np.zeros(data.rows))
    with pytest.raises(Exception, match=r"'k' \(always 0\)"):
        validate_for_analysis(Dataset((*data.columns, constant), data.rows), ReadOptions())
