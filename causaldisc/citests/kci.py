"""Kernel test of conditional independence, for relations of any form between numbers, categories or both.

K. Zhang, J. Peters, D. Janzing, B. Schoelkopf, "Kernel-based conditional independence test and application in causal
discovery", UAI 2011. The statistic is sum_ij A_ij B_ij, where A = R K_x R, B = R K_y R, R = e (K_Z + e I)^-1 and all
kernels are centred; its null law is that of sum_k w_k N_k^2, the w being the eigenvalues of the element-wise product
A o B (equation 13). Two moments of it, tr(A o B) and 2 |A o B|^2, need no eigenvalues and give the gamma law.

Where we deviate from the paper, unless --kernel-form is `published`:
- x and y are both joined with Z / 2 (the paper: x alone), so that the test is symmetric; it gains power too.
- The regression on Z takes away degrees of freedom, which makes the w too small: they are multiplied by what restores
  the mean for noise of equal variance, tr Q^4 / sum_i ((Q^2)_ii)^2 with Q = R - 11'/n. Without conditioning that is
  n / (n - 1). Uncorrected, the test finds dependence too often as soon as |Z| is 2 or n is small.
- With --kernel-width learned, K_Z is as narrow as either of x and y asks for, by the likelihood of Gaussian processes
  (the paper's section 3.3 learns K_Z for each): what R leaves of functions of Z would be taken for dependence.
All kernels are factors up to a tolerance (see _kernels.py): near rounding up to --kernel-exact-rows, coarser beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import hadamard, quadratic, tails
from causaldisc.citests import _kernels
from causaldisc.citests._cache import Cache
from causaldisc.citests._columns import Columns
from causaldisc.citests._kernels import Feature, Regression
from causaldisc.citests.base import Answers, Verdict
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.quoting import as_column

FEWEST_ROWS = 10
# What kernels may leave out on the diagonal: exact form, low-rank form (x and y; Z, where the ridge is the scale).
EXACT, EXACT_GIVEN, COARSE, COARSE_GIVEN = 1e-7, 1e-9, 1e-4, 1e-6
# The low-rank form leaves out the last directions of the residuals, which hold this share of their variance.
_LEFT_OUT = 1e-4
RIDGE = 1e-3
# A conditioning set that leaves less than this share of the dimensions of noise is too large for the rows.
_LEAST_LEFT = 0.1
_BLOCK = 256
# What the width may be learned to be, in parts of the median rule's; noise to signal, for the likelihood.
NARROWINGS = (1.0, 1.5, 2.0, 3.0, 4.0)
LEARNING_ROWS = 400
_NOISES = 10.0 ** np.arange(-4.0, 2.1, 0.5)


class Width(Enum):
    """How wide kernels are: all by the median, all by a rule, or that of the conditioning set learned."""

    MEDIAN = "median"
    EMPIRICAL = "empirical"
    LEARNED = "learned"


class Null(Enum):
    """The null law that p-values come from."""

    GAMMA = "gamma"
    CHI2 = "chi2"


class Form(Enum):
    """Which statistic and which null law."""

    CORRECTED = "corrected"
    PUBLISHED = "published"


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of kci."""

    kernel_width: Width = opt(
        Width.LEARNED,
        "Width of the kernels of kci: 'median' distance of each column; 'learned', the same but narrower on the "
        "conditioning set where the data ask for it; 'empirical', the authors' rule by the number of rows.",
    )
    kernel_null: Null = opt(
        Null.GAMMA,
        "Null law of kci: 'gamma' fits two moments; 'chi2' computes the tail of the weighted sum of chi-squared "
        "variables exactly, at the price of its eigenvalues.",
    )
    kernel_form: Form = opt(
        Form.CORRECTED,
        "kci 'corrected' for degrees of freedom and symmetric, or as 'published' in 2011, where the two columns "
        "are treated differently.",
    )
    kernel_exact_rows: int = opt(2000, "Rows up to which kci is exact; beyond, kernels are of low rank.", at_least=0)
    kernel_cache: int = opt(1024, "Megabytes that kci may keep between tests.", at_least=0)


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, for its price."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None."""
    for column in data.columns:
        if column.values is None and column.codes is None:
            spelt = as_column(column.name)
            return f"column {column.name!r} holds text that is no category; leave it out with --columns '!{spelt}'"
    return None


