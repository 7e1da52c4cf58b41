"""Drawings by their properties: nothing overlaps, causes are above, lines pass behind no box."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from causaldisc.drawing import crossings, curves, layers, places, svg
from causaldisc.drawing.layout import MOST_MEMBERS, lay_out
from causaldisc.errors import DataError
from causaldisc.graph import Graph, Mark

MARKS = [(a, b) for a in Mark for b in Mark]


@st.composite
def graphs(draw, most_nodes=9, arrows_only=False, lags=True):
    """Draw any graph: cycles, lags, loops and parts that hang by nothing included."""
    count = draw(st.integers(1, most_nodes))
    graph = Graph([f"n{i}" * draw(st.integers(1, 4)) for i in range(count)])
    pairs = list(itertools.product(range(count), repeat=2))
    for u, v in draw(st.lists(st.sampled_from(pairs), unique=True, max_size=2 * count)):
        lag = draw(st.integers(0, 2)) if lags else 0
        if (u == v and lag == 0) or graph.has_edge(u, v, lag):
            continue
        marks = (Mark.TAIL, Mark.ARROW) if arrows_only else draw(st.sampled_from(MARKS))
        graph.add_edge(u, v, *marks, lag)
    return graph


def along(line, steps=12):
    """Return points along a line."""
    return [curves.on_piece(piece, k / steps) for piece in curves.pieces(line.curve) for k in range(steps + 1)]


@given(graphs())
def test_boxes_do_not_overlap_and_are_inside(graph):
    drawing = svg.laid_out(graph)
    for box in drawing.boxes:
        assert box.x - box.width / 2 >= 0
        assert box.y - box.height / 2 >= 0
        assert box.x + box.width / 2 <= drawing.width + 1e-9
        assert box.y + box.height / 2 <= drawing.height + 1e-9
    for a, b in itertools.combinations(drawing.boxes, 2):
        assert abs(a.x - b.x) >= (a.width + b.width) / 2 + 5 or abs(a.y - b.y) >= (a.height + b.height) / 2 + 5


@given(graphs())
def test_every_edge_is_drawn_once_from_its_source_to_its_target(graph):
    drawing = svg.laid_out(graph)
    assert sorted(map(repr, graph.edges())) == sorted(repr(e) for line in drawing.lines for e in line.edges)
    for line in drawing.lines:
        edge = line.edges[0]
        for end, point in ((edge.source, line.curve[0]), (edge.target, line.curve[-1])):
            box = drawing.boxes[end]
            assert abs(point[0] - box.x) <= box.width / 2 + 1e-9
            if edge.source != edge.target:
                assert math.isclose(abs(point[1] - box.y), box.height / 2)


@given(graphs())
def test_no_line_passes_behind_a_box(graph):
    drawing = svg.laid_out(graph)
    for line in drawing.lines:
        for x, y in along(line):
            for v, box in enumerate(drawing.boxes):
                inside = abs(x - box.x) < box.width / 2 - 1e-6 and abs(y - box.y) < box.height / 2 - 1e-6
                assert not inside, (line, v)


@given(graphs(arrows_only=True, lags=False))
def test_causes_are_above_effects_wherever_there_is_no_cycle(graph):
    # A DAG: of any graph, the arrows from a lower to a higher number.
    dag = Graph(graph.nodes)
    for edge in graph.edges():
        u, v = sorted((edge.source, edge.target))
        if not dag.has_edge(u, v):
            dag.add_edge(u, v, Mark.TAIL, Mark.ARROW)
    boxes = svg.laid_out(dag).boxes
    for edge in dag.edges():
        assert boxes[edge.source].y < boxes[edge.target].y


def test_one_arrow_of_a_cycle_points_up():
    graph = Graph.parse("a --> b --> c --> d --> a; x --> a; d --> y")
    boxes = svg.laid_out(graph).boxes
    assert sum(boxes[e.source].y > boxes[e.target].y for e in graph.edges()) == 1


def test_edges_without_direction_hang_from_the_middle_of_a_star():
    graph = Graph.parse("a --- hub; b --- hub; c --- hub; d --- hub")
    boxes = svg.laid_out(graph).boxes
    hub = boxes[graph.index("hub")]
    others = [box for v, box in enumerate(boxes) if v != graph.index("hub")]
    assert {box.y for box in others} == {others[0].y}
    assert hub.y < others[0].y
    assert hub.x == pytest.approx(np.mean([box.x for box in others]), abs=60)


def test_a_planar_drawing_is_found_for_a_tree():
    graph = Graph.parse("; ".join(f"n{(i - 1) // 2} --> n{i}" for i in range(1, 31)))
    line = layers.in_line(len(graph), {(e.source, e.target) for e in graph.edges()}, ())
    arcs = layers.downwards(line, [(e.source, e.target) for e in graph.edges()])
    found = crossings.ordered(crossings.cut(layers.levels(line, arcs), arcs))
    assert _crossings(found) == 0


def _crossings(found):
    """Count pairs of links that cross, one by one."""
    place = {m: i for layer in found.layers for i, m in enumerate(layer)}
    count = 0
    for layer in found.layers:
        links = [(place[a], place[b]) for a in layer for b in found.below[a]]
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in itertools.combinations(links, 2))
    return count


@given(graphs(arrows_only=True, lags=False))
def test_crossings_are_counted_right_and_never_more_than_at_the_start(graph):
    arcs = layers.downwards(range(len(graph)), [(e.source, e.target) for e in graph.edges()])
    start = crossings.cut(layers.levels(range(len(graph)), arcs), arcs)
    found = crossings.ordered(start)
    assert crossings._total(found.layers, found) == _crossings(found)
    assert _crossings(found) <= _crossings(start) or not _crossings(found)
    assert [sorted(layer) for layer in found.layers] == [sorted(layer) for layer in start.layers]


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 5)), min_size=1, max_size=8), st.data())
def test_a_layer_settles_where_least_squares_under_order_has_it(wanted, data):
    """One layer between fixed neighbours: SciPy's isotonic regression of what is wanted less the room taken."""
    count = len(wanted)
    apart = [0.0] + [data.draw(st.floats(1, 20)) for _ in range(count - 1)]
    middles = [0.0] * count + [place for place, _ in wanted]
    pulls = [[(count + i, weight)] for i, (_, weight) in enumerate(wanted)] + [[]] * count
    places._settle(list(range(count)), apart, middles, pulls)
    offsets = np.cumsum(apart)
    weights = np.array([weight + places.HOLD for _, weight in wanted])
    held = np.array([place * weight for place, weight in wanted]) / weights
    best = isotonic_regression(held - offsets, weights=weights).x + offsets
    assert np.allclose(middles[:count], best, atol=1e-8)


