"""Values that fail: how many, which, and what of."""

import json

import numpy as np
import pytest
from causaldisc.cli.main import main
from scipy import stats

from causaldisc.simulate.dropout import Expression, Mechanism, Options, generate


def made(seed=0, **options):
    return generate(Options(**options), np.random.default_rng(seed)).data.matrix()


@pytest.mark.parametrize("mechanism", Mechanism)
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9])
def test_the_share_of_zeros_is_that_asked_for(mechanism, rate):
    values = made(nodes=5, rows=1000, mechanism=mechanism, zero_rate=rate)
    assert np.mean(values == 0, axis=1).tolist() == [rate] * 5


@pytest.mark.parametrize("mechanism", Mechanism)
def test_what_does_not_fail_is_the_value(mechanism):
    whole = made(nodes=4, rows=200, zero_rate=0.0)
    some = made(nodes=4, rows=200, mechanism=mechanism)
    assert np.array_equal(some[some != 0], whole[some != 0])


def chances(mechanism, slope=2.0):
    """Return the values of one variable, and whether each failed."""
    options = {"nodes": 1, "rows": 100_000, "slope": slope, "expression": Expression.GAUSSIAN}
    z = made(**options, zero_rate=0.0)[0]
    return z, made(**options, mechanism=mechanism)[0] == 0


@pytest.mark.parametrize(
    ("mechanism", "law"), [(Mechanism.LOGISTIC, stats.logistic()), (Mechanism.PROBIT, stats.norm())]
)
def test_failures_follow_their_law(mechanism, law):
    z, failed = chances(mechanism)
    for low in np.arange(-2.0, 2.0, 0.5):
        inside = (z >= low) & (z < low + 0.5)
        expected = law.sf(2.0 * z[inside]).mean()
        assert failed[inside].mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / inside.sum()))


def test_random_failures_say_nothing_and_truncation_all():
    z, failed = chances(Mechanism.RANDOM)
    assert abs(z[failed].mean()) < 4 / np.sqrt(failed.sum())
    z, failed = chances(Mechanism.TRUNCATION)
    assert z[failed].max() < z[~failed].min()


def test_log_normal_values_are_positive_and_gaussian_ones_are_not():
    assert made(zero_rate=0.0).min() > 0
    assert made(zero_rate=0.0, expression=Expression.GAUSSIAN).min() < 0


def test_the_command_writes_data_that_dropout_searches(tmp_path, capsys):
    data, truth, found = (str(tmp_path / name) for name in ("d.csv", "t.json", "g.json"))
    assert main(["simulate", "dropout", "--nodes", "6", "--rows", "3000", "-o", data, "--truth", truth]) == 0
    assert main(["dropout", data, "-o", found, "-q"]) == 0
    capsys.readouterr()
    assert main(["compare", truth, found, "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["adjacency_f1"] > 0.7
