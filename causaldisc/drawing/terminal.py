"""A layout on the terminal: names, and curves of braille dots, two by four in a cell."""

from __future__ import annotations

import math
import os
import unicodedata
from itertools import pairwise

from causaldisc.drawing import curves
from causaldisc.drawing.labels import shown, with_lags
from causaldisc.drawing.layout import Layout, Line, Spacing, lay_out
from causaldisc.graph import Graph, Mark

ACROSS, DOWN = 2, 4  # dots of a cell
MOST_LINES, MOST_LINES_A_NODE = 8, 2.5  # between nodes, for a drawing that can be read
ROUNDING = 1e-6  # what the middle of a cell, where two dots meet, may be off by
# The bit of each dot of a cell in U+2800, by column and row.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_EMPTY = 0x2800
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_CONTINUED = ""  # the second cell of a broad character


def cells(text: str) -> int:
    """Return how many cells a text takes."""
    return sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def drawing(graph: Graph, in_bold: bool = False) -> list[str]:
    """Return the lines of a drawing in cells, causes above effects; an edge to itself is told behind its name.

    With `in_bold` names stand out, by the codes of terminals.
    """
    names = [shown(node.name) for node in graph.nodes]
    for edge in graph.edges():
        if edge.source == edge.target and not names[edge.source].endswith("↺"):
            names[edge.source] += " ↺"
    wide = {node.name: cells(name) for node, name in zip(graph.nodes, names)}
    spacing = Spacing(
        label=lambda name: wide[name], height=1, beside=3, between=3, lane=2, ends=2, loop=0, slant=0.06, is_whole=True
    )
    return _Canvas(lay_out(graph, spacing), in_bold).drawn(names)


class _Canvas:
    """Cells with characters over dots."""

    def __init__(self, drawing: Layout, in_bold: bool) -> None:
        self.boxes, self.in_bold = drawing.boxes, in_bold
        self.lines = [line for line in drawing.lines if line.edges[0].source != line.edges[0].target]
        self.width, self.height = math.ceil(drawing.width) + 1, math.ceil(drawing.height)
        self.dots = [[0] * self.width for _ in range(self.height)]
        self.characters: list[list[str | None]] = [[None] * self.width for _ in range(self.height)]

    def drawn(self, names: list[str]) -> list[str]:
        for line in self.lines:
            self._line(line)
        for line in self.lines:
            if any(e.lag for e in line.edges):
                x, y = curves.middle(line.curve)
                self._write(with_lags(line.edges), x, y, over=False)
        for line in self.lines:
            self._marks(line)
        for box, name in zip(self.boxes, names, strict=True):
            self._write(name, box.x - cells(name) / 2 + 0.25, box.y, self.in_bold)
        return ["".join(self._cell(x, y) for x in range(self.width)).rstrip() for y in range(self.height)]

    def _line(self, line: Line) -> None:
        heights = [y for _, y in line.curve]
        top, bottom = round(min(heights) * DOWN), round(max(heights) * DOWN) - 1
        for piece in curves.pieces(line.curve):
            length = sum(math.dist(a, b) for a, b in pairwise(piece))
            steps = max(math.ceil(2 * DOWN * length), 1)
            for k in range(steps + 1):
                x, y = curves.on_piece(piece, k / steps)
                self._dot(int(x * ACROSS + ROUNDING), min(max(int(y * DOWN), top), bottom))

    def _dot(self, across: int, down: int) -> None:
        column, dot_x = divmod(min(max(across, 0), self.width * ACROSS - 1), ACROSS)
        row, dot_y = divmod(down, DOWN)
        self.dots[row][column] |= _DOTS[dot_x][dot_y]

    def _marks(self, line: Line) -> None:
        edge = line.edges[0]
        for mark, tip, before in (
            (edge.mark_source, line.curve[0], line.curve[1]),
            (edge.mark_target, line.curve[-1], line.curve[-2]),
        ):
            is_down = tip[1] > before[1]
            symbol = {Mark.TAIL: None, Mark.CIRCLE: "○", Mark.ARROW: "▼" if is_down else "▲"}[mark]
            if symbol is not None:
                self._write(symbol, tip[0], tip[1] - 0.5 if is_down else tip[1] + 0.5)

    def _write(self, text: str, x: float, y: float, in_bold: bool = False, over: bool = True) -> None:
        """Write a text from a place on; without `over` only where nothing is written yet."""
        first, row = max(int(x), 0), min(max(int(y), 0), self.height - 1)
        if not over and any(self.characters[row][first : first + cells(text)]):
            return
        column = first
        for character in text:
            width = _cells_of(character)
            if width == 0 or column + width > self.width:
                continue
            self.characters[row][column : column + width] = [character, _CONTINUED][:width]
            column += width
        if in_bold and column > first:
            self.characters[row][first] = f"{_BOLD}{self.characters[row][first]}"
            self.characters[row][column - 1] = f"{self.characters[row][column - 1]}{_PLAIN}"

    def _cell(self, x: int, y: int) -> str:
        character = self.characters[y][x]
        if character is not None:
            return character
        return chr(_EMPTY + self.dots[y][x]) if self.dots[y][x] else " "


def width(lines: list[str]) -> int:
    """Return how many cells the broadest line takes, codes for bold not counted."""
    return max((cells(line.replace(_BOLD, "").replace(_PLAIN, "")) for line in lines), default=0)


def is_tangle(graph: Graph) -> bool:
    """Tell whether there are more edges between nodes, counted once for all lags, than lines of dots can be told."""
    pairs = {frozenset((e.source, e.target)) for e in graph.edges() if e.source != e.target}
    return len(pairs) > MOST_LINES + MOST_LINES_A_NODE * len(graph)


def has_codes() -> bool:
    """Tell whether the terminal is one to be given codes."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def is_shown_by(encoding: str | None) -> bool:
    """Tell whether an encoding has the characters of drawings."""
    try:
        "⣿▼▲○↺…".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