@given(st.integers(1, 40), st.integers(1, 9), st.data())
@settings(max_examples=50)
def test_broad_layers_are_split_and_arcs_still_go_down(count, most, data):
    pairs = [(u, v) for u in range(count) for v in range(u + 1, count)]
    arcs = data.draw(st.lists(st.sampled_from(pairs), unique=True, max_size=2 * count)) if pairs else []
    level = layers.narrowed(layers.levels(range(count), arcs), arcs, most)
    assert all(level[u] < level[v] for u, v in arcs)
    assert max(level.count(at) for at in range(max(level) + 1)) <= most
    assert set(level) == set(range(max(level) + 1))


def test_equal_graphs_have_equal_drawings_and_two_ways_stay_apart():
    graph = Graph.parse("a --> b")
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW, 1)
    graph.add_edge(1, 0, Mark.TAIL, Mark.ARROW, 2)
    graph.add_edge(0, 0, Mark.TAIL, Mark.ARROW, 1)
    assert svg.document(graph) == svg.document(graph.copy())
    there, back = (line for line in svg.laid_out(graph).lines if line.edges[0].source != line.edges[0].target)
    assert [e.lag for e in there.edges] == [0, 1]
    assert all(math.dist(a, b) > 4 for a, b in zip(along(there), along(back)[::-1], strict=True))


def test_a_graph_that_nobody_could_read_is_refused():
    graph = Graph(f"n{i}" for i in range(MOST_MEMBERS + 1))
    for v in range(MOST_MEMBERS):
        graph.add_edge(v, v + 1, Mark.TAIL, Mark.ARROW)
    with pytest.raises(DataError, match="too many to draw"):
        lay_out(graph, svg.SPACING)
