"""The BIF reader: every form of the format, and for every mistake one sentence with its line."""

import gzip
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.data import shipped
from causaldisc.errors import DataError
from causaldisc.simulate import _bif

RAIN = """
variable rain { type discrete [ 2 ] { yes, no }; }
probability ( rain ) { table 0.2, 0.8; }
"""
WET = (
    RAIN
    + """variable wet { type discrete [ 3 ] { dry, damp, soaked }; }
probability ( wet | rain ) {
  (yes) 0.1, 0.3, 0.6;
  (no) 0.7, 0.2, 0.1;
}
"""
)


def tables(text):
    return {v.name: v.table.tolist() for v in _bif.parse(text).variables}


def test_rows_are_read_by_the_levels_they_name():
    network = _bif.parse(WET)
    assert [v.name for v in network.variables] == ["rain", "wet"]
    assert network.variables[1].levels == ("dry", "damp", "soaked")
    assert network.variables[1].parents == (0,)
    assert tables(WET)["wet"] == [[0.1, 0.3, 0.6], pytest.approx([0.7, 0.2, 0.1])]


def test_order_of_rows_and_blocks_does_not_matter():
    lines = WET.strip().splitlines()
    turned = "\n".join(lines[i] for i in (3, 5, 4, 6, 2, 1, 0))
    assert tables(turned) == tables(WET)


def test_table_runs_through_the_child_slowest_and_the_last_parent_fastest():
    text = (
        RAIN
        + """variable cold { type discrete [ 2 ] { yes, no }; }
    probability ( cold ) { table 0.5 0.5; }
    variable ice { type discrete [ 2 ] { yes, no }; }
    probability ( ice | rain, cold ) { table 0.1 0.2 0.3 0.4 0.9 0.8 0.7 0.6; }"""
    )
    assert tables(text)["ice"] == [pytest.approx([p, 1 - p]) for p in (0.1, 0.2, 0.3, 0.4)]


def test_default_fills_the_rows_not_given():
    text = WET.replace("(no) 0.7, 0.2, 0.1;", "default 0.25 0.25 0.5;")
    assert tables(text)["wet"] == [[0.1, 0.3, 0.6], [0.25, 0.25, 0.5]]


def test_comments_properties_quotes_and_sloppy_blanks_are_read():
    text = """// a comment { with braces
    network "dog problem" { property "version 1; by // me"; property author = X; }
    variable "light on" { /* { */ type discrete[2]{"yes, sir" no/never}; property position = (73, 165) ; }
    probability("light on"){property p = 1; table 1e-3 ,.999;}"""
    (variable,) = _bif.parse(text).variables
    assert variable.name == "light on"
    assert variable.levels == ("yes, sir", "no/never")
    assert variable.table.tolist() == [[0.001, 0.999]]


def test_rounded_rows_are_scaled_to_one():
    text = "variable x { type discrete [ 3 ] { a, b, c }; } probability ( x ) { table 0.333 0.333 0.333; }"
    assert tables(text)["x"] == [pytest.approx([1 / 3] * 3, abs=1e-15)]


# One replacement in a good text each, and the sentence that follows the name of the file.
MISTAKES = [
    ("yes, no }", "yes, no", "line 2: ; where a level or '}' should be"),
    ("[ 2 ]", "[ 3 ]", "line 2: variable 'rain' lists 2 levels but announces 3"),
    ("{ yes, no }", "{ yes, yes }", "line 2: variable 'rain' lists a level twice"),
    ("type discrete [ 2 ] { yes, no };", "", "line 2: variable 'rain' has no type"),
    ("discrete [ 2 ]", "continuous [ 2 ]",
     "line 2: variable 'rain' is continuous; only discrete variables can be read"),
    ("table 0.2, 0.8", "table 0.2, 0.7", "line 3: the probabilities of 'rain' sum to 0.9, not 1"),
    ("table 0.2, 0.8", "table 0.2, 0.8, 0", "line 3: 3 probabilities of 'rain', not 2"),
    ("table 0.2, 0.8", "table 0.2, x", "line 3: x where a probability or ';' should be"),
    ("table 0.2, 0.8", "table", "line 3: ; where a probability or ';' should be"),
    ("table 0.2, 0.8", "tabel 0.2, 0.8", "line 3: tabel where '(', 'table', 'default' or '}' should be"),
    ("table 0.2, 0.8;", "", "line 3: no probabilities of 'rain'"),
    ("probability ( rain )", "probability ( rian )", "line 3: no variable 'rian'; did you mean 'rain'?"),
    ("| rain", "| rian", "line 5: no variable 'rian'; did you mean 'rain'?"),
    ("| rain", "| wet", "line 5: the probabilities of 'wet' name a variable twice"),
    ("(yes) 0.1", "(yse) 0.1", "line 6: variable 'rain' has no level 'yse'; did you mean 'yes'?"),
    ("(yes) 0.1", "(no) 0.1", "line 7: a second row for (no)"),
    ("(yes) 0.1", "(yes, no) 0.1", "line 6: a row names 2 levels for 1 parents"),
    ("(no) 0.7, 0.2, 0.1;", "", "line 5: no probabilities of 'wet' given (no)"),
    ("(no) 0.7, 0.2", "(no) 1.0, -0.1", "line 7: a negative probability of 'wet' given (no)"),
    ("(no) 0.7, 0.2, 0.1;", "(no) 0.7, 0.2, 0.1; table 1;",
     "line 7: the probabilities of 'wet' have a table and rows beside it"),
    ("0.1;\n}", "0.1\n}", "line 8: } where a probability or ';' should be"),
    ("0.1;\n}\n", "0.1;\n", "line 8: the end of the file where '(', 'table', 'default' or '}' should be"),
    ("variable wet", "variable rain", "line 4: a second variable 'rain'"),
    ("( wet | rain )", "( rain )", "line 5: second probabilities of 'rain'"),
    ("variable wet", 'variable "wet', "line 4: a quotation mark without its partner"),
    ("variable wet", "varable wet", "line 4: varable where 'network', 'variable' or 'probability' should be"),
    ("variable wet", "variable { wet", "line 4: { where the name of a variable should be"),
    ("probability ( rain ) { table 0.2, 0.8; }", "", "line 2: variable 'rain' has no probabilities"),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "sentence"), MISTAKES)
