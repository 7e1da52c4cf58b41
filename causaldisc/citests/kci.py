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
All kernels are factors (see _kernels.py): near rounding up to --kernel-exact-rows, beyond of a bounded rank. There K_Z
is no narrower than that rank can follow, and the second moment comes from some rows that stand for all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import hadamard, quadratic, tails
from causaldisc.citests import _kernels
from causaldisc.citests._cache import Cache
from causaldisc.citests._columns import Columns
from causaldisc.citests._given import MOST_WIDENED, bearable, kernel_of_set, main_directions
from causaldisc.citests._kernels import Feature, Regression
from causaldisc.citests._learning import narrowing
from causaldisc.citests._representatives import ordered, representatives
from causaldisc.citests._rowwise import Found, Question, RowTest
from causaldisc.citests.base import Verdict
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.quoting import as_column

# What kernels of x and y, and of Z, may leave out anywhere of the diagonal in the exact form.
EXACT, EXACT_GIVEN = 1e-7, 1e-8
# What kernels of x and y may leave out on average in the low-rank form, and the most directions, there and of Z.
COARSE, MOST, MOST_GIVEN = 1e-4, 64, 400
# The low-rank form leaves out the last directions of the residuals, which hold this share of their variance.
_LEFT_OUT = 1e-4
RIDGE = 1e-3
# The weighted null law of the low-rank form: directions of either variable, weights that stand for all others.
MOST_DIRECTIONS, MOST_EQUAL_WEIGHTS = 32, 4096
# Rows that stand for all in the variance of the null law of the low-rank form.
SAMPLE = 2000
_BLOCK = 256


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
    kernel_exact_rows: int = opt(1000, "Rows up to which kci is exact; beyond, kernels are of low rank.", at_least=0)
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
class Kci(RowTest):
    """The test bound to columns."""

    options: Options

    def unconditional(self, question: Question) -> Found | Verdict:
        """Answer by the null law without conditioning: weights are products of eigenvalues (theorem 4)."""
        n = question.rows
        first, second = (self._residual(v, question, (), None) for v in (question.x, question.y))
        statistic = _agreement(first, second)
        scale = 1.0 / (n - 1) if self._is_corrected else 1.0 / n
        if self.options.kernel_null is Null.CHI2:
            weights = np.multiply.outer(_spectrum(first.factor), _spectrum(second.factor)).ravel()
            return quadratic.log_tail(weights[weights > 1e-9 * weights.max()] * scale, statistic), statistic, 0.0
        squares = _agreement(first, first) * _agreement(second, second)
        return _gamma(statistic, first.trace * second.trace * scale, 2.0 * squares * scale * scale)

    def conditional(self, question: Question, regression: Regression) -> Found | Verdict:
        given = question.given
        first = self._residual(question.x, question, given, regression)
        second = self._residual(question.y, question, given if self._is_corrected else (), regression)
        # The ridge alone leaves up to r e / 4 of a function of Z; what is left of a variable must be more than that.
        if min(first.trace, second.trace) <= regression.rank * RIDGE:
            return Verdict.SINGULAR
        scale = regression.correction if self._is_corrected else 1.0
        if self.options.kernel_null is Null.CHI2:
            statistic = _agreement(first, second)
            weights = _weights(first, second, self._representatives(question))
            return quadratic.log_tail(weights * scale, statistic), statistic, 0.0
        if first.matrix is not None and second.matrix is not None:
            statistic, trace, squares = hadamard.moments(first.matrix, second.matrix)
        else:
            statistic, trace = _agreement(first, second), float(first.variance @ second.variance)
            squares = _squares(first, second, self._representatives(question))
        return _gamma(statistic, trace * scale, 2.0 * squares * scale * scale)

    def can_follow(self, question: Question) -> bool:
        learned = self.options.kernel_width is Width.LEARNED
        return not learned or narrowing(self, question) <= MOST_WIDENED * self._narrowing(question)

    def regression(self, question: Question) -> Regression:
        narrower = self._narrowing(question)

        def make() -> Regression:
            scales = [narrower * scale for scale in self._scales_of_set(question)]
            if self._is_exact(question):
                factor = _kernels.centred(kernel_of_set(self, question, scales).factor(EXACT_GIVEN))
            else:
                factor = main_directions(self, question, scales, MOST_GIVEN)
            return Regression.fit(factor, RIDGE)

        return self.cache.get(("given", question.given, narrower, question.incomplete), make, lambda r: r.bytes)

    def _narrowing(self, question: Question) -> float:
        """Return how much narrower than the median K_Z is."""
        if self.options.kernel_width is not Width.LEARNED:
            return 1.0
        wanted = narrowing(self, question)
        if self._is_exact(question):
            return wanted
        return bearable(self, question, self._scales_of_set(question), wanted, MOST_GIVEN)

    def _scales_of_set(self, question: Question) -> list[float]:
        features = self.features(question.given, question)
        return self._scales(features, [1.0] * len(features), len(features))

    def _representatives(self, question: Question) -> NDArray[np.intp]:
        return representatives(self, question.given, (question.x, question.y), SAMPLE, question)

    @property
    def _is_corrected(self) -> bool:
        return self.options.kernel_form is Form.CORRECTED

    def _is_exact(self, question: Question) -> bool:
        return question.rows <= self.options.kernel_exact_rows

    def _residual(
        self, variable: int, question: Question, joined: tuple[int, ...], regression: Regression | None
    ) -> Residual:
        """Return what is left of the kernel of a variable, joined with others; all of it without a regression."""

        def plain() -> NDArray[np.float64]:
            features = self.features((variable, *joined), question)
            scales = self._scales(features, [1.0] + [0.5] * len(joined), len(question.given))
            kernel = _kernels.product(features, scales, [0.0] + [0.5] * len(joined), question.rows)
            if self._is_exact(question):
                return _kernels.centred(kernel.factor(EXACT))
            return _kernels.centred(kernel.main(COARSE, MOST, ordered(self, joined, (variable,), question))[0])

        def make() -> Residual:
            # Regressions of several widths share it; the empirical widths depend on the number of conditions.
            key = ("plain", variable, joined, len(question.given), question.incomplete)
            factor = self.cache.get(key, plain, lambda f: f.nbytes)
            if regression is not None:
                factor = regression.residuals(factor)
            if not self._is_exact(question):
                factor = _kernels.thinned(factor, _LEFT_OUT)
            matrix = factor @ factor.T if self._is_exact(question) and regression is not None else None
            return Residual(factor, matrix, np.einsum("ij,ij->i", factor, factor))

        given, narrower = (question.given, self._narrowing(question)) if regression is not None else ((), 1.0)
        key = ("left", variable, joined, given, narrower, question.incomplete)
        return self.cache.get(key, make, lambda r: r.bytes)

    # ---- widths

    def _scales(self, features: list[Feature], shares: list[float], depth: int) -> list[float]:
        """Return what numbers are multiplied by before exp(-d^2 / 2); `depth`: how many conditions there are."""
        if self.options.kernel_width is not Width.EMPIRICAL:
            return _kernels.median_scales(features, shares)
        n = len(features[0].values)
        if depth == 0:
            width = 0.8 if n < 200 else 0.5 if n < 1200 else 0.3
        else:
            width = (1.2 if n < 200 else 0.7 if n <= 1200 else 0.4) * math.sqrt(depth)
        return [share / width for share in shares]


