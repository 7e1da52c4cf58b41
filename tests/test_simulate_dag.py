"""Linear models: covariances are the implied ones, noise has the moments promised, seeds mean bytes."""

import hashlib

import numpy as np
import pytest

from causaldisc.errors import UsageError
from causaldisc.graph import GraphKind
from causaldisc.simulate import dag
from causaldisc.simulate.dag import Noise, Options, generate

ROWS = 100_000


def weight_matrix(truth):
    b = np.zeros((len(truth), len(truth)))
    for e in truth.edges():
        b[e.target, e.source] = e.attributes["weight"]
    return b


def implied_covariance(truth, scales):
    mixing = np.linalg.inv(np.eye(len(truth)) - weight_matrix(truth)) * scales
    return mixing @ mixing.T


def assert_same_covariance(sample, implied, rows):
    """Compare within five standard errors; for fourth moments beyond the normal's, three times those."""
    variances = np.diag(implied)
    errors = np.sqrt((implied**2 + np.outer(variances, variances)) / rows)
    assert (np.abs(sample - implied) < 15 * errors).all()
    assert np.median(np.abs(sample - implied) / errors) < 2


@pytest.mark.parametrize("noise", Noise)
def test_sample_covariance_is_the_implied_one(noise):
    made = generate(Options(nodes=8, rows=ROWS, degree=3, noise=noise, df=9), np.random.default_rng(1))
    assert_same_covariance(np.cov(made.data.matrix()), implied_covariance(made.truth, np.ones(8)), ROWS)


def test_standardized_variables_have_variance_one_by_the_model_and_in_the_sample():
    made = generate(Options(nodes=12, rows=ROWS, degree=5, standardize=True), np.random.default_rng(2))
    b = weight_matrix(made.truth)
    # With every variance one, the noise has what the parents leave: solve (I - B) S (I - B)^T = D for D.
    sample = np.cov(made.data.matrix())
    residual = (np.eye(12) - b) @ sample @ (np.eye(12) - b).T
    assert np.diag(sample) == pytest.approx(np.ones(12), abs=0.03)
    assert np.abs(residual - np.diag(np.diag(residual))).max() < 0.02
    assert np.diag(implied_covariance(made.truth, np.sqrt(np.diag(residual)))) == pytest.approx(np.ones(12), abs=0.03)


def test_standardizing_is_exact_in_the_population():
    rng = np.random.default_rng(3)
    structure = dag.random_structure(Options(nodes=30, degree=8), rng)
    weights, scales = dag.standardized(structure, [rng.normal(size=len(p)) * 3 for p in structure.parents])
    b = np.zeros((30, 30))
    for v, parents in enumerate(structure.parents):
        b[v, list(parents)] = weights[v]
    mixing = np.linalg.inv(np.eye(30) - b) * scales
    assert np.diag(mixing @ mixing.T) == pytest.approx(np.ones(30), rel=1e-9)


def test_variances_grow_along_the_order_unless_standardized():
    options = {"nodes": 100, "rows": 2000, "degree": 6}
    raw = generate(Options(**options), np.random.default_rng(4)).data.matrix().var(axis=1)
    scaled = generate(Options(**options, standardize=True), np.random.default_rng(4)).data.matrix().var(axis=1)
    assert raw.max() > 10
    assert 0.8 < scaled.min() <= scaled.max() < 1.25


def test_weights_lie_in_the_range_with_either_sign():
    made = generate(Options(nodes=200, rows=1, degree=6, low=0.3, high=0.4), np.random.default_rng(5))
    weights = np.array([e.attributes["weight"] for e in made.truth.edges()])
    assert ((np.abs(weights) >= 0.3) & (np.abs(weights) <= 0.4)).all()
    assert abs(np.mean(weights > 0) - 0.5) < 2 / np.sqrt(len(weights))
    assert np.abs(weights).mean() == pytest.approx(0.35, abs=0.005)


# Skewness and excess kurtosis by theory; a t with nine degrees of freedom has 6 / (9 - 4).
MOMENTS = {
    Noise.GAUSSIAN: (0, 0),
    Noise.UNIFORM: (0, -1.2),
    Noise.LAPLACE: (0, 3),
    Noise.STUDENT_T: (0, 1.2),
    Noise.EXPONENTIAL: (2, 6),
}


@pytest.mark.parametrize("noise", Noise)
def test_noise_is_centred_with_variance_one_and_its_own_shape(noise):
    x = dag.DRAW[noise](Options(rows=400_000, df=9, noise=noise), np.random.default_rng(6))
    skewness, kurtosis = MOMENTS[noise]
    assert x.mean() == pytest.approx(0, abs=0.008)
    assert x.var() == pytest.approx(1, abs=0.015)
    assert (x**3).mean() == pytest.approx(skewness, abs=0.1)
    assert (x**4).mean() - 3 == pytest.approx(kurtosis, abs=0.35)


@pytest.mark.parametrize("noise", Noise)
def test_noise_has_its_distribution(noise):
    from scipy import stats

    expected = {
        Noise.GAUSSIAN: stats.norm(),
        Noise.UNIFORM: stats.uniform(-np.sqrt(3), np.sqrt(12)),
        Noise.LAPLACE: stats.laplace(scale=np.sqrt(0.5)),
        Noise.STUDENT_T: stats.t(5, scale=np.sqrt(3 / 5)),
        Noise.EXPONENTIAL: stats.expon(loc=-1),
    }
    x = dag.DRAW[noise](Options(rows=20_000, noise=noise), np.random.default_rng(7))
    assert stats.kstest(x, expected[noise].cdf).pvalue > 0.001


def test_names_kinds_and_truth_agree():
    made = generate(Options(nodes=5, rows=10), np.random.default_rng(0))
    assert made.data.names == made.truth.names == ("X1", "X2", "X3", "X4", "X5")
    assert made.truth.kind is GraphKind.DAG
    assert {n.attributes["type"] for n in made.truth.nodes} == {"continuous"}
    assert made.data.rows == 10


def test_exploding_variables_are_refused_with_the_remedy():
    options = Options(nodes=800, rows=2, degree=799, low=5, high=6)
    with pytest.raises(UsageError, match="--standardize"):
        generate(options, np.random.default_rng(0))


def test_low_above_high_is_refused():
    with pytest.raises(UsageError, match="--low 2 must not exceed --high 1"):
        Options(low=2)


# These hold on every supported version of Python and NumPy; a change here is a change of results.
GOLDEN = {
    (Noise.GAUSSIAN, False): "f8d41f811b01a199",
    (Noise.UNIFORM, False): "b78996f85648fa14",
    (Noise.LAPLACE, False): "48ab4eabda893de3",
    (Noise.STUDENT_T, False): "d63564897a3ed81c",
    (Noise.EXPONENTIAL, False): "7c240a56ce0d4b26",
    (Noise.GAUSSIAN, True): "98feeefd1d4f247d",
}


@pytest.mark.parametrize(("noise", "standardize"), GOLDEN)
def test_a_seed_means_the_same_bytes_everywhere(noise, standardize):
    made = generate(
        Options(nodes=15, rows=50, degree=3, noise=noise, standardize=standardize), np.random.default_rng(42)
    )
    content = made.data.matrix().astype("<f8").tobytes() + str(made.truth).encode()
    assert hashlib.sha256(content).hexdigest()[:16] == GOLDEN[noise, standardize]
