"""`show` and `--report` from the shell: what is written, for any names, and what is said when it cannot be."""

import gzip
import io
import json
import re
import struct
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from causaldisc.cli.main import main
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.data import shipped
from causaldisc.drawing import labels, page, part, png, svg, terminal
from causaldisc.graph import Graph, GraphKind, Mark, formats
from causaldisc.result import Notice, Result, Separation

SVG = "{http://www.w3.org/2000/svg}"
NASTY = [
    "<&>\"'",
    "]]>",
    "</script>",
    "a\nb\tc",
    "\x07bell",
    "名前です",
    "e\u0301",
    " ",
    "x" * 90,
    "$x_1$",
    "-->",
    "\\frac{1}{2}",
]


@pytest.fixture
def chain(tmp_path):
    """A graph with evidence, as a file."""
    graph = Graph.parse("a --> c <-- b; c --> d", GraphKind.CPDAG)
    for edge in graph.edges():
        graph.annotate(edge.source, edge.target, p_value=0.001 * (1 + edge.source), n=120)
    separations = [Separation("a", "b", (), 0.4, 120), Separation("a", "d", ("c",), 0.7, 120)]
    path = tmp_path / "chain.json"
    path.write_text(formats.dump("json", Result(graph, separations, (Notice("doubt", "a <doubt>"),))), encoding="utf-8")
    return path


@pytest.fixture
def nasty(tmp_path):
    graph = Graph(NASTY)
    for v in range(1, len(NASTY)):
        graph.add_edge(v - 1, v, Mark.CIRCLE, Mark.ARROW)
    path = tmp_path / "nasty.json"
    path.write_text(formats.dump("json", Result(graph)), encoding="utf-8")
    return path


# ---- the terminal


def test_the_drawing_of_a_small_graph(chain, capsys):
    assert main(["show", str(chain)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "  a   b",
        "  ⢸   ⡏",
        "  ⢸⡀ ⢀⡇",
        "   ⣇ ⣸",
        "   ▼ ▼",
        "    c",
        "    ⢸",
        "    ⢸",
        "    ▼",
        "    d",
    ]


def test_every_name_stands_in_the_drawing_once_and_arrows_touch_it(chain):
    graph = formats.read(str(chain)).graph
    lines = terminal.drawing(graph)
    assert sorted(re.findall(r"[a-d]", "\n".join(lines))) == list("abcd")
    rows = {name: next(i for i, line in enumerate(lines) if name in line) for name in "abcd"}
    assert rows["a"] == rows["b"] < rows["c"] < rows["d"]
    assert lines[rows["c"] - 1].count("▼") == 2
    assert lines[rows["d"] - 1].strip() == "▼"
    assert all(terminal.cells(line) <= 12 for line in lines)


def test_marks_lags_and_loops_have_signs():
    graph = Graph.parse("a o-> b")
    graph.add_edge(0, 0, Mark.TAIL, Mark.ARROW, 1)
    graph.add_edge(1, 0, Mark.TAIL, Mark.ARROW, 2)
    text = "\n".join(terminal.drawing(graph))
    assert "a ↺" in text
    assert "b ↺" not in text
    assert text.count("○") == 1
    assert text.count("▼") == 1
    assert text.count("▲") == 1
    assert "2" in text


def test_broad_characters_take_two_cells_and_bold_takes_none():
    graph = Graph(["名前", "x"])
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW)
    assert terminal.cells("名前e\u0301") == 5
    plain, bold = terminal.drawing(graph), terminal.drawing(graph, in_bold=True)
    assert terminal.width(plain) == terminal.width(bold)
    assert [re.sub(r"\x1b\[\d*m", "", line) for line in bold] == plain
    assert "\x1b[1m名前\x1b[0m" in "\n".join(bold)


