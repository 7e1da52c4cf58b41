"""Writing data: text that every CSV reader takes for the same cells, and Parquet."""

import csv
import gzip
import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.data import reading, writing
from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column
from causaldisc.errors import UsageError
from causaldisc.simulate import dag, discrete


def categories(name, codes, levels):
    return Column(name, ColumnKind.DISCRETE, None, np.array(codes, np.int32), tuple(levels))


def text(*columns):
    return writing.encode(Dataset(columns, len(columns[0].missing)), "-").decode()


MIXED = (
    continuous_column("x", np.array([1.0, np.nan, 0.1 + 0.2])),
    categories("say, what", [1, 0, -1], ['a "b"', "c"]),
)


def test_cells_are_quoted_where_they_must_be_and_missing_cells_are_empty():
    assert text(*MIXED) == 'x,"say, what"\n1,c\n,"a ""b"""\n0.30000000000000004,\n'


def test_blanks_at_the_ends_line_ends_and_empty_levels_are_quoted():
    assert text(categories("x", [0, 1, 2], ["", " a", "b\nc"]), categories("y", [0, 0, 0], ["d e"])) == (
        'x,y\n"",d e\n" a",d e\n"b\nc",d e\n'
    )


def test_a_missing_cell_of_an_only_column_is_no_empty_line():
    assert text(continuous_column("x", np.array([1.0, np.nan]))) == 'x\n1\n""\n'


def test_without_rows_the_header_stays():
    assert text(continuous_column("x", np.empty(0)), categories("y", [], ["a"])) == "x,y\n"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_floats_read_back_as_they_were(values):
    lines = text(continuous_column("x", np.array(values))).splitlines()[1:]
    assert [float(line) for line in lines] == values


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=2, max_size=6, unique=True))
def test_levels_read_back_as_they_were(levels):
    codes = list(range(len(levels))) * 2
    content = text(categories("x", codes, levels), categories("y", codes, levels))
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[1:] == [[levels[c]] * 2 for c in codes]


def test_chunks_join_without_seams(monkeypatch):
    data = Dataset.from_array(np.random.default_rng(0).normal(size=(100, 3)))
    whole = writing.encode(data, "-")
    monkeypatch.setattr(writing, "_CELLS_A_CHUNK", 21)
    assert len(list(writing.to_csv(data))) == 1 + 15
    assert writing.encode(data, "-") == whole


def test_suffixes_choose_the_format():
    data = Dataset(MIXED, 3)
    assert writing.encode(data, "a.tsv").startswith(b"x\tsay, what\n1\tc\n")
    assert gzip.decompress(writing.encode(data, "a.csv.gz")) == writing.encode(data, "a.csv")
    assert writing.encode(data, "a.csv.gz") == writing.encode(data, "b.csv.gz")
    assert writing.encode(data, "/dev/stdout") == writing.encode(data, "-") == writing.encode(data, "a.csv")
    with pytest.raises(UsageError, match=r"format of 'a\.xls'; end it in \.csv"):
        writing.encode(data, "a.xls")


def test_parquet_keeps_numbers_categories_and_missing_cells():
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(writing.encode(Dataset(MIXED, 3), "a.parquet")))
    assert table.to_pydict() == {"x": [1.0, None, 0.1 + 0.2], "say, what": ["c", 'a "b"', None]}


def cells(column):
    return column.values if column.codes is None else column.codes


MADE = {
    "linear": dag.generate(dag.Options(nodes=6, rows=300), np.random.default_rng(0)).data,
    "discrete": discrete.generate(discrete.Options(nodes=6, rows=300, concentration=5), np.random.default_rng(0)).data,
}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet"])
@pytest.mark.parametrize("name", MADE)
def test_simulated_data_read_back_as_they_were(tmp_path, name, suffix):
    path = tmp_path / f"made{suffix}"
    path.write_bytes(writing.encode(MADE[name], path.name))
    read = reading.read(str(path))
    assert (read.names, read.rows, read.notices) == (MADE[name].names, 300, ())
    for before, after in zip(MADE[name].columns, read.columns, strict=True):
        assert (before.kind, before.levels) == (after.kind, after.levels)
        assert np.array_equal(cells(before), cells(after))


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_writing_does_not_wait_for_pandas(name):
    code = f"""
import sys
import numpy as np
from causaldisc.data import writing
from causaldisc.data.dataset import Dataset
writing.encode(Dataset.from_array(np.ones((2, 2)), discrete=True), {name!r})
writing.encode(Dataset.from_array(np.ones((2, 2))), {name!r})
sys.exit("pandas" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
