"""Formats against files written by hand and by other programs; the asymmetric edge `o->` in every one."""

import networkx as nx
import pytest

from causaldisc.errors import DataError
from causaldisc.graph import Graph, GraphKind, Mark, Node, formats
from causaldisc.result import Result

MARKS = "dose o-> bmi; bmi --- age; bmi --> bp; bp <-> crp"

FILES = {
    "json": """{"schema": "causaldisc.graph/1",
 "kind": "pag",
 "nodes": [
  {"name": "dose"},
  {"name": "bmi"},
  {"name": "age"},
  {"name": "bp"},
  {"name": "crp"},
  {"name": "body mass"}
 ],
 "edges": [
  {"source": "dose", "target": "bmi", "mark_source": "circle", "mark_target": "arrow", "lag": 0},
  {"source": "bmi", "target": "age", "mark_source": "tail", "mark_target": "tail", "lag": 0},
  {"source": "bmi", "target": "bp", "mark_source": "tail", "mark_target": "arrow", "lag": 0},
  {"source": "bp", "target": "crp", "mark_source": "arrow", "mark_target": "arrow", "lag": 0}
 ],
 "separations": [],
 "warnings": [],
 "provenance": {}}
""",
    "csv": """source,mark_source,mark_target,target,lag,graph_kind
dose,circle,arrow,bmi,0,pag
bmi,tail,tail,age,0,pag
bmi,tail,arrow,bp,0,pag
bp,arrow,arrow,crp,0,pag
dose,,,,,pag
bmi,,,,,pag
age,,,,,pag
bp,,,,,pag
crp,,,,,pag
body mass,,,,,pag
""",
    "dot": """digraph {
  graph [kind=pag];
  "dose";
  "bmi";
  "age";
  "bp";
  "crp";
  "body mass";
  "dose" -> "bmi" [dir=both, arrowtail=odot, arrowhead=normal];
  "bmi" -> "age" [dir=none];
  "bmi" -> "bp";
  "bp" -> "crp" [dir=both, arrowtail=normal, arrowhead=normal];
}
""",
    "tetrad": """Graph Nodes:
dose;bmi;age;bp;crp;"body mass"

Graph Edges:
1. dose o-> bmi
2. bmi --- age
3. bmi --> bp
4. bp <-> crp
""",
    "text": """pag: 6 nodes, 4 edges

  dose  o->  bmi
  bmi   ---  age
  bmi   -->  bp
  bp    <->  crp

no edges: "body mass"
""",
    "causal-learn": """causal-learn,dose,bmi,age,bp,crp,body mass
dose,0,2,0,0,0,0
bmi,1,0,-1,-1,0,0
age,0,-1,0,0,0,0
bp,0,1,0,0,1,0
crp,0,0,0,1,0,0
body mass,0,0,0,0,0,0
""",
    "pcalg-pag": """pcalg-pag,dose,bmi,age,bp,crp,body mass
dose,0,2,0,0,0,0
bmi,1,0,3,2,0,0
age,0,3,0,0,0,0
bp,0,3,0,0,2,0
crp,0,0,0,2,0,0
body mass,0,0,0,0,0,0
""",
}


def pag() -> Graph:
    """Return the running example, with a node that has no edge and a space in its name."""
    graph = Graph(["dose", "bmi", "age", "bp", "crp", "body mass"], GraphKind.PAG)
    for edge in Graph.parse(MARKS).edges():
        graph.add_edge(edge.source, edge.target, edge.mark_source, edge.mark_target)
    return graph


def load(text: str, name: str | None = None) -> Graph:
    return formats.load(text, name=name).graph


@pytest.mark.parametrize("name", FILES)
def test_the_written_file_is_the_one_by_hand(name):
    assert formats.dump(name, Result(pag())) == FILES[name]
    assert load(FILES[name]) == pag()
    assert load(FILES[name].replace("\n", "\r\n")) == pag()


def test_tsv_is_csv_with_tabs():
    assert formats.dump("tsv", Result(pag())) == FILES["csv"].replace(",", "\t")