@dataclass(frozen=True)
class Residual:
    """What is left of a variable's kernel given a set: A = E E'.

    `factor`: E, shape (n, rank); `matrix`: A itself in the exact form; `variance`: the diagonal of A.
    """

    factor: NDArray[np.float64]
    matrix: NDArray[np.float64] | None
    variance: NDArray[np.float64]

    @property
    def trace(self) -> float:
        return float(self.variance.sum())

    @property
    def bytes(self) -> int:
        return self.factor.nbytes + self.variance.nbytes + (0 if self.matrix is None else self.matrix.nbytes)


@dataclass(frozen=True)
class Kci:
    """The test bound to columns."""

    columns: Columns
    options: Options
    name: str = "kci"
    deepest: int | None = None
    cache: Cache = field(default_factory=lambda: Cache(1 << 30), compare=False)

    @property
    def variables(self) -> int:
        return len(self.columns)

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        for i, (a, b, z) in enumerate(zip(x.tolist(), y.tolist(), given.tolist(), strict=True)):
            question = _Question(self, min(a, b), max(a, b), tuple(sorted(z)))
            out.n[i] = question.rows
            out.verdict[i], out.log_p[i], out.statistic[i], out.df[i] = question.answer()
        return out


@dataclass(frozen=True)
class _Question:
    """One question: x < y given a set, on the rows where all of them are known."""

    test: Kci
    x: int
    y: int
    given: tuple[int, ...]

    @property
    def _incomplete(self) -> tuple[int, ...]:
        return self.test.columns.incomplete((self.x, self.y, *self.given))

    @property
    def rows(self) -> int:
        known = self.test.columns.known(self._incomplete)
        return self.test.columns.rows if known is None else int(known.sum())

    @property
    def _is_exact(self) -> bool:
        return self.rows <= self.test.options.kernel_exact_rows

    def answer(self) -> tuple[Verdict, float, float, float]:
        """Return verdict, log p, statistic and degrees of freedom."""
        if self.rows < FEWEST_ROWS:
            return Verdict.INSUFFICIENT, 0.0, 0.0, 0.0
        regression = self._regression(self._narrowing())
        rank = 0 if regression is None else regression.rank
        if regression is not None and regression.degrees_left < max(FEWEST_ROWS, _LEAST_LEFT * self.rows):
            return Verdict.INSUFFICIENT, 0.0, 0.0, 0.0
        joined = self.test.options.kernel_form is Form.CORRECTED
        first, second = self._residual(self.x, True, regression), self._residual(self.y, joined, regression)
        # The ridge alone leaves up to r e / 4 of a function of Z; what is left of a variable must be more than that.
        if min(first.trace, second.trace) <= max(rank * RIDGE, 1e-9 * self.rows):
            return Verdict.SINGULAR, 0.0, 0.0, 0.0
        if regression is None:
            return Verdict.DECIDED, *self._unconditional(first, second)
        return Verdict.DECIDED, *self._conditional(regression, first, second)

    def _unconditional(self, first: Residual, second: Residual) -> tuple[float, float, float]:
        """The null law without conditioning: weights are products of eigenvalues (theorem 4, proposition 5)."""
        n = self.rows
        statistic = float(np.sum((first.factor.T @ second.factor) ** 2))
        scale = 1.0 / (n - 1) if self.test.options.kernel_form is Form.CORRECTED else 1.0 / n
        if self.test.options.kernel_null is Null.CHI2:
            weights = np.multiply.outer(_spectrum(first.factor), _spectrum(second.factor)).ravel()
            return quadratic.log_tail(weights[weights > 1e-9 * weights.max()] * scale, statistic), statistic, 0.0
        squares = float(np.sum((first.factor.T @ first.factor) ** 2) * np.sum((second.factor.T @ second.factor) ** 2))
        return _gamma(statistic, first.trace * second.trace * scale, 2.0 * squares * scale * scale)

    def _conditional(self, regression: Regression, first: Residual, second: Residual) -> tuple[float, float, float]:
        trace = float(first.variance @ second.variance)
        scale = 1.0
        if self.test.options.kernel_form is Form.CORRECTED:
            fourth, squares_of_left = regression.noise
            scale = fourth / squares_of_left
        if self.test.options.kernel_null is Null.CHI2:
            statistic = float(np.sum((first.factor.T @ second.factor) ** 2))
            return quadratic.log_tail(_weights(first, second) * scale, statistic), statistic, 0.0
        if first.matrix is not None and second.matrix is not None:
            statistic, trace, squares = hadamard.moments(first.matrix, second.matrix)
        else:
            statistic = float(np.sum((first.factor.T @ second.factor) ** 2))
            squares = _squares(first.factor, second.factor)
        return _gamma(statistic, trace * scale, 2.0 * squares * scale * scale)

    # ---- what is kept

    def _keep(
        self, kind: str, variables: tuple[int, ...], make: Callable[[], object], size: Callable[..., int]
    ) -> object:
        return self.test.cache.get((kind, variables, self._incomplete), make, size)

    def _feature(self, variable: int) -> Feature:
        found = self._keep(
            "feature",
            (variable,),
            lambda: self.test.columns.feature(variable, self._incomplete),
            lambda f: f.values.nbytes,
        )
        assert isinstance(found, Feature)
        return found

    def _narrowing(self) -> float:
        """How much narrower K_Z is than the median width: for the variable that needs it more, where it is learned."""
        if self.test.options.kernel_width is Width.LEARNED and self._is_conditional:
            # More rows than it was learned on bear a narrower kernel, and show smaller errors of the regression.
            growth = max(self.rows / LEARNING_ROWS, 1.0) ** (1.0 / 6.0)
            return growth * max(self._learned(self.x), self._learned(self.y))
        return 1.0

    @property
    def _is_conditional(self) -> bool:
        return not all(self._feature(z).constant for z in self.given)

    def _learned(self, variable: int) -> float:
        found = self._keep("learned", (variable, *self.given), lambda: self._learn(variable), lambda _: 8)
        assert isinstance(found, float)
        return found

    def _learn(self, variable: int) -> float:
        """Choose among NARROWINGS by the likelihood of Gaussian processes, from Z to the main features of x.

        They are tried from wide to narrow until the likelihood falls, on rows that are evenly spread.
        """
        feature = _spread_out(self._feature(variable))
        kernel = _kernels.product([feature], self._scales([feature], [1.0]), [0.0], len(feature.values))
        features = _thinned(_kernels.centred(kernel.factor(COARSE)), 0.05)
        best, chosen = -math.inf, NARROWINGS[0]
        for narrowing in NARROWINGS:
            found = _log_likelihood(*self._spectrum(narrowing), features)
            if found < best:
                break
            best, chosen = found, narrowing
        return chosen

    def _spectrum(self, narrowing: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the eigenvalues and eigenvectors of K_Z on rows that are evenly spread."""

        def make() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            factor = self._given_factor([_spread_out(self._feature(z)) for z in self.given], narrowing, COARSE)
            values, vectors = np.linalg.eigh(factor.T @ factor)
            kept = values > 1e-6 * values[-1]
            return values[kept], factor @ (vectors[:, kept] / np.sqrt(values[kept]))

        key = ("spectrum", self.given, narrowing, self._incomplete)
        return self.test.cache.get(key, make, lambda s: s[0].nbytes + s[1].nbytes)

    def _regression(self, narrowing: float) -> Regression | None:
        """The regression on the conditioning set; None where that is empty or constant."""
        if not self._is_conditional:
            return None
        tolerance = EXACT_GIVEN if self._is_exact else COARSE_GIVEN
        found = self._keep(
            "given",
            (*self.given, round(narrowing * 100)),
            lambda: Regression.fit(
                self._given_factor([self._feature(z) for z in self.given], narrowing, tolerance), RIDGE
            ),
            lambda r: r.weights.nbytes,
        )
        assert isinstance(found, Regression)
        return found

    def _given_factor(self, features: list[Feature], narrowing: float, tolerance: float) -> NDArray[np.float64]:
        scales = self._scales(features, [1.0] * len(features), narrowing)
        kernel = _kernels.product(features, scales, [0.0] * len(features), len(features[0].values))
        return _kernels.centred(kernel.factor(tolerance))

    def _residual(self, variable: int, joined: bool, regression: Regression | None) -> Residual:
        found = self._keep(
            "joined" if joined else "alone",
            (variable, *self.given, round(self._narrowing() * 100)),
            lambda: self._make_residual(variable, joined, regression),
            lambda r: r.bytes,
        )
        assert isinstance(found, Residual)
        return found

    def _make_residual(self, variable: int, joined: bool, regression: Regression | None) -> Residual:
        others = self.given if joined and regression is not None else ()
        features = [self._feature(v) for v in (variable, *others)]
        if features[0].constant:
            return Residual(np.zeros((self.rows, 1)), None, np.zeros(self.rows))
        scales = self._scales(features, [1.0] + [0.5] * len(others))
        kernel = _kernels.product(features, scales, [0.0] + [0.5] * len(others), self.rows)
        factor = _kernels.centred(kernel.factor(EXACT if self._is_exact else COARSE))
        if regression is not None:
            factor = regression.residuals(factor)
        if not self._is_exact:
            factor = _thinned(factor, _LEFT_OUT)
        matrix = factor @ factor.T if self._is_exact and regression is not None else None
        return Residual(factor, matrix, np.einsum("ij,ij->i", factor, factor))

    def _scales(self, features: list[Feature], shares: list[float], narrowing: float = 1.0) -> list[float]:
        """Return what numbers are multiplied by before exp(-d^2 / 2)."""
        n, dimensions = self.rows, max(len(self.given), 1)
        if self.test.options.kernel_width is Width.EMPIRICAL:
            if not self.given:
                width = 0.8 if n < 200 else 0.5 if n < 1200 else 0.3
            else:
                width = (1.2 if n < 200 else 0.7 if n < 1200 else 0.4) * math.sqrt(dimensions)
            return [share / width for share in shares]
        # The median of the joint squared distance that independent normal columns have, in that of a single one.
        squares = [share * share for f, share in zip(features, shares, strict=True) if not f.is_discrete]
        total = sum(squares)
        joint = (total - 0.545 * sum(s * s for s in squares) / total) / 0.455 if total else 1.0
        return [share * narrowing / (f.spread * math.sqrt(joint)) for f, share in zip(features, shares, strict=True)]


def _spread_out(feature: Feature) -> Feature:
    """Return a column on at most LEARNING_ROWS rows."""
    step = -(-len(feature.values) // LEARNING_ROWS)
    return replace(feature, values=np.ascontiguousarray(feature.values[::step]))


def _log_likelihood(
    eigenvalues: NDArray[np.float64], vectors: NDArray[np.float64], features: NDArray[np.float64]
) -> float:
    """Return the log likelihood of features as draws of N(0, s (K + noise I)), s and the noise at their best."""
    n = len(features)
    projected = np.sum((vectors.T @ features) ** 2, axis=1)
    noise = _NOISES[:, None]
    shrunk = np.sum(eigenvalues / (eigenvalues + noise) * projected, axis=1)
    quadratic_form = (np.sum(features * features) - shrunk) / _NOISES
    determinant = np.sum(np.log1p(eigenvalues / noise), axis=1) + n * np.log(_NOISES)
    return float(np.max(-0.5 * (determinant + n * np.log(quadratic_form))))


def _gamma(statistic: float, mean: float, variance: float) -> tuple[float, float, float]:
    """Return log p, statistic and degrees of freedom of the gamma law (a scaled chi-squared) with these moments."""
    df = 2.0 * mean * mean / variance
    return tails.chi2(statistic * df / mean, df), statistic, df


def _spectrum(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the eigenvalues of G G' that are not 0 but for rounding."""
    gram = factor.T @ factor if factor.shape[1] <= len(factor) else factor @ factor.T
    return np.maximum(np.linalg.eigvalsh(gram), 0.0)


def _weights(first: Residual, second: Residual) -> NDArray[np.float64]:
    """Return the eigenvalues of A o B."""
    if first.matrix is not None and second.matrix is not None:
        return np.maximum(np.linalg.eigvalsh(first.matrix * second.matrix), 0.0)
    return _spectrum(_row_products(first.factor, second.factor))


def _row_products(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return W with W W' = A o B: all products of an entry of E_x with one of E_y, row by row."""
    return (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)


def _thinned(factor: NDArray[np.float64], left_out: float) -> NDArray[np.float64]:
    """Return the directions that hold all but a small share of the sum of squares."""
    values, vectors = np.linalg.eigh(factor.T @ factor)
    keep = np.cumsum(np.maximum(values, 0.0)) > left_out * values.sum()
    return np.ascontiguousarray(factor @ vectors[:, keep])


def _squares(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return |A o B|^2 without forming A or B, the cheaper way; in single precision, which is ample for a variance."""
    n, ranks = len(first), first.shape[1] * second.shape[1]
    if 2 * ranks * ranks < n * (first.shape[1] + second.shape[1]):
        gram = np.zeros((ranks, ranks))
        step = max(1, (1 << 22) // ranks)
        for start in range(0, n, step):
            rows = _row_products(first[start : start + step], second[start : start + step])
            gram += rows.T @ rows
        return float(np.sum(gram * gram))
    a, b = first.astype(np.float32), second.astype(np.float32)
    total = 0.0
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        total += hadamard.squares(a[start:stop] @ a[start:stop].T, b[start:stop] @ b[start:stop].T)
        if stop < n:
            total += 2.0 * hadamard.squares(a[start:stop] @ a[stop:].T, b[start:stop] @ b[stop:].T)
    return total


def build(data: Dataset, options: Options, context: Context) -> Kci:
    """Bind the test to the columns."""
    return Kci(Columns.of(data), options, cache=Cache(options.kernel_cache << 20))
