"""Adjacency matrices as CSV; shared by the codings of causal-learn and pcalg.

The first row holds the nodes, and so does the first column; the cell in the corner names the coding, so that
a file says itself how to read it. Foreign matrices come with any corner, without row names (or, as from R,
without a corner), or without names, which makes the nodes X1, X2, ...; separated by comma, tab, semicolon or
space.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence

from causaldisc.errors import DataError
from causaldisc.graph import Edge, Graph, Mark, Node
from causaldisc.graph.formats._reading import add_edge, guess_kind, new_graph
from causaldisc.graph.graph import glyph
from causaldisc.result import Result

# For the marks at u and v of an edge: the numbers in cell (u, v) and in cell (v, u).
Coding = Mapping[tuple[Mark, Mark], tuple[int, int]]
LOSES = frozenset({"attributes", "lag", "kind", "node attributes", "evidence"})


def recognises(text: str, name: str) -> bool:
    """Tell whether the corner names the coding."""
    first = text.lstrip().partition("\n")[0].rstrip("\r")
    return first.partition(",")[0].strip('"') == name


def dump(result: Result, name: str, coding: Coding) -> str:
    """Return the matrix of a graph; DataError for an edge that the coding has no numbers for."""
    graph = result.graph
    cells = [[0] * len(graph) for _ in graph.nodes]
    for edge in graph.edges():
        ends = (edge.mark_source, edge.mark_target)
        if edge.lag or ends not in coding:
            raise DataError(f"{name} cannot hold {_shown(graph, edge)}; write json, graphml or csv instead")
        u, v = edge.source, edge.target
        cells[u][v], cells[v][u] = coding[ends]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([name, *graph.names])
    writer.writerows([node, *row] for node, row in zip(graph.names, cells))
    return buffer.getvalue()


def _shown(graph: Graph, edge: Edge) -> str:
    source, target = (graph.nodes[i].name for i in (edge.source, edge.target))
    return f"{source} {glyph(edge.mark_source, edge.mark_target)} {target}" + f" [lag {edge.lag}]" * bool(edge.lag)


def load(text: str, name: str, coding: Coding) -> Result:
    """Return the graph of a matrix; its kind is what the marks allow."""
    names, cells = _named(_table(text))
    numbers = [[_integer(cell, u, v, names) for v, cell in enumerate(row)] for u, row in enumerate(cells)]
    marks = {pair: ends for ends, pair in coding.items()}
    graph = new_graph(map(Node, names))
    for v, node in enumerate(names):
        if numbers[v][v]:
            raise DataError(f"the diagonal cell of {node!r} is {numbers[v][v]}; it must be 0")
        for u in range(v):
            pair = (numbers[u][v], numbers[v][u])
            if pair in marks:
                add_edge(graph, "matrix", (names[u], node), marks[pair])
            elif pair != (0, 0):
                raise DataError(f"the cells of {names[u]!r} and {node!r} are {pair}, which is no edge in {name}")
    graph.kind = guess_kind(graph)
    return Result(graph)


def _table(text: str) -> list[list[str]]:
    """Return the rows that are not blank."""
    first = text.lstrip().partition("\n")[0]
    delimiter = next((mark for mark in ",\t;" if mark in first), " ")
    spaced = delimiter == " "
    lines = (line.strip() for line in text.split("\n")) if spaced else io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced, strict=True)
    try:
        return [row for row in reader if any(row)]
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {error}") from None


def _named(table: Sequence[Sequence[str]]) -> tuple[list[str], list[Sequence[str]]]:
    """Return the names of the nodes and the rows of numbers."""
    if not table:
        raise DataError("the matrix is empty")
    head, rows = list(table[0]), list(table[1:])
    if len(head) == len(table) and all(map(_is_number, head)):
        names, rows = [f"X{i + 1}" for i in range(len(head))], list(table)
    elif len(head) == len(table) and all(len(row) == len(head) for row in rows):
        names, rows = head[1:], _without_names(rows, head[1:])
    elif all(len(row) == len(head) + 1 for row in rows):
        names, rows = head, _without_names(rows, head)
    else:
        names = head
    wrong = next((row for row in rows if len(row) != len(names)), None)
    if wrong is not None or len(rows) != len(names):
        cells = len(names) if wrong is None else len(wrong)
        raise DataError(f"the matrix is not square: {len(names)} nodes, {len(rows)} rows, a row of {cells}")
    return names, rows


def _without_names(rows: Sequence[Sequence[str]], names: Sequence[str]) -> list[Sequence[str]]:
    for row, name in zip(rows, names):
        if row[0] != name:
            raise DataError(f"row {row[0]!r} stands where column {name!r} does; rows and columns must agree")
    return [row[1:] for row in rows]


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _integer(cell: str, u: int, v: int, names: Sequence[str]) -> int:
    if _is_number(cell) and float(cell).is_integer():
        return int(float(cell))
    raise DataError(f"row {names[u]!r}, column {names[v]!r}: {cell!r} is no whole number")
