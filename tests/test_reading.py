"""Reading files: what is found out about them, what is refused and in which words."""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from causaldisc.data.dataset import Dataset
from causaldisc.data.reading import ReadOptions, read
from causaldisc.data.validation import validate_for_analysis
from causaldisc.errors import CausaldiscError, DataError, UsageError


@pytest.fixture
def load(tmp_path: Path):
    def _load(content: str | bytes, name: str = "f.csv", **options: object) -> Dataset:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read(str(path), ReadOptions(**options))

    return _load


def cells(dataset: Dataset) -> dict[str, list[object]]:
    """Return the columns by name; missing cells are None."""
    out: dict[str, list[object]] = {}
    for c in dataset.columns:
        if c.values is not None:
            out[c.name] = [None if np.isnan(v) else v for v in c.values.tolist()]
        else:
            out[c.name] = [c.levels[k] if k >= 0 else None for k in c.codes.tolist()]
    return out


def codes(dataset: Dataset) -> list[str]:
    return [n.code for n in dataset.notices]


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def parquet_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


AB = {"a": [1.0, 3.0], "b": [2.5, 4.5]}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a,b\n1,2.5\n3,4.5\n", {}),
        ("a,b\n1,2.5\n3,4.5", {}),
        ("a\tb\n1\t2.5\n3\t4.5\n", {}),
        ("a;b\n1;2.5\n3;4.5\n", {}),
        ("a;b\n1;2,5\n3;4,5\n", {}),
        ("a\tb\n1\t2,5\n3\t4,5\n", {}),
        ("a|b\n1|2.5\n3|4.5\n", {}),
        ("a b\n1 2.5\n3 4.5\n", {}),
        ("  a    b\n  1  2.5\n  3  4.5  \n", {}),
        ("a\t  b\n1 \t2.5\n3  4.5\n", {"delimiter": "space"}),
        ("a:b\n1:2.5\n3:4.5\n", {"delimiter": ":"}),
        ("a,b\n1,2.5\n3,4.5\n", {"delimiter": "comma"}),
        ('a,b\n1,"2,5"\n3,"4,5"\n', {"delimiter": ",", "decimal": ","}),
        ("\ufeffa,b\n1,2.5\n3,4.5\n", {}),
        ("a,b\r\n1,2.5\r\n3,4.5\r\n", {}),
        ("a,b\r1,2.5\r3,4.5\r", {}),
        ("\n\na,b\n\n1,2.5\n   \n3,4.5\n\n", {}),
        ("a,b,\n1,2.5,\n3,4.5,\n", {}),
        ("a,b\n1,2.5,\n3,4.5,\n", {}),
        ("a,b,\n1,2.5\n3,4.5\n", {}),
        ("# made by x\n# 2026\na,b\n1,2.5\n3,4.5\n", {}),
        ("# a b\n1 2.5\n3 4.5\n", {}),
        ("#a,b\n1,2.5\n3,4.5\n", {}),
        ("# by x\n#\n# a b\n1 2.5\n3 4.5\n", {}),
        ("%x\na,b\n%y,z,\n1,2.5\n%\n3,4.5\n", {"comment": "%"}),
        (',"a","b"\n"1",1,2.5\n"2",3,4.5\n', {}),
        (",a,b\n0,1,2.5\n1,3,4.5\n", {}),
        ("Unnamed: 0,a,b\n0,1,2.5\n1,3,4.5\n", {}),
        ('"","a","b"\n"Mazda",1,2.5\n"Fiat",3,4.5\n', {}),
        ('"a" "b"\n"1" 1 2.5\n"7" 3 4.5\n', {}),
        ("a, b\n1, 2.5\n3, 4.5\n", {}),
        ('"a","b"\n"1","2.5"\n"3","4.5"\n', {}),
        ("a,b\n+1,2.5\n3e0,0.45E1\n", {}),
        ("b,c,id,a\n2.5,9,x,1\n4.5,9,y,3\n", {"columns": "a,b"}),
        ("a,b,c\n1,2.5,x\n3,4.5,y\n", {"columns": "!c"}),
        ('#"\na,b\n1,2.5\n3,4.5\n""\n', {}),
        ("\r \n a  b\r\n1 2.5\r\n 3 4.5", {}),
        ("a,b,,\n1,2.5,x,y\n3,4.5,x,y\n", {"columns": "!3,!4"}),
    ],
)  # fmt: skip
def test_the_same_table_in_many_hands(load, text: str, options: dict[str, object]) -> None:
    dataset = load(text, **options)
    assert cells(dataset) == AB or cells(dataset) == {"b": AB["b"], "a": AB["a"]}
    assert dataset.rows == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_a_byte_order_mark(load, encoding: str) -> None:
    assert cells(load("größe,b\n1,ä\n2,ö\n".encode(encoding))) == {"größe": [1, 2], "b": ["ä", "ö"]}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd])
