"""Changing linear models: each module moves as its driver says and no other does; seeds mean bytes."""

import hashlib
import json

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc.errors import UsageError
from causaldisc.graph import GraphKind
from causaldisc.simulate import domains, nonstationary
from causaldisc.simulate._changing import Change, Drivers

MODULES = {"time": nonstationary, "domain": domains}
ROWS = 40_000


def make(context, seed=1, **options):
    module = MODULES[context]
    return module.generate(module.Options(**options), np.random.default_rng(seed))


def by_row(made, context):
    """Return the driver of each changing module for each row, by name."""
    columns = {c.name: c.values for c in made.drivers.columns[1:]}
    if context == "time":
        return columns
    codes = made.data.columns[0].codes
    return {name: values[codes] for name, values in columns.items()}


def noise_of(made, name, factor=1.0):
    """Return what the parents of a variable, with their weights times a factor, leave of it."""
    truth, data = made.truth, {c.name: c.values for c in made.data.columns}
    left = data[name].copy()
    for u in truth.parents(truth.index(name)):
        if truth.names[u] in data and u:
            weight = truth.attributes(u, truth.index(name))["weight"]
            left -= factor * weight * data[truth.names[u]]
    return left


@pytest.mark.parametrize("context", MODULES)
@pytest.mark.parametrize("change", [Change.MEAN, Change.COEFFICIENT, Change.NOISE])
def test_modules_change_as_their_drivers_say_and_others_do_not(context, change):
    made = make(context, rows=ROWS, nodes=8, degree=3, change=change, strength=0.8)
    drivers = by_row(made, context)
    truth = made.truth
    changing = {truth.names[v]: truth.attributes(0, v)["change"] for v in truth.children(0)}
    assert set(changing) == set(drivers)
    assert len(changing) == 4
    error = 5 / np.sqrt(ROWS)
    for name in truth.names[1:]:
        kind, driver = changing.get(name), drivers.get(name, np.zeros(ROWS))
        left = noise_of(made, name, 1 + 0.8 * driver if kind == "coefficient" else 1.0)
        if kind == "mean":
            left -= 0.8 * driver
        if kind == "noise":
            spread = 1 + 1.6 * (driver - driver.min()) / (driver.max() - driver.min())
            left *= np.sqrt(np.mean(spread**2)) / spread
        assert left.mean() == pytest.approx(0, abs=error)
        assert left.var() == pytest.approx(1, abs=2 * error)
        curve = next(iter(drivers.values()))
        assert np.mean(left * curve) == pytest.approx(0, abs=2 * error)
        assert np.mean(left**2 * curve) == pytest.approx(0, abs=5 * error)


@pytest.mark.parametrize("context", MODULES)
def test_the_context_is_a_source_and_the_first_column(context):
    made = make(context, change=Change.MEAN)
    assert made.data.names == made.truth.names == (context, *(f"X{i}" for i in range(1, 7)))
    assert made.truth.kind is GraphKind.DAG
    assert made.truth.nodes[0].attributes == {"type": "context"}
    assert made.truth.parents(0) == []
    assert len(made.truth.children(0)) == 3


@pytest.mark.parametrize("context", MODULES)
def test_a_module_without_causes_has_no_coefficients_to_change(context):
    made = make(context, degree=0, change=Change.COEFFICIENT, changing=1.0)
    kinds = {made.truth.attributes(0, v)["change"] for v in made.truth.children(0)}
    assert kinds == {"mean"}


@pytest.mark.parametrize("context", MODULES)
def test_dependent_drivers_are_one_and_independent_ones_differ(context):
    one = make(context, drivers=Drivers.DEPENDENT, changing=1.0).drivers.columns[1:]
    other = make(context, changing=1.0).drivers.columns[1:]
    assert all(np.array_equal(c.values, one[0].values) for c in one)
    assert not any(np.array_equal(c.values, other[0].values) for c in other[1:])
    for column in (*one, *other):
        assert column.values.mean() == pytest.approx(0, abs=1e-12)
        assert column.values.var() == pytest.approx(1)


@pytest.mark.parametrize("turns", [1, 4, 12])
def test_drivers_are_smooth(turns):
    options = nonstationary.Options(rows=5000, turns=turns)
    curve = nonstationary.driver(options, np.random.default_rng(4))
    steps = np.diff(curve)
    assert np.abs(steps).max() < 6 * turns / 5000
    # The slope is continuous, at the joints too: it changes by little from row to row.
    assert np.abs(np.diff(steps)).max() < 60 * (turns / 5000) ** 2


@pytest.mark.parametrize("phi", [0.0, 0.7])
def test_noise_persists_as_asked(phi):
    made = make("time", rows=ROWS, changing=0.0, autocorrelation=phi)
    for name in made.truth.names[1:]:
        left = noise_of(made, name)
        assert np.mean(left[1:] * left[:-1]) == pytest.approx(phi, abs=0.03)
        assert np.mean(left[3:] * left[:-3]) == pytest.approx(phi**3, abs=0.05)
        assert left.var() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("smallest", [0.0, 0.5, 1.0])
def test_domains_have_all_rows_and_their_least_share(smallest):
    options = domains.Options(rows=1003, domains=10, smallest=smallest)
    found = np.array([domains.sizes(options, np.random.default_rng(seed)) for seed in range(50)])
    assert (found.sum(axis=1) == 1003).all()
    assert found.min() >= max(1, int(smallest * 1003 / 10))
    assert (found.std(axis=1) > 5).all() == (smallest < 1)


def test_bad_options_are_refused():
    with pytest.raises(UsageError, match="--low 2 must not exceed --high 1"):
        nonstationary.Options(low=2)
    with pytest.raises(UsageError, match="--changing is a share"):
        domains.Options(changing=1.5)
    with pytest.raises(UsageError, match="--smallest is a share"):
        domains.Options(smallest=2)
    with pytest.raises(UsageError, match="--rows 3 must be at least --domains 5"):
        domains.Options(rows=3)
    with pytest.raises(UsageError, match="lower --high or --strength"):
        make("time", nodes=800, rows=2, degree=799, low=5, high=6, changing=0)


@pytest.mark.parametrize("context", MODULES)
def test_the_shell_gets_data_truth_and_drivers(context, tmp_path):
    data, truth, force = tmp_path / "d.csv", tmp_path / "t.json", tmp_path / "f.csv"
    name = {"time": "nonstationary", "domain": "domains"}[context]
    arguments = ["simulate", name, "--rows", "50", "-o", data, "--truth", truth, "--driving-force", force]
    assert main([str(a) for a in arguments]) == 0
    children = [e["target"] for e in json.loads(truth.read_text())["edges"] if e["source"] == context]
    lines = force.read_text().splitlines()
    assert lines[0].split(",") == [context, *children]
    assert len(lines) == (51 if context == "time" else 6)
    assert data.read_text().splitlines()[0].startswith(f"{context},X1")


# These hold on every supported version of Python and NumPy; a change here is a change of results.
GOLDEN = {"time": "608751cbb2c284e1", "domain": "7474fd91995222bb"}


@pytest.mark.parametrize("context", GOLDEN)
def test_a_seed_means_the_same_bytes_everywhere(context):
    made = make(context, 42, nodes=15, rows=50, degree=3, **({"autocorrelation": 0.5} if context == "time" else {}))
    content = (
        b"".join(c.values.astype("<f8").tobytes() for c in (*made.data.columns[1:], *made.drivers.columns[1:]))
        + str(made.truth).encode()
    )
    assert hashlib.sha256(content).hexdigest()[:16] == GOLDEN[context]
