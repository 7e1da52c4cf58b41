"""Driving forces: components against a twin, drivers that are known, the table and the picture."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import numpy as np
import pytest
import reference_changes as twins
from hypothesis import given, settings
from hypothesis import strategies as st

from causaldisc import curves, panels
from causaldisc.curves import Curves
from causaldisc.errors import UsageError
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.search.context_index import ContextKind, domain_index, smooth_index
from causaldisc.search.driving_force import as_curves, driving_force, driving_forces, principal_components
from causaldisc.search.independent_change import gaussian
from causaldisc.search.mechanisms import Mechanisms

SEEDS = st.integers(0, 2**32 - 1)
SVG = "{http://www.w3.org/2000/svg}"


@settings(max_examples=50)
@given(SEEDS, st.integers(3, 15), st.integers(1, 3))
def test_components_are_eigenvectors_of_the_centred_kernel(seed, points, features):
    values = np.random.default_rng(seed).standard_normal((points, features))
    rate = gaussian(values)[1]
    found, eigenvalues, total = principal_components(values, 2)
    expected, their_eigenvalues = twins.kernel_components(values, rate, 2)
    assert np.allclose(eigenvalues, their_eigenvalues)
    assert eigenvalues.sum() <= total + 1e-12
    for ours, theirs in zip(found.T, expected.T, strict=True):
        assert abs(ours @ theirs) / points == pytest.approx(1.0, abs=1e-4)


def test_the_width_is_of_the_mean_squared_distance():
    values = np.random.default_rng(0).standard_normal((6, 2))
    distances = [np.sum((v - w) ** 2) for i, v in enumerate(values) for w in values[:i]]
    assert gaussian(values)[1] == pytest.approx(0.5 / np.mean(distances))


def test_what_does_not_move_has_no_component():
    found, eigenvalues, total = principal_components(np.zeros((10, 2)), 3)
    assert found.shape == (10, 0)
    assert len(eigenvalues) == 0
    assert total == 0.0


def smooth_chain(seed):
    """x1 -> x2 -> x3 with a smooth driver in each mean, and the drivers."""
    rng = np.random.default_rng(seed)
    place = np.arange(500) / 500
    # Of whole cycles, and so uncorrelated.
    drivers = [np.sin(2 * np.pi * cycles * place + rng.uniform(0, 6)) for cycles in rng.permutation([2, 3, 5])]
    e = rng.standard_normal((3, 500))
    x1 = drivers[0] + 0.5 * e[0]
    x2 = 0.8 * x1 + drivers[1] + 0.5 * e[1]
    x3 = 0.8 * x2 + drivers[2] + 0.3 * e[2]
    graph = Graph(("x1", "x2", "x3"), GraphKind.CPDAG)
    graph.add_edge(0, 1, Mark.TAIL, Mark.ARROW)
    graph.add_edge(1, 2, Mark.TAIL, Mark.ARROW)
    names = ("x1", "x2", "x3")
    return graph, Mechanisms(names, [[x1], [x2], [x3]], ContextKind.TIME, np.arange(500.0)), drivers


@pytest.mark.parametrize("seed", range(3))
def test_the_first_component_follows_the_true_driver_of_each_mechanism(seed):
    graph, bound, drivers = smooth_chain(seed)
    forces = driving_forces(graph, bound, range(3))
    for force, driver in zip(forces, drivers, strict=True):
        true = np.interp(force.labels, np.arange(500), driver)
        assert np.corrcoef(force.components[:, 0], true)[0, 1] > 0.9
        assert np.allclose(force.components.mean(axis=0), 0.0, atol=1e-9)
        assert np.allclose((force.components**2).mean(axis=0), 1.0)
        assert (np.diff(force.eigenvalues) <= 0).all()


def test_a_parent_takes_its_own_driver_away():
    graph, bound, drivers = smooth_chain(0)
    alone = driving_force(bound, 1, ())
    true = np.interp(alone.labels, np.arange(500), drivers[0])
    with_parent = driving_forces(graph, bound, [1])[0]
    with_it, without = (abs(np.corrcoef(f.components[:, 0], true)[0, 1]) for f in (with_parent, alone))
    assert with_it < 0.2
    assert without > 0.4


def test_the_driver_of_domains_is_told_at_each():
    rng = np.random.default_rng(1)
    codes, driver = np.repeat([4, 2, 9, 7, 5, 1, 3, 8], 80), rng.standard_normal(8)
    numbers = np.searchsorted(np.unique(codes), codes)
    x = np.exp(0.7 * driver[numbers]) * rng.standard_normal(len(codes))
    force = driving_force(Mechanisms(("x",), [[x]], ContextKind.DOMAIN, codes), 0, ())
    assert force.labels.tolist() == [1, 2, 3, 4, 5, 7, 8, 9]
    assert np.corrcoef(force.components[:, 0], driver)[0, 1] > 0.9
    found = as_curves([force], ("x",), "site", [f"site {k}" for k in range(10)])[0]
    assert found.labels[:3] == ("site 1", "site 2", "site 3")


# ---- the index


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_domains_are_told_apart_and_nothing_else(codes):
    index = domain_index(np.array(codes))
    assert (index.basis @ index.basis.T == np.equal.outer(codes, codes)).all()


def test_a_smooth_index_goes_by_rank_whatever_the_order_of_rows():
    rng = np.random.default_rng(0)
    times, order = np.sort(rng.gamma(1.0, 5.0, 300)), rng.permutation(300)
    sorted_rows, mixed = smooth_index(times), smooth_index(times[order])
    assert np.allclose(sorted_rows.basis[order], mixed.basis)
    assert np.allclose(sorted_rows.basis, smooth_index(np.arange(300.0)).basis)
    assert np.allclose(sorted_rows.basis.T @ sorted_rows.basis / 300, np.eye(sorted_rows.functions), atol=1e-9)
    assert times[0] <= mixed.labels[0] < mixed.labels[-1] <= times[-1]


def test_rows_of_the_same_time_share_their_place():
    index = smooth_index(np.repeat(np.arange(20.0), 10))
    assert (index.basis[:10] == index.basis[0]).all()
    assert index.functions <= 19


# ---- table and picture

EVIL = "a<b>&\"c'\n\x07"


def examples():
    rng = np.random.default_rng(3)
    smooth = Curves(
        EVIL, "time & place", np.linspace(0, 12, 40), rng.standard_normal((40, 3)), np.array([0.3, 0.2, 0.1]),
        np.array([0.5, 0.3, 0.1]),
    )  # fmt: skip
    names = tuple(f"hospital <{k}> of the north" for k in range(30))
    domains = Curves("y", "site", names, rng.standard_normal((30, 2)), np.array([0.3, 0.1]), np.array([0.7, 0.2]))
    still = Curves("z", "site", names[:1], np.zeros((1, 0)), np.zeros(0), np.zeros(0))
    return [smooth, domains, still]


def test_the_table_holds_every_number():
    made = examples()
    rows = list(csv.reader(io.StringIO(curves.to_csv(made), newline="")))
    assert rows[0] == ["index", "place", "module", "component_1", "component_2", "component_3"]
    assert len(rows) == 1 + 40 + 30 + 1
    assert [float(v) for v in rows[1][3:]] == made[0].components[0].tolist()
    assert rows[1][0] == "time & place"
    assert rows[1][2] == EVIL
    assert rows[41][5] == ""


def test_the_json_holds_every_number():
    made = examples()
    found = json.loads(curves.to_json(made))
    assert found["schema"] == "causaldisc.driving-force/1"
    assert found["modules"][0]["components"] == made[0].components.T.tolist()
    assert found["modules"][1]["places"] == list(made[1].labels)
    assert found["modules"][1]["eigenvalues"] == [0.3, 0.1]


def test_the_picture_is_xml_with_a_panel_for_each_module():
    root = ElementTree.fromstring(panels.svg(examples()))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "a<b>&\"c'��" in texts
    assert len(list(root.iter(f"{SVG}polyline"))) == 3
    assert len(list(root.iter(f"{SVG}circle"))) == 60
    assert texts.count("component 1: 70%") == 1


def test_nothing_lies_outside_the_picture_and_labels_keep_their_distance():
    root = ElementTree.fromstring(panels.svg(examples()))
    width, height = float(root.get("width")), float(root.get("height"))
    below = {}
    for text in root.iter(f"{SVG}text"):
        x, y, room = float(text.get("x")), float(text.get("y")), 6.2 * len(text.text)
        left = {"middle": x - room / 2, "end": x - room}.get(text.get("text-anchor"), x)
        assert left >= 0
        assert left + room <= width
        assert 0 < y < height
        below.setdefault(y, []).append((left, left + room))
    for spans in below.values():
        spans.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(1, 8))
def test_ticks_are_round_and_cover_the_range(low, size, most):
    high = low + size
    found = panels.ticks_between(low, high, most)
    step = (found[-1] - found[0]) / (len(found) - 1)
    assert found[0] <= low + 1e-6 * step + 1e-9
    assert found[-1] >= high - 1e-6 * step - 1e-9
    assert len(found) <= most + 3


def test_a_png_is_the_same_every_time():
    pytest.importorskip("matplotlib")
    first, second = panels.png(examples()[1:2]), panels.png(examples()[1:2])
    assert first.startswith(b"\x89PNG")
    assert first == second


def test_without_matplotlib_a_png_says_what_to_do(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install matplotlib"):
        panels.png(examples())
