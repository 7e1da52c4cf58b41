"""A discovery as one HTML page to read and to file: data, graph, edges, warnings, and how to repeat it.

Nothing in it depends on when or where it was made, so equal runs give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Dataset
from causaldisc.data.report import Report, describe
from causaldisc.data.source import label
from causaldisc.data.sparse import AnyColumn
from causaldisc.drawing import page
from causaldisc.result import Result
from causaldisc.words import counted

MOST_COLUMNS = 500  # of data, in the table
BINS, BAR_HEIGHT, BAR_WIDTH = 24, 18, 4


def document(result: Result, data: Dataset, command: str) -> str:
    """Return the report of a result found in data by a command line."""
    algorithm = str(result.provenance.get("algorithm", "graph"))
    title = f"{algorithm}: {label(data.source)}"
    lead = f"<p>{counted(data.rows, 'row')}, {counted(len(data), 'variable')}</p>"
    after = [
        "<h2>Edges</h2>", page.edge_table(result.graph),
        "<h2>Warnings</h2>", _warnings(result),
        "<h2>Data</h2>", *_data(data),
        "<h2>How to repeat it</h2>", *_repetition(result, command),
    ]  # fmt: skip
    return page.report(result, title, [lead], after)


def _warnings(result: Result) -> str:
    if not result.warnings:
        return '<p class="quiet">None.</p>'
    items = "".join(
        f"<li>{escape(n.message)} <span class='quiet'>({escape(n.code)})</span></li>" for n in result.warnings
    )
    return f"<ul>{items}</ul>"


def _repetition(result: Result, command: str) -> Iterator[str]:
    version = escape(str(result.provenance.get("version", "")))
    yield f"<pre>{escape(command)}</pre>"
    yield f'<p class="quiet">With causaldisc {version} and the same data the same bytes come out.</p>'
    known = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in result.provenance.items())
    yield f"<pre>{escape(known)}</pre>"


def _data(data: Dataset) -> Iterator[str]:
    if data.correlation is not None:
        yield "<p>Only the correlations of the data were known to the search.</p>"
        return
    found = describe(data)
    yield "".join(f"<p>{escape(remark)}</p>" for remark in _remarks(data, found))
    head = "".join(f"<th>{name}</th>" for name in ("variable", "kind", ""))
    head += "".join(f'<th class="number">{n}</th>' for n in ("missing", "different", "min", "mean", "max", "sd"))
    rows = []
    for column, known in zip(data.columns[:MOST_COLUMNS], found.columns):
        figures = (known.missing or None, known.different, known.min, known.mean, known.max, known.sd)
        cells = "".join(page.cell(value) for value in figures)
        rows.append(f"<tr><td>{escape(known.name)}</td><td>{known.kind}</td><td>{_shape(column)}</td>{cells}</tr>")
    body = "\n".join(rows)
    yield f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
    if len(data) > MOST_COLUMNS:
        yield f'<p class="quiet">The first {MOST_COLUMNS} of {counted(len(data), "variable")}.</p>'


def _remarks(data: Dataset, found: Report) -> Iterator[str]:
    """Yield what a reader should know of the data before the graph is believed."""
    if found.complete_rows < data.rows:
        yield f"{data.rows - found.complete_rows:,} of {counted(data.rows, 'row')} have a missing cell."
    yield from (f"Equal columns: {', '.join(group)}." for group in found.identical)
    yield from (f"Exact dependence: {dependence}." for dependence in found.dependences)
    if found.constant:
        yield f"Constant: {', '.join(found.constant)}."


def _shape(column: AnyColumn) -> str:
    """Return a small histogram of a column."""
    if column.codes is not None:
        heights = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))[:BINS]
    else:
        assert column.values is not None
        present = column.values[np.isfinite(column.values)]
        heights = np.histogram(present, BINS)[0] if present.size else np.zeros(1, np.int64)
    return _bars(heights)


def _bars(heights: NDArray[np.int64]) -> str:
    top = max(int(heights.max(initial=0)), 1)
    bars = "".join(
        f'<rect x="{BAR_WIDTH * i}" y="{BAR_HEIGHT * (1 - h / top):.1f}" width="{BAR_WIDTH - 1}" '
        f'height="{BAR_HEIGHT * h / top:.1f}"/>'
        for i, h in enumerate(heights.tolist())
        if h
    )
    width = BAR_WIDTH * max(len(heights), 1)
    return (
        f'<svg width="{width}" height="{BAR_HEIGHT}" viewBox="0 0 {width} {BAR_HEIGHT}" aria-hidden="true">{bars}</svg>'
    )
