"""Randomised kernel test: random Fourier features in place of kernels, in time proportional to the rows.

E. V. Strobl, K. Zhang, S. Visweswaran, "Approximate kernel-based conditional independence tests for fast non-parametric
causal discovery", Journal of Causal Inference 7 (2019). The statistic is |sum_i e_i f_i'|^2 with the residuals e, f of
features of x and y after ridge regression on features of Z; its null law is that of a weighted sum of chi-squared
variables, the weights being the eigenvalues of sum_i (e_i o f_i)(e_i o f_i)', and its tail is computed exactly.

Where we deviate: x and y are both joined with Z / 2; the weights are corrected for the degrees of freedom that the
regression takes (see kci.py); the kernel of Z is as narrow as the data ask for (see _learning.py) and stands with its
main directions (see _given.py), since random features fit narrow kernels of several columns so badly that what they
leave was taken for dependence. Frequencies come from a generator seeded by --seed and by the sorted values of the
column, so that the order of neither rows nor columns matters. A category gets a random phase, which gives the delta
kernel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import quadratic
from causaldisc.citests._cache import Cache
from causaldisc.citests._columns import Columns
from causaldisc.citests._given import MOST_WIDENED, bearable, main_directions
from causaldisc.citests._kernels import Regression, centred, gram_of_products, median_scales
from causaldisc.citests._learning import narrowing
from causaldisc.citests._representatives import profile
from causaldisc.citests._rowwise import Found, Question, RowTest
from causaldisc.citests.base import Verdict
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options
from causaldisc.options import opt

RIDGE = 1e-3
_BUDGET = 512 << 20
# What is left of a variable must be more than this share, or it is a function of the conditioning set.
_LEAST_SHARE = 1e-4


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of rcit."""

    rcit_features: int = opt(20, "Random features that rcit makes of either of two columns.", at_least=1)
    rcit_given_features: int = opt(400, "Most functions of a conditioning set that rcit regresses on.", at_least=1)
    seed: int = opt(0, "Seed of tests that draw random numbers.", at_least=0)


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: never, as its power hangs on the seed."""
    return False


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None: it takes numbers and categories."""
    return None


@dataclass(frozen=True)
class Rcit(RowTest):
    """The test bound to columns."""

    options: Options

    def can_follow(self, question: Question) -> bool:
        return narrowing(self, question) <= MOST_WIDENED * self._narrowing(question)

    def regression(self, question: Question) -> Regression:
        narrower = self._narrowing(question)

        def make() -> Regression:
            scales = [narrower * scale for scale in self._scales_of_set(question)]
            return Regression.fit(main_directions(self, question, scales, self.options.rcit_given_features), RIDGE)

        return self.cache.get(("given", question.given, narrower, question.incomplete), make, lambda r: r.bytes)

    def _narrowing(self, question: Question) -> float:
        """Return how much narrower than the median the kernel of the conditioning set is."""
        most = self.options.rcit_given_features
        return bearable(self, question, self._scales_of_set(question), narrowing(self, question), most)

    def _scales_of_set(self, question: Question) -> list[float]:
        return median_scales(self.features(question.given, question), [1.0] * len(question.given))

    def unconditional(self, question: Question) -> Found | Verdict:
        e, f = (self._random((v,), (1.0,), self.options.rcit_features, question) for v in (question.x, question.y))
        return _weighted(e, f, question.rows / (question.rows - 1.0))

    def conditional(self, question: Question, regression: Regression) -> Found | Verdict:
        e, f = (self._residuals(v, question, regression) for v in (question.x, question.y))
        return _weighted(e, f, regression.correction) if e.size and f.size else Verdict.SINGULAR

    def _residuals(self, variable: int, question: Question, regression: Regression) -> NDArray[np.float64]:
        """Return what is left of the features of a variable; no column when it is a function of the set."""

        def make() -> NDArray[np.float64]:
            shares = (1.0,) + (0.5,) * len(question.given)
            plain = self._random((variable, *question.given), shares, self.options.rcit_features, question)
            left = regression.residuals(plain)
            return left if np.sum(left * left) > _LEAST_SHARE * np.sum(plain * plain) else left[:, :0]

        key = ("left", variable, question.given, self._narrowing(question), question.incomplete)
        return self.cache.get(key, make, lambda r: r.nbytes)

    def _random(
        self,
        variables: tuple[int, ...],
        shares: tuple[float, ...],
        count: int,
        question: Question,
    ) -> NDArray[np.float64]:
        """Return centred features of a product kernel, shape (n, count): sqrt(2 / count) cos(frequencies x + phase)."""
        features = self.features(variables, question)
        angles = np.zeros((question.rows, count))
        for variable, feature, scale in zip(variables, features, median_scales(features, shares), strict=True):
            rng = self._generator(variable, question)
            if feature.is_discrete:
                phases = rng.uniform(0.0, 2.0 * math.pi, (int(feature.values.max()) + 1, count))
                angles += phases[feature.values]
            else:
                angles += (feature.values * scale)[:, None] * rng.standard_normal(count)
                angles += rng.uniform(0.0, 2.0 * math.pi, count)
        return centred(np.cos(angles) * math.sqrt(2.0 / count))

    def _generator(self, variable: int, question: Question) -> np.random.Generator:
        """Return the generator of a column, the same whatever the order of rows and of columns."""
        return np.random.default_rng([self.options.seed, *profile(self, variable, question)[1][:8]])


def _weighted(first: NDArray[np.float64], second: NDArray[np.float64], scale: float) -> Found:
    """Return log p and the statistic of residual features; the null law's weights are multiplied by `scale`."""
    statistic = float(np.sum((first.T @ second) ** 2))
    gram = gram_of_products(first, second)
    weights = np.maximum(np.linalg.eigvalsh(gram), 0.0)
    return quadratic.log_tail(weights[weights > 1e-12 * weights[-1]] * scale, statistic), statistic, 0.0


def build(data: Dataset, options: Options, context: Context) -> Rcit:
    """Bind the test to the columns."""
    return Rcit("rcit", Columns.of(data), options, Cache(_BUDGET))
