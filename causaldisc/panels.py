"""A picture of driving forces: one panel a module, as SVG written here, or as PNG where matplotlib is installed."""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np

from causaldisc.curves import Curves
from causaldisc.errors import UsageError

WIDTH, LEFT, RIGHT, TOP, PANEL, GAP, BOTTOM = 760, 64, 150, 14, 110, 44, 20
# Dark to light, told apart in grey too; the first component is drawn last, on top.
COLOURS = ("#1f4e8c", "#d9822b", "#9aa5b1")
STROKES = (2.0, 1.3, 1.1)
_INK, _FRAME, _GRID = "#222222", "#8a8f98", "#e3e6ea"
_LETTER = 6.2  # pixels that a letter of the labels takes
LABEL = 18  # letters of a label; of a domain as many as of the longest, if that is shorter


def svg(curves: Sequence[Curves]) -> str:
    """Return the picture as an SVG document."""
    height = TOP + max(len(curves), 1) * (PANEL + GAP) + BOTTOM
    body = [line for k, c in enumerate(curves) for line in _panel(c, TOP + 16 + k * (PANEL + GAP))]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def _panel(c: Curves, top: int) -> list[str]:
    right, bottom = WIDTH - RIGHT, top + PANEL
    values = c.components[:, : len(COLOURS)]
    low, high = (float(values.min()), float(values.max())) if values.size else (-1.0, 1.0)
    low, high = (low, high) if high > low else (low - 1.0, high + 1.0)
    ticks = ticks_between(low, high, 4)
    low, high = min(low, ticks[0]), max(high, ticks[-1])

    def down(value: float) -> float:
        return bottom - (value - low) / (high - low) * PANEL

    lines = [f'<text x="{LEFT}" y="{top - 6}" font-weight="bold" fill="{_INK}">{_text(c.module, 80)}</text>']
    for tick in ticks:
        y = down(tick)
        lines.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{_GRID}"/>')
        lines.append(_label(LEFT - 6, y + 4, f"{tick:g}", "end"))
    across, names = _axis(c, right)
    for x, name in names:
        lines.append(f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 4}" stroke="{_FRAME}"/>')
        lines.append(_label(x, bottom + 16, name, "middle"))
    lines.append(f'<rect x="{LEFT}" y="{top}" width="{right - LEFT}" height="{PANEL}" fill="none" stroke="{_FRAME}"/>')
    for k in reversed(range(values.shape[1])):
        points = [(x, down(v)) for x, v in zip(across, values[:, k].tolist(), strict=True)]
        lines += _curve(points, k, c.is_smooth)
        lines += _legend(right + 10, top + 12 + 16 * k, k, float(c.shares[k]))
    lines.append(_label(right + 10, bottom + 16, c.index, "start"))
    return lines


def _axis(c: Curves, right: int) -> tuple[list[float], list[tuple[float, str]]]:
    """Return where the places lie from left to right, and the labels that fit below."""
    inside = 8
    if isinstance(c.labels, np.ndarray):
        low, high = float(c.labels.min()), float(c.labels.max())
        high = high if high > low else low + 1.0

        def across(value: float) -> float:
            return LEFT + inside + (value - low) / (high - low) * (right - LEFT - 2 * inside)

        ticks = [t for t in ticks_between(low, high, 6) if low <= t <= high]
        return [across(v) for v in c.labels.tolist()], [(across(t), f"{t:g}") for t in ticks]
    count = len(c.labels)
    step = (right - LEFT - 2 * inside) / max(count, 1)
    places = [LEFT + inside + step * (k + 0.5) for k in range(count)]
    room = min(max((len(name) for name in c.labels), default=1), LABEL) * _LETTER + 8
    every = max(1, math.ceil(room / step))
    # The name of the index stands to the right.
    shown = [k for k in range(0, count, every) if k == 0 or places[k] + room / 2 <= right + 8]
    return places, [(places[k], c.labels[k]) for k in shown]


def _curve(points: list[tuple[float, float]], k: int, is_smooth: bool) -> list[str]:
    if is_smooth:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return [f'<polyline points="{path}" fill="none" stroke="{COLOURS[k]}" stroke-width="{STROKES[k]}"/>']
    # Domains have no order, so no line joins them.
    return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3.5 - 0.7 * k:.1f}" fill="{COLOURS[k]}"/>' for x, y in points]


def _legend(x: int, y: int, k: int, share: float) -> list[str]:
    return [
        f'<line x1="{x}" y1="{y - 4}" x2="{x + 16}" y2="{y - 4}" stroke="{COLOURS[k]}" stroke-width="{STROKES[k]}"/>',
        _label(x + 21, y, f"component {k + 1}: {share:.0%}", "start"),
    ]


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}">{_text(text, LABEL)}</text>'


def _text(text: str, most: int) -> str:
    """Return text that XML can hold, cut where it would run into its neighbours."""
    return escape("".join(letter if letter.isprintable() else "�" for letter in _cut(text, most)))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def ticks_between(low: float, high: float, most: int) -> list[float]:
    """Return round numbers about `most` steps apart that lie in or just around a range."""
    rough = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= rough * (1.0 - 1e-12))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(k * step, 12) + 0.0 for k in range(first, last + 1)]


def require_png() -> None:
    """Raise UsageError, with a remedy, where no PNG can be drawn."""
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("a PNG needs matplotlib: pip install matplotlib, or name a .svg, which needs nothing")


def png(curves: Sequence[Curves]) -> bytes:
    """Return the picture as PNG, drawn by matplotlib.

    Raises UsageError where that is not installed.
    """
    require_png()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / 100, (PANEL + GAP) / 100 * max(len(curves), 1)), layout="constrained")
    for axes, c in zip(figure.subplots(max(len(curves), 1), squeeze=False)[:, 0], curves, strict=False):
        axes.set_title(c.module, loc="left", fontsize=9, fontweight="bold")
        for k in reversed(range(min(c.components.shape[1], len(COLOURS)))):
            across = c.labels if isinstance(c.labels, np.ndarray) else np.arange(len(c.labels))
            axes.plot(
                across, c.components[:, k], "-" if c.is_smooth else "o", color=COLOURS[k], linewidth=STROKES[k],
                markersize=4, label=f"component {k + 1}: {c.shares[k]:.0%}",
            )  # fmt: skip
        if not c.is_smooth:
            places, names = _axis(c, WIDTH - RIGHT)
            axes.set_xticks([places.index(x) for x, _ in names], [_cut(name, LABEL) for _, name in names])
        axes.tick_params(labelsize=8)
        axes.set_xlabel(c.index, fontsize=8)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, frameon=False)
    content = io.BytesIO()
    # Without the software's name and version, equal runs give equal bytes.
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
