"""Every format: what is written is read back, and no text makes a reader fail but with DataError."""

import json
import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from causaldisc.errors import DataError, UsageError
from causaldisc.graph import Graph, GraphKind, Mark, Node, formats
from causaldisc.graph.formats._reading import guess_kind
from causaldisc.graph.formats._values import read_value, write_value
from causaldisc.result import Notice, Result, Separation

LOSSLESS = ("json", "graphml", "dot", "csv", "tsv")
MATRICES = ("causal-learn", "pcalg-pag", "pcalg-cpdag")
ODD = """-->|o-o|a b|x,y|"q"|5HT|1|1e5|true|NA|(L1)|[S1]|a;b|graph|Node|\\|a\\|\\"| lead|trail |é|日本|a=b
|<b>|&amp;|#c|//x|/*|p=1|no edges: x|source|graph_kind|'|=|{|}|1.|]]>|null|\u2028|\u00a0|\ufeffbom|x\u0085y"""
ODD_NAMES = ODD.replace("\n", "").split("|")
RESERVED = {"", "name", "id", "label", "interaction", "dir", "arrowhead", "arrowtail"} | {
    "source", "mark_source", "mark_target", "target", "lag", "graph_kind"
}  # fmt: skip

letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
texts = st.text(letters, max_size=12)
names = texts.filter(bool) | st.sampled_from(ODD_NAMES)
keys = (names | st.sampled_from(["p_value", "n", "conflict", "type", "u", "v", "self", "key"])).filter(
    lambda key: key not in RESERVED
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
values = texts | st.sampled_from([*ODD_NAMES, "", "a\nb\tc\rd"]) | st.integers() | st.booleans() | numbers
attributes = st.dictionaries(keys, values, max_size=3)


@st.composite
def graphs(draw, lags=(0, 0, 0, 1, 2, 30), marks=tuple(Mark), attributes=attributes):
    """Draw a graph of any kind, marks, lags, names and attributes."""
    found = draw(st.lists(names, unique=True, max_size=6))
    nodes = [Node(name, draw(attributes)) for name in found]
    graph = Graph(nodes, draw(st.sampled_from(GraphKind)))
    ends = st.integers(0, len(graph) - 1)
    edge = st.tuples(ends, ends, st.sampled_from(marks), st.sampled_from(marks), st.sampled_from(lags))
    for u, v, mark_u, mark_v, lag in draw(st.lists(edge, max_size=8)) if nodes else []:
        if (u != v or lag) and not graph.has_edge(u, v, lag):
            graph.add_edge(u, v, mark_u, mark_v, lag, draw(attributes))
    return graph


@st.composite
def results(draw):
    """Draw a graph with evidence."""
    graph = draw(graphs())
    nodes = st.sampled_from(graph.names or ("",))
    p_value = st.none() | st.floats(0, 1)
    given = st.lists(nodes, max_size=3).map(tuple)
    separation = st.builds(Separation, nodes, nodes, given, p_value, st.none() | st.integers(0))
    tree = st.recursive(
        values | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    )
    return Result(
        graph,
        tuple(draw(st.lists(separation, max_size=3))) if len(graph) else (),
        tuple(draw(st.lists(st.builds(Notice, texts, texts), max_size=2))),
        draw(st.dictionaries(texts, tree, max_size=3)),
    )


def same(graph: Graph, other: Graph) -> bool:
    """Tell whether two graphs are equal, types of attributes included (1, 1.0 and true differ)."""
    return graph == other and formats.dump("json", Result(graph)) == formats.dump("json", Result(other))


def bare(graph: Graph) -> Graph:
    """Return a graph without attributes, of the kind that its marks show."""
    twin = Graph(graph.names)
    for e in graph.edges():
        twin.add_edge(e.source, e.target, e.mark_source, e.mark_target, e.lag)
    return twin.copy(guess_kind(twin))


@given(results())
def test_json_gives_back_the_whole_result(result):
    text = formats.dump("json", result)
    assert formats.load(text) == result
    assert formats.dump("json", formats.load(text)) == text


@pytest.mark.parametrize("name", LOSSLESS)
@given(graph=graphs())
def test_lossless_formats_give_back_the_whole_graph(name, graph):
    text = formats.dump(name, Result(graph))
    assert text.endswith("\n")
    assert same(formats.load(text).graph, graph)


@pytest.mark.parametrize("name", ["tetrad", *MATRICES])
@given(graph=graphs(lags=(0,)))
def test_lossy_formats_give_back_names_and_marks(name, graph):
    if name == "pcalg-cpdag":
        assume(all(e.is_directed or e.is_undirected for e in graph.edges()))
    assert formats.load(formats.dump(name, Result(bare(graph)))).graph == bare(graph)


@given(graphs(attributes=st.just({}), lags=(0,), marks=(Mark.TAIL, Mark.ARROW)))
def test_pcalg_cpdag_gives_back_directed_and_undirected_edges(graph):
    for e in list(graph.edges()):
        if not (e.is_directed or e.is_undirected):
            graph.remove_edge(e.source, e.target)
    assert formats.load(formats.dump("pcalg-cpdag", Result(graph))).graph == bare(graph)


@given(graphs())
def test_text_gives_back_kind_names_marks_and_lags(graph):
    found = formats.load(formats.dump("text", Result(graph))).graph
    assert found.reordered(graph.names) == bare(graph).copy(graph.kind)


@pytest.mark.parametrize("name", formats.names())
@given(text=st.text() | st.text("dose;o->,.-\n\t 12\"'{}[]<>=:graphsourcetarget"))
def test_any_text_is_a_graph_or_a_data_error(name, text):
    assert re.match(READ_OR_REFUSED, outcome_of_reading(name, text))


@pytest.mark.parametrize("name", formats.names())
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_file_is_a_graph_or_a_data_error(name, data):
    graph = data.draw(graphs(lags=(0, 0, 1) if name in (*LOSSLESS, "text") else (0,)))
    try:
        text = formats.dump(name, Result(graph))
    except DataError:
        assert name == "pcalg-cpdag"
        return
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(len(text), start + 12)))
        inserted = data.draw(st.sampled_from(["", text[start:stop] * 2, '"', "\\", "<", "\n", "-9", "\x00", "[{"]))
        text = text[:start] + inserted + text[stop:]
    assert re.match(READ_OR_REFUSED, outcome_of_reading(name, text))


