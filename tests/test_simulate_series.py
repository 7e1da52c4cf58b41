"""Series with a known lagged graph: they obey their equations, and seeds mean bytes."""

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc import registry
from causaldisc.errors import UsageError
from causaldisc.graph import GraphKind, formats
from causaldisc.graph.validity import problems
from causaldisc.simulate import lorenz96, lotka_volterra, var

NAMES = ("var", "lorenz96", "lotka-volterra")


def made(module, seed=1, **options):
    return module.generate(module.Options(**options), np.random.default_rng(seed))


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_is_lagged_has_every_self_loop_and_the_nodes_of_the_data(name):
    module = registry.load("causaldisc.simulate", name)
    found = made(module, rows=5, burn_in=0)
    assert found.truth.kind is GraphKind.LAGGED
    assert problems(found.truth) == []
    assert found.truth.names == found.data.names
    assert all(found.truth.has_edge(v, v, 1) for v in range(len(found.truth)))
    assert np.isfinite(found.data.matrix()).all()


@pytest.mark.parametrize("signs", [False, True])
def test_least_squares_on_the_true_parents_finds_the_weights_of_var(signs):
    found = made(var, rows=20_000, mixed_signs=signs)
    x = found.data.matrix()
    for target in range(10):
        edges = [e for e in found.truth.edges() if e.target == target]
        assert sorted(e.lag for e in edges) == [1, 1, 2, 2, 3, 3]
        past = np.array([x[e.source, 3 - e.lag : -e.lag] for e in edges])
        weights = np.linalg.lstsq(past.T, x[target, 3:], rcond=None)[0]
        assert weights == pytest.approx([e.attributes["weight"] for e in edges], abs=0.05)
        left = x[target, 3:] - weights @ past
        assert left.std() == pytest.approx(0.1, rel=0.03)


def test_var_is_stable_and_nearly_as_persistent_as_allowed():
    truth = made(var, rows=1, radius=0.9).truth
    companion = np.eye(30, k=-10)
    for e in truth.edges():
        companion[e.target, (e.lag - 1) * 10 + e.source] = e.attributes["weight"]
    assert 0.8 < np.abs(np.linalg.eigvals(companion)).max() <= 0.9


def test_lorenz_moves_as_its_equation_says():
    x = made(lorenz96, rows=2000, noise_sd=0.0, interval=0.001, burn_in=100, nodes=6).data.matrix()
    speed = (x[:, 2:] - x[:, :-2]) / 0.002
    for i in range(6):
        expected = (x[(i + 1) % 6] - x[i - 2]) * x[i - 1] - x[i] + 10.0
        assert speed[i] == pytest.approx(expected[1:-1], abs=0.1)
    truth = made(lorenz96, rows=1, nodes=6).truth
    assert str(truth).startswith("X1 --> X1 [lag 1]; X1 --> X2 [lag 1]; X1 --> X3 [lag 1]; X1 --> X6 [lag 1]; X2 -->")


def test_predators_and_prey_move_as_their_equations_say():
    found = made(lotka_volterra, species=3, rows=2000, noise_sd=0.0, interval=0.001, burn_in=0)
    x = found.data.matrix()
    speed = (x[:, 2:] - x[:, :-2]) / 0.002
    now = x[:, 1:-1]
    truth = found.truth
    for v in range(6):
        partners = [u for u in range(6) if u != v and truth.has_edge(u, v, 1)]
        assert len(partners) == 2
        mean = now[partners].mean(axis=0)
        rate = 1.1 - 0.2 * mean - 2.75e-5 * now[v] if v < 3 else 0.2 * mean - 1.1
        assert speed[v] == pytest.approx(now[v] * rate, rel=1e-3, abs=1e-4)


def test_populations_stay_positive_and_bounded():
    x = made(lotka_volterra).data.matrix()
    assert x.min() > 0
    assert x.max() < 1e3
    with pytest.raises(UsageError, match="--partners 3 must not exceed --species 2"):
        lotka_volterra.Options(species=2, partners=3)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_files(name, tmp_path):
    texts = []
    for i, seed in enumerate(("1", "1", "2")):
        data, truth = tmp_path / f"{i}.csv", tmp_path / f"{i}.json"
        assert main(["simulate", name, "--rows", "20", "--seed", seed, "-o", str(data), "--truth", str(truth)]) == 0
        texts.append(data.read_bytes())
    assert texts[0] == texts[1] != texts[2]
    assert formats.read(tmp_path / "0.json").graph.kind is GraphKind.LAGGED
