"""Spearman, the Gaussian copula, and compositions."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import average_ranks as slow_ranks
from reference import composition as slow_composition
from reference import fisher_z as slow_fisher_z
from scipy import stats

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import CITest, TestChoice, Verdict, answer, spearman
from causaldisc.citests._covariances import WholeRows
from causaldisc.citests._ranks import average_ranks
from causaldisc.citests.clr_fisherz import Zeros
from causaldisc.citests.copula import normal_scores
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError
from causaldisc.knowledge import Knowledge
from causaldisc.options import Options

# Covariances of the logarithms of eleven oxides in 47 Roman glass cups (M. Baxter et al., Archaeometry 1990), times
# 10,000,000: the lower triangle.
OXIDES = ("Si", "Al", "Fe", "Mg", "Ca", "Na", "K", "Ti", "P", "Mn", "Sb")
OF_CUPS = (
    (5737,),
    (-11403, 56581),
    (-36789, 137461, 419378),
    (-24766, 98002, 293290, 306690),
    (-21586, 42176, 149927, 103420, 101487),
    (-11947, 17978, 58267, 37847, 37515, 29454),
    (-18621, 57103, 161874, 82677, 72722, 28383, 214188),
    (-26684, 94937, 269024, 220185, 110824, 43200, 137408, 299777),
    (-24144, 54556, 174975, 110595, 97626, 39997, 174168, 177308, 292807),
    (-53131, 136066, 466512, 299566, 235212, 87998, 267502, 336818, 283150, 1183779),
    (-25715, 23407, 161518, 42680, 95531, 39888, 176930, 63783, 250823, 198515, 886109),
)


def bind(name, values, **options):
    return citests.build(TestChoice(name, options), Dataset.from_array(values), Context())


@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.5, -3.0, np.nan, 1e300]), max_size=30))
def test_ranks_count_what_is_smaller(values):
    row = np.array(values, float)
    np.testing.assert_array_equal(average_ranks(row[None])[0], slow_ranks(row))


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_spearman_without_conditioning_is_that_of_scipy(seed, ties):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((60, 2)) @ rng.standard_normal((2, 2))
    values = np.round(4 * values / values.std(axis=0)) if ties else values
    got = answer(bind("spearman", values), 0, 1)
    of_ranks = stats.spearmanr(values[:, 0], values[:, 1]).statistic
    assert got.effect == pytest.approx(2 * np.sin(np.pi / 6 * of_ranks), rel=1e-9, abs=1e-12)
    assert got.statistic == pytest.approx(np.sqrt(57 / spearman.VARIANCE) * np.arctanh(got.effect), rel=1e-9, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["spearman", "copula"]), st.integers(0, 3))
def test_monotone_transforms_change_nothing(seed, name, depth):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((50, 5)) @ rng.standard_normal((5, 5))
    moved = np.column_stack([np.exp(values[:, 0]), values[:, 1] ** 3, -values[:, 2], *values[:, 3:].T * 7 + 1])
    one, other = (answer(bind(name, v), 0, 1, range(2, 2 + depth)) for v in (values, moved))
    assert one.statistic == pytest.approx(other.statistic, rel=1e-9, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_spearman_with_gaps_uses_ranks_of_the_known_cells(seed, depth):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((80, 5)) @ (np.eye(5) + 0.4 * rng.standard_normal((5, 5)))
    values[rng.random(values.shape) < 0.15] = np.nan
    got = answer(bind("spearman", values), 0, 1, range(2, 2 + depth))
    used = np.array([slow_ranks(column) for column in values.T])[: depth + 2]
    used = used[:, ~np.isnan(used).any(axis=0)]
    scores = 2 * np.sin(np.pi / 6 * np.corrcoef(used))
    np.fill_diagonal(scores, 1.0)
    if np.linalg.eigvalsh(scores).min() < 1e-3:
        return  # next to no correlations at all
    inverse = np.linalg.inv(scores)
    rho = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    assert got.n == used.shape[1]
    assert got.effect == pytest.approx(rho, rel=1e-7, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_the_copula_is_fishers_z_of_truncated_normal_scores(seed, depth):
    rng = np.random.default_rng(seed)
    values = np.round(rng.standard_normal((90, 5)) @ rng.standard_normal((5, 5)), 1)
    delta = 1 / (4 * 90**0.25 * np.sqrt(np.pi * np.log(90)))
    scores = stats.norm.ppf(np.clip((stats.rankdata(values, axis=0) - 0.5) / 90, delta, 1 - delta))
    np.testing.assert_allclose(normal_scores(values.T), scores.T, rtol=1e-10, atol=1e-12)
    got = answer(bind("copula", values), 0, 1, range(2, 2 + depth))
    statistic, _ = slow_fisher_z(scores.T, 0, 1, range(2, 2 + depth))
    assert got.statistic == pytest.approx(statistic, rel=1e-7, abs=1e-9)


def test_copies_and_constants_are_seen_through_ranks():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 50))
    for name in ("spearman", "copula"):
        assert answer(bind(name, np.column_stack([x, y, np.exp(x)])), 0, 1, (2,)).verdict is Verdict.SINGULAR
        with pytest.raises(DataError, match="column 'X2' is constant"):
            bind(name, np.column_stack([x, np.full(50, 0.1)]))


def test_correlations_of_scores_stay_correlations_in_few_rows():
    """The sine can make a matrix of many columns and few rows indefinite."""
    values = np.random.default_rng(3).standard_normal((12, 10))
    values[:, 1:] += values[:, :1]
    matrix = bind("spearman", values).correlation
    assert np.linalg.eigvalsh(matrix).min() > -1e-12
    assert np.abs(matrix).max() == 1.0


@dataclass(frozen=True)
class WithoutEngine:
    """A test that is asked question by question, whatever engine it has."""

    test: CITest

    def __getattr__(self, name):
        if name in ("name", "variables", "options", "deepest", "answers"):
            return getattr(self.test, name)
        raise AttributeError(name)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["spearman", "copula"]))
def test_the_engine_finds_what_questions_find(seed, name):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((80, 8)) @ (np.eye(8) + 0.3 * rng.standard_normal((8, 8)))
    bound = bind(name, values)
    names = tuple(f"X{i}" for i in range(8))
    found = [
        pc.search(test, names, pc.Options(), Knowledge().bind(names), Context())[0]
        for test in (bound, WithoutEngine(bound))
    ]
    assert str(found[0]) == str(found[1])


# ---- compositions


def parts_of(rng, rows, columns):
    parts = np.exp(rng.standard_normal((rows, columns)) @ rng.standard_normal((columns, columns)))
    return parts / parts.sum(axis=1, keepdims=True)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.booleans())
def test_compositions_equal_the_pseudo_inverse_of_centred_log_ratios(seed, depth, gaps):
    rng = np.random.default_rng(seed)
    parts = parts_of(rng, 60, 7)
    if gaps:
        parts[rng.random(parts.shape) < 0.05] = np.nan
    x, y, *given_ = map(int, rng.permutation(7)[: depth + 2])
    got = answer(bind("clr-fisherz", parts), x, y, given_)
    used = parts[~np.isnan(parts[:, [x, y, *given_]]).any(axis=1)]
    rho, dof = slow_composition(used.T, x, y, given_)
    assert got.n == len(used)
    assert got.effect == pytest.approx(rho, rel=1e-5, abs=1e-7)
    assert got.statistic == pytest.approx(np.sqrt(dof) * np.arctanh(rho), rel=1e-5, abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_the_scale_of_each_row_says_nothing(seed, depth):
    rng = np.random.default_rng(seed)
    parts = parts_of(rng, 40, 6)
    counts = parts * rng.lognormal(0, 3, (40, 1))
    one, other = (answer(bind("clr-fisherz", v), 0, 1, range(2, 2 + depth)) for v in (parts, counts))
    assert one.statistic == pytest.approx(other.statistic, rel=1e-6, abs=1e-8)


def test_glass_cups_give_the_known_values():
    """Of M. Greenacre's data set `cups`, whose raw correlation of Si and Na, -0.92, is an artefact of closure."""
    matrix = np.zeros((11, 11))
    for i, row in enumerate(OF_CUPS):
        matrix[i, : i + 1] = matrix[: i + 1, i] = np.array(row) / 1e7
    test = WholeRows("clr-fisherz", matrix, np.arange(12, dtype=np.int32), 47, "ratios", Options())
    known = {"Fe Al": 0.727, "Al Si": 0.722, "Fe Si": -0.663, "Na Ca": 0.597, "Mg Fe": 0.428, "P K": 0.413}
    found = {}
    for x in range(11):
        for y in range(x):
            found[x, y] = answer(test, x, y, [v for v in range(11) if v not in (x, y)])
    for pair, rho in known.items():
        x, y = (OXIDES.index(name) for name in pair.split())
        assert found[max(x, y), min(x, y)].effect == pytest.approx(rho, abs=5e-4)
    assert sum(a.p_value < 0.05 for a in found.values()) == 9
    assert sum(a.statistic < 0 for a in found.values()) == 21


