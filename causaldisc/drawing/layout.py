"""Where everything of a drawing is: a box for each node, a curve for each line, causes above effects.

Each connected part is laid out by itself (layers, crossings, places), and the parts are put side by side. A line stands
for all edges with the same ends and marks, whatever their lags. Curves keep to the gaps between layers and to the way
points inside them, so that none passes behind a box.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from causaldisc.drawing import crossings, layers, places
from causaldisc.drawing.crossings import Layered
from causaldisc.drawing.curves import Point
from causaldisc.errors import DataError
from causaldisc.graph import Edge, Graph, Mark
from causaldisc.words import counted

ASPECT = 1.6
MOST_MEMBERS = 40_000  # of layers; more take minutes, and nobody could read them
FEWEST_ABREAST = 8  # nodes that a layer may always have


@dataclass(frozen=True, kw_only=True)
class Spacing:
    """Sizes, in any unit: of labels, between nodes of a layer, between layers, of a way point, between line ends, of a
    loop; `slant` is more room between layers for each unit that a line goes sideways. Where units are cells,
    `is_whole`, everything is in the middle of one."""

    label: Callable[[str], float]
    height: float
    beside: float
    between: float
    lane: float
    ends: float
    loop: float
    slant: float
    is_whole: bool = False


@dataclass(frozen=True)
class Box:
    """A node: its middle, and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """Edges with the same ends and marks; `curve` has the 1 + 3k points of k cubic Bézier pieces, source to target."""

    edges: tuple[Edge, ...]
    curve: tuple[Point, ...]


