"""How far metrics deviate from what is normal for them: medians and interquartile ranges, with a sign.

    (1)  z_j(t) = (x_j(t) - median_j) / IQR_j

as L. Pham, H. Ha, H. Zhang, "BARO: Robust root cause analysis for microservices via multivariate Bayesian online
change point detection", FSE 2024, whose score is the largest z of the anomaly: medians and quartiles stay
when up to a quarter of the normal rows are none, as they are when the time of the fault is told late. Deviations:

- A metric that hardly varies before the fault has no unit of its own (BARO then takes raw units, in which bytes beat
  shares). Here its unit is a part of its range over all rows, so that no score depends on units.
- The score is what z is above in a share of the rows (`lasting`), after a median of three neighbours: a fault stays, a
  crowd of users goes. 0 gives the largest, as in BARO.
- `Direction` says which sign counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca.case import Case, Direction

Floats = NDArray[np.float64]

FLAT = 1e-9  # an interquartile range, as a share of the largest value
UNIT_OF_FLAT = 0.1  # of the range over all rows


def deviations(values: Floats, start: int) -> Floats:
    """Return (1) for the rows from `start`; values, shape (metrics, rows), NaN where missing.

    NaN where missing, and throughout where a metric has no value before `start`; 0 where it never varies.
    """
    centre, unit = normal(values, start)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (values[:, start:] - centre[:, None]) / unit[:, None]
    z[unit == 0.0] = np.where(np.isnan(values[unit == 0.0, start:]), np.nan, 0.0)
    return z


def normal(values: Floats, start: int) -> tuple[Floats, Floats]:
    """Return the median before `start` and the unit of deviations of each metric, shape (metrics,).

    NaN for one that has no value there; the unit is 0 for one that never varies.
    """
    centre, unit = np.full(len(values), np.nan), np.full(len(values), np.nan)
    for j, row in enumerate(values):
        before, known = row[:start], row[~np.isnan(row)]
        before = before[~np.isnan(before)]
        if not before.size:
            continue
        low, centre[j], high = np.percentile(before, [25, 50, 75])
        unit[j] = high - low
        if unit[j] <= FLAT * np.abs(known).max():
            unit[j] = UNIT_OF_FLAT * (known.max() - known.min())
    return centre, unit


def signed(z: Floats, direction: Direction) -> Floats:
    """Return deviations with those that count above 0."""
    return z if direction is Direction.UP else -z if direction is Direction.DOWN else np.abs(z)


def levels(z: Floats, lasting: float) -> Floats:
    """Return what each row of z is above in a share `lasting` (0 to below 1) of its places, 0 at least.

    Shape (metrics,). Of medians of three neighbours; NaN are left out.
    """
    out = np.zeros(len(z))
    for j, row in enumerate(z):
        known = row[~np.isnan(row)]
        if known.size >= 3:
            a, b, c = known[:-2], known[1:-1], known[2:]
            known = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
        if known.size:
            out[j] = max(float(np.quantile(known, 1.0 - lasting)), 0.0)
    return out


def scores(case: Case) -> Floats:
    """Return how far each metric deviates in the direction that counts, 0 or more; shape (metrics,)."""
    return levels(signed(deviations(case.values, case.start), case.direction), case.lasting)