def test_mistakes_are_named_with_their_line(good, bad, sentence):
    assert good in WET
    with pytest.raises(DataError) as error:
        _bif.parse(WET.replace(good, bad, 1), "wet.bif")
    assert str(error.value) == f"wet.bif, {sentence}"


def test_lines_are_counted_across_comments():
    with pytest.raises(DataError, match="line 5: the probabilities of 'rain' sum to"):
        _bif.parse("/* one\ntwo */" + RAIN.replace("table 0.2, 0.8;", "// three\ntable 0.2, 0.1;"))


def test_cycles_are_named():
    block = "variable {0} {{ type discrete [ 1 ] {{ x }}; }} probability ( {0} | {1} ) {{ (x) 1; }}\n"
    text = "".join(block.format(*edge) for edge in ("dc", "ac", "ba", "cb"))
    with pytest.raises(DataError, match=r"line 4: the network has a directed cycle: c -> a -> b -> c$"):
        _bif.parse(text)


def test_enormous_tables_are_refused():
    levels = ", ".join(f"l{i}" for i in range(100))
    text = "".join(f"variable v{i} {{ type discrete [ 100 ] {{ {levels} }}; }}\n" for i in range(9))
    with pytest.raises(DataError, match=r"line 10: .* probabilities of 'v0' are too many"):
        _bif.parse(text + "probability ( v0 | v1 v2 v3 v4 v5 v6 v7 v8 ) { default 1; }")


@pytest.mark.parametrize("text", ["", "network x { }", "// nothing"])
def test_files_without_variables_are_no_networks(text):
    with pytest.raises(DataError, match="no 'variable' block"):
        _bif.parse(text)


def test_files_are_read_plain_and_compressed(tmp_path):
    plain, packed = tmp_path / "wet.bif", tmp_path / "wet.bif.gz"
    plain.write_bytes(b"\xef\xbb\xbf" + WET.replace("\n", "\r\n").encode())
    packed.write_bytes(gzip.compress(WET.encode()))
    for path in (plain, packed):
        assert [v.name for v in _bif.read(path).variables] == ["rain", "wet"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "is not text in UTF-8"),
        (gzip.compress(b"network", mtime=0)[:-3], "cannot read"),
        (b"\x1f\x8b\x08" + b"x" * 40, "cannot read"),
    ],
)
def test_unreadable_files_are_refused(tmp_path, content, sentence):
    path = tmp_path / "bad.bif"
    path.write_bytes(content)
    with pytest.raises(DataError, match=sentence):
        _bif.read(path)


def test_absent_files_are_refused(tmp_path):
    with pytest.raises(DataError, match=re.escape("absent.bif: No such file")):
        _bif.read(tmp_path / "absent.bif")


# Nodes, edges and free probabilities as the repository states them.
@pytest.mark.parametrize(
    ("name", "nodes", "edges", "probabilities"),
    [("asia", 8, 8, 18), ("alarm", 37, 46, 509), ("child", 20, 25, 230), ("sachs-discrete", 11, 17, 178)],
)
def test_shipped_networks_have_their_known_size(name, nodes, edges, probabilities):
    variables = _bif.read(shipped.path(name, shipped.Part.NETWORK)).variables
    assert len(variables) == nodes
    assert sum(len(v.parents) for v in variables) == edges
    assert sum(v.table.shape[0] * (v.table.shape[1] - 1) for v in variables) == probabilities
    assert all(np.allclose(v.table.sum(axis=1), 1) for v in variables)


@given(st.data())
def test_damaged_files_give_a_network_or_a_sentence(data):
    words = re.split(r"(\W)", WET)
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(
        st.sampled_from(["", "{", "}", "(", ")", ";", ",", '"', "0.5", "nan", "inf", "yes", "table"])
    )
    try:
        network = _bif.parse("".join(words))
    except DataError:
        return
    assert all(np.allclose(v.table.sum(axis=1), 1) and (v.table >= 0).all() for v in network.variables)