def test_where_a_drawing_has_no_room_edges_are_listed(chain, capsys):
    assert main(["show", str(chain), "--width", "3"]) == 0
    told = capsys.readouterr()
    assert re.search(r"the drawing needs \d+ columns", told.err)
    assert "a" in told.out
    assert "-->" in told.out
    assert main(["show", str(chain), "--width", "3", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_a_tangle_is_listed_unless_a_width_is_given(tmp_path, capsys):
    path = tmp_path / "dense.json"
    notation = "; ".join(f"n{i} --> n{j}" for j in range(12) for i in range(j))
    path.write_text(formats.dump("json", Result(Graph.parse(notation))), encoding="utf-8")
    assert main(["show", str(path)]) == 0
    told = capsys.readouterr()
    assert "cannot be followed" in told.err
    assert "▼" not in told.out
    assert main(["show", str(path), "--width", "500"]) == 0
    assert "▼" in capsys.readouterr().out


# ---- pictures


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50), min_size=1, max_size=5, unique=True
    )
)
def test_any_names_make_svg_that_xml_readers_take(names):
    graph = Graph(names)
    for v in range(1, len(names)):
        graph.add_edge(v - 1, v, Mark.ARROW, Mark.CIRCLE)
    root = ET.fromstring(svg.document(graph, names[0]))
    written = [node.find(f"{SVG}text").text for node in root.iter(f"{SVG}g") if node.get("class") == "node"]
    assert written == [labels.shown(name) for name in names]


def test_svg_has_the_marks_of_its_edges():
    graph = Graph.parse("a --> b; b <-> c; c o-o d; d --- e; e o-> f")
    root = ET.fromstring(svg.document(graph))
    edges = {g.find(f"{SVG}title").text: g for g in root.iter(f"{SVG}g") if g.get("class", "").startswith("edge")}
    marks = {
        name: [p.get("class") for p in edge.iter(f"{SVG}path") if p.get("class") != "line"]
        for name, edge in edges.items()
    }
    assert marks == {
        "a --> b": ["head"], "b <-> c": ["head", "head"], "c o-o d": ["circle", "circle"], "d --- e": [],
        "e o-> f": ["circle", "head"],
    }  # fmt: skip


def test_doubtful_edges_are_told_apart():
    graph = Graph.parse("a --> b --> c")
    graph.annotate(0, 1, conflict=True)
    root = ET.fromstring(svg.document(graph))
    kinds = {
        g.find(f"{SVG}title").text: g.get("class") for g in root.iter(f"{SVG}g") if g.find(f"{SVG}title") is not None
    }
    assert kinds["a --> b"] == "edge doubtful"
    assert kinds["b --> c"] == "edge"


