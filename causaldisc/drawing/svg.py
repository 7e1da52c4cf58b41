"""A layout as SVG: boxes with names, curves with a mark at each end.

Sizes are in pixels. Labels are measured by a table of widths that is generous for the usual sans-serif fonts, so that
a name fits its box whichever font is there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from html import escape

from causaldisc.drawing.curves import Point, middle, pieces, towards
from causaldisc.drawing.labels import in_notation, is_doubtful, printable, shown, with_lags
from causaldisc.drawing.layout import Layout, Line, Spacing, lay_out
from causaldisc.graph import Graph, Mark

FONT_SIZE = 13
FONTS = "'DejaVu Sans', Verdana, 'Segoe UI', Helvetica, Arial, sans-serif"
MARGIN = 16
MARK = 9.0  # length of an arrow's head
_NARROW, _BROAD = frozenset("iljtfrI.,:;'|!()[] -/\\"), frozenset("mwMW@%")

STYLE = """
.node rect { fill: #f4f6fb; stroke: #5b6b8c; stroke-width: 1.2; }
.node text { fill: #1b2333; text-anchor: middle; dominant-baseline: central; }
.edge path { fill: none; stroke: #4a5672; stroke-width: 1.4; }
.edge .head { fill: #4a5672; stroke-linejoin: round; }
.edge .circle { fill: #fff; }
.edge.doubtful path { stroke: #b26a00; }
.edge.doubtful .line { stroke-dasharray: 5 3; }
.edge.doubtful .head { fill: #b26a00; }
.edge text { fill: #4a5672; font-size: 10px; text-anchor: middle; paint-order: stroke; stroke: #fff;
  stroke-width: 3px; }
"""


def text_width(text: str) -> float:
    """Return the most that a text is likely to be wide, in pixels."""
    return FONT_SIZE * sum(map(_em, text))


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.41
    if character in _BROAD:
        return 1.0
    return 0.76 if character.isupper() else 0.66


SPACING = Spacing(
    label=lambda name: text_width(shown(name)) + 20,
    height=28,
    beside=22,
    between=52,
    lane=9,
    ends=11,
    loop=18,
    slant=0.12,
)


def laid_out(graph: Graph) -> Layout:
    """Return the layout of a graph in pixels."""
    return lay_out(graph, SPACING)


def document(graph: Graph, title: str = "") -> str:
    """Return a picture of a graph as an SVG document."""
    drawing = laid_out(graph)
    width, height = drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width:.0f} {height:.0f}" font-family="{escape(FONTS)}" '
        f'font-size="{FONT_SIZE}" role="img">'
    )
    paper = f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{width:.0f}" height="{height:.0f}" fill="#fff"/>'
    named = f"<title>{_text(title)}</title>" if title else ""
    return "\n".join([head, f"{named}<style>{STYLE}</style>", paper, *elements(graph, drawing), "</svg>"]) + "\n"


def elements(graph: Graph, drawing: Layout, reach: bool = False) -> Iterator[str]:
    """Yield the elements of a drawing: lines, then boxes. `data-line` and `data-node` are their numbers.

    With `reach` each line has a broad, invisible one under it, for a pointer to hit.
    """
    for number, line in enumerate(drawing.lines):
        yield from _line(number, line, graph, reach)
    for number, (node, box) in enumerate(zip(graph.nodes, drawing.boxes, strict=True)):
        left, top = box.x - box.width / 2, box.y - box.height / 2
        yield (
            f'<g class="node" data-node="{number}"><title>{_text(node.name)}</title>'
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="6"/>'
            f'<text x="{box.x:.1f}" y="{box.y:.1f}">{_text(shown(node.name))}</text></g>'
        )


def _line(number: int, line: Line, graph: Graph, reach: bool) -> Iterator[str]:
    edge = line.edges[0]
    doubt = " doubtful" if any(is_doubtful(e.attributes) for e in line.edges) else ""
    yield f'<g class="edge{doubt}" data-line="{number}"><title>{_text(in_notation(line.edges, graph))}</title>'
    ends = (line.curve[0], line.curve[1]), (line.curve[-1], line.curve[-2])
    curve = list(line.curve)
    if edge.mark_source is not Mark.TAIL:
        curve[0] = towards(*ends[0], MARK - 1)
    if edge.mark_target is not Mark.TAIL:
        curve[-1] = towards(*ends[1], MARK - 1)
    path = _path(curve)
    if reach:
        yield f'<path class="reach" d="{path}"/>'
    yield f'<path class="line" d="{path}"/>'
    for mark, (tip, before) in zip((edge.mark_source, edge.mark_target), ends, strict=True):
        yield from _mark(mark, tip, before)
    if any(e.lag for e in line.edges):
        x, y = middle(line.curve)
        yield f'<text x="{x:.1f}" y="{y + 3:.1f}">{with_lags(line.edges)}</text>'
    yield "</g>"


def head(tip: Point, before: Point) -> list[Point]:
    """Return the corners of an arrow's head whose tip is reached from `before`."""
    x, y = towards(tip, before, MARK)
    aside = (tip[1] - y) * 0.42, (x - tip[0]) * 0.42
    return [tip, (x + aside[0], y + aside[1]), (x - aside[0], y - aside[1])]


def _mark(mark: Mark, tip: Point, before: Point) -> Iterator[str]:
    if mark is Mark.ARROW:
        a, b, c = head(tip, before)
        yield f'<path class="head" d="M{_pair(a)} L{_pair(b)} L{_pair(c)} Z"/>'
    elif mark is Mark.CIRCLE:
        x, y = towards(tip, before, MARK / 2)
        r = MARK / 2 - 0.7
        half = f"a{r:.1f} {r:.1f} 0 1 0"
        yield f'<path class="circle" d="M{x - r:.1f} {y:.1f} {half} {2 * r:.1f} 0 {half} {-2 * r:.1f} 0"/>'


def _path(curve: list[Point]) -> str:
    return f"M{_pair(curve[0])}" + "".join(f" C{_pair(a)} {_pair(b)} {_pair(c)}" for _, a, b, c in pieces(curve))


def _pair(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def _text(text: str) -> str:
    """Return text that XML allows, escaped."""
    return escape(printable(text), quote=False)