@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz", "f"])
def test_compression_is_told_by_content(load, pack, name: str) -> None:
    stored = pack(b"a,b\n1,2.5\n3,4.5\n")
    dataset = load(stored, name)
    assert cells(dataset) == AB
    assert dataset.sha256 == hashlib.sha256(stored).hexdigest()


def test_gzip_of_many_members(load) -> None:
    assert cells(load(gzip.compress(b"a,b\n1,2.5\n") + gzip.compress(b"3,4.5\n"))) == AB


@pytest.mark.parametrize("name", ["f.parquet", "f.csv"])
def test_parquet_by_any_name(load, name: str) -> None:
    table = pa.table(
        {
            "x": pa.array([1.5, None, 2.5], pa.float32()),
            "n": pa.array([1, 2, None], pa.int64()),
            "flag": [True, False, None],
            "word": pa.array(["u", "NA", "v"]).dictionary_encode(),
            "t": pa.array([0, 1000, None], pa.timestamp("ms")),
            "day": pa.array([1, 2, 3], pa.date32()),
            "money": pa.array([1, 2, 3], pa.int64()).cast(pa.decimal128(30, 2)),
            "__index_level_0__": [0, 1, 2],
        }
    )
    dataset = load(parquet_bytes(table), name)
    assert cells(dataset) == {
        "x": [1.5, None, 2.5],
        "n": [1, 2, None],
        "flag": ["true", "false", None],
        "word": ["u", None, "v"],
        "t": [0, 1, None],
        "day": [86400, 172800, 259200],
        "money": [1, 2, 3],
    }
    assert codes(dataset) == ["row-labels"]


def test_feather_and_selection_of_its_columns(load, tmp_path: Path) -> None:
    feather.write_feather(pa.table({"b": [2.5, 4.5], "c": ["x", "y"], "a": [1, 3]}), tmp_path / "f")
    dataset = read(str(tmp_path / "f"), ReadOptions(columns="a,b"))
    assert cells(dataset) == AB


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b"a,b\n1,2.5\n3,4.5\n"))))
    dataset = read("-")
    assert cells(dataset) == AB
    assert dataset.source == "-"


