"""What the causes of a metric do not account for.

On the normal rows each metric is regressed on its causes at their lags, without its own past, so that a lasting fault
stays visible; in the anomaly

    (1)  r_j(t) = (x_j(t) - x_hat_j(t)) / (unit_j sqrt(1 + v' (X'X + ridge I)^-1 v)),   v: the causes at t

is what is left, in units of the interquartile range of the residuals, times how uncertain the prediction is where the
causes are far from what they normally are: the predictive deviation of Bayesian linear regression with the prior
variance sigma^2 / ridge of the coefficients (C. Bishop, "Pattern recognition and machine learning", 2006, eqs. 3.53,
3.54, 3.58, 3.59). An effect of a cause that never varied before cannot be known; (1) then is small by itself.

The idea is that of M. Li et al., "Causal inference-based root cause analysis for online service systems with
intervention recognition", KDD 2022 (regression-based hypothesis testing): a fault is a change of P(x | causes).
Deviations: medians and quartiles in place of means and standard deviations, the uncertainty of the prediction, and one
fit more without the rows that the first does not explain, so that rows of the fault among the normal ones do not count.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca.case import Case
from causaldisc.rca.deviation import FLAT, normal
from causaldisc.rca.links import Link

Floats = NDArray[np.float64]

RIDGE = 1.0
OUTLYING = 3.0  # interquartile ranges
FEWEST = 10  # normal rows with all causes, beside two a cause and lag


def residuals(case: Case) -> Floats:
    """Return (1) for the rows of the anomaly, shape (metrics, rows); NaN where a cell that it needs is missing.

    A metric without causes, or with fewer complete rows than FEWEST and two a coefficient, keeps its deviation.
    """
    centre, unit = normal(case.values, case.start)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(unit[:, None] > 0.0, (case.values - centre[:, None]) / unit[:, None], 0.0 * case.values)
    causes: dict[int, list[Link]] = {}
    for link in case.links:
        causes.setdefault(link.effect, []).append(link)
    out = z[:, case.start :].copy()
    for effect, links in causes.items():
        left = _left(z, case, effect, links)
        if left is not None:
            out[effect] = left
    return out


def _left(z: Floats, case: Case, effect: int, links: Sequence[Link]) -> Floats | None:
    """Return the residuals of one metric, or None when the normal rows are too few."""
    columns = [_shifted(z[link.cause], case.parts, lag) for link in links for lag in link.lags]
    x, y = np.array(columns).T, z[effect]
    known = ~(np.isnan(x).any(axis=1) | np.isnan(y))
    use = known & (np.arange(len(y)) < case.start)
    if np.count_nonzero(use) < FEWEST + 2 * x.shape[1]:
        return None
    fitted = _fit(x[use], y[use])
    middle, unit = _middle(y[use] - fitted.predict(x[use]))
    explained = use.copy()
    explained[use] = np.abs(y[use] - fitted.predict(x[use]) - middle) <= OUTLYING * unit
    if unit > 0.0 and np.count_nonzero(explained) >= FEWEST + 2 * x.shape[1]:
        use = explained
        fitted = _fit(x[use], y[use])
    left = y - fitted.predict(x)
    middle, unit = _middle(left[use])
    if unit <= FLAT * np.abs(y[known]).max(initial=0.0):
        unit = 1.0  # that of the deviation
    return np.asarray((left - middle)[case.start :] / (unit * fitted.spread(x[case.start :])), np.float64)


def _shifted(row: Floats, parts: NDArray[np.int64], lag: int) -> Floats:
    """Return the values `lag` rows before; NaN where there is none in the same block."""
    if lag == 0:
        return row
    out = np.full(len(row), np.nan)
    out[lag:] = np.where(parts[lag:] == parts[:-lag], row[:-lag], np.nan)
    return out


def _middle(left: Floats) -> tuple[float, float]:
    """Return median and interquartile range."""
    low, middle, high = np.percentile(left, [25, 50, 75])
    return float(middle), float(high - low)


class _fit:
    """A ridge regression with an intercept that is not penalised."""

    def __init__(self, x: Floats, y: Floats) -> None:
        self.mean, self.level = x.mean(axis=0), float(y.mean())
        centred = x - self.mean
        self.inverse = np.linalg.inv(centred.T @ centred + RIDGE * np.eye(x.shape[1]))
        self.coefficients = self.inverse @ (centred.T @ (y - self.level))

    def predict(self, x: Floats) -> Floats:
        return np.asarray(self.level + (x - self.mean) @ self.coefficients, np.float64)

    def spread(self, x: Floats) -> Floats:
        """Return the root in (1)."""
        v = x - self.mean
        return np.asarray(np.sqrt(1.0 + np.einsum("ti,ij,tj->t", v, self.inverse, v)), np.float64)
