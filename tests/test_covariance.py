"""A covariance matrix in place of the rows."""

import numpy as np
import pytest

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data import covariance, reading
from causaldisc.data.reading import ReadOptions
from causaldisc.errors import DataError, UsageError
from causaldisc.knowledge import Knowledge

NAMES = ("a", "b", "c", "d", "e")


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(5)
    mixing = np.eye(5) + np.triu(rng.standard_normal((5, 5)), 1)
    return rng.standard_normal((400, 5)) @ mixing * [1, 10, 0.1, 1000, 1] + 7


def write(path, matrix, names=NAMES, labels=False, triangle=None):
    def cell(i, j):
        left_out = {"lower": j > i, "upper": j < i, None: False}[triangle]
        return "" if left_out else repr(float(matrix[i, j]))

    lines = [",".join([*(["name"] if labels else []), *names])]
    for i in range(len(names)):
        lines.append(",".join([*([names[i]] if labels else []), *(cell(i, j) for j in range(len(names)))]))
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def graph(data):
    return pc.run(data, pc.Options(), TestChoice(), Knowledge(), Context())


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("triangle", [None, "lower", "upper"])
@pytest.mark.parametrize("what", [np.cov, np.corrcoef])
def test_the_matrix_gives_what_its_rows_give(values, tmp_path, labels, triangle, what):
    path = write(tmp_path / "m.csv", what(values.T), labels=labels, triangle=triangle)
    rows = tmp_path / "rows.csv"
    np.savetxt(rows, values, delimiter=",", header=",".join(NAMES), comments="", fmt="%.17g")
    of_matrix, of_rows = graph(covariance.read(path, 400, ReadOptions())), graph(reading.read(str(rows)))
    assert str(of_matrix.graph) == str(of_rows.graph)
    assert of_matrix.separations == of_rows.separations
    assert of_matrix.provenance["data"]["rows"] == 400


def test_columns_can_be_chosen(values, tmp_path):
    path = write(tmp_path / "m.csv", np.cov(values.T))
    data = covariance.read(path, 400, ReadOptions(columns="d,a,b"))
    assert data.names == ("d", "a", "b")
    assert data.correlation == pytest.approx(np.corrcoef(values[:, [3, 0, 1]].T))


def test_other_tests_need_the_rows(values, tmp_path):
    data = covariance.read(write(tmp_path / "m.csv", np.cov(values.T)), 400, ReadOptions())
    with pytest.raises(DataError, match="gsq needs the rows; correlations alone serve fisherz only"):
        citests.build(TestChoice("gsq"), data, Context())


def test_a_matrix_that_no_data_have_is_warned_of(tmp_path):
    matrix = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    data = covariance.read(write(tmp_path / "m.csv", matrix, "abc"), 100, ReadOptions())
    assert [n.code for n in data.notices] == ["not-semidefinite"]


def changed(matrix, i, j, value, both=True):
    matrix = matrix.copy()
    matrix[i, j] = value
    if both:
        matrix[j, i] = value
    return matrix


def test_what_is_no_covariance_matrix_is_refused_in_a_sentence(values, tmp_path):
    good = np.corrcoef(values.T)
    for matrix, sentence in (
        (changed(good, 1, 2, 0.123, both=False), "the matrix is not symmetric: 0.123 for 'b' and 'c'"),
        (changed(good, 1, 2, np.nan), "the cell of 'b' and 'c' is missing"),
        (changed(good, 3, 3, -1.0), "the cell of 'd' and 'd' is a variance, and must be positive"),
        (changed(good, 0, 4, 1.2), "'a' and 'e' would have a correlation of 1.2, beyond 1"),
    ):
        path = write(tmp_path / "m.csv", matrix)
        with pytest.raises(DataError, match=sentence):
            covariance.read(path.replace("nan", ""), 400, ReadOptions())
    (tmp_path / "long.csv").write_text("a,b\n1,0\n0,1\n1,1\n")
    with pytest.raises(DataError, match="has 2 columns and 3 rows, but a covariance matrix is square"):
        covariance.read(str(tmp_path / "long.csv"), 400, ReadOptions())
    (tmp_path / "text.csv").write_text("a,b\n1,x\n0,y\n")
    with pytest.raises(DataError, match="column 'b' holds text"):
        covariance.read(str(tmp_path / "text.csv"), 400, ReadOptions())
    path = write(tmp_path / "m.csv", good)
    with pytest.raises(UsageError, match="at least 4"):
        covariance.read(path, 3, ReadOptions())
    with pytest.raises(UsageError, match="--types has no meaning"):
        covariance.read(path, 300, ReadOptions(types="a=discrete"))