def test_standard_input_must_not_be_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b""))
    monkeypatch.setattr(stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(DataError, match="standard input is a terminal; give a file, or pipe data in"):
        read("-")


def test_missing_markers_and_their_replacement(load) -> None:
    text = "a,b\n1,x\n,\nNA,NA\n?,*\n.,null\n-nan,#N/A\nNaN, None \n2,y\n"
    dataset = load(text)
    assert cells(dataset) == {"a": [1, *[None] * 6, 2], "b": ["x", *[None] * 6, "y"]}
    assert codes(dataset) == ["missing-marker", "missing-marker"]
    message = dataset.notices[1].message
    assert "'#N/A' (1 times), '*' (1 times), 'None' (1 times) is taken as missing" in message
    replaced = load("a,b\n-99,None\n-99.0,\n3,none\n", na="-99,none")
    assert cells(replaced) == {"a": [None, None, 3], "b": ["None", None, None]}
    assert codes(replaced) == []


def test_quoted_newlines_delimiters_and_quotes(load) -> None:
    text = 'name,"b,c"\n"two\nlines",1\n"a, ""b""",2\n'
    assert cells(load(text, columns='name,"b,c"')) == {"name": ["two\nlines", 'a, "b"'], "b,c": [1, 2]}


def test_late_surprises_after_many_rows(load) -> None:
    rows = 200_000
    text = "i,s\n" + "1,2\n" * rows + "1.5,2\n"
    assert cells(load(text))["i"][-1] == 1.5
    with pytest.raises(DataError, match=f"line {rows + 2}, column 's': 'oops' is not a number"):
        load("i,s\n" + "1,2\n" * rows + "1,oops\n")
    with pytest.raises(DataError, match=f"line {rows + 2}: 1 cell instead of 2"):
        load("i,s\n" + "1,2\n" * rows + "3\n")


def test_a_row_longer_than_the_blocks_of_the_parser(load) -> None:
    text = "a,b\n" + "1,x\n" * 10 + "2," + "y" * (3 << 20) + "\n"
    assert len(load(text).columns[1].levels[1]) == 3 << 20


def test_times_are_seconds_and_may_lack_a_name(load) -> None:
    dataset = load(",v\n1970-01-01T00:01:00Z,1\n1970-01-01T01:02:00+01:00,2\n")
    assert cells(dataset) == {"time": [60, 120], "v": [1, 2]}
    assert [c.kind.value for c in dataset.columns] == ["time", "count"]
    assert codes(dataset) == ["unnamed-time"]


@pytest.mark.parametrize(
    ("text", "names", "code"),
    [
        ("1,2.5\n3,4.5\n", ("X1", "X2"), "no-header"),
        ("5.1,setosa\n4.9,setosa\n4,rosa\n", ("X1", "X2"), "no-header"),
        ("39, Private, 7\n50, Self, 8\n38, Private, 9\n", ("X1", "X2", "X3"), "no-header"),
        ("NA,2.5\n3,4.5\n", ("X1", "X2"), "no-header"),
        ("0,1,2\n3,4,5\n6,7,8\n", ("0", "1", "2"), "numbered-header"),
        (",0,1,2\n0,3,4,5\n1,6,7,8\n", ("0", "1", "2"), "numbered-header"),
        ("country,2019,2020\nA,1,2\nB,3,4\n", ("country", "2019", "2020"), None),
        ("city,land\nRome,Italy\nBern,Italy\n", ("city", "land"), None),
    ],
)
def test_header_or_none(load, text: str, names: tuple[str, ...], code: str | None) -> None:
    dataset = load(text)
    assert dataset.names == names
    assert [c for c in codes(dataset) if c.endswith("header")] == ([code] if code else [])


def test_no_header_on_request(load) -> None:
    dataset = load("a,b\nc,d\n", no_header=True)
    assert cells(dataset) == {"X1": ["a", "c"], "X2": ["b", "d"]}
    assert codes(dataset) == []


def test_notices_on_identifiers_and_mixed_cells(load) -> None:
    rows = "".join(f"{i},p{i},{'x' if i % 4 == 0 else i % 3}\n" for i in range(1, 31))
    dataset = load("id,name,m\n" + rows)
    assert codes(dataset) == ["identifier", "identifier", "mixed-cells"]
    assert "column 'id' of" in dataset.notices[0].message
    assert "--columns '!name'" in dataset.notices[1].message
    assert "line 5 holds 'x'" in dataset.notices[2].message


NUMBERS = "n,m\n" + "".join(f"{i},{i % 7}.5\n" for i in range(20))

BAD = [
    # content, options, exception, pieces of the sentence
    (b"", {}, DataError, ["f.csv is empty (0 bytes)"]),
    (gzip.compress(b"", mtime=0), {}, DataError, ["holds an empty file"]),
    (gzip.compress(NUMBERS.encode(), mtime=0)[:-9], {}, DataError, ["f.csv is cut short or damaged (gzip:", "again"]),
    (bz2.compress(NUMBERS.encode())[:-9], {}, DataError, ["cut short or damaged (bzip2:"]),
    (lzma.compress(NUMBERS.encode())[:-9], {}, DataError, ["cut short or damaged (xz:"]),
    (zstd(NUMBERS.encode())[:-9], {}, DataError, ["cut short or damaged (zstd:"]),
    (parquet_bytes(pa.table({"a": [1, 2]}))[:-9], {}, DataError, ["f.csv is cut short or damaged (Parquet"]),
    (parquet_bytes(pa.table({"a": [[1], [2]]})), {}, DataError, ["column 'a' of", "list<", "give numbers"]),
    (parquet_bytes(pa.table({"a": [b"\xff"]})), {}, DataError, ["column 'a' of", "binary"]),
    (parquet_bytes(pa.table({"a": pa.array([], "int64")})), {}, DataError, ["has names but no rows"]),
    (parquet_bytes(pa.table({"a": [1.0, float("inf")]})), {}, DataError, ["row 2, column 'a'", "infinite"]),
    (b"PK\x03\x04" + b"\0" * 26 + b"data.csv", {}, DataError, ["is a zip archive", "unzip -p"]),
    (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", {}, DataError, ["is an Excel workbook"]),
    (b"\x89HDF\r\n\x1a\n", {}, DataError, ["f.csv is cut short, damaged"]),
    (b'[{"a": 1}]', {}, DataError, ["is JSON", "@csv"]),
    (b"<!DOCTYPE html>", {}, DataError, ["is a web page"]),
    (b"\x01\x02\x00\x03", {}, DataError, ["is binary, in no format known here"]),
    ("\n \n\n", {}, DataError, ["holds no rows, only blank lines"]),
    ("# x\n\n# y\n", {}, DataError, ["only blank lines and comments"]),
    ("a,b\n", {}, DataError, ["has a header on line 1 but no rows below it"]),
    ("a,b\n1,2\n3\n", {}, DataError, ["f.csv, line 3: 1 cell instead of 2", "--delimiter"]),
    ("a,b\n\n1,2\n\n3,4,5\n6,7\n", {}, DataError, ["line 5: 3 cells instead of 2"]),
    ('a,b\n"1\n1",2\n3,4,5\n6,7\n', {}, DataError, ["line 4: 3 cells instead of 2"]),
    ("a,b,c\n1,2\n3,4\n5,6\n", {}, DataError, ["header on line 1 has 3 names but line 2 has 2 cells"]),
    ("a,b\n1,2\n# no\n3,4\n", {}, DataError, ["line 3: 1 cell instead of 2", "--comment '#'"]),
    ('a,b\n1,2\n3,"x\n5,6\n7,8\n', {}, DataError, ["line 3: a quote is opened there and never closed"]),
    ("a,b,a,b,a\n1,2,3,4,5\n", {}, DataError, ["same name: 'a' (3 times), 'b' (2 times)", "--no-header"]),
    ("a,,b,,\n1,2.5,3,4.5,4\n3,2.5,3,4.5,4.5\n", {}, DataError, ["no name for columns 2, 4, 5", "'!2,!4,!5'"]),
    (b"a,b\n1,2\n3,M\xfcller\n", {}, DataError, ["line 3: byte 0xfc at position 11 is not UTF-8", "iconv"]),
    (b"a,\xfc\n1,2\n", {}, DataError, ["line 1: byte 0xfc at position 2 is not UTF-8"]),
    (b"\xff\xfea\x00,", {}, DataError, ["is damaged UTF-16 text"]),
    (NUMBERS + "20,x\n", {}, DataError, ["line 22, column 'm': 'x' is not a number", "20 of the column's 21"]),
    (NUMBERS + "20,x\n", {}, DataError, ["--na 'NA,x'", "--types 'm=discrete'"]),
    (NUMBERS + "20,-inf\n", {}, DataError, ["line 22, column 'm': the number is infinite", "--columns '!m'"]),
    (NUMBERS + "20,1e151\n", {}, DataError, ["line 22, column 'm'", "1e+151, too large to square"]),
    ('a,b\n"1,234",2\n"5,678",3\n', {}, DataError, ["line 2, column 'a': '1,234'", "--decimal ','"]),
    ("a,b\n1,x\n2,y\n", {"types": "b=continuous"}, DataError, ["line 2, column 'b': 'x'", "continuous"]),
    ("a,b\n1,05.01.26\n", {"types": "b=time"}, DataError, ["or a time such as 2026-01-05T10:00"]),
    ("a,b\n1,2\n2,-3\n", {"types": "b=count"}, DataError, ["line 3, column 'b': -3 is not a count"]),
    ("a,b\n1,2\n2,3\n3,4\n", {"types": "b=binary"}, DataError, ["has 3 different values", "binary"]),
    ("age,b\n1,2\n", {"types": "aeg=count"}, DataError, ["no column 'aeg' in", "did you mean 'age'?"]),
    ("a,b\n1,2\n", {"types": "a=discreet"}, UsageError, ["unknown kind 'discreet'; did you mean 'discrete'?"]),
    ("a,b\n1,2\n", {"types": "a"}, UsageError, ["'a' is not of the form NAME=KIND, e.g. a=discrete"]),
    ("age,b\n1,2\n", {"columns": "b,aeg"}, DataError, ["no column 'aeg' in", "did you mean 'age'?"]),
    ("a,b\n1,2\n", {"columns": "a,!a"}, DataError, ["--columns 'a,!a' leaves no column of"]),
    ("a,b\n1,2\n", {"columns": '"a'}, UsageError, ["a quote is never closed"]),
    ("a,b\n1,2\n", {"columns": " "}, UsageError, ["no column is named"]),
    (",\n1,\n2,\n", {}, DataError, ["has no column but labels of the rows"]),
    ("a,b\n1,2\n", {"delimiter": "ab"}, UsageError, ["--delimiter must be one ASCII character", "'ab'"]),
    ("a,b\n1,2\n", {"decimal": "x"}, UsageError, ["--decimal must be '.' or ','", "'x'"]),
    ("a,b\n1,2\n", {"comment": ""}, UsageError, ["--comment must not be empty"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "options", "exception", "pieces"), BAD)
def test_bad_input_gets_one_sentence(
    load, content: str | bytes, options: dict[str, str], exception: type[CausaldiscError], pieces: list[str]
) -> None:
    with pytest.raises(exception) as caught:
        load(content, **options)
    message = str(caught.value)
    assert type(caught.value) is exception
    assert [piece for piece in pieces if piece not in message] == [], message
    assert "\n" not in message


def test_no_file_directory_and_permission(tmp_path: Path) -> None:
    (tmp_path / "sachs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"there is no file .*sach\.csv; did you mean .*sachs\.csv\?"):
        read(str(tmp_path / "sach.csv"))
    with pytest.raises(DataError, match="is a directory; name a file in it"):
        read(str(tmp_path))
    (tmp_path / "sachs.csv").chmod(0)
    try:
        (tmp_path / "sachs.csv").read_bytes()
    except PermissionError:
        with pytest.raises(DataError, match=r"no permission to read .*sachs"):
            read(str(tmp_path / "sachs.csv"))


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        ("a", "a"), ("c,a", "ca"), ("b-d", "bcd"), ("d-b", "dcb"), ("c-", "cde"), ("-b", "ab"), ("2-3", "bc"),
        ("5", "e"), ("!a", "bcde"), ("!b-d", "ae"), ("a-c,!b", "ac"), ("a,a,1", "a"), (' "b" , e ', "be"),
    ],
)  # fmt: skip
def test_columns_are_chosen_by_name_number_and_range(load, columns: str, chosen: str) -> None:
    assert "".join(load("a,b,c,d,e\n1,2,3,4,5\n2,3,4,5,6\n", columns=columns).names) == chosen


def test_a_name_wins_over_a_range_or_number_written_the_same_way(load) -> None:
    text = "a-c,a,b,c,2\n1,2,3,4,5.5\n2,3,4,5,6.5\n"
    assert load(text, columns="a-c").names == ("a-c",)
    assert load(text, columns="2").names == ("2",)
    assert load(text, columns="a-c-b").names == ("a-c", "a", "b")
    with pytest.raises(DataError, match="no column 'a-b'"):
        load(text, columns='"a-b"')


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("a,b\n1,2\n", "has only one row; at least 4 are needed"),
        ("a,b\n1,2\n2,3\n", "has only 2 rows"),
        ("a,b,c\n1,3,\n2,3,NA\n4,3,\n5,3,\n", "2 columns that are constant or all missing: 'b' (always 3), 'c' (all"),
        ("a,b\n1,x\n2,x\n4,\n5,x\n", "a column that is constant or all missing: 'b' (always x)"),
    ],
)  # fmt: skip
def test_what_reading_takes_and_analysis_does_not(load, text: str, piece: str) -> None:
    dataset = load(text)
    with pytest.raises(DataError) as caught:
        validate_for_analysis(dataset, ReadOptions())
    assert piece in str(caught.value)


