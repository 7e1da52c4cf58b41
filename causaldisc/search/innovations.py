"""What the past leaves of each variable: the part in which rows share what happens within a row.

A. Moneta, D. Entner, P. Hoyer, A. Coad, Oxford Bulletin of Economics and Statistics 75 (2013), section III: causes
within a row show in the residuals of a model of the past, among which they are sought as in rows that are independent.
A penalty shrinks what it keeps, and leaves some of the past behind; so regressions are made anew on what was found, and
networks learn on, from where the penalty left them, at a small one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.windows import Windows
from causaldisc.forecasters._network import Learnt

Floats = NDArray[np.float64]


def of_regressions(sample: Windows, stands: NDArray[np.bool_]) -> Floats:
    """Return what least squares on the sources that stand, shape (targets, sources), and the own past leave; shape
    (n, targets)."""
    n, p = sample.present.shape
    left = np.empty((n, p))
    for j in range(p):
        sources = np.flatnonzero(stands[j] | (np.arange(p) == j))
        places = (sources[:, None] * sample.lags + np.arange(sample.lags)).ravel()
        past = np.column_stack([sample.past[:, places], np.ones(n)])
        left[:, j] = sample.present[:, j] - past @ np.linalg.lstsq(past, sample.present[:, j], rcond=None)[0]
    return left


def of_network(sample: Windows, learnt: Learnt, penalty: float, seed: int) -> Floats:
    """Return what a network leaves that learns on at a penalty; shape (n, targets), NaN where missing."""
    again = learnt.again(sample.past, sample.present, penalty, seed)
    return np.asarray(sample.present - again.forecasts(sample.past))
