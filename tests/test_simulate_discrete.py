"""Discrete networks: frequencies are those of the tables, levels and orders are those of every Dataset."""

import hashlib

import numpy as np
import pytest
from frequencies import assert_frequencies

from causaldisc.data.dataset import ColumnKind
from causaldisc.errors import UsageError
from causaldisc.simulate._bayesnet import Network, Variable, category_column, topological_order
from causaldisc.simulate.discrete import Options, generate


def table(*rows):
    return np.array(rows, float)


SPRINKLER = Network(
    (
        Variable("wet", ("yes", "no"), (2, 1), table([0.99, 0.01], [0.9, 0.1], [0.8, 0.2], [0.0, 1.0])),
        Variable("sprinkler", ("on", "off"), (2,), table([0.01, 0.99], [0.4, 0.6])),
        Variable("rain", ("heavy", "none"), (), table([0.2, 0.8])),
    )
)


def test_sampled_frequencies_are_those_of_the_tables():
    assert_frequencies(SPRINKLER, SPRINKLER.sample(200_000, np.random.default_rng(0)))


def test_random_networks_have_dirichlet_rows():
    options = Options(nodes=400, rows=2000, degree=0, levels=3, concentration=0.5)
    made = generate(options, np.random.default_rng(1))
    shares = np.concatenate([np.bincount(c.codes, minlength=3) / 2000 for c in made.data.columns])
    # Mean 1/3; variance of one component: (1/3)(2/3) / (3 * 0.5 + 1), and a little sampling.
    assert shares.mean() == pytest.approx(1 / 3)
    assert shares.var() == pytest.approx(2 / 9 / 2.5, rel=0.1)


def test_levels_of_probability_zero_are_never_drawn():
    network = Network((Variable("x", ("a", "b", "c", "d"), (), table([0.0, 0.1 + 0.2, 0.7, 0.0])),))
    (column,) = network.sample(100_000, np.random.default_rng(2)).columns
    assert set(np.unique(column.codes)) == {1, 2}


def test_columns_follow_the_conventions_of_datasets():
    text = category_column("sex", np.array([0, 1, 0], np.int32), ("male", "female"))
    assert (text.levels, text.codes.tolist(), text.values) == (("female", "male"), [1, 0, 1], None)
    assert text.kind is ColumnKind.BINARY
    numbers = category_column("dose", np.array([0, 1, 2], np.int32), ("10", "9", "0"))
    assert (numbers.levels, numbers.values.tolist()) == (("0", "9", "10"), [10.0, 9.0, 0.0])
    assert numbers.codes.tolist() == [2, 1, 0]
    assert numbers.zeros.tolist() == [False, False, True]
    twins = category_column("code", np.array([1, 0], np.int32), ("01", "1"))
    assert twins.values is None


def test_level_names_sort_as_numbers_do():
    made = generate(Options(nodes=2, rows=500, levels=12), np.random.default_rng(3))
    assert made.data.columns[0].levels[:3] == ("v01", "v02", "v03")
    assert made.data.columns[0].levels[-1] == "v12"


def test_numbers_of_levels_fill_the_range():
    made = generate(Options(nodes=300, rows=1, degree=0, levels=2, max_levels=4), np.random.default_rng(4))
    counts = np.bincount([len(c.levels) for c in made.data.columns])[2:]
    assert counts.sum() == 300
    assert counts.min() > 70
    assert {c.kind for c in made.data.columns if len(c.levels) == 2} == {ColumnKind.BINARY}


def test_default_limits_parents_to_four():
    made = generate(Options(nodes=40, rows=1, degree=20, levels=2), np.random.default_rng(5))
    assert max(len(made.truth.parents(v)) for v in range(40)) == 4


def test_tables_too_large_are_refused_with_the_remedy():
    options = Options(nodes=20, rows=1, degree=19, levels=10, max_parents=None)
    with pytest.raises(UsageError, match="lower --max-parents or --levels"):
        generate(options, np.random.default_rng(0))


def test_max_levels_below_levels_is_refused():
    with pytest.raises(UsageError, match="--max-levels 2 must be at least --levels 3"):
        Options(max_levels=2)


def test_topological_order_puts_parents_first_and_leaves_cycles_out():
    assert topological_order([(2, 1), (2,), ()]) == [2, 1, 0]
    assert topological_order([(), (2,), (1,), (2,)]) == [0]


def test_a_seed_means_the_same_rows_everywhere():
    made = generate(Options(nodes=15, rows=50, degree=3, max_levels=5), np.random.default_rng(42))
    content = made.data.code_matrix().astype("<i4").tobytes() + str(made.truth).encode()
    assert hashlib.sha256(content).hexdigest()[:16] == "f3201d13bac07b6b"
