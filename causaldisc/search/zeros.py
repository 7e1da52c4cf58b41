"""What data say of their zeros before a search that leaves out rows: how many rows it will have, and whether the zeros
are as the causal dropout model has them.

H. Dai, I. Ng, G. Luo, P. Spirtes, P. Stojanov, K. Zhang, ICLR 2024, assume that a failure depends on no other variable
than its own. R_j, whether j is zero, then hangs on Z_j alone, and two consequences can be seen:

(1) Where failures are completely at random R_j is independent of every other variable. The correlation of R_j with the
    values of i, in the rows where i is not zero, tests that; the model does not need it.
(2) R_j depends on i only through Z_j. If the values of i and j are not seen to depend on each other, in the rows where
    both are not zero, then R_j must not depend on i either. As few rows show the values and many show the zeros, a weak
    dependence of the values may be missed and that of the zeros seen; so the latter must be larger by more than chance
    allows: than SLACK times the correlation of the values, with both errors. For Gaussian variables that are cut off
    at whatever height the zeros' is at most 1.5 times that of the values that are left.

A variable whose R_j fails (2) is hit by something else, most often a factor of the whole row, such as the depth at
which a cell was read. What the model assumes of pairs whose values do depend on each other cannot be seen.

Many tests are made; p-values are adjusted by Y. Benjamini and Y. Hochberg, JRSS B 57 (1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._compressed import Compressed
from causaldisc.search.discovery_rate import adjusted

Floats = NDArray[np.float64]
# How much more the zeros of a variable may depend on another than its values seem to.
SLACK = 1.5
# Values that are correlated at this level are seen to depend on each other.
LEVEL = 0.05
# Fewer zeros, or values beside them, say nothing.
FEWEST = 25
BLOCK = 1 << 21


def expected_rows(zeros: Bitmaps, conditions: int) -> float:
    """Return how many rows are left when none of `conditions` variables may be zero, were zeros of variables
    independent, among the quarter of the variables with the fewest zeros."""
    return zeros.rows * _kept(zeros) ** conditions


def expected_depth(zeros: Bitmaps, fewest: int, beside: int) -> int | None:
    """Return the largest number of conditions that leave `fewest` rows when `beside` other variables may not be zero
    either; None where there are no zeros, and so no limit."""
    kept = _kept(zeros)
    if kept >= 1.0 or fewest == 0:
        return None
    affordable = math.log(max(zeros.rows, 1) / fewest) / -math.log(kept)
    return max(math.floor(affordable) - beside, 0)


def _kept(zeros: Bitmaps) -> float:
    rates = np.sort(zeros.counts() / zeros.rows)[: max(len(zeros) // 4, 1)]
    return float(np.exp(np.mean(np.log1p(-np.minimum(rates, 1 - 1e-9)))))


@dataclass(frozen=True)
class Examined:
    """What the zeros of each variable show, arrays over the variables j.

    `related`, `at_random`: the variable whose values R_j goes with most, -1 for none, and the adjusted p-value of (1);
    `intruder`, `own_only`: the same for (2); `pairs`: how many ordered pairs (2) could be tested with.
    """

    related: NDArray[np.int64]
    at_random: Floats
    intruder: NDArray[np.int64]
    own_only: Floats
    pairs: int


def examine(columns: Compressed) -> Examined:
    """Test the zeros of columns, those of variables without noise of their own included."""
    seen = _moments(columns)
    of_zeros, rows = seen.correlation_of_zeros()
    of_values = seen.correlation_of_values()
    telling = rows.few >= FEWEST
    np.fill_diagonal(telling, False)
    spread = 1.0 / np.sqrt(np.maximum(rows.of_zeros - 3.0, 1.0))
    first = _p_values(np.abs(np.arctanh(of_zeros)) / spread)
    spread_of_values = 1.0 / np.sqrt(np.maximum(rows.of_values - 3.0, 1.0))
    unseen = _p_values(np.abs(np.arctanh(of_values)) / spread_of_values) > LEVEL
    excess = np.abs(np.arctanh(of_zeros)) - SLACK * np.abs(np.arctanh(of_values))
    second = _p_values(np.maximum(excess, 0.0) / np.hypot(spread, SLACK * spread_of_values))
    testable = telling & unseen & (rows.of_values >= FEWEST)
    related, at_random = _worst(first, telling)
    intruder, own_only = _worst(second, testable)
    return Examined(related, at_random, intruder, own_only, int(testable.sum()))


@dataclass(frozen=True)
class Rows:
    """For ordered pairs (i, j): rows where i is seen, where both are, and the fewer of those where j is not and is."""

    of_zeros: Floats
    of_values: Floats
    few: Floats


@dataclass(frozen=True)
class Moments:
    """Sums over rows, shape (variables, variables): of N_i N_j, V_i N_j, V_i^2 N_j and V_i V_j, where N_i marks what
    is not zero, and V_i is the value less its mean there, in its standard deviations, and 0 where it is zero."""

    both: Floats
    first: Floats
    second: Floats
    product: Floats

    def correlation_of_zeros(self) -> tuple[Floats, Rows]:
        """Return the correlation of the values of i with j's being zero, where i is not zero."""
        own = self.both.diagonal()[:, None] + np.zeros_like(self.both)
        share = self.both / np.maximum(own, 1.0)
        found = self.first / np.maximum(own, 1.0) / np.sqrt(np.maximum(share * (1.0 - share), 1e-300))
        few = np.minimum(self.both, own - self.both)
        return _bounded(np.where(few > 0.0, -found, 0.0)), Rows(own, self.both, few)

    def correlation_of_values(self) -> Floats:
        """Return the correlation of the values of i and j, where neither is zero."""
        n = np.maximum(self.both, 1.0)
        mean = self.first / n
        variance = self.second / n - mean * mean
        covariance = self.product / n - mean * mean.T
        scale = variance * variance.T
        return _bounded(np.where(scale > 1e-20, covariance / np.sqrt(np.maximum(scale, 1e-20)), 0.0))


def _moments(columns: Compressed) -> Moments:
    """Work through the rows, some at a time."""
    p, step = len(columns), max(BLOCK // len(columns), 64)
    parts = [columns.column(v)[1].astype(np.float64) for v in range(p)]
    means = np.array([part.mean() if len(part) else 0.0 for part in parts])
    scales = np.array([part.std() if len(part) else 0.0 for part in parts])
    sums = Moments(*(np.zeros((p, p)) for _ in range(4)))
    for start in range(0, columns.rows, step):
        block = columns.block(start, min(start + step, columns.rows))
        seen = (block != 0.0).astype(np.float64)
        values = (block - means) * seen / np.where(scales > 0.0, scales, 1.0)
        for total, part in zip(vars(sums).values(), (seen, values, values * values), strict=False):
            total += part.T @ seen
        sums.product[:] += values.T @ values
    return sums


def _bounded(correlations: Floats) -> Floats:
    return np.clip(correlations, -0.999999, 0.999999)


def _p_values(scores: Floats) -> Floats:
    """Return the two-sided p-values of standard normal scores of at least 0."""
    return np.array([math.erfc(z) for z in (scores / math.sqrt(2.0)).ravel().tolist()]).reshape(scores.shape)


def _worst(p_values: Floats, told: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
    """Return for each j the i with the smallest p-value of those that are told, and that p-value, adjusted."""
    flat = np.ones(p_values.shape)
    flat[told] = adjusted(p_values[told])
    order = np.where(told, p_values, np.inf)
    worst = order.argmin(axis=0)
    found = flat[worst, np.arange(len(flat))]
    return np.where(told.any(axis=0), worst, -1), found