@dataclass(frozen=True)
class Layout:
    """A drawing that fills (0, 0) to (width, height); y grows downwards. `boxes` are in the order of the nodes."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def lay_out(graph: Graph, spacing: Spacing) -> Layout:
    """Return a layout of a graph, the same for the same graph. Raises DataError for one that is too large."""
    lines = gathered(graph.edges())
    groups = _connected(len(graph), lines)
    group_of = {v: number for number, members in enumerate(groups) for v in members}
    ours: list[dict[int, Edge]] = [{} for _ in groups]
    for i, edges in enumerate(lines):
        ours[group_of[edges[0].source]][i] = edges[0]
    parts = [_Part(graph, members, own, spacing).laid_out() for members, own in zip(groups, ours, strict=True)]
    offsets, width, height = _packed([(p.width, p.height) for p in parts], spacing)
    boxes: dict[int, Box] = {}
    curves: dict[int, tuple[Point, ...]] = {}
    for part, (dx, dy) in zip(parts, offsets, strict=True):
        boxes |= {v: replace(box, x=box.x + dx, y=box.y + dy) for v, box in part.boxes.items()}
        curves |= {i: tuple((x + dx, y + dy) for x, y in curve) for i, curve in part.curves.items()}
    drawn = tuple(Line(edges, curves[i]) for i, edges in enumerate(lines))
    return Layout(width, height, tuple(boxes[v] for v in range(len(graph))), drawn)


def gathered(edges: Iterable[Edge]) -> list[tuple[Edge, ...]]:
    """Return the edges of each line; symmetrical edges of lags keep the order of their ends, which tells time."""
    lines: dict[tuple[object, ...], list[Edge]] = {}
    for e in edges:
        lines.setdefault((e.source, e.target, e.mark_source.value, e.mark_target.value), []).append(e)
    return [tuple(found) for found in lines.values()]


def _connected(count: int, lines: Sequence[tuple[Edge, ...]]) -> list[list[int]]:
    """Return the nodes of each connected part, larger parts first."""
    part = list(range(count))

    def root(v: int) -> int:
        while part[v] != v:
            part[v] = part[part[v]]
            v = part[v]
        return v

    for edges in lines:
        a, b = sorted((root(edges[0].source), root(edges[0].target)))
        part[b] = a
    found: dict[int, list[int]] = {}
    for v in range(count):
        found.setdefault(root(v), []).append(v)
    return sorted(found.values(), key=lambda members: (-len(members), members[0]))


def _packed(sizes: Sequence[tuple[float, float]], spacing: Spacing) -> tuple[list[Point], float, float]:
    """Return where rectangles go, row by row, and the size of the whole."""
    gap, below = 2 * spacing.beside, spacing.between
    area = sum((w + gap) * (h + below) for w, h in sizes)
    broad = max([math.sqrt(area * ASPECT), *(w for w, _ in sizes)], default=0.0)
    offsets: list[Point] = []
    x = y = tall = wide = 0.0
    for width, height in sizes:
        if x and x + width > broad:
            x, y, tall = 0.0, y + tall + below, 0.0
        offsets.append((x, y))
        x += width + gap
        tall, wide = max(tall, height), max(wide, x - gap)
    return offsets, wide, y + tall


@dataclass
class _Placed:
    """A connected part by itself."""

    width: float
    height: float
    boxes: dict[int, Box]
    curves: dict[int, tuple[Point, ...]]


class _Part:
    """One connected part while it is laid out: `members` are nodes, numbered from 0 here, and `ours` has an edge
    of each line, by the number of the line."""

    def __init__(self, graph: Graph, members: list[int], ours: dict[int, Edge], spacing: Spacing) -> None:
        self.members, self.spacing = members, spacing
        here = {v: i for i, v in enumerate(members)}
        self.loops = {i: here[e.source] for i, e in ours.items() if e.source == e.target}
        self.ends = {i: (here[e.source], here[e.target]) for i, e in ours.items() if i not in self.loops}
        arrows = {self.ends[i] for i in self.ends if points(ours[i])}
        others = {self.ends[i] for i in self.ends if not points(ours[i])}
        line = layers.in_line(len(members), arrows, others)
        self.arcs = layers.downwards(line, self.ends.values())
        self.labels = [graph.nodes[v].name for v in members]
        self.level = layers.narrowed(layers.levels(line, self.arcs), self.arcs, self._most_abreast())

    def laid_out(self) -> _Placed:
        spacing, count = self.spacing, len(self.members)
        layered = crossings.cut(self.level, self.arcs)
        if len(layered.above) > MOST_MEMBERS:
            raise DataError(
                f"{counted(count, 'node')} with {counted(len(self.ends), 'line')} between them are too many to draw; "
                "choose a part, as with 'show --around NODE'"
            )
        layered = crossings.ordered(layered)
        self.carried = self._carried()
        self.widths = self._widths()
        aside = dict.fromkeys(self.loops.values(), 2 * spacing.loop)
        room = [w + aside.get(v, 0.0) + spacing.beside for v, w in enumerate(self.widths)]
        lanes = [0.0] * (len(layered.above) - count)
        for arc, chain in zip(self.arcs, layered.chains, strict=True):
            for way in chain[1:-1]:
                lanes[way - count] = spacing.lane * len(self.carried[arc])
        self.x = places.across(layered, count, [*room, *lanes])
        if spacing.is_whole:
            self.x = [math.floor(x) + 0.5 for x in self.x]
        self.top = self._tops(layered)
        boxes = {
            v: Box(self.x[i], self.top[self.level[i]] + spacing.height / 2, self.widths[i], spacing.height)
            for i, v in enumerate(self.members)
        }
        curves = self._curves(layered) | {i: self._loop(v) for i, v in self.loops.items()}
        width = max(self.x[m] + size / 2 for m, size in enumerate([*room, *lanes]))
        return _Placed(width, self.top[-1] + spacing.height, boxes, curves)

    def _most_abreast(self) -> int:
        """Return how many nodes a layer may have for the part to be about as broad as it should be."""
        labels = sum(map(self.spacing.label, self.labels)) / len(self.labels)
        area = len(self.labels) * (labels + self.spacing.beside) * (self.spacing.height + self.spacing.between)
        return max(math.ceil(math.sqrt(area * ASPECT) / (labels + self.spacing.beside)), FEWEST_ABREAST)

    def _carried(self) -> dict[tuple[int, int], list[int]]:
        """Return the lines that run along each arc."""
        found: dict[tuple[int, int], list[int]] = {arc: [] for arc in self.arcs}
        for i, (u, v) in self.ends.items():
            found[(u, v) if (u, v) in found else (v, u)].append(i)
        return found

    def _widths(self) -> list[float]:
        """Return the widths of boxes: room for the label, and for the lines that end at a side."""
        below, above = [0] * len(self.labels), [0] * len(self.labels)
        for (u, v), lines in self.carried.items():
            below[u] += len(lines)
            above[v] += len(lines)
        ends = [max(pair) * self.spacing.ends / 2 for pair in zip(below, above, strict=True)]
        return [max(self.spacing.label(name), room) for name, room in zip(self.labels, ends, strict=True)]

    def _tops(self, layered: Layered) -> list[float]:
        """Return the top of each layer; a gap is larger where lines go far sideways."""
        gaps = [0.0] * len(layered.layers)
        number = {m: at for at, layer in enumerate(layered.layers) for m in layer}
        for chain in layered.chains:
            for a, b in pairwise(chain):
                gaps[number[a]] = max(gaps[number[a]], abs(self.x[a] - self.x[b]))
        tops = [0.0]
        for far in gaps[:-1]:
            room = math.ceil(min(self.spacing.between + self.spacing.slant * far, 3 * self.spacing.between))
            tops.append(tops[-1] + self.spacing.height + room)
        return tops

    def _curves(self, layered: Layered) -> dict[int, tuple[Point, ...]]:
        chain_of = dict(zip(self.arcs, layered.chains, strict=True))
        starts, stops = self._ports(chain_of, 0), self._ports(chain_of, 1)
        curves: dict[int, tuple[Point, ...]] = {}
        for arc, lines in self.carried.items():
            for turn, i in enumerate(lines):
                share = (turn + 1) / (len(lines) + 1)
                aside = (turn - (len(lines) - 1) / 2) * self.spacing.lane
                way = [(self.x[m] + aside, self.level[arc[0]] + 1 + k) for k, m in enumerate(chain_of[arc][1:-1])]
                curve = self._curve(arc, starts[i], way, stops[i], share)
                curves[i] = curve if self.ends[i] == arc else curve[::-1]
        return curves

    def _ports(self, chain_of: dict[tuple[int, int], list[int]], side: int) -> dict[int, float]:
        """Return where lines leave the lower sides of boxes (0), or reach the upper (1): in the order in which they
        come from the left."""
        at: dict[int, list[tuple[float, int, int]]] = {}
        for arc, lines in self.carried.items():
            neighbour = chain_of[arc][1] if side == 0 else chain_of[arc][-2]
            at.setdefault(arc[side], []).extend((self.x[neighbour], turn, i) for turn, i in enumerate(lines))
        ports: dict[int, float] = {}
        for v, found in at.items():
            step = min(self.spacing.ends, 0.8 * self.widths[v] / max(len(found) - 1, 1))
            for turn, (_, _, i) in enumerate(sorted(found)):
                ports[i] = self.x[v] + (turn - (len(found) - 1) / 2) * step
        return ports

    def _curve(
        self, arc: tuple[int, int], start: float, way: Sequence[tuple[float, int]], stop: float, share: float
    ) -> tuple[Point, ...]:
        """Return the curve from the lower side of a box through the way points of layers to the upper side of another.

        `share` tells its place, from left to right, among lines along the same arc.
        """
        height = self.spacing.height
        points: list[Point] = [(start, self.top[self.level[arc[0]]] + height)]
        for x, level in way:
            top = self.top[level]
            points += [*_bent(points[-1], (x, top), share), *_bent((x, top), (x, top + height), share)]
        points += _bent(points[-1], (stop, self.top[self.level[arc[1]]]), share)
        return tuple(points)

    def _loop(self, v: int) -> tuple[Point, ...]:
        """Return the curve of an edge to itself, at the right of a box."""
        x, top, height = self.x[v] + self.widths[v] / 2, self.top[self.level[v]], self.spacing.height
        far = x + self.spacing.loop
        upper, lower = top + 0.25 * height, top + 0.75 * height
        return ((x, upper), (far, upper - 0.15 * height), (far, lower + 0.15 * height), (x, lower))


def points(edge: Edge) -> bool:
    """Tell whether an edge says which end is the cause."""
    return edge.mark_target is Mark.ARROW and edge.mark_source is not Mark.ARROW


def _bent(a: Point, b: Point, share: float = 0.5) -> list[Point]:
    """Return the next three points of a curve that leaves a and reaches b upright; of several that go the same way, the
    foremost bends first."""
    middle = a[1] + (b[1] - a[1]) * (1 - share if b[0] > a[0] else share)
    return [(a[0], middle), (b[0], middle), b]