def test_pcalg_cpdag_has_the_arrow_in_the_row_of_the_target():
    graph = Graph.parse("a --> b; b --- c", GraphKind.CPDAG)
    text = "pcalg-cpdag,a,b,c\na,0,0,0\nb,1,0,1\nc,0,1,0\n"
    assert formats.dump("pcalg-cpdag", Result(graph)) == text
    assert str(load(text)) == "a --> b; b --- c"


# ---- GraphML


def test_graphml_follows_the_profile():
    graph = Graph([Node("dose", {"type": "continuous"}), "bmi"], GraphKind.PAG)
    attributes = {"p_value": 0.004, "n": 853, "conflict": True, "note": "a > b"}
    graph.add_edge(0, 1, Mark.CIRCLE, Mark.ARROW, attributes=attributes)
    provenance = {
        "tool": "causaldisc",
        "version": "0.1.0",
        "algorithm": "fci",
        "options": {"alpha": 0.05, "test": "fisherz"},
        "data": {"source": "x.csv", "sha256": "ab12"},
    }
    text = formats.dump("graphml", Result(graph, provenance=provenance))
    assert (
        text
        == """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
 <key id="g0" for="graph" attr.name="kind" attr.type="string"/>
 <key id="g1" for="graph" attr.name="algorithm" attr.type="string"/>
 <key id="g2" for="graph" attr.name="alpha" attr.type="double"/>
 <key id="g3" for="graph" attr.name="data_sha256" attr.type="string"/>
 <key id="g4" for="graph" attr.name="tool" attr.type="string"/>
 <key id="g5" for="graph" attr.name="tool_version" attr.type="string"/>
 <key id="n0" for="node" attr.name="name" attr.type="string"/>
 <key id="n1" for="node" attr.name="label" attr.type="string"/>
 <key id="n2" for="node" attr.name="type" attr.type="string"/>
 <key id="e0" for="edge" attr.name="mark_source" attr.type="string"/>
 <key id="e1" for="edge" attr.name="mark_target" attr.type="string"/>
 <key id="e2" for="edge" attr.name="interaction" attr.type="string"/>
 <key id="e3" for="edge" attr.name="p_value" attr.type="double"/>
 <key id="e4" for="edge" attr.name="n" attr.type="long"/>
 <key id="e5" for="edge" attr.name="conflict" attr.type="boolean"/>
 <key id="e6" for="edge" attr.name="note" attr.type="string"/>
 <graph id="causaldisc" edgedefault="directed">
  <data key="g0">pag</data>
  <data key="g1">fci</data>
  <data key="g2">0.05</data>
  <data key="g3">ab12</data>
  <data key="g4">causaldisc</data>
  <data key="g5">0.1.0</data>
  <node id="dose"><data key="n0">dose</data><data key="n1">dose</data><data key="n2">continuous</data></node>
  <node id="bmi"><data key="n0">bmi</data><data key="n1">bmi</data></node>
  <edge source="dose" target="bmi"><data key="e0">circle</data><data key="e1">arrow</data>\
<data key="e2">partially_directed</data><data key="e3">0.004</data><data key="e4">853</data>\
<data key="e5">true</data><data key="e6">a &gt; b</data></edge>
 </graph>
</graphml>
"""
    )
    kept = formats.load(text).provenance
    assert kept == {
        "tool": "causaldisc",
        "version": "0.1.0",
        "algorithm": "fci",
        "options": {"alpha": 0.05},
        "data": {"sha256": "ab12"},
    }


def rich_graph() -> Graph:
    graph = Graph([Node('a "b" <c> & d', {"type": "count"}), "5HT", "é\t日"], GraphKind.LAGGED)
    graph.add_edge(0, 1, Mark.CIRCLE, Mark.ARROW, attributes={"p_value": 1e-300, "n": 3, "mixed": 1})
    graph.add_edge(1, 2, Mark.TAIL, Mark.TAIL, attributes={"mixed": 0.5})
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, lag=2, attributes={"conflict": False})
    graph.add_edge(2, 2, Mark.TAIL, Mark.ARROW, lag=1, attributes={"odd": "x"})
    graph.add_edge(2, 2, Mark.TAIL, Mark.ARROW, lag=2, attributes={"odd": 4})
    return graph


