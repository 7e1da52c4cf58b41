"""When an anomaly began: the one row after which the metrics, taken together, are elsewhere.

For each metric, in units of its interquartile range and cut off at CLIP of them, one change of the mean before row t
has the log-likelihood ratio

    (1)  gain_j(t) = n_j log(RSS_j / RSS_j(t)) - 2 log n,     found: the t with the largest sum of what is above 0

J. Bai, "Common breaks in means and variances for panel data", J. Econometrics 157 (2010), sums over series in this way,
and shows that the date is found the better the more series there are. Deviations: values are cut off, so that the loss
of a row is bounded, as P. Fearnhead and G. Rigaill, "Changepoint detection in the presence of outliers", JASA 114
(2019), advise; n_j is the number of rows that are worth something beside their neighbours, n (1 - r) / (1 + r) with
r the correlation of what is left with itself a row later, so that persistence is no change; and a metric that would not
pay its penalty (date and shift, as in BIC) is silent. O(rows x metrics).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CLIP = 3.0  # interquartile ranges from the median
LEAST_WORTH = 0.02  # of the rows


def find(values: Floats, margin: int) -> tuple[int, float]:
    """Return the first row of the anomaly and the sum of (1) there, 0 where no metric has a change.

    `values`, shape (metrics, rows): in order of time, NaN where missing; rows >= 2 * `margin`, the least number of rows
    on either side, 1 or more.
    """
    places = np.arange(margin, values.shape[1] - margin + 1)
    total = np.zeros(len(places))
    for row in values:
        total += _gains(row, places)
    best = int(np.argmax(total))
    return int(places[best]), float(total[best])


def _gains(row: Floats, places: NDArray[np.int64]) -> Floats:
    """Return (1) of one metric for each place, 0 where it does not pay; missing cells say nothing."""
    known = ~np.isnan(row)
    z = _bounded(row, known)
    whole = float(z @ z)
    if whole <= 0.0:
        return np.zeros(len(places))
    n = int(np.count_nonzero(known))
    before = np.concatenate([[0], np.cumsum(known)])[places]
    sums = np.concatenate([[0.0], np.cumsum(z)])[places]
    both = (before > 0) & (before < n)
    # z has the sum 0: a change of the mean takes this much off the squares
    less = np.where(both, sums**2 * n / np.maximum(before * (n - before), 1), 0.0)
    at = int(places[np.argmax(less)])
    left = z.copy()
    for part in (slice(0, at), slice(at, len(row))):
        some = known[part]
        left[part][some] -= z[part][some].mean() if some.any() else 0.0
    square = float(left @ left)
    r = float(left[1:] @ left[:-1]) / square if square > 0.0 else 0.0
    worth = n * min(max((1.0 - r) / (1.0 + r), LEAST_WORTH), 1.0)
    ratio = np.maximum(1.0 - less / whole, 1.0 / n**2)  # no fit is better than what a cell of n can say
    gains: Floats = np.maximum(-worth * np.log(ratio) - 2.0 * np.log(n), 0.0)
    return gains


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