def _agreement(first: Residual, second: Residual) -> float:
    """Return sum_ij A_ij B_ij from the factors."""
    return float(np.sum((first.factor.T @ second.factor) ** 2))


def _gamma(statistic: float, mean: float, variance: float) -> tuple[float, float, float]:
    """Return log p, statistic and degrees of freedom of the gamma law (a scaled chi-squared) with these moments."""
    df = 2.0 * mean * mean / variance
    return tails.chi2(statistic * df / mean, df), statistic, df


def _spectrum(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the eigenvalues of G G' that may differ from 0."""
    gram = factor.T @ factor if factor.shape[1] <= len(factor) else factor @ factor.T
    return _eigenvalues(gram)


def _eigenvalues(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.maximum(np.linalg.eigvalsh(gram), 0.0)
    return found


def _weights(first: Residual, second: Residual, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the eigenvalues of A o B.

    In the low-rank form they are those of the main directions; what these leave of the trace and of the sum of squares
    is made up for by equal weights.
    """
    if first.matrix is not None and second.matrix is not None:
        return _eigenvalues(first.matrix * second.matrix)
    main = [_kernels.thinned(r.factor, 0.0, MOST_DIRECTIONS) for r in (first, second)]
    found = _eigenvalues(_kernels.gram_of_products(*main))
    trace = float(first.variance @ second.variance)
    rest, squares = trace - float(found.sum()), _squares(first, second, rows) - float(found @ found)
    if rest <= 1e-6 * trace or squares <= 0.0:
        return found
    count = int(min(max(round(rest * rest / squares), 1), MOST_EQUAL_WEIGHTS))
    return np.concatenate([found, np.full(count, rest / count)])


def _squares(first: Residual, second: Residual, rows: NDArray[np.intp]) -> float:
    """Return |A o B|^2 without forming A or B: its diagonal from all rows, the rest from those that stand for them.

    In single precision, which is ample for a variance.
    """
    a, b = first.factor[rows].astype(np.float32), second.factor[rows].astype(np.float32)
    n, m, total = len(first.factor), len(rows), 0.0
    for start in range(0, m, _BLOCK):
        stop = min(start + _BLOCK, m)
        total += hadamard.squares(a[start:stop] @ a[start:stop].T, b[start:stop] @ b[start:stop].T)
        if stop < m:
            total += 2.0 * hadamard.squares(a[start:stop] @ a[stop:].T, b[start:stop] @ b[stop:].T)
    diagonal = (first.variance * second.variance) ** 2
    return float(diagonal.sum()) + (total - float(diagonal[rows].sum())) * (n * (n - 1.0)) / (m * (m - 1.0))


def build(data: Dataset, options: Options, context: Context) -> Kci:
    """Bind the test to the columns."""
    return Kci("kci", Columns.of(data), options, Cache(options.kernel_cache << 20))