def test_png_is_a_picture_of_the_size_of_the_svg(nasty, tmp_path, recwarn):
    assert main(["show", str(nasty), "-o", str(tmp_path / "n.png")]) == 0
    assert main(["show", str(nasty), "-o", str(tmp_path / "n.svg")]) == 0
    content = (tmp_path / "n.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    root = ET.parse(tmp_path / "n.svg").getroot()
    for dots, length in zip(struct.unpack(">II", content[16:24]), (root.get("width"), root.get("height")), strict=True):
        assert dots == pytest.approx(png.SHARPNESS * float(length), abs=2.5)
    assert png.document(formats.read(str(nasty)).graph, "n") == png.document(formats.read(str(nasty)).graph, "n")


def test_png_has_ink_where_boxes_and_lines_are(chain):
    from matplotlib.image import imread

    graph = formats.read(str(chain)).graph
    pixels = imread(io.BytesIO(png.document(graph)))[:, :, :3]
    drawing = svg.laid_out(graph)

    def at(x, y):
        return pixels[round(png.SHARPNESS * (y + svg.MARGIN)), round(png.SHARPNESS * (x + svg.MARGIN))]

    for box in drawing.boxes:
        assert not np.allclose(at(box.x - box.width / 2 + 4, box.y), 1.0, atol=0.01)
    for line in drawing.lines:
        assert at(*line.curve[3 * ((len(line.curve) - 1) // 6)])[0] < 0.9
    assert np.allclose(at(-svg.MARGIN + 2, -svg.MARGIN + 2), 1.0)


# ---- pages


def test_names_cannot_break_out_of_a_page(nasty, tmp_path):
    assert main(["show", str(nasty), "--html", "-o", str(tmp_path / "n.html")]) == 0
    text = (tmp_path / "n.html").read_text(encoding="utf-8")
    assert text.count("</script>") == 2
    embedded = re.search(r'<script type="application/json" id="graph">(.*?)</script>', text, re.S)
    assert [node["name"] for node in json.loads(embedded.group(1))["nodes"]] == NASTY
    assert "http-equiv" in text
    assert not re.search(r"(src|href)=", text)


def test_a_page_has_separations_by_number_and_says_when_it_has_none(chain, monkeypatch):
    result = formats.read(str(chain))

    def data():
        return json.loads(re.search(r'id="graph">(.*?)</script>', page.page(result, "t"), re.S).group(1))

    place = {name: i for i, name in enumerate(result.graph.names)}
    assert data()["separations"] == [
        [place["a"], place["b"], [], 0.4, 120], [place["a"], place["d"], [place["c"]], 0.7, 120]
    ]  # fmt: skip
    monkeypatch.setattr(page, "MOST_SEPARATIONS", 1)
    assert data()["separations"] == []
    assert "too many" in data()["separationsNote"]


def test_titles_are_chosen_or_the_name_of_the_file(chain, capsys):
    assert main(["show", str(chain), "--html"]) == 0
    assert "<title>chain.json</title>" in capsys.readouterr().out
    assert main(["show", str(chain), "--html", "--title", "A & B"]) == 0
    assert "<title>A &amp; B</title>" in capsys.readouterr().out


# ---- parts


def test_a_part_has_what_is_near_and_the_separations_within_it(chain):
    result = formats.read(str(chain))
    assert part.around(result.graph, ["a"], 0) == ["a"]
    assert part.around(result.graph, ["a"], 1) == ["a", "c"]
    assert part.around(result.graph, ["a", "d"], 1) == ["a", "c", "d"]
    assert sorted(part.around(result.graph, ["a"], 2)) == ["a", "b", "c", "d"]
    near = part.of(result, ["a", "b", "c"])
    assert set(near.graph.names) == {"a", "b", "c"}
    assert near.separations == [Separation("a", "b", (), 0.4, 120)]


def test_a_part_is_drawn(chain, capsys):
    assert main(["show", str(chain), "-f", "svg", "--around", "d"]) == 0
    names = [node.find(f"{SVG}text").text for node in ET.fromstring(capsys.readouterr().out).iter(f"{SVG}g")
             if node.get("class") == "node"]  # fmt: skip
    assert sorted(names) == ["c", "d"]


def test_lone_nodes_are_hidden_when_asked(tmp_path, capsys):
    path = tmp_path / "g.json"
    path.write_text(formats.dump("json", Result(Graph.parse("lone; a --> b"))), encoding="utf-8")
    assert main(["show", str(path)]) == 0
    assert "lone" in capsys.readouterr().out
    assert main(["show", str(path), "--hide-lone"]) == 0
    assert "lone" not in capsys.readouterr().out


def test_every_format_can_be_shown_and_an_empty_graph_too(tmp_path, capsys):
    (tmp_path / "g.csv").write_text("source,target\na,b\nb,c\n", encoding="utf-8")
    (tmp_path / "empty.json").write_text(formats.dump("json", Result(Graph([]))), encoding="utf-8")
    for form in ("text", "svg", "html"):
        assert main(["show", str(tmp_path / "empty.json"), "-f", form]) == 0
    assert main(["show", str(tmp_path / "empty.json"), "-o", str(tmp_path / "e.png")]) == 0
    assert main(["show", str(tmp_path / "g.csv")]) == 0
    assert "a" in capsys.readouterr().out


# ---- complaints


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["-o", "x.pdf"], 2, "the suffix of 'x.pdf' says no drawing"),
        (["--html", "-f", "svg"], 2, "exclude each other"),
        (["--around", "aa"], 3, "no node 'aa'"),
        (["-o", "no/folder/x.svg"], 3, "no/folder"),
    ],
)
def test_what_cannot_be_shown(chain, capsys, arguments, code, told):
    assert main(["show", str(chain), *arguments]) == code
    assert told in capsys.readouterr().err


# ---- reports


@pytest.fixture
def sachs(tmp_path):
    path = tmp_path / "sachs.csv"
    path.write_bytes(gzip.decompress(shipped.path("sachs").read_bytes()))
    return path


def report(tmp_path, *arguments):
    assert main([*map(str, arguments), "-q", "-o", str(tmp_path / "g.json"), "--report", str(tmp_path / "r.html")]) == 0
    return (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_report_tells_data_edges_warnings_and_the_command(sachs, tmp_path):
    text = report(tmp_path, "pc", sachs)
    result = formats.read(str(tmp_path / "g.json"))
    rows = re.findall(r"<tr data-line=.*?</tr>", text)
    assert len(rows) == result.graph.edge_count()
    for row, edge in zip(rows, result.graph.edges(), strict=True):
        cells = [re.sub("<.*?>", "", cell) for cell in re.findall("<td.*?</td>", row)]
        assert (cells[0], cells[2]) == (result.graph.names[edge.source], result.graph.names[edge.target])
        assert cells[3] == f"{edge.attributes['p_value']:.4g}"
    for notice in result.warnings:
        assert notice.message.replace("<", "&lt;").replace(">", "&gt;") in text
    assert f"causaldisc pc {sachs} -q -o" in text
    assert result.provenance["data"]["sha256"] in text
    assert "7,466 rows, 11 variables" in text
    assert report(tmp_path, "pc", sachs) == text


@pytest.mark.parametrize("arguments", [["bootstrap", "pc", "--runs", "3"], ["direct-lingam"], ["ges"]])
def test_other_discoveries_have_reports_too(sachs, tmp_path, arguments):
    text = report(tmp_path, *arguments, sachs)
    assert "How to repeat it" in text
    assert "plcg" in text


def test_a_report_of_mixed_data_with_missing_cells_says_so(tmp_path, capsys):
    path = tmp_path / "penguins.csv"
    path.write_bytes(gzip.decompress(shipped.path("penguins").read_bytes()))
    text = report(tmp_path, "pc", path)
    assert "have a missing cell" in text
    assert "binary" in text or "discrete" in text


def test_a_matrix_has_no_rows_to_report(sachs, tmp_path):
    columns = np.genfromtxt(sachs, delimiter=",", names=True)
    matrix = np.corrcoef([columns[name] for name in columns.dtype.names])
    path = tmp_path / "m.csv"
    np.savetxt(path, matrix, delimiter=",", header=",".join(columns.dtype.names), comments="", fmt="%.10f")
    assert "Only the correlations" in report(tmp_path, "pc", path, "--covariance", "7466")


def test_reports_of_groups_go_to_files_of_their_own(tmp_path, capsys):
    rng = np.random.default_rng(3)
    lines = ["x,y,batch"] + [f"{a},{b},{'uv'[i % 2]}" for i, (a, b) in enumerate(rng.poisson(3, size=(80, 2)))]
    path = tmp_path / "cells.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [
        "dropout",
        str(path),
        "--group-by",
        "batch",
        "--min-rows",
        "20",
        "-q",
        "-o",
        str(tmp_path / "{group}.json"),
    ]
    assert main([*command, "--report", str(tmp_path / "r.html")]) == 2
    assert "write {group} into --report" in capsys.readouterr().err
    assert main([*command, "--report", str(tmp_path / "{group}.html")]) == 0
    assert "40 rows" in (tmp_path / "u.html").read_text(encoding="utf-8")
    assert (tmp_path / "v.html").exists()


def test_a_graph_too_large_to_draw_is_reported_without_a_drawing(sachs, tmp_path, monkeypatch):
    monkeypatch.setattr("causaldisc.drawing.layout.MOST_MEMBERS", 5)
    text = report(tmp_path, "pc", sachs)
    assert "too many to draw" in text
    assert "<tr data-line=" in text
    assert "<script" not in text


def test_places_of_reports_are_checked_before_the_search(sachs, tmp_path, capsys):
    for place, told in (
        ("-", "needs a file"),
        (str(sachs), "would replace an input"),
        ("no/folder/r.html", "no/folder"),
    ):
        assert main(["pc", str(sachs), "-q", "-o", str(tmp_path / "g.json"), "--report", place]) in (2, 3)
        assert told in capsys.readouterr().err


def test_drawing_is_not_imported_by_commands_that_do_not_draw():
    import subprocess

    code = (
        "import sys; from causaldisc.cli.main import main; main(['pc', '--help']); "
        "print([m for m in sys.modules if 'drawing' in m or m == 'matplotlib'])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.rstrip().endswith("[]")