def test_networkx_opens_graphml_and_sees_the_marks(tmp_path):
    file = tmp_path / "g.graphml"
    file.write_text(formats.dump("graphml", Result(rich_graph())), "utf-8")
    found = nx.read_graphml(file, force_multigraph=True)
    assert found.graph["kind"] == "lagged"
    assert list(found) == list(rich_graph().names)
    assert found.nodes['a "b" <c> & d'] == {
        "name": 'a "b" <c> & d',
        "label": 'a "b" <c> & d',
        "type": "count",
    }
    edges = {(u, v, d["lag"]): (d["mark_source"], d["mark_target"]) for u, v, d in found.edges(data=True)}
    assert edges['a "b" <c> & d', "5HT", 0] == ("circle", "arrow")
    assert edges["5HT", "é\t日", 0] == ("tail", "tail")
    assert edges["é\t日", "é\t日", 2] == ("tail", "arrow")
    assert len(edges) == 5
    first = found['a "b" <c> & d']["5HT"][0]
    assert (first["p_value"], first["n"], first["interaction"]) == (1e-300, 3, "partially_directed")
    nx.write_graphml(found, tmp_path / "again.graphml")
    again = formats.read(tmp_path / "again.graphml").graph
    assert str(again) == str(rich_graph())
    assert again.nodes == rich_graph().nodes
    assert again.attributes(0, 1) == {"p_value": 1e-300, "n": 3, "mixed": 1}


def test_igraph_opens_graphml_and_sees_the_marks(tmp_path):
    import igraph

    (tmp_path / "g.graphml").write_text(formats.dump("graphml", Result(rich_graph())), "utf-8")
    found = igraph.Graph.Read_GraphML(str(tmp_path / "g.graphml"))
    assert found.is_directed()
    assert found["kind"] == "lagged"
    assert found.vs["name"] == list(rich_graph().names)
    edge = found.es[0]
    assert (found.vs[edge.source]["name"], found.vs[edge.target]["name"]) == ('a "b" <c> & d', "5HT")
    assert (edge["mark_source"], edge["mark_target"], edge["p_value"]) == ("circle", "arrow", 1e-300)
    assert found.es["lag"] == [0, 2, 0, 1, 2]
    found.write_graphml(str(tmp_path / "again.graphml"))
    again = formats.read(tmp_path / "again.graphml").graph
    assert str(again) == str(rich_graph())
    assert again.attributes(0, 1)["n"] == 3


def test_graphml_of_networkx_without_marks_is_directed_or_undirected():
    directed = nx.DiGraph([("a", "b"), ("b", "c")])
    assert str(load("\n".join(nx.generate_graphml(directed)))) == "a --> b; b --> c"
    assert load("\n".join(nx.generate_graphml(directed))).kind is GraphKind.DAG
    undirected = nx.Graph([("a", "b")])
    assert str(load("\n".join(nx.generate_graphml(undirected)))) == "a --- b"


def test_graphml_of_igraph_takes_names_from_the_key(tmp_path):
    import igraph

    graph = igraph.Graph(edges=[(0, 1), (2, 1)], directed=True)
    graph.vs["name"] = ["raf", "mek", "erk"]
    graph.es["weight"] = [0.5, float("nan")]
    graph.write_graphml(str(tmp_path / "g.graphml"))
    found = formats.read(tmp_path / "g.graphml").graph
    assert str(found) == "raf --> mek; erk --> mek"
    assert found.attributes(0, 1) == {"weight": 0.5}
    assert found.attributes(2, 1) == {}


def graphml(body: str, keys: str = "", default: str = ' edgedefault="directed"') -> str:
    nodes = '<node id="n0"/><node id="n1"/><node id="n2"/>'
    return f"<graphml>{keys}<graph{default}>{body}{nodes}</graph></graphml>"


def test_graphml_marks_come_from_directed_interaction_and_yed():
    body = """<edge source="n0" target="n1" directed="false"/>
      <edge source="n1" target="n2"><data key="i">bidirected</data></edge>
      <edge source="n0" target="n2"><data key="y"><y:PolyLineEdge xmlns:y="urn:y">
        <y:Arrows source="transparent_circle" target="standard"/></y:PolyLineEdge></data></edge>"""
    key = '<key id="i" for="edge" attr.name="interaction"/><key id="y" for="edge" yfiles.type="edgegraphics"/>'
    found = load(graphml(body, key))
    assert str(found) == "n0 --- n1; n0 o-> n2; n1 <-> n2"
    assert all(not e.attributes for e in found.edges())