def test_two_parts_have_one_ratio():
    parts = parts_of(np.random.default_rng(0), 40, 4)
    assert answer(bind("clr-fisherz", parts), 0, 1).verdict is Verdict.SINGULAR
    with pytest.raises(DataError, match="needs 3 parts"):
        bind("clr-fisherz", parts[:, :2])


def test_parts_in_a_constant_proportion_determine_each_other():
    parts = parts_of(np.random.default_rng(0), 40, 4)
    doubled = np.column_stack([parts, 2 * parts[:, 0]])
    assert answer(bind("clr-fisherz", doubled), 0, 1, (4,)).verdict is Verdict.SINGULAR
    assert answer(bind("clr-fisherz", doubled), 1, 2, (0, 4)).verdict is Verdict.REDUNDANT


def test_zeros_are_refused_replaced_or_missing():
    parts = parts_of(np.random.default_rng(0), 40, 4)
    parts[:3, 1] = 0.0
    with pytest.raises(DataError, match="column 'X2' has 3 zeros, which have no logarithm; say with --zeros"):
        bind("clr-fisherz", parts)
    missing = parts.copy()
    missing[:3, 1] = np.nan
    assert answer(bind("clr-fisherz", parts, zeros=Zeros.MISSING), 0, 1, (2, 3)) == answer(
        bind("clr-fisherz", missing), 0, 1, (2, 3)
    )
    filled = parts.copy()
    filled[:3, 1] = parts[3:, 1].min()
    assert answer(bind("clr-fisherz", parts, zeros=Zeros.SMALLEST), 0, 1, (2, 3)) == answer(
        bind("clr-fisherz", filled), 0, 1, (2, 3)
    )
    parts[0, 2] = -1.0
    with pytest.raises(DataError, match="column 'X3' has negative numbers"):
        bind("clr-fisherz", parts)
