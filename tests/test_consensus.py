"""What graphs agree on."""

import json
from collections import Counter

import pytest
from causaldisc.cli.main import main
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.graph import Graph, GraphKind, Mark, formats
from causaldisc.graph.consensus import WORDS, as_tsv, consensus, tally
from causaldisc.graph.graph import glyph


def of(*notations, kind=GraphKind.MIXED, nodes="abc"):
    return tally(Graph.parse(n, kind, nodes) for n in notations)


def test_an_edge_needs_its_share_and_marks_their_majority():
    found = of("a --> b; b --- c", "a --> b; b --> c", "a <-- b", "c --- a")
    graph, _ = consensus(found, 0.5)
    assert str(graph) == "a --> b; b --- c"
    assert graph.attributes(0, 1) == {
        "frequency": 0.75, "frequency_directed": 0.5, "frequency_reversed": 0.25
    }  # fmt: skip
    assert str(consensus(found, 0.75)[0]) == "a --> b"
    assert str(consensus(found, 0.2)[0]) == "a --> b; a --- c; b --- c"


def test_frequencies_are_read_from_the_source_that_is_written():
    graph, _ = consensus(of("b --> a", "b --> a", "a --> b", nodes="ab"), 0.5)
    assert str(graph) == "b --> a"
    assert graph.attributes(0, 1)["frequency_directed"] == pytest.approx(2 / 3)


def test_without_a_majority_ends_are_open_as_the_graphs_have_them():
    assert str(consensus(of("a --> b", "a <-- b", nodes="ab"), 0.5)[0]) == "a --- b"
    assert str(consensus(of("a o-> b", "a <-o b", nodes="ab"), 0.5)[0]) == "a o-o b"
    graph, _ = consensus(of("a o-> b", "a o-> b", "a <-> b", nodes="ab"), 0.5)
    assert str(graph) == "a o-> b"
    assert graph.attributes(0, 1)["frequency_partially_directed"] == pytest.approx(2 / 3)


def test_the_kind_stays_where_the_graph_is_valid_for_it():
    assert consensus(of("a --- b --- c", kind=GraphKind.CPDAG), 0.5)[0].kind is GraphKind.CPDAG
    graph, wrong = consensus(of("a --> b; b --- c", kind=GraphKind.CPDAG), 0.5)
    assert (graph.kind, wrong) == (GraphKind.MIXED, ["Meek's rules orient more edges"])


def test_lags_and_weights_are_kept_apart():
    graphs = []
    for weight in (0.2, 0.4):
        graph = Graph("ab", GraphKind.LAGGED)
        graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, 1, {"weight": weight})
        graph.add_edge(0, 0, Mark.TAIL, Mark.ARROW, 2)
        graphs.append(graph)
    found, _ = consensus(tally(graphs), 1)
    assert str(found) == "a --> a [lag 2]; a --> b [lag 1]"
    assert found.attributes(0, 1, 1)["weight"] == pytest.approx(0.3)
    assert "weight" not in found.attributes(0, 0, 2)


names = st.permutations("abcd")
ends = st.sampled_from(sorted(WORDS, key=str))


@given(st.lists(st.tuples(names, st.dictionaries(st.sampled_from(["ab", "ac", "bd", "cd"]), ends)), min_size=1))
def test_counts_are_those_of_counting_by_name(drawn):
    """However the nodes of each graph are ordered."""
    graphs, counted = [], Counter()
    for order, edges in drawn:
        graph = Graph(order)
        for (u, v), (mark_u, mark_v) in edges.items():
            graph.add_edge(graph.index(u), graph.index(v), mark_u, mark_v)
            counted[u, v, glyph(mark_u, mark_v)] += 1
        graphs.append(graph)
    found = tally(graphs)
    seen = Counter()
    for row in found.rows():
        u, v = row["source"], row["target"]
        for (mark_u, mark_v), word in WORDS.items():
            ends_ = (u, v, glyph(mark_u, mark_v)) if u < v else (v, u, glyph(mark_v, mark_u))
            seen[ends_] += round(row[word] * len(drawn))
    assert +seen == counted


def test_graphs_of_files_are_counted_in_any_format(tmp_path, capsys):
    for i, notation in enumerate(["a --> b; b --> c", "a --> b", "a --> b"]):
        result = formats.Result(Graph.parse(notation, GraphKind.DAG, "abc"))
        suffix = ("json", "graphml", "csv")[i]
        (tmp_path / f"g{i}.{suffix}").write_text(formats.dump(suffix, result))
    files = sorted(map(str, tmp_path.glob("g*")))
    table = tmp_path / "f.tsv"
    assert main(["consensus", *files, "-f", "json", "--frequencies", str(table)]) == 0
    out, err = capsys.readouterr()
    (edge,) = json.loads(out)["edges"]
    assert (edge["source"], edge["target"], edge["frequency"]) == ("a", "b", 1)
    assert "3 graphs, 1.3 edges each; 1 edge in at least 50 %" in err
    lines = [line.split("\t") for line in table.read_text().splitlines()]
    assert [line[:4] for line in lines] == [
        ["source", "target", "lag", "frequency"], ["a", "b", "0", "1.0"], ["b", "c", "0", "0.3333333333"]
    ]  # fmt: skip
    assert as_tsv(tally([])) == b"\t".join(c.encode() for c in lines[0]) + b"\n"


def test_a_share_above_one_is_refused(capsys):
    assert main(["consensus", "x.json", "--min-frequency", "1.5"]) == 2
    assert "--min-frequency must be at most 1, not 1.5" in capsys.readouterr().err
    assert main(["consensus", "-", "-"]) == 2
    assert "only one of the graphs can come from standard input" in capsys.readouterr().err
