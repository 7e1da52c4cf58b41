"""A layout as PNG, drawn by matplotlib, with the font that comes with it."""

from __future__ import annotations

import io
import logging
import warnings
from typing import Any

from causaldisc.drawing import svg
from causaldisc.drawing.curves import Point, middle, towards
from causaldisc.drawing.labels import is_doubtful, shown, with_lags
from causaldisc.drawing.layout import Box, Layout, Line
from causaldisc.graph import Graph, Mark

SHARPNESS = 2.0  # dots for each pixel of the SVG
MOST_DOTS = 20_000  # of a side
POINTS = 72 / 96  # a pixel of the SVG in points
INK, LINE, DOUBT, EDGE, FILL = "#1b2333", "#4a5672", "#b26a00", "#5b6b8c", "#f4f6fb"
FONTS = ("DejaVu Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Noto Sans")


def document(graph: Graph, title: str = "") -> bytes:
    """Return a picture of a graph as PNG; with the same matplotlib the same bytes."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = svg.laid_out(graph)
    width, height = drawing.width + 2 * svg.MARGIN, drawing.height + 2 * svg.MARGIN
    dots = min(SHARPNESS, MOST_DOTS / max(width, height)) * 96
    figure = Figure(figsize=(width / 96, height / 96), dpi=dots, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-svg.MARGIN, drawing.width + svg.MARGIN)
    axes.set_ylim(drawing.height + svg.MARGIN, -svg.MARGIN)
    axes.axis("off")
    _draw(axes, graph, drawing)
    content = io.BytesIO()
    canvas: Any = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a character that no font has is an empty box
        canvas.print_png(content, metadata={"Software": "causaldisc", "Title": title or None})
    return content.getvalue()


def _draw(axes: Any, graph: Graph, drawing: Layout) -> None:
    for line in drawing.lines:
        _line(axes, line)
    for node, box in zip(graph.nodes, drawing.boxes, strict=True):
        _box(axes, shown(node.name), box)


def _box(axes: Any, name: str, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (box.x - box.width / 2 + 6, box.y - box.height / 2 + 6)
    size = (box.width - 12, box.height - 12)
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle="round,pad=6", fc=FILL, ec=EDGE, lw=1.2 * POINTS, zorder=3))
    _text(axes, name, (box.x, box.y), svg.FONT_SIZE, INK)


def _text(axes: Any, text: str, at: Point, size: float, colour: str, **more: Any) -> None:
    axes.text(
        *at, text, ha="center", va="center_baseline", fontsize=size * POINTS, color=colour, family=list(FONTS),
        parse_math=False, zorder=4, **more,
    )  # fmt: skip


def _line(axes: Any, line: Line) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    edge = line.edges[0]
    doubtful = any(is_doubtful(e.attributes) for e in line.edges)
    colour = DOUBT if doubtful else LINE
    curve = list(line.curve)
    if edge.mark_source is not Mark.TAIL:
        curve[0] = towards(curve[0], curve[1], svg.MARK - 1)
    if edge.mark_target is not Mark.TAIL:
        curve[-1] = towards(curve[-1], curve[-2], svg.MARK - 1)
    codes = [Path.MOVETO] + [Path.CURVE4] * (len(curve) - 1)
    dashes = (0, (5, 3)) if doubtful else "solid"
    axes.add_patch(PathPatch(Path(curve, codes), fill=False, ec=colour, lw=1.4 * POINTS, ls=dashes, zorder=1))
    _mark(axes, edge.mark_source, line.curve[0], line.curve[1], colour)
    _mark(axes, edge.mark_target, line.curve[-1], line.curve[-2], colour)
    if any(e.lag for e in line.edges):
        from matplotlib.patheffects import withStroke

        halo = [withStroke(linewidth=3 * POINTS, foreground="white")]
        _text(axes, with_lags(line.edges), middle(line.curve), 10, colour, path_effects=halo)


def _mark(axes: Any, mark: Mark, tip: Point, before: Point, colour: str) -> None:
    from matplotlib.patches import Circle, Polygon

    if mark is Mark.ARROW:
        axes.add_patch(Polygon(svg.head(tip, before), closed=True, fc=colour, ec=colour, lw=POINTS, zorder=2))
    elif mark is Mark.CIRCLE:
        centre = towards(tip, before, svg.MARK / 2)
        axes.add_patch(Circle(centre, svg.MARK / 2 - 0.7, fc="white", ec=colour, lw=1.4 * POINTS, zorder=2))