# A name that a format needs for itself, or half a surrogate pair, is only found when the graph is written.
READ_OR_REFUSED = r"same graph$|x\.graph: .|.*needs the name|.*Unicode"


def outcome_of_reading(name: str, text: str) -> str:
    """Return 'same graph' when what is read survives JSON, 'another graph' when not, or why it was refused."""
    try:
        graph = formats.load(text, name=name, source="x.graph").graph
        written = formats.dump("json", Result(graph))
    except DataError as error:
        return str(error)
    return "same graph" if formats.load(written).graph == graph else "another graph"


@given(values)
def test_a_value_survives_as_text(value):
    found = read_value(write_value(value))
    assert found == value
    assert type(found) is type(value)


def test_numbers_that_are_not_finite_are_left_out_everywhere():
    graph = Graph([Node("a", {"x": float("inf"), "y": 1}), "b"])
    graph.add_edge(0, 1, Mark.CIRCLE, Mark.ARROW, attributes={"p_value": float("nan"), "n": 3})
    provenance = {"options": {"alpha": float("nan"), "levels": [1.0, float("inf")]}}
    result = Result(graph, (Separation("a", "b", (), float("nan")),), (), provenance)
    for name in LOSSLESS:
        text = formats.dump(name, result)
        assert not re.search(r"\b(nan|inf|infinity)\b", text, re.I)
        (edge,) = formats.load(text).graph.edges()
        assert edge.attributes == {"n": 3}
    read = json.loads(formats.dump("json", result))
    assert read["separations"] == [{"x": "a", "y": "b", "given": []}]
    assert read["provenance"] == {"options": {"levels": [1.0, None]}}


def test_names_and_suffixes():
    assert formats.names() == sorted((*LOSSLESS, *MATRICES, "ranked", "tetrad", "text"))
    expected = {"json": "json", "graphml": "graphml", "dot": "dot", "gv": "dot", "csv": "csv", "tsv": "tsv"}
    expected |= {"ranked": "ranked", "tetrad": "tetrad", "txt": "text", "GraphML": "graphml"}
    assert {suffix: formats.for_path(f"dir.x/g.{suffix}") for suffix in expected} == expected
    assert formats.for_path("g.parquet") is None
    assert formats.for_path("json") is None
    with pytest.raises(UsageError, match=r"unknown graph format 'jsn'; known: causal-learn, csv"):
        formats.load("{}", name="jsn")


def test_content_decides_where_the_suffix_does_not(tmp_path):
    graph = Graph.parse("a o-> b; b --> c", GraphKind.PAG)
    for name in formats.names():
        if name in ("pcalg-cpdag", "ranked"):
            continue
        text = formats.dump(name, Result(graph))
        for path in (None, "g.unknown", "g.csv", "g.txt"):
            assert str(formats.load(text, path=path).graph) == str(graph)
    file = tmp_path / "g.csv"
    file.write_bytes(b"\xef\xbb\xbf" + formats.dump("pcalg-pag", Result(graph)).encode())
    assert formats.read(file).graph == graph


