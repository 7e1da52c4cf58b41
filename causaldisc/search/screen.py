"""Which sources of many may matter to a target: those that have most to do with what its own past leaves.

J. Fan, J. Lv, "Sure independence screening", JRSS B 70 (2008): the sources are ranked one by one, here by the largest
correlation of what is left of a target with a lag of the source, its square, or its product with any variable of the
same row, since a source may act through products alone. A correlation r of n rows is as surprising as n r^2 / 2, less
the logarithm of how many were looked at. Products are looked at up to PRODUCT_LAGS rows back.

A pair that is screened out counts among the pairs that are tested, with p = 1; so the screen makes no test too sure of
itself, whatever it has seen.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.windows import Windows
from causaldisc.forecasters._own_past import OwnPast

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

PRODUCT_LAGS = 3


def candidates(sample: Windows, count: int, threads: int) -> NDArray[np.int64]:
    """Return the targets with the `count` sources that most have to do with each, shape (targets, 1 + count): itself
    first, then by number."""
    p = sample.variables
    left = sample.present - OwnPast.of(sample.past, sample.present, sample.lags).forecasts(sample.past)
    surprise = _surprise(_standardised(left), sample, threads)
    np.fill_diagonal(surprise, -np.inf)
    best = np.sort(np.argsort(-surprise, axis=1, kind="stable")[:, :count], axis=1)
    return np.column_stack([np.arange(p), best])


def _surprise(left: Singles, sample: Windows, threads: int) -> Floats:
    """Return how surprising the best correlation of each source is, shape (targets, sources)."""
    n, p = left.shape
    past = sample.past.reshape(n, p, sample.lags)
    found = np.full((p, p), -np.inf)
    for lag in range(sample.lags):
        x = _standardised(past[:, :, lag])
        for feature in (x, _standardised(x * x)):
            found = np.maximum(found, _weighed(left, feature, n, sample.lags))
        if lag < PRODUCT_LAGS:
            found = np.maximum(found, _of_products(left, x, threads))
    return found


def _of_products(left: Singles, x: Singles, threads: int) -> Floats:
    """Return the surprise of the best product of each source with another, shape (targets, sources)."""
    n, p = x.shape

    def of(source: int) -> Floats:
        others = np.delete(x, source, axis=1)
        best = _weighed(left, _standardised(x[:, source : source + 1] * others), n, PRODUCT_LAGS * (p - 1))
        return np.asarray(best.max(axis=1))

    with ThreadPoolExecutor(threads) as pool:
        return np.column_stack(list(pool.map(of, range(p))))


def _weighed(left: Singles, features: Singles, n: int, looked_at: int) -> Floats:
    correlations = left.T @ features / np.float32(n)
    return np.asarray(0.5 * n * correlations.astype(np.float64) ** 2 - np.log(looked_at))


def _standardised(x: NDArray[np.floating]) -> Singles:
    known = ~np.isnan(x)
    counts = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, x - np.where(known, x, 0.0).sum(axis=0) / counts, 0.0)
    return np.asarray(centred / np.maximum(np.sqrt((centred**2).sum(axis=0) / counts), 1e-12), np.float32)
