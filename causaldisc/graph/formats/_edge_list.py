"""Edge lists: one edge a row, for awk, sqlite and spreadsheets; shared by CSV and TSV.

The columns: source, mark_source, mark_target, target, lag, graph_kind, then attributes. First come the edges,
then every node as a row whose target is empty; it keeps the order of the nodes, their attributes, and those
without edges. So `awk -F, '$4 != ""'` and `WHERE target <> ''` see the edges alone. A graph without nodes is
one row that holds its kind.

A file by hand needs the columns source and target (or from and to); without marks its edges are directed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from causaldisc.errors import DataError
from causaldisc.graph import Edge, Graph, Mark, Node
from causaldisc.graph.formats._reading import add_edge, guess_kind, new_graph, read_kind, read_lag, read_marks
from causaldisc.graph.formats._values import finite, in_order, read_values, refuse_reserved, write_value
from causaldisc.result import Result

COLUMNS = ("source", "mark_source", "mark_target", "target", "lag", "graph_kind")
_ALIASES = {"from": "source", "to": "target"}
Row = dict[str, str]


def recognises(text: str, delimiter: str) -> bool:
    """Tell whether the first line names the columns of an edge list."""
    header = _header(text.lstrip().partition("\n")[0].rstrip("\r").replace('"', "").split(delimiter))
    return {"source", "target"} <= set(header)


def _header(cells: list[str]) -> list[str]:
    """Return the names of the columns, in our words where a file by hand uses others."""
    if {"source", "target"} <= set(cells):
        return cells
    return [_ALIASES.get(cell.strip(), cell.strip()) for cell in cells]


# ---- writing


def dump(result: Result, delimiter: str) -> str:
    """Return the graph as rows of text."""
    graph = result.graph
    refuse_reserved(graph, nodes=("", *COLUMNS), edges=("", *COLUMNS))
    rows = [_edge_row(graph, edge) for edge in graph.edges()]
    rows += [
        {"source": node.name} | {key: write_value(v) for key, v in finite(node.attributes).items()}
        for node in graph.nodes
    ]
    attributes = in_order({key for row in rows for key in row} - set(COLUMNS))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*COLUMNS, *attributes], restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {"graph_kind": graph.kind.value} for row in rows or [{}])
    return buffer.getvalue()


def _edge_row(graph: Graph, edge: Edge) -> Row:
    row = {
        "source": graph.nodes[edge.source].name,
        "mark_source": edge.mark_source.value,
        "mark_target": edge.mark_target.value,
        "target": graph.nodes[edge.target].name,
        "lag": str(edge.lag),
    }
    return row | {key: write_value(value) for key, value in finite(edge.attributes).items()}


# ---- reading


def load(text: str, delimiter: str) -> Result:
    """Return the graph that rows of text hold."""
    rows = list(_rows(text, delimiter))
    edges = [(place, row) for place, row in rows if row.get("target")]
    nodes: dict[str, Node] = {}
    for place, row in rows:
        if not row.get("target") and _is_node(row, place):
            if row["source"] in nodes:
                raise DataError(f"{place}: node {row['source']!r} has two rows; leave one")
            nodes[row["source"]] = Node(row["source"], read_values(_attributes(row)))
    for place, row in edges:
        for name in (row.get("source", ""), row["target"]):
            if not name:
                raise DataError(f"{place}: the edge to {row['target']!r} has no source")
            nodes.setdefault(name, Node(name))
    kinds = {row["graph_kind"]: place for place, row in rows if row.get("graph_kind")}
    if len(kinds) > 1:
        raise DataError(f"{list(kinds.values())[1]}: the column graph_kind must say the same in every row")
    graph = new_graph(nodes.values(), next((read_kind(*item) for item in kinds.items()), None))
    for place, row in edges:
        ends = (row["source"], row["target"])
        lag = read_lag(row.get("lag") or 0, place)
        add_edge(graph, place, ends, _marks(row, place), lag, read_values(_attributes(row)))
    if not kinds:
        graph.kind = guess_kind(graph)
    return Result(graph)


def _rows(text: str, delimiter: str) -> Iterator[tuple[str, Row]]:
    """Yield each row that is not blank, with its place for messages."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = _header(next(reader, []))
        if not {"source", "target"} <= set(header):
            raise DataError("line 1 must name the columns, among them source and target")
        twice = next((name for name in header if name and header.count(name) > 1), None)
        if twice:
            raise DataError(f"line 1: two columns are called {twice!r}")
        for cells in reader:
            place = f"line {reader.line_num}"
            if len(cells) not in (0, len(header)):
                raise DataError(f"{place} has {len(cells)} cells, but line 1 names {len(header)} columns")
            if any(cells):
                yield place, dict(zip(header, cells))
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {error}") from None


def _attributes(row: Row) -> Row:
    # A column without a name is the row number that pandas and R write.
    return {key: cell for key, cell in row.items() if key and key not in COLUMNS}


def _is_node(row: Row, place: str) -> bool:
    """Tell whether a row without a target is a node; else it holds the kind of a graph without nodes."""
    if row.get("mark_source") or row.get("mark_target") or row.get("lag"):
        raise DataError(f"{place}: an edge has no target; for a node leave marks and lag empty")
    if not row["source"] and any(_attributes(row).values()):
        raise DataError(f"{place}: the node has no name; write it in the column source")
    return bool(row["source"])


def _marks(row: Row, place: str) -> tuple[Mark, Mark]:
    if "mark_source" not in row and "mark_target" not in row:
        return Mark.TAIL, Mark.ARROW
    return read_marks(row, place)