def test_read_takes_standard_input(monkeypatch):
    import io
    import sys

    stdin = io.TextIOWrapper(io.BytesIO("Graph Nodes:\né;b\n\nGraph Edges:\n1. é --> b\n".encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert str(formats.read("-").graph) == "é --> b"


def test_read_says_why_a_file_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*absent.json"):
        formats.read(tmp_path / "absent.json")
    (tmp_path / "g.json").write_bytes(b'{"nodes": "\xff"}')
    with pytest.raises(DataError, match=r"g.json: byte 12 is not UTF-8"):
        formats.read(tmp_path / "g.json")
    with pytest.raises(DataError, match=r"standard input: this is no graph in a known format; a bare matrix needs"):
        formats.load("hello")


def test_losses_name_what_this_result_would_lose():
    graph = Graph([Node("a", {"type": "count"}), "b"], GraphKind.CPDAG)
    graph.add_edge(0, 1, Mark.TAIL, Mark.TAIL, attributes={"n": 5, "p_value": 0.1})
    separations = (Separation("a", "b", ()),) * 2
    full = Result(graph, separations, (Notice("c", "m"),), {"tool": "causaldisc"})
    evidence = ["2 separations", "1 warning", "the provenance, wholly or in part"]
    assert formats.losses("json", full) == []
    assert formats.losses("graphml", full) == evidence
    on_graph = ["edge attributes: p_value, n", "node attributes: type"]
    assert formats.losses("tetrad", full) == [*on_graph, "the kind of the graph: cpdag", *evidence]
    assert formats.losses("text", full) == [*on_graph, *evidence]
    assert formats.losses("tetrad", Result(Graph.parse("a --> b", GraphKind.DAG))) == []


def test_tetrad_loses_neither_latent_nor_selection_variables():
    graph = Graph([Node("a", {"latent": True, "type": "count"}), Node("b", {"selection": True})], GraphKind.DAG)
    assert formats.losses("tetrad", Result(graph)) == ["node attributes: type"]
    graph = Graph([Node("a", {"latent": True}), Node("b", {"selection": False})], GraphKind.DAG)
    assert formats.losses("tetrad", Result(graph)) == ["node attributes: selection"]
    assert formats.losses("causal-learn", Result(graph)) == ["node attributes: latent, selection"]


def test_a_long_name_does_not_push_the_others_away():
    graph = Graph.parse(f"{'x' * 300} --> a --> b", GraphKind.DAG)
    lines = formats.dump("text", Result(graph)).splitlines()
    assert len(lines[-1]) < 100
    assert formats.load("\n".join(lines)).graph == graph


@pytest.mark.parametrize("name", ["tetrad", *MATRICES])
def test_formats_without_lags_refuse_them(name):
    graph = Graph("ab")
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, lag=2)
    with pytest.raises(DataError, match=r"cannot hold .*a --> b.*write json, graphml or csv instead"):
        formats.dump(name, Result(graph))


def test_pcalg_cpdag_refuses_circles_and_bidirected_edges():
    for notation in ("a o-> b", "a <-> b", "a o-o b", "b --o a"):
        with pytest.raises(DataError, match=f"pcalg-cpdag cannot hold {notation}; write"):
            formats.dump("pcalg-cpdag", Result(Graph.parse(notation, nodes="ab")))


def test_names_that_no_format_can_hold_are_refused():
    for name in formats.names():
        with pytest.raises(DataError, match="empty name"):
            formats.dump(name, Result(Graph(["a", ""])))
        with pytest.raises(DataError, match=r"not valid Unicode; rename it"):
            formats.dump(name, Result(Graph(["a\ud800"])))
    with pytest.raises(DataError, match=r"XML cannot hold the character '\\x01' of 'a\\x01'; rename it"):
        formats.dump("graphml", Result(Graph(["a\x01"])))


@pytest.mark.parametrize(
    ("name", "key"),
    [("json", "source"), ("json", "lag"), ("graphml", "mark_target"), ("dot", "dir"), ("csv", "graph_kind")],
)
def test_an_attribute_may_not_take_a_name_that_the_format_needs(name, key):
    graph = Graph("ab")
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, attributes={key: "x"})
    with pytest.raises(DataError, match=f"rename the edge attribute '{key}'"):
        formats.dump(name, Result(graph))