def test_graphml_defaults_labels_and_late_keys_are_read():
    text = """<g:graphml xmlns:g="http://graphml.graphdrawing.org/xmlns"><g:graph edgedefault="undirected">
      <g:edge source="1" target="0"><g:data key="d">pp</g:data></g:edge>
      <g:node id="0"><g:data key="l">raf</g:data></g:node>
      <g:node id="1"><g:data key="l">mek</g:data><g:data key="t"> 7 </g:data></g:node></g:graph>
      <g:key id="l" for="node" attr.name="label" attr.type="string"/>
      <g:key id="t" for="node" attr.name="size" attr.type="int"><g:default>3</g:default></g:key>
      <g:key id="d" for="all" attr.name="interaction" attr.type="string"/></g:graphml>"""
    found = load(text)
    assert found.nodes == (Node("raf", {"size": 3}), Node("mek", {"size": 7}))
    (edge,) = found.edges()
    assert edge.is_undirected
    assert edge.attributes == {"interaction": "pp"}
    assert load(formats.dump("graphml", Result(found))) == found


# ---- JSON


def test_networkx_reads_our_json():
    import json

    data = json.loads(FILES["json"])
    graph = nx.node_link_graph(data, name="name", edges="edges", directed=True, multigraph=False)
    assert list(graph) == list(pag().names)
    assert graph["dose"]["bmi"] == {"mark_source": "circle", "mark_target": "arrow", "lag": 0}


@pytest.mark.parametrize("edges", ["edges", "links"])
def test_node_link_json_of_networkx_is_read(edges):
    import json

    graph = nx.DiGraph([("a", "b"), (3, "b")])
    assert str(load(json.dumps(nx.node_link_data(graph, edges=edges)))) == "a --> b; 3 --> b"
    undirected = nx.node_link_data(nx.Graph([("a", "b")]), edges=edges)
    assert str(load(json.dumps(undirected))) == "a --- b"
    named = {
        "nodes": [{"id": 0, "name": "raf"}, {"id": 1, "name": "mek"}],
        edges: [{"source": 1, "target": 0}],
    }
    assert str(load(json.dumps(named))) == "mek --> raf"


# ---- DOT


FOREIGN_DOT = r"""
/* drawn by hand */
# a line of the preprocessor
strict digraph "my graph" {
    rankdir = LR; node [shape=ellipse, fontsize="12"]
    edge [color=red];
    a -> b -> c [weight=.5];          // a chain
    a -> b
    subgraph cluster_0 {
        edge [dir=none]; label = "inner";
        d; "e f":n:ne -> d [arrowhead=vee]
    }
    {a d} -> { g; h } [dir=back arrowtail=odot]
    h -> "long \
name" [dir=both; arrowhead=none, arrowtail="dot"][label=<<b>bold</b>>]
    "say \"hi\"" -> "con" + "cat" [dir=back]
}
"""


def test_foreign_dot_is_read():
    graph = load(FOREIGN_DOT)
    assert graph.names == ("a", "b", "c", "d", "e f", "g", "h", "long name", 'say "hi"', "concat")
    assert str(graph).split("; ") == [
        "a --> b",
        "b --> c",
        "d --- e f",
        "g --o a",
        "g --o d",
        "h --o a",
        "h --o d",
        "long name --o h",
        'concat --> say "hi"',
    ]
    assert graph.attributes(1, 2) == {"color": "red", "weight": 0.5}
    assert graph.attributes(6, 7) == {"color": "red", "label": "<<b>bold</b>>"}
    assert graph.nodes[3].attributes == {"shape": "ellipse", "fontsize": 12}


def test_dot_graphs_without_arrows_are_undirected():
    assert str(load('GRAPH { a -- b; b -- c [dir=forward]; d [label="d"] }')) == "a --- b; b --> c"
    assert load('graph { d [label="d"] }').nodes == (Node("d"),)


# ---- edge lists


