"""Files read a chunk at a time give what they give when read whole."""

import bz2
import gzip
import io
import json
import lzma
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from causaldisc.cli.main import main
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from causaldisc.context import Context
from causaldisc.data import pieces, reading, streaming
from causaldisc.data.moments import Moments
from causaldisc.data.reading import ReadOptions
from causaldisc.errors import DataError, UsageError

NAMES = ("a", "b", "c", "d")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Cut files of a few kilobytes as if they were large."""
    monkeypatch.setattr(pieces, "HEAD", 1 << 10)
    monkeypatch.setattr(pieces, "_READ", 1 << 9)


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(11)
    mixing = np.eye(4) + np.triu(rng.standard_normal((4, 4)), 1)
    return rng.standard_normal((1000, 4)) @ mixing * [1, 1e-3, 1e4, 1] + [0, 5, 1e6, -3]


def text(values, separator=",", end="\n", names=NAMES):
    lines = [separator.join(names), *(separator.join(f"{v:.17g}" for v in row) for row in values)]
    return end.join(lines) + end


def stream(path, rows=50, context=None, **options):
    return streaming.read(str(path), rows, ReadOptions(**options), context or Context())


def assert_same(path, rows=50, **options):
    """Hold a stream against the correlations of all complete rows of the ordinary reader."""
    found, whole = stream(path, rows, **options), reading.read(str(path), ReadOptions(**options))
    matrix = whole.matrix()
    complete = matrix[:, ~np.isnan(matrix).any(axis=0)]
    assert found.names == whole.names
    assert found.rows == complete.shape[1]
    assert found.sha256 == whole.sha256
    assert np.allclose(found.correlation, np.corrcoef(complete), rtol=1e-12, atol=1e-14)
    return found


# ---- sums


def exact(rows):
    """Means and products of deviations in exact arithmetic, rounded once."""
    columns = [[Fraction(v) for v in column] for column in zip(*rows, strict=True)]
    means = [sum(column) / len(column) for column in columns]
    apart = [[v - mean for v in column] for column, mean in zip(columns, means, strict=True)]
    products = [[float(sum(x * y for x, y in zip(u, v, strict=True))) for v in apart] for u in apart]
    return np.array([float(mean) for mean in means]), np.array(products)


@given(
    arrays.arrays(float, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.floats(-1e6, 1e6)),
    st.lists(st.integers(0, 30), max_size=6),
)
def test_blocks_add_up_to_exact_sums(rows, cuts):
    sums = Moments(rows.shape[1])
    for block in np.split(rows, sorted(min(cut, len(rows)) for cut in cuts)):
        sums.add(np.array(block.T))
    means, products = exact(rows.tolist())
    scale = np.sqrt(np.diag(products))
    assert sums.rows == len(rows)
    assert np.allclose(sums.mean, means, rtol=1e-13, atol=1e-13 * np.abs(rows).max(axis=0))
    # Beside a rounding error of the deviations, one of the values, which the deviations may be smaller than.
    slack = 1e-12 * np.outer(scale, scale) + 1e-13 * np.outer(scale, np.abs(rows).max(axis=0) * np.sqrt(len(rows)))
    assert (np.abs(sums.deviations - products) <= slack + slack.T + 1e-290).all()


def test_a_large_mean_costs_no_figures():
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((2, 4000))
    rows[1] += 0.3 * rows[0]
    far = rows + 1e8  # deviations keep eight figures
    sums = Moments(2)
    for block in np.split(far, 40, axis=1):
        sums.add(np.array(block))
    means, products = exact(far.T.tolist())
    assert np.allclose(sums.deviations, products, rtol=1e-13)
    assert np.allclose(sums.mean, means, rtol=1e-15)


def test_threads_change_no_bit(monkeypatch):
    monkeypatch.setattr("causaldisc.data.correlation.WORTH_THREADS", 0)
    monkeypatch.setattr("causaldisc.data.correlation.BLOCK", 4)
    rows = np.random.default_rng(3).standard_normal((11, 600))
    found = []
    for threads in (1, 2, 3):
        sums = Moments(11, threads)
        for block in np.split(rows, 6, axis=1):
            sums.add(np.array(block))
        found.append(sums.deviations.tobytes())
    assert len(set(found)) == 1


# ---- cuts


@given(st.text('ab,"\n\r', max_size=40), st.integers(1, 12))
def test_cuts_leave_whole_records_and_lose_nothing(content, size):
    content = content.encode()
    rest, found = b"", []
    for start in range(0, len(content), size):
        rest += content[start : start + size]
        end = pieces.cut(rest)
        if end:
            found.append(rest[:end])
            rest = rest[end:]
    assert b"".join([*found, rest]) == content
    for piece in found:
        assert piece.count(b'"') % 2 == 0
        assert piece[-1:] in (b"\n", b"\r")


# ---- files


@pytest.mark.parametrize("rows", [1, 7, 50, 999, 1000, 100_000])
@pytest.mark.parametrize(("separator", "end"), [(",", "\n"), ("\t", "\r\n"), (";", "\n"), (" ", "\n"), ("|", "\r")])
def test_text_in_chunks_is_what_it_is_whole(values, tmp_path, rows, separator, end):
    path = tmp_path / "d.txt"
    path.write_bytes(text(values, separator, end).encode())
    assert_same(path, rows)


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", None)]
)
def test_compressed_text(values, tmp_path, suffix, pack):
    path = tmp_path / f"d.csv.{suffix}"
    content = text(values).encode()
    path.write_bytes(pack(content) if pack else pa.Codec("zstd").compress(content, asbytes=True))
    assert_same(path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(DataError, match="cut short or damaged"):
        stream(path)


@pytest.mark.parametrize("rows", [1, 64, 10_000])
def test_columnar_files(values, tmp_path, rows):
    table = pa.table(dict(zip(NAMES, values.T, strict=True)) | {"word": ["x"] * 1000})
    pa.parquet.write_table(table, tmp_path / "d.parquet", row_group_size=300)
    pa.feather.write_feather(table, tmp_path / "d.feather", chunksize=300)
    for name in ("d.parquet", "d.feather"):
        assert_same(tmp_path / name, rows, columns="!word")
        with pytest.raises(DataError, match=r"column 'word' of .* holds text such as 'x'"):
            stream(tmp_path / name, rows)
    (tmp_path / "p.gz").write_bytes(gzip.compress((tmp_path / "d.parquet").read_bytes()))
    assert_same(tmp_path / "p.gz", rows, columns="!word")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "d.parquet").read_bytes()[:-50])
    with pytest.raises(DataError, match="cut short or damaged"):
        stream(tmp_path / "cut.parquet", columns="!word")


def test_missing_cells_leave_out_their_rows_and_a_notice_counts_them(values, tmp_path):
    holes = values.copy()
    holes[3, 1] = holes[700, 2] = holes[700, 0] = np.nan
    path = tmp_path / "d.csv"
    path.write_text(text(holes).replace("nan", "NA"))
    found = assert_same(path)
    assert found.rows == 998
    (notice,) = [n for n in found.notices if n.code == "incomplete-rows"]
    assert "2 of 1,000 rows" in notice.message


def test_all_the_ways_of_writing_that_the_reader_knows(values, tmp_path):
    rows = values[:400]
    decimal = text(rows, ";").replace(".", ",")
    quoted = "\n".join([",".join(f'"{name}"' for name in NAMES), *(",".join(f'"{v:.17g}"' for v in r) for r in rows)])
    comments = "# made today\n" + "".join(
        f"{line}\n" + ("# note, with commas\n" if i % 97 == 5 else "") for i, line in enumerate(text(rows).splitlines())
    )
    labelled = text(np.column_stack([np.arange(400), rows]), names=("", *NAMES))
    for content, options in (
        (decimal, {}),
        (quoted, {}),
        (comments, {"comment": "#"}),
        (labelled, {}),
        ("\ufeff" + text(rows), {}),
    ):
        path = tmp_path / "d.csv"
        path.write_text(content, encoding="utf-8")
        assert assert_same(path, **options).names == NAMES


def test_columns_are_chosen_and_times_left_out(values, tmp_path):
    lines = text(values[:200]).splitlines()
    stamped = [lines[0] + ",at", *(f"{line},2026-01-{1 + i % 28:02d}" for i, line in enumerate(lines[1:]))]
    path = tmp_path / "d.csv"
    path.write_text("\n".join(stamped) + "\n")
    found = stream(path)
    assert found.names == NAMES
    assert any("'at' (time)" in notice.message for notice in found.notices)
    assert stream(path, columns="d,a").names == ("d", "a")


def test_times_that_come_late_are_no_numbers(values, tmp_path):
    lines = text(values).splitlines()
    late = [lines[0] + ",at", *(f"{line},{'2026-01-05' if i > 500 else ''}" for i, line in enumerate(lines[1:]))]
    path = tmp_path / "d.csv"
    path.write_text("\n".join(late) + "\n")
    with pytest.raises(DataError, match=r"column 'at' of .* holds times"):
        stream(path)


def test_standard_input(values, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text(values).encode())))
    found = streaming.read("-", 50, ReadOptions(), Context())
    assert np.allclose(found.correlation, np.corrcoef(values.T), rtol=1e-12)


def test_progress_goes_to_the_end(values, tmp_path):
    path = tmp_path / "d.csv"
    path.write_text(text(values))
    seen = []
    stream(path, context=Context(progress=lambda done, total, stage: seen.append((done, total, stage))))
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size, "bytes read")


# ---- complaints


def late(values, at, change):
    """Return the text with a line, by number, changed."""
    lines = text(values).splitlines()
    lines[at - 1] = change(lines[at - 1])
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda line: line + ",7", "line 901: 5 cells instead of 4"),
        (lambda line: line.replace(",", ",oops", 1), "line 901, column 'b': 'oops"),
        (lambda line: line.replace(",", ",1e200,", 1).rsplit(",", 1)[0], "line 901, column 'b': the number is 1e+200"),
    ],
)
def test_a_fault_far_down_is_told_with_its_line(values, tmp_path, change, told):
    path = tmp_path / "d.csv"
    path.write_text(late(values, 901, change))
    with pytest.raises(DataError) as error:
        stream(path)
    assert told in str(error.value)


def test_a_byte_far_down_that_is_not_utf8_is_told_with_its_place(values, tmp_path):
    path = tmp_path / "d.csv"
    content = late(values, 901, lambda line: line.replace(",", ",\xe9", 1)).encode("latin1")
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"line 901: byte 0xe9 at position {content.index(0xE9)} is not UTF-8"):
        stream(path)


def test_what_has_no_correlations(values, tmp_path):
    path = tmp_path / "d.csv"
    rows = values.copy()
    rows[:, 2] = 0.1
    path.write_text(text(rows))
    with pytest.raises(DataError, match="column 'c' is constant"):
        stream(path)
    assert stream(path, drop_constant=True).names == ("a", "b", "d")
    rows[:, 2] = np.nan
    path.write_text(text(rows))
    with pytest.raises(DataError, match=r"column 'c' of .* is missing in all rows"):
        stream(path)
    path.write_text(text(values[:3]))
    with pytest.raises(DataError, match=r"3 rows in .* needs 4 or more"):
        stream(path)
    for content, told in ((b"", "is empty"), (b"a,b\n", "no rows below"), ("a,b\n1,2\n".encode("utf-16"), "UTF-16")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=told):
            stream(path)
    with pytest.raises(DataError, match="there is no file"):
        stream(tmp_path / "nothing.csv")
    with pytest.raises(UsageError, match="--types has no meaning"):
        stream(path, types="a=discrete")


def test_few_values_are_taken_for_numbers_with_a_word(values, tmp_path):
    rows = values.copy()
    rows[:, 0] = np.arange(1000) % 3
    path = tmp_path / "d.csv"
    path.write_text(text(rows))
    found = assert_same(path)
    assert [n.message for n in found.notices if n.code == "discrete-as-number"]


# ---- the shell


def run(*arguments):
    return main([str(argument) for argument in arguments])


def test_the_graph_is_that_of_the_whole_file(values, tmp_path, capsys):
    path = tmp_path / "d.csv"
    path.write_text(text(values))
    assert run("pc", path, "-o", tmp_path / "whole.json", "-q") == 0
    for threads in (1, 2):
        chunked = ("pc", path, "--chunk-rows", 60, "-q", "--threads", threads)
        assert run(*chunked, "-o", tmp_path / f"{threads}.json", "-o", tmp_path / f"{threads}.graphml") == 0
    whole, found = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("whole", "1"))
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()
    assert (tmp_path / "1.graphml").read_bytes() == (tmp_path / "2.graphml").read_bytes()
    for one, other in zip(whole["edges"], found["edges"], strict=True):
        assert {k: v for k, v in one.items() if isinstance(v, str)} == {
            k: v for k, v in other.items() if isinstance(v, str)
        }
        assert one["statistic"] == pytest.approx(other["statistic"], rel=1e-8)
    assert whole["provenance"]["data"] == found["provenance"]["data"]
    assert [s["given"] for s in whole["separations"]] == [s["given"] for s in found["separations"]]


def test_what_goes_with_chunks_and_what_does_not(values, tmp_path, capsys):
    path = tmp_path / "d.csv"
    path.write_text(text(values))
    assert run("ci", path, "a ~ b | c", "--chunk-rows", 60) == 0
    assert run("pc", path, "--chunk-rows", 60, "--test", "kci") != 0
    assert "kci" in capsys.readouterr().err
    assert run("pc", path, "--chunk-rows", 60, "--covariance", 100) == 2
    assert "exclude each other" in capsys.readouterr().err
    assert run("bootstrap", "pc", path, "--runs", 3, "--chunk-rows", 60) != 0
    assert "draws are made of rows" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_the_file(tmp_path):
    """Two million rows are 160 MB as numbers; the chunks fit in far less beside what the program itself takes."""
    rng = np.random.default_rng(1)
    columns = {f"x{i}": rng.standard_normal(100_000) for i in range(10)}
    with pa.parquet.ParquetWriter(tmp_path / "d.parquet", pa.table(columns).schema) as writer:
        for _ in range(20):
            writer.write_table(pa.table(columns))
    code = (
        "import re, sys; from causaldisc.cli.main import main; code = main(sys.argv[1:]); "
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]); sys.exit(code)"
    )

    def most(*more):
        command = ["pc", str(tmp_path / "d.parquet"), "-q", "-o", str(tmp_path / "g.json"), *more]
        done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
        return int(done.stdout) * 1024

    assert most("--chunk-rows", "20000") < most() - 100e6
