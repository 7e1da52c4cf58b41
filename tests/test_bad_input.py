"""Twenty-odd kinds of bad input: each ends in one clear sentence and the right exit code.

Code 3 where the data cannot be used; code 0 with a warning where a search still makes sense.
"""

import gzip
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from causaldisc.cli.main import main

RNG = np.random.default_rng(0)
NUMBERS = RNG.standard_normal((40, 3))
PLAIN = "a,b,c\n" + "".join(",".join(f"{v:.6f}" for v in row) + "\n" for row in NUMBERS)

WIDE = ",".join(f"x{i}" for i in range(12)) + "\n"
WIDE += "".join(",".join(f"{v:.4f}" for v in row) + "\n" for row in RNG.standard_normal((7, 12)))


def with_column(name, cells):
    """Return the plain table with one more column."""
    lines = PLAIN.splitlines()
    return (
        "\n".join([f"{lines[0]},{name}", *(f"{line},{cell}" for line, cell in zip(lines[1:], cells, strict=True))])
        + "\n"
    )


def with_cell(row, text):
    """Return the plain table with the first cell of a line (1 is the header) replaced."""
    lines = PLAIN.splitlines()
    lines[row - 1] = text + "," + lines[row - 1].partition(",")[2]
    return "\n".join(lines) + "\n"


CASES = {
    "empty file": ("", 3, ["d.csv", "empty"]),
    "header only": ("a,b,c\n", 3, ["d.csv", "no row"]),
    "one row": ("a,b,c\n1,2,3\n", 3, ["d.csv", "one row"]),
    "duplicate names": (PLAIN.replace("a,b,c", "a,b,a"), 3, ["same name", "'a' (2 times)"]),
    "constant column": (with_column("k", [7] * 40), 3, ["'k' (always 7)", "--drop-constant"]),
    "identical columns": (
        with_column("copy", [f"{v:.6f}" for v in NUMBERS[:, 0]]),
        0,
        ["exactly copy = a:", "--columns '!copy'"],
    ),
    "exact linear combination": (
        with_column("sum", [f"{round(a, 6) + round(b, 6):.6f}" for a, b, _ in NUMBERS]),
        0,
        ["exactly sum = a + b:", "--columns '!sum'"],
    ),
    "all-missing column": (with_column("m", ["NA"] * 40), 3, ["'m' (all missing)", "--drop-constant"]),
    "inf": (with_cell(5, "inf"), 3, ["d.csv", "'a'", "5", "inf"]),
    "text in a numeric column": (with_cell(7, "abc"), 3, ["d.csv", "'a'", "7", "'abc'", "--na"]),
    "ragged row": (PLAIN + "1,2\n", 3, ["d.csv", "line 42", "2", "3"]),
    "long row": (PLAIN + "1,2,3,4\n", 3, ["d.csv", "line 42", "4", "3"]),
    "wrong encoding": (PLAIN.replace("a,b", "é,b").encode("latin-1"), 3, ["d.csv", "UTF-8", "line 1"]),
    "more columns than rows": (WIDE, 0, ["12 columns", "only 7 rows"]),
    "truncated gzip": (gzip.compress(PLAIN.encode() * 50)[:-20], 3, ["d.csv", "cut short", "gzip"]),
    "a zip archive": (b"PK\x03\x04" + bytes(60), 3, ["d.csv", "zip"]),
    "a value of 1e308": (with_cell(9, "1e308"), 3, ["d.csv", "'a'", "9", "1e+308"]),
    "few known cells in a column": (
        with_column("m", ["NA"] * 37 + [1.5, 2.5, 9.25]),
        0,
        ["tests had too few rows", "a ~ m", "they neither remove an edge"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_gets_one_sentence_and_a_code(case, tmp_path, monkeypatch, capfd):
    content, code, pieces = CASES[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_told(["pc", "d.csv", "-f", "json"], code, pieces, capfd)


def assert_told(arguments, code, pieces, capfd):
    got = main(arguments)
    out, err = capfd.readouterr()
    assert got == code, err
    kind = "error" if code else "warning"
    told = [line for line in err.splitlines() if line.startswith(f"causaldisc: {kind}: ")]
    assert any(all(piece in line for piece in pieces) for line in told), err
    assert "Traceback" not in err
    assert "nan" not in out.lower().replace("nance", "")
    if code:
        assert (out, len(err.splitlines())) == ("", 1)


@pytest.mark.parametrize(
    ("arguments", "code", "pieces"),
    [
        (["pc", "."], 3, [". is a directory"]),
        (["pc", "nowhere.csv"], 3, ["there is no file nowhere.csv"]),
        (["pc", "d.csv", "--columns", "a,bb"], 3, ["no column 'bb'", "did you mean 'b'?"]),
        (["pc", "d.csv", "--types", "z=discrete"], 3, ["no column 'z'"]),
        (["pc", "d.csv", "--types", "a=number"], 2, ["--types", "'number'"]),
        (["pc", "d.csv", "--alpha", "1.5"], 2, ["--alpha must be below 1, not 1.5"]),
        (["pc", "d.csv", "--delimiter", "ab"], 2, ["--delimiter", "'ab'"]),
    ],
)
def test_arguments_that_do_not_fit_the_data(arguments, code, pieces, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text(PLAIN)
    assert_told(arguments, code, pieces, capfd)


@pytest.mark.parametrize(
    ("test", "pieces"),
    [
        ("fisherz", ["column 'sex' holds text, and fisherz needs numbers", "--columns '!sex'"]),
        ("gsq", ["column 'a' is continuous, and gsq needs discrete columns", "--types 'a=discrete'"]),
        ("clr-fisherz", ["column 'sex' holds text, and clr-fisherz needs numbers"]),
    ],
)
def test_mixed_kinds_for_a_test_that_does_not_take_them(test, pieces, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text(with_column("sex", ["m", "f"] * 20))
    assert_told(["pc", "d.csv", "--test", test], 3, pieces, capfd)
    assert main(["pc", "d.csv", "-f", "json"]) == 0
    assert '"test": "dg"' in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        (["--missing", "list-wise"], ["only 3 of 40 rows", "fisherz needs 4"]),
        (["--missing", "error"], ["column 'm' has 37 missing cells", "--columns '!m'", "--missing test-wise"]),
    ],
)
def test_missing_cells_that_are_not_wanted(arguments, pieces, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text(with_column("m", ["NA"] * 37 + [1.5, 2.5, 9.25]))
    assert_told(["pc", "d.csv", *arguments], 3, pieces, capfd)


def test_no_permission(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "d.csv"
    path.write_text(PLAIN)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything: let the system call refuse

        def refuse(self):
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(Path, "read_bytes", refuse)
    assert_told(["pc", "d.csv"], 3, ["no permission to read d.csv"], capfd)


def test_a_parquet_file_named_csv_just_works(tmp_path, capfd):
    table = pa.table({name: NUMBERS[:, i] for i, name in enumerate("abc")})
    pq.write_table(table, tmp_path / "d.csv")
    assert main(["pc", str(tmp_path / "d.csv"), "-f", "json"]) == 0
    assert '"rows": 40' in capfd.readouterr().out
