"""A graph as one HTML page that needs nothing else: to move about, search, filter, and click for evidence.

The drawing is that of svg.py; page.js moves it and tells what was chosen, page.css dresses it for light and dark.
Without scripts the drawing and the table of edges remain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib import resources

from causaldisc.drawing import svg
from causaldisc.drawing.labels import is_doubtful
from causaldisc.drawing.layout import Layout, Line, gathered, points
from causaldisc.errors import DataError
from causaldisc.graph import Graph, GraphKind, Value
from causaldisc.graph.explanation import by_pair, tell, why_apart
from causaldisc.graph.formats._values import finite, in_order
from causaldisc.graph.graph import glyph
from causaldisc.result import Result, Separation
from causaldisc.words import counted

# What a page may do: run and dress itself, and fetch nothing.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
MOST_ROWS = 5_000  # of the table of edges
MOST_SEPARATIONS = 50_000  # a page of more would take megabytes
MEANINGS = {
    "-->": "cause, effect",
    "---": "adjacent; the direction is not known",
    "<->": "a common cause that was not measured",
    "o->": "the right end causes nothing at the left; the left end may be a cause",
    "o-o": "adjacent; nothing is known of either end",
    "--o": "the left end is a cause, or both have a common one",
}
KEYS = (
    ("arrows", "move"), ("+ - 0", "zoom in, out, fit"), ("/", "search; Enter: next"), ("n p", "next, previous edge"),
    ("c e", "causes of causes, effects of effects"), ("Esc", "nothing chosen"),
    ("shift-click", "a second node: why apart"),
)  # fmt: skip


def page(result: Result, title: str) -> str:
    """Return the page of a graph, all of the window."""
    return _html("page", title, viewer(result, title, in_report=False))


def report(result: Result, title: str, before: Sequence[str], after: Sequence[str]) -> str:
    """Return a page to read: HTML before the graph, the graph, HTML after it."""
    try:
        drawn, script = viewer(result, "", in_report=True), True
    except DataError as error:
        drawn, script = f'<p class="quiet">{escape(str(error))}</p>', False
    parts = [f"<h1>{escape(title)}</h1>", *before, drawn, *after]
    return _html("report", title, "<main>\n" + "\n".join(parts) + "\n</main>", script)


def _html(kind: str, title: str, body: str, with_script: bool = True) -> str:
    own = resources.files("causaldisc.drawing")
    style, script = (own.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    script = f"<script>\n{script}</script>" if with_script else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="generator" content="causaldisc">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body class="{kind}">
{body}
{script}
</body>
</html>
"""


def viewer(result: Result, title: str, in_report: bool) -> str:
    """Return the bar, the drawing, the panel, and the data that the script reads."""
    graph = result.graph
    drawing = svg.laid_out(graph)
    heading = f"<h1>{escape(title)}</h1>" if title else ""
    wheel = "; ctrl and the wheel zoom" if in_report else ""
    edges = "" if in_report else f"<details><summary>edges</summary>{edge_table(graph)}</details>"
    return f"""<div class="viewer">
<div class="bar">{heading}
<label>search <input type="search" id="search" autocomplete="off"></label>
<span id="hits" class="quiet" role="status"></span>
<label id="filter">keep <select id="attribute" aria-label="attribute"></select>
<input type="range" id="bound" min="0" value="0" aria-label="how strong"> <span id="kept" class="quiet"></span></label>
<span class="gap"></span>
<span><button id="out" aria-label="zoom out">−</button> <button id="in" aria-label="zoom in">+</button>
<button id="fit">fit</button> <button id="theme">light/dark</button></span></div>
<div class="canvas">{_drawing(graph, drawing)}</div>
<aside class="panel" id="panel" aria-live="polite">
<section><p>{summary(graph)}</p>{_marks(graph)}</section>
<section><p class="quiet">Click an edge or a node{wheel}.</p>{_keys()}</section>
{"" if in_report else notices(result)}
{edges}
</aside>
</div>
<script type="application/json" id="graph">{_embedded(_data(result, drawing))}</script>"""


def _drawing(graph: Graph, drawing: Layout) -> str:
    margin = svg.MARGIN
    box = f"{-margin} {-margin} {drawing.width + 2 * margin:.0f} {drawing.height + 2 * margin:.0f}"
    head = (
        f'<svg id="drawing" xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="{escape(svg.FONTS)}" '
        f'font-size="{svg.FONT_SIZE}" tabindex="0" role="group" aria-label="graph">'
    )
    return "\n".join([head, '<g id="scene">', *svg.elements(graph, drawing, reach=True), "</g></svg>"])


