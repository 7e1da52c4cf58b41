"""Ranked arrows, tab-separated: Gene1, Gene2, EdgeWeight, the strongest first, as gene-network benchmarks read them.

The rankedEdges.csv of BEELINE. An edge is written in each direction that its marks allow, so an undirected one twice;
pairs without an edge are absent. Read are also commas, other columns, and files without weights, such as BEELINE's
GroundTruthNetwork.csv (Gene1, Gene2, Type). A graph has one edge a pair: arrows both ways become an undirected edge of
the larger weight, and those from a node to itself are left out. `rows` keeps them all.
"""

from __future__ import annotations

import csv
import io
import math

from causaldisc.errors import DataError
from causaldisc.graph import Mark, Node
from causaldisc.graph.formats._reading import add_edge, guess_kind, new_graph
from causaldisc.graph.ranking import Ranking
from causaldisc.result import Result

SUFFIXES = (".ranked",)
LOSES = frozenset({"attributes", "lag", "kind", "node attributes", "lone nodes", "evidence"})
COLUMNS = ("Gene1", "Gene2", "EdgeWeight")
Row = tuple[str, str, float]


def recognises(text: str) -> bool:
    """Tell whether the first line names the columns."""
    first = text.lstrip().partition("\n")[0].rstrip("\r").replace('"', "")
    return set(COLUMNS[:2]) <= set(first.split(_delimiter(first)))


def _delimiter(line: str) -> str:
    return "\t" if "\t" in line else ","


def dump(result: Result) -> str:
    """Return the arrows as rows of text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*ends, f"{weight:.10g}") for ends, weight in Ranking.of_graph(result.graph).in_order())
    return buffer.getvalue()


def load(text: str) -> Result:
    """Return the graph that rows of text hold."""
    found = rows(text)
    ranking = Ranking.of_rows(found)
    graph = new_graph(Node(name) for name in dict.fromkeys(name for *ends, _ in found for name in ends))
    for (u, v), weight in ranking.weights.items():
        back = ranking.weights.get((v, u))
        if back is None:
            add_edge(graph, f"{u} to {v}", (u, v), (Mark.TAIL, Mark.ARROW), 0, {"weight": weight})
        elif u < v:
            add_edge(graph, f"{u} to {v}", (u, v), (Mark.TAIL, Mark.TAIL), 0, {"weight": max(weight, back)})
    graph.kind = guess_kind(graph)
    return Result(graph)


def rows(text: str) -> list[Row]:
    """Return the rows of text: two names and a weight, 1 where there are none.

    Raises DataError, with the line, for a row that is no such thing.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.partition("\n")[0]), strict=True)
    try:
        header = next(reader, [])
        if not set(COLUMNS[:2]) <= set(header):
            raise DataError("line 1 must name the columns, among them Gene1 and Gene2")
        places = [header.index(name) if name in header else None for name in COLUMNS]
        return [_row(cells, places, len(header), f"line {reader.line_num}") for cells in reader if any(cells)]
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {error}") from None


def _row(cells: list[str], places: list[int | None], width: int, place: str) -> Row:
    if len(cells) != width:
        raise DataError(f"{place} has {len(cells)} cells, but line 1 names {width} columns")
    source, target, weight = ("1" if at is None else cells[at] for at in places)
    if not source or not target:
        raise DataError(f"{place}: a row needs both Gene1 and Gene2")
    try:
        value = float(weight)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{place}: EdgeWeight is {weight!r}; it must be a number")
    return source, target, value