def test_an_edge_list_needs_only_source_and_target():
    assert str(load("source,target\na,b\nc,b\n")) == "a --> b; c --> b"
    assert str(load('"from"\t"to"\nraf\tmek\n')) == "raf --> mek"
    found = load(",source, target,weight,p\n0,a,b,0.5,NA\n\n1,b,c,,1e-3\n2,d,,7,\n")
    assert str(found) == "a --> b; b --> c"
    assert (found.attributes(1, 2), found.attributes(2, 3)) == ({"weight": 0.5}, {"p": 0.001})
    assert found.nodes[0] == Node("d", {"weight": 7})


def test_an_edge_list_of_a_graph_without_nodes_keeps_its_kind():
    text = formats.dump("csv", Result(Graph([], GraphKind.CPDAG)))
    assert text == "source,mark_source,mark_target,target,lag,graph_kind\n,,,,,cpdag\n"
    assert load(text) == Graph([], GraphKind.CPDAG)


# ---- Tetrad


def test_tetrad_text_of_tetrad_is_read():
    text = """Graph Nodes:
X1,Body Weight,(L1),[S1],Body

Graph Edges:
1. X1 o-> Body Weight [X1 o-> Body Weight]:0.9000;[no edge]:0.1000;
2. Body Weight --- L1 dd nl
3. S1 <-o Body
4. Body <-> X1

Graph Attributes:
BIC: -12
"""
    found = load(text)
    latent = (Node("L1", {"latent": True}), Node("S1", {"selection": True}))
    assert found.nodes == (Node("X1"), Node("Body Weight"), *latent, Node("Body"))
    assert str(found) == "X1 o-> Body Weight; X1 <-> Body; Body Weight --- L1; Body o-> S1"
    assert formats.dump("tetrad", Result(found)).startswith('Graph Nodes:\nX1;"Body Weight";(L1);[S1];Body\n')


def test_causal_learn_reads_our_tetrad_text_as_our_matrix(tmp_path):
    from causallearn.utils.TXT2GeneralGraph import txt2generalgraph

    graph = Graph.parse("dose o-> bmi; bmi --- age; bmi --> bp; bp <-> crp; crp o-o dose; age o-- crp")
    (tmp_path / "g.txt").write_text(formats.dump("tetrad", Result(graph)))
    theirs = txt2generalgraph(str(tmp_path / "g.txt"))
    assert tuple(node.get_name() for node in theirs.get_nodes()) == graph.names
    rows = formats.dump("causal-learn", Result(graph)).splitlines()[1:]
    assert theirs.graph.astype(int).tolist() == [list(map(int, row.split(",")[1:])) for row in rows]


# ---- matrices


@pytest.mark.parametrize(
    "text",
    [
        '"","a","b"\n"a",0,2\n"b",1,0\n',  # write.csv of R
        '"a" "b"\n"a" 0 2\n"b" 1 0\n',  # write.table of R
        ",a,b\na,0.0,2.0\nb,1.0,0.0\n",  # pandas
        "a\tb\n0\t2\n1\t0\n",
        "amat;a;b\na;0;2\nb;1;0\n",
    ],
)
def test_foreign_matrices_with_names_are_read_when_the_coding_is_named(text):
    assert str(load(text, "pcalg-pag")) == "a o-> b"
    assert load(text, "pcalg-pag").kind is GraphKind.PAG


@pytest.mark.parametrize("text", ["0,2\n1,0\n", " 0.0e+00  2.0e+00\n 1.0e+00  0.0e+00\n"])
def test_matrices_without_names_are_of_x1_to_xp(text):
    assert str(load(text, "pcalg-pag")) == "X1 o-> X2"
    assert str(load(text, "causal-learn")) == "X1 o-> X2"


# ---- text


def test_text_shows_numbers_lags_and_wide_names_in_columns():
    graph = Graph(["日本", "b", "c d", "e"], GraphKind.LAGGED)
    graph.add_edge(0, 1, Mark.CIRCLE, Mark.ARROW, attributes={"p_value": 0.00123456, "weight": -0.5})
    graph.add_edge(2, 2, Mark.TAIL, Mark.ARROW, lag=3, attributes={"conflict": True})
    assert (
        formats.dump("text", Result(graph))
        == """lagged: 4 nodes, 2 edges

  日本   o->  b               p=0.00123  weight=-0.5
  "c d"  -->  "c d"  [lag 3]  conflict=yes

no edges: e
"""
    )
    assert formats.dump("text", Result(Graph("a"))) == "mixed: 1 node, 0 edges\n\nno edges: a\n"


