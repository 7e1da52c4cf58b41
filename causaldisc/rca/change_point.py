"""When an anomaly began: the one row from which the metrics, taken together, go elsewhere.

A metric, in units of its interquartile range and cut off at CLIP of them, may jump at row t, begin to rise or fall
there, or both; the log-likelihood ratio of the best of these, less its price as in BIC, is

    (1)  gain_j(t) = max over shapes of n_j log(RSS_j / RSS_j(t)) - parameters x log n,  0 at least

with t a parameter; found is the t with the largest sum of squares of (1) over metrics. J. Bai, "Common breaks in means
and variances for panel data", J. Econometrics 157 (2010), sums over series, and shows that the date is found the better
the more of them change. Deviations: squares, so that a few metrics that change much, as of a fault, count for more than
many that change a little, as of load; ramps, for leaks; values are cut off, so that the loss of a row is bounded, as P.
Fearnhead and G. Rigaill, "Changepoint detection in the presence of outliers", JASA 114 (2019), advise; n_j is how many
rows are worth something beside their neighbours, n (1 - r) / (1 + r), with r the correlation of what is left with
itself a row later, so that persistence is no change. O(rows x metrics).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CLIP = 5.0  # interquartile ranges from the median
LEAST_WORTH = 0.02  # of the rows
_SINGULAR = 1e-9


def find(values: Floats, margin: int) -> tuple[int, float]:
    """Return the first row of the anomaly and the largest (1) of a metric there, 0 where nothing changes.

    That is where it is not above 2 log(metrics), which the best of so many may reach by chance.
    `values`, shape (metrics, rows): in order of time, NaN where missing; rows >= 2 * `margin`, the least number of rows
    on either side, 1 or more.
    """
    places = np.arange(margin, values.shape[1] - margin + 1)
    total, largest = np.zeros(len(places)), np.zeros(len(places))
    for row in values:
        found = gains(row, places)
        total += found**2
        largest = np.maximum(largest, found)
    best = int(np.argmax(total))
    gain = float(largest[best])
    return int(places[best]), gain if gain > 2.0 * np.log(len(values)) else 0.0


def gains(row: Floats, places: NDArray[np.int64]) -> Floats:
    """Return (1) of one metric for each place; missing cells say nothing."""
    known = ~np.isnan(row)
    z = _bounded(row, known)
    whole, n = float(z @ z), int(np.count_nonzero(known))
    if whole <= 0.0:
        return np.zeros(len(places))
    jump, ramp, both = _reductions(z, known, places)
    worth = n * _worth(z, known, int(places[np.argmax(both)]))
    found = np.zeros(len(places))
    for less, parameters in ((jump, 2), (ramp, 2), (both, 3)):
        ratio = np.maximum(1.0 - less / whole, 1.0 / n**2)  # n rows cannot tell more of a fit than this
        found = np.maximum(found, -worth * np.log(ratio) - parameters * np.log(n))
    return found


def _reductions(z: Floats, known: NDArray[np.bool_], places: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Return what a jump, a ramp, and both take off the sum of squares; z has the sum 0 over known cells."""
    n = float(np.count_nonzero(known))
    t = np.arange(len(z)) / len(z)
    weight = known.astype(np.float64)

    def from_place(terms: Floats) -> Floats:
        """Return the sums of the terms from each place on."""
        return np.asarray(np.cumsum(terms[::-1])[::-1][places], np.float64)

    at = t[places]
    count, first, second = from_place(weight), from_place(weight * t), from_place(weight * t * t)
    rise = first - at * count  # the sum of the ramp, then of its square
    square = second - 2.0 * at * first + at**2 * count
    # inner products of jump d, ramp h and z, less the means
    dd, hh, dh = count - count**2 / n, square - rise**2 / n, rise - count * rise / n
    dz = from_place(z)
    hz = from_place(z * t) - at * dz
    det = dd * hh - dh**2
    jump = _over(dz**2, dd, dd > _SINGULAR)
    ramp = _over(hz**2, hh, hh > _SINGULAR)
    both = _over(hh * dz**2 - 2.0 * dh * dz * hz + dd * hz**2, det, det > _SINGULAR * dd * hh)
    return jump, ramp, np.maximum(both, np.maximum(jump, ramp))


def _over(numerator: Floats, denominator: Floats, usable: NDArray[np.bool_]) -> Floats:
    return np.where(usable, numerator / np.where(usable, denominator, 1.0), 0.0)


def _worth(z: Floats, known: NDArray[np.bool_], place: int) -> float:
    """Return the share of rows that are worth something beside their neighbours, once a jump and a ramp are out."""
    t = np.arange(len(z))
    shapes = np.column_stack([np.ones(len(z)), t >= place, np.maximum(t - place, 0) / len(z)])
    left = z.copy()
    left[known] -= shapes[known] @ np.linalg.lstsq(shapes[known], z[known], rcond=None)[0]
    square = float(left @ left)
    r = float(left[1:] @ left[:-1]) / square if square > 0.0 else 0.0
    return min(max((1.0 - r) / (1.0 + r), LEAST_WORTH), 1.0)


def _bounded(row: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return values in interquartile ranges, cut off, less their mean; 0 where missing; all 0 for a constant."""
    out = np.zeros(len(row))
    if not known.any():
        return out
    low, middle, high = np.percentile(row[known], [25, 50, 75])
    unit = high - low if high > low else (row[known].max() - row[known].min()) / CLIP
    if unit > 0.0:
        cut = np.clip((row[known] - middle) / unit, -CLIP, CLIP)
        out[known] = cut - cut.mean()
    return out