def test_drop_constant_says_what_it_dropped(load) -> None:
    options = ReadOptions(drop_constant=True)
    dataset = load("a,b,c\n1,3,\n2,3,NA\n4,3,\n5,3,\n")
    kept = validate_for_analysis(dataset, options)
    assert kept.names == ("a",)
    assert kept.notices[-1].code == "constant-dropped"
    assert "'b' (always 3), 'c' (all missing)" in kept.notices[-1].message
    with pytest.raises(DataError, match=r"every column of .* is constant or all missing"):
        validate_for_analysis(dataset.select(["b", "c"]), options)
    good = load("a,b\n1,5\n2,6\n3,8\n4,1\n")
    assert validate_for_analysis(good, options) is good


# A word that no rule takes for a number, a time, a marker of missing cells or a comment.
word = st.text("abcxyzäß ,;|\"'\t", min_size=1, max_size=6).map(lambda s: f"w{s}w")
number = st.one_of(st.integers(-1000, 1000).map(float), st.floats(-1e9, 1e9, width=64))
column = st.one_of(
    st.lists(st.one_of(number, st.none()), min_size=9, max_size=9),
    st.lists(st.one_of(word, st.none()), min_size=9, max_size=9),
).filter(lambda values: len({v for v in values if v is not None}) > 0)


