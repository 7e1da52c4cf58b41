"""Services with a fault: what is made is what the truth says."""

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc.errors import UsageError
from causaldisc.graph import GraphKind, formats
from causaldisc.graph.validity import problems
from causaldisc.simulate import faults
from causaldisc.simulate._services import METRICS, services
from causaldisc.simulate.faults import ROOTS, Fault


def made(seed=1, **options):
    return faults.generate(faults.Options(**options), np.random.default_rng(seed))


def metrics(found):
    return found.data.select(found.truth.names).matrix()


@pytest.mark.parametrize("fault", ROOTS)
def test_the_root_is_known_and_nothing_is_wrong_before_the_fault(fault):
    there, without = (made(fault=fault, rows=300, strength=s, missing=0, outages=0) for s in (1.0, 0.0))
    x, y = metrics(there), metrics(without)
    row = there.facts["injected_row"] - 1
    assert row == 180
    assert there.facts["injected_at"] == "2026-01-05T03:00:00Z"
    assert np.array_equal(x[:, :row], y[:, :row])
    root = there.truth.names.index(there.facts["root"])
    assert there.truth.nodes[root].attributes["root"] is True
    assert there.truth.nodes[root].attributes["fault"] == fault.value
    assert there.facts["root"].endswith(ROOTS[fault])
    # The root changes at once, others only later, and only what it leads to.
    differs = [int(np.argmax(x[v] != y[v])) if (x[v] != y[v]).any() else None for v in range(len(x))]
    assert differs[root] == row
    others = {v for v, at in enumerate(differs) if at is not None and v != root}
    extra = (
        {there.truth.names.index(there.facts["root"].replace("errors", "latency"))} if fault is Fault.LOSS else set()
    )
    assert all(differs[v] > row for v in others - extra)
    assert others <= _descendants(there.truth, {root, *extra})


def _descendants(truth, starts):
    found, before = set(starts), set()
    while found != before:
        before = set(found)
        found |= {e.target for e in truth.edges() if e.source in before}
    return found


@pytest.mark.parametrize("fault", ROOTS)
def test_values_follow_their_causes_only_at_the_lags_of_the_truth(fault):
    """What differs because of the fault differs no sooner than the shortest way along the lags."""
    there, without = (made(2, fault=fault, rows=300, strength=s, missing=0, outages=0) for s in (1.0, 0.0))
    changed = metrics(there) != metrics(without)
    row, names = there.facts["injected_row"] - 1, there.truth.names
    soonest = {names.index(there.facts["root"]): 0}
    if fault is Fault.LOSS:
        soonest[names.index(there.facts["root"].replace("errors", "latency"))] = 0
    for _ in names:
        for e in there.truth.edges():
            if e.source in soonest:
                soonest[e.target] = min(soonest.get(e.target, 10**6), soonest[e.source] + e.lag)
    for v, differs in enumerate(changed):
        if differs.any():
            assert int(np.argmax(differs)) - row >= soonest[v]


def test_data_have_a_time_units_of_their_own_gaps_and_columns_without_spread():
    found = made(3)
    assert found.data.names[0] == "time"
    assert found.truth.kind is GraphKind.LAGGED
    assert problems(found.truth) == []
    assert found.data.names[1:] == found.truth.names
    assert np.diff(found.data.columns[0].values) == pytest.approx(60.0)
    x = metrics(found)
    assert 0 < np.isnan(x).mean() < 0.01
    before = x[:, :600]
    flat = [n for n, row in zip(found.truth.names, before) if np.subtract(*np.nanpercentile(row, [75, 25])) == 0]
    assert flat
    assert all(name.endswith("_errors") for name in flat)
    errors = x[4::5]
    assert np.nanmin(x) >= 0
    assert np.nanmax(errors) <= 1
    assert np.nanmax(x[1::5]) <= 100


def test_the_load_moves_everything_and_effects_may_be_larger_than_their_cause():
    larger, correlations = [], []
    for seed in range(12):
        x = metrics(made(seed, missing=0, outages=0))
        correlations.append(np.corrcoef(x[0::5, :600])[0, 1:].mean())
        centre = np.median(x[:, :600], axis=1)
        spread = np.subtract(*np.percentile(x[:, :600], [75, 25], axis=1))
        found = made(seed)
        root = found.truth.names.index(found.facts["root"])
        moved = np.median(x[:, 700:], axis=1) - centre
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(spread > 0, moved / spread, 0)
        larger.append(((moved > moved[root]).any(), (z > z[root]).any()))
    assert np.mean(correlations) > 0.5
    assert np.mean([units for units, _ in larger]) > 0.5
    assert np.mean([spreads for _, spreads in larger]) > 0.2


def test_calls_make_an_acyclic_graph_that_reaches_every_service():
    for seed in range(5):
        some = services(12, np.random.default_rng(seed))
        graph = some.calls()
        assert problems(graph) == []
        assert _descendants(graph, {0}) == set(range(12))
        assert len(set(some.names)) == 12
        places = {(s, t) for s, t, _ in some.links(("cpu",))}
        five = len(METRICS)
        for e in graph.edges():
            assert (five * e.source, five * e.target) in places  # traffic goes to the called
            assert (five * e.target + 3, five * e.source + 3) in places  # latency comes back


def test_what_is_asked_for_is_done():
    found = made(services=3, rows=50, cadence=10.0, inject=21, fault=Fault.CPU)
    assert len(found.data) == 16
    assert (found.facts["injected_row"], found.facts["injected_at"]) == (21, "2026-01-05T00:03:20Z")
    with pytest.raises(UsageError, match="--inject 51 is after the last of --rows 50"):
        made(rows=50, inject=51)


def test_the_same_seed_gives_the_same_files_and_the_fault_is_told(tmp_path, capfd):
    texts = []
    for i, seed in enumerate((4, 4, 5)):
        places = [tmp_path / f"{i}.{kind}" for kind in ("csv", "graphml", "json")]
        arguments = ["simulate", "faults", "--rows", 30, "--seed", seed, "-o", places[0], "--truth", places[1]]
        assert main([str(a) for a in [*arguments, "--calls", places[2]]]) == 0
        texts.append([place.read_bytes() for place in places])
        truth = formats.read(places[1]).graph
        (root,) = [node for node in truth.nodes if node.attributes.get("root")]
        assert f"root {root.name}, fault {root.attributes['fault']}, injected_row 19" in capfd.readouterr().err
        assert formats.read(places[2]).graph.names[0] == "front"
    assert texts[0] == texts[1]
    assert texts[0][0] != texts[2][0]