# ---- broken input

HEADER = "source,mark_source,mark_target,target,lag,graph_kind\n"
EDGE = '"source": "a", "target": "b", "mark_source": "tail"'


def schema(nodes: str = '{"name": "a"}, {"name": "b"}', edges: str = "", more: str = "") -> str:
    return f'{{"schema": "causaldisc.graph/1", "nodes": [{nodes}], "edges": [{edges}]{more}}}'


BROKEN = [
    ("json", "[1, 2]", "must be an object"),
    ("json", '{"a": \n x}', "line 2, column 2: this is no JSON"),
    ("json", "[" * 100_000, "this JSON cannot be read: "),
    ("json", '{"nodes": ' + "9" * 5000 + "}", "this JSON cannot be read: "),
    ("json", "{}", 'is no graph: it has neither "schema"'),
    (
        "json",
        '{"schema": "causaldisc.graph/2"}',
        "schema 'causaldisc.graph/2' is unknown; this version reads",
    ),
    ("json", schema('{"name": "a"}, {"name": "a"}'), "two nodes are called 'a'"),
    ("json", schema('{"name": ""}'), "node 1 has an empty name"),
    ("json", schema('{"name": "\\ud800"}'), r"node 1, '\\ud800', is not valid Unicode"),
    ("json", schema('{"name": null}'), r"nodes\[0\]: name must be text, not None"),
    ("json", schema('{"name": "a", "x": [1]}'), r"nodes\[0\]: x must be text, a number, true or false"),
    ("json", schema("1"), "nodes must be a list of objects"),
    (
        "json",
        schema(edges=f"{{{EDGE}}}"),
        r"edges\[0\], mark_target: the mark is missing; marks are tail, arrow",
    ),
    (
        "json",
        schema(edges=f'{{{EDGE}, "mark_target": "arow"}}'),
        "'arow' is no mark; marks are tail, arrow, circle",
    ),
    (
        "json",
        schema('{"name": "a"}', f'{{{EDGE}, "mark_target": "arrow"}}'),
        "no node is called 'b'; there are 'a'",
    ),
    (
        "json",
        schema(edges=f'{{{EDGE}, "mark_target": "arrow", "lag": -1}}'),
        "the lag is -1; it must be a whole",
    ),
    (
        "json",
        schema(edges=", ".join([f'{{{EDGE}, "mark_target": "arrow"}}'] * 2)),
        r"edges\[1\]: a second edge",
    ),
    ("json", schema(more=', "kind": "tree"'), "'tree' is no kind of graph; kinds are dag, cpdag, pag"),
    ("json", schema(more=', "provenance": 1'), "provenance must be an object"),
    (
        "json",
        schema(more=', "separations": [{"x": "a", "y": "q"}]'),
        r"separations\[0\]: no node is called 'q'",
    ),
    (
        "json",
        schema(more=', "separations": [{"x": "a", "y": "b", "given": 1}]'),
        "given must be a list of names",
    ),
    ("json", schema(more=', "separations": [{"x": "a", "y": "b", "n": "1"}]'), "n a whole number"),
    ("json", schema(more=', "warnings": [{"code": 1.5}]'), r"warnings\[0\]: code must be text, not 1.5"),
    ("graphml", "<graphml><graph>", "this is no XML"),
    ("graphml", "<html/>", "the XML element is 'html', not graphml"),
    ("graphml", "<graphml/>", "holds 0 graphs; it must hold one"),
    (
        "graphml",
        '<!DOCTYPE x [<!ENTITY a "b">]><graphml><graph>&a;</graph></graphml>',
        "has a DOCTYPE, which is not",
    ),
    ("graphml", graphml('<edge source="n0" target="q"/>'), "edge 1: no node is called 'q'"),
    ("graphml", graphml('<edge source="n0" target="n0"/>'), "edge 1: an edge joins 'n0' to itself"),
    (
        "graphml",
        graphml('<edge source="n0" target="n1"/><edge source="n1" target="n0"/>'),
        "edge 2: a second edge",
    ),
    ("graphml", graphml("<hyperedge/>"), "has a hyperedge"),
    ("graphml", graphml('<node id="x"><data key="k">1</data></node>'), "node 'x': no key 'k' is declared"),
    ("dot", "digraph { a -> }", "line 1: expected a node, an edge or '}', found '}'"),
    ("dot", "digraph {\n a [x] }", "line 2: expected '=', found ']'"),
    ("dot", "digraph { a", "expected a node, an edge or '}', found 'the end'"),
    ("dot", 'digraph { "a }', "line 1: '\"a }' is no DOT"),
    ("dot", "digraph { a } x", "expected the end of the graph"),
    ("dot", "tree { a }", "expected 'digraph' or 'graph'"),
    ("dot", "digraph { a -> b; b -> a }", "line 1: a second edge of lag 0 joins 'b' and 'a'"),
    ("dot", "digraph { a -> b [dir=up] }", "dir is 'up'; it must be forward, back, both or none"),
    ("dot", "digraph " + "{" * 5000, "subgraphs are nested too deeply"),
    ("csv", "", "line 1 must name the columns, among them source and target"),
    ("csv", "source,target,x,x\n", "line 1: two columns are called 'x'"),
    ("csv", HEADER + "a,tail\n", "line 2 has 2 cells, but line 1 names 6 columns"),
    ("csv", HEADER + "a,tail,,b,0,\n", "line 2, mark_target: the mark is missing"),
    ("csv", HEADER + "a,tail,arrow,b,x,\n", "line 2: the lag is 'x'"),
    ("csv", HEADER + "a,tail,arrow,,0,\n", "line 2: an edge has no target"),
    ("csv", HEADER + ",tail,arrow,b,0,\n", "line 2: the edge to 'b' has no source"),
    (
        "csv",
        HEADER + "a,,,,,dag\nb,,,,,pag\n",
        "line 3: the column graph_kind must say the same in every row",
    ),
    ("csv", HEADER + "a,,,,,\na,,,,,\n", "line 3: node 'a' has two rows"),
    ("csv", HEADER + 'a,"b\n', "line 2: unexpected end of data"),
    ("tetrad", "a --> b", "the text has no line 'Graph Nodes:'"),
    ("tetrad", "Graph Nodes:\na;b\n\nGraph Edges:\n1. a -> b\n", "line 5: '1. a -> b' is no edge such as"),
    ("tetrad", "Graph Nodes:\na;b\n\nGraph Edges:\n1. a --> c\n", "line 5: no node is called 'c'"),
    ("tetrad", 'Graph Nodes:\n"a;b\n\nGraph Edges:\n', 'line 2: the quotes of "a are not closed'),
    ("text", "hello", "the first line is not as in 'cpdag: 3 nodes, 2 edges'; for programs write json"),
    ("text", "dag: 2 nodes, 1 edge\n  a -> b\n", "line 2: '  a -> b' is no edge such as 'a --> b'"),
    ("causal-learn", "", "the matrix is empty"),
    ("causal-learn", "causal-learn,a,b\na,0,1\n", "the matrix is not square: 3 nodes, 1 rows"),
    ("causal-learn", "causal-learn,a,b\na,0,1\nc,-1,0\n", "row 'c' stands where column 'b' does"),
    ("causal-learn", "causal-learn,a,b\na,0,x\nb,-1,0\n", "row 'a', column 'b': 'x' is no whole number"),
    ("causal-learn", "causal-learn,a,b\na,1,1\nb,-1,0\n", "the diagonal cell of 'a' is 1; it must be 0"),
    (
        "causal-learn",
        "causal-learn,a,b\na,0,1\nb,0,0\n",
        r"cells of 'a' and 'b' are \(1, 0\), which is no edge",
    ),
    (
        "pcalg-cpdag",
        "pcalg-cpdag,a,b\na,0,2\nb,1,0\n",
        r"'a' and 'b' are \(2, 1\), which is no edge in pcalg-cpdag",
    ),
]


@pytest.mark.parametrize(("name", "text", "sentence"), BROKEN, ids=lambda value: str(value)[:24])
def test_broken_input_is_a_sentence(name, text, sentence):
    with pytest.raises(DataError, match=sentence) as caught:
        formats.load(text, name=name, source="g")
    assert str(caught.value).startswith("g: ")
    assert len(str(caught.value)) < 300