def written(value: object, decimal: str, missing: str) -> str:
    if value is None:
        return missing
    return value if isinstance(value, str) else repr(value).replace(".", decimal)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=st.lists(column, min_size=2, max_size=5),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    missing=st.sampled_from(["", "NA"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_break=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from(["", "\ufeff"]),
    pack=st.sampled_from([bytes, gzip.compress, bz2.compress, zstd]),
)
def test_a_table_survives_every_dialect(
    load, columns, delimiter, decimal, missing, quoting, line_break, mark, pack
) -> None:
    names = [f"col {i}" for i in range(len(columns))]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=line_break)
    writer.writerow(names)
    writer.writerows([[written(v, decimal, missing) for v in row] for row in zip(*columns)])
    content = pack((mark + text.getvalue()).encode())
    dataset = load(content, delimiter=delimiter, decimal=decimal)
    expected = {n: [v.strip() if isinstance(v, str) else v for v in c] for n, c in zip(names, columns)}
    assert cells(dataset) == expected


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=st.lists(st.lists(st.integers(-999, 999), min_size=5, max_size=5), min_size=2, max_size=5),
    delimiter=st.sampled_from([",", ";", "\t", "|", " "]),
    decimal=st.sampled_from([".", ","]),
)
def test_numbers_survive_sniffing(load, columns, delimiter: str, decimal: str) -> None:
    decimal = "." if delimiter == "," else decimal
    names = [f"v{i}" for i in range(len(columns))]
    lines = [names] + [[f"{v}{decimal}5" for v in row] for row in zip(*columns)]
    dataset = load("\n".join(delimiter.join(line) for line in lines))
    values = [[float(f"{v}.5") for v in c] for c in columns]
    assert cells(dataset) == dict(zip(names, values))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=80), st.text('ab1.5,;\t \n\r"#NA-e', max_size=80).map(str.encode)))