def summary(graph: Graph) -> str:
    """Return in words what the graph is."""
    kinds = {
        GraphKind.DAG: "directed acyclic graph",
        GraphKind.CPDAG: "CPDAG: a class of DAGs with the same independences",
        GraphKind.PAG: "PAG: unmeasured common causes are allowed for",
        GraphKind.MIXED: "mixed graph",
        GraphKind.LAGGED: "graph over time: an edge of lag k leads k steps ahead",
    }
    size = f"{counted(len(graph), 'node')}, {counted(graph.edge_count(), 'edge')}"
    return f"{size}<br><span class='quiet'>{kinds[graph.kind]}</span>"


def notices(result: Result) -> str:
    """Return the warnings of a result as HTML; empty when there are none."""
    if not result.warnings:
        return ""
    items = "".join(f"<li>{escape(notice.message)}</li>" for notice in result.warnings)
    return f"<details open><summary>{counted(len(result.warnings), 'warning')}</summary><ul>{items}</ul></details>"


def edge_table(graph: Graph) -> str:
    """Return a table of edges, a row each, with their attributes; `data-line` is the number of the line of the drawing
    that stands for it."""
    edges = [(number, edge) for number, line in enumerate(gathered(graph.edges())) for edge in line]
    shown, keys = edges[:MOST_ROWS], in_order({key for _, edge in edges for key in edge.attributes})
    lag = ["lag"] if any(edge.lag for _, edge in edges) else []
    figures = {key for _, e in edges for key, v in e.attributes.items() if not isinstance(v, str | bool)}
    head = "".join(f"<th>{name}</th>" for name in ("from", "", "to"))
    head += "".join(f"<th{' class=number' * (key in figures)}>{escape(key)}</th>" for key in (*lag, *keys))
    rows = []
    for number, edge in shown:
        ends = (graph.nodes[edge.source].name, glyph(edge.mark_source, edge.mark_target), graph.nodes[edge.target].name)
        own = [f"<td>{escape(ends[0])}</td>", f'<td class="key">{escape(ends[1])}</td>', f"<td>{escape(ends[2])}</td>"]
        cells = [cell(edge.lag)] * len(lag) + [cell(edge.attributes.get(key)) for key in keys]
        rows.append(f'<tr data-line="{number}">{"".join([*own, *cells])}</tr>')
    body = "\n".join(rows)
    rest = f'<p class="quiet">The first {MOST_ROWS:,} of {len(edges):,}.</p>' if len(edges) > len(shown) else ""
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>{rest}'


def cell(value: Value | None) -> str:
    """Return a cell of a table."""
    if value is None or isinstance(value, bool):
        return f"<td>{'yes' if value else ''}</td>"
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    return f'<td class="number">{value:.4g}</td>' if isinstance(value, float) else f'<td class="number">{value:,}</td>'


def _marks(graph: Graph) -> str:
    """Return what the marks of the edges there are mean."""
    there = sorted({glyph(e.mark_source, e.mark_target) for e in graph.edges()})
    items = "".join(f'<dt class="key">{escape(k)}</dt><dd>{MEANINGS[k]}</dd>' for k in there if k in MEANINGS)
    doubtful = any(is_doubtful(e.attributes) for e in graph.edges())
    dashed = "<dt>dashed</dt><dd>evidence in conflict or missing</dd>" if doubtful else ""
    return f"<dl>{items}{dashed}</dl>"


def _keys() -> str:
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{what}</dd>" for k, what in KEYS) + "</dl>"


def _data(result: Result, drawing: Layout) -> dict[str, object]:
    """Return what the script must know."""
    graph, of_pairs = result.graph, by_pair(result)
    separations = list(_separations(result))
    note = why_apart(result, None)[0]
    return {
        "nodes": [
            {"name": node.name, "attributes": finite(node.attributes), "at": [round(box.x, 1), round(box.y, 1)]}
            for node, box in zip(graph.nodes, drawing.boxes, strict=True)
        ],
        "lines": [_of_line(line, graph, of_pairs) for line in drawing.lines],
        "separations": separations if len(separations) <= MOST_SEPARATIONS else [],
        "separationsNote": note if len(separations) <= MOST_SEPARATIONS else "too many separating sets to be in a page",
    }


def _of_line(line: Line, graph: Graph, separations: Mapping[frozenset[str], Separation]) -> Mapping[str, object]:
    edge = line.edges[0]
    told = [tell(graph, e, separations) for e in line.edges]
    return {
        "source": edge.source,
        "target": edge.target,
        "glyph": glyph(edge.mark_source, edge.mark_target),
        "isArrow": points(edge),
        "edges": [
            {"lag": t.lag, "attributes": finite(t.attributes), "reasons": t.reasons, "notes": t.notes} for t in told
        ],
    }


def _separations(result: Result) -> Iterator[list[object]]:
    place = {name: i for i, name in enumerate(result.graph.names)}
    for s in result.separations:
        p_value = s.p_value if s.p_value is not None and s.p_value == s.p_value else None
        yield [place[s.x], place[s.y], [place[name] for name in s.given], p_value, s.n]


def _embedded(value: object) -> str:
    """Return JSON that can stand in a script element."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