def test_anything_is_read_or_refused_in_words(load, content: bytes) -> None:
    try:
        dataset = load(content)
    except CausaldiscError:
        return
    assert dataset.rows > 0
    assert all(c.name and c.missing.size == dataset.rows for c in dataset.columns)


def test_slices_nulls_and_widths_of_arrow_arrays(load) -> None:
    small = pa.chunked_array([pa.array([9, None, 3, None, 200], pa.uint8()), pa.array([], pa.uint8())]).slice(1, 4)
    empty = pa.chunked_array([pa.array([None] * 4, pa.float64())])
    words = pa.array(["p", None, "q", "p"]).dictionary_encode()
    half = pa.array([0.5, 1.5, None, 2.5], pa.float16())
    table = pa.table({"small": small, "empty": empty, "words": words, "half": half})
    assert cells(load(parquet_bytes(table))) == {
        "small": [None, 3, None, 200],
        "empty": [None] * 4,
        "words": ["p", None, "q", "p"],
        "half": [0.5, 1.5, None, 2.5],
    }


@pytest.mark.parametrize("text", ["a,b\n1,2.5\n,4.5\n", "a,t,w\n1,2026-01-05,x\n2,2026-01-06,\n"])
def test_reading_imports_no_pandas(tmp_path: Path, text: str) -> None:
    (tmp_path / "f.csv").write_text(text)
    code = "import sys; from causaldisc.data.reading import read; read(sys.argv[1]); assert 'pandas' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "f.csv")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
