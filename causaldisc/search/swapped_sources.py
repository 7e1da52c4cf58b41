"""What a network loses when a source is swapped for itself at another time, on held-out blocks.

For each fold of a series a network is learnt on the others; then it is learnt on for a while, once as the data are, and
once for each source with the windows of that source turned by an offset, which keeps its persistence and breaks its
alignment with everything else. Weights that had stood in for other sources can move back to these, so that what counts
is what a source adds to the others (G. Lei et al., "Distribution-free predictive inference for regression", JASA 113
(2018), section 6, leave a source out altogether; a source that is there, but says nothing, keeps the networks alike).
The squared errors of the held-out rows with the source swapped, less those as the data are, have mean zero or less
where the source adds nothing. They are averaged over BLOCKS blocks of time, and their mean is held against its
standard error (Student's t, one-sided). q-values: Y. Benjamini, Y. Hochberg, JRSS B 57 (1995), among pairs of different
variables, and among own pasts.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from causaldisc.context import Context
from causaldisc.data.windows import Windows, pieces
from causaldisc.forecasters._network import Learnt
from causaldisc.search import discovery_rate
from causaldisc.search.shifted_sources import Significance

Floats = NDArray[np.float64]

FOLDS = 5
BLOCKS = 20


def test(
    sample: Windows,
    learn: Callable[[Floats, Floats], Learnt],
    penalty: float,
    rng: np.random.Generator,
    context: Context,
) -> Significance:
    """Return how surprising it is what each source adds; `learn` makes a network from past and present.

    When time is up, after one fold at least, the other folds are left out.
    """
    lost: list[Floats] = []
    for k, (learnt_from, held) in enumerate(folds(sample)):
        context.progress(k, FOLDS, "folds with swapped sources")
        network = learn(sample.past[learnt_from], sample.present[learnt_from])
        seed, turn = int(rng.integers(2**32)), rng.uniform(0.2, 0.8)
        lost.append(_lost(sample, network, penalty, seed, turn, learnt_from, held, context))
        if context.ends_early(k + 1, FOLDS):
            break
    return _significance(np.concatenate(lost), len(lost))


def folds(sample: Windows) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the places to learn from and those to forecast, which share no rows with them."""
    places = np.arange(len(sample))
    return [
        (places[(places < held[0] - sample.lags) | (places > held[-1] + sample.lags)], held)
        for held in pieces(len(sample), FOLDS)
    ]


def _lost(
    sample: Windows,
    network: Learnt,
    penalty: float,
    seed: int,
    turn: float,
    learnt_from: NDArray[np.int64],
    held: NDArray[np.int64],
    context: Context,
) -> Floats:
    """Return how much larger the squared errors of held-out rows are with each source swapped, shape (rows, sources,
    targets); nothing for the sources that are left when time is up."""

    def squared(source: int) -> Floats:
        past, forward = sample.past[learnt_from], sample.past[held]
        if source >= 0:
            past, forward = (_swapped(rows, source, sample.lags, turn) for rows in (past, forward))
        again = network.again(past, sample.present[learnt_from], penalty, seed)
        return np.asarray((again.forecasts(forward) - sample.present[held]) ** 2)

    as_is = squared(-1)
    with ThreadPoolExecutor(context.threads) as pool:
        swapped = list(pool.map(lambda i: as_is if context.is_out_of_time else squared(i), range(sample.variables)))
    return np.stack([errors - as_is for errors in swapped], axis=1)


def _swapped(past: Floats, source: int, lags: int, turn: float) -> Floats:
    """Return the past with the lags of a source from a share of all windows earlier."""
    turned = past.copy()
    its = slice(source * lags, (source + 1) * lags)
    turned[:, its] = np.roll(past[:, its], int(turn * len(past)), axis=0)
    return turned


def _significance(lost: Floats, done: int) -> Significance:
    """Return how surprising the losses, shape (rows, sources, targets), are; not at all where rows are too few."""
    if len(lost) < BLOCKS:
        ones = np.ones(lost.shape[1:])
        return Significance(ones, ones, done)
    means = np.array([lost[rows].mean(axis=0) for rows in pieces(len(lost), BLOCKS)])
    spread = np.maximum(means.std(axis=0, ddof=1) / BLOCKS**0.5, 1e-300)
    found = upper_tail(np.where(means.any(axis=0), means.mean(axis=0) / spread, 0.0)).T
    q_values = np.empty_like(found)
    own = np.eye(len(found), dtype=bool)
    for family in (own, ~own):
        q_values[family] = discovery_rate.adjusted(found[family])
    return Significance(found, q_values, done)


def upper_tail(t: Floats) -> Floats:
    """Return P(T > t) of Student's t with BLOCKS - 1 degrees of freedom, an odd number (M. Abramowitz, I. Stegun,
    "Handbook of mathematical functions" (1964), 26.7.3); above about 1e-16."""
    df = BLOCKS - 1
    angle = np.arctan(t / df**0.5)
    term, total = np.cos(angle), np.cos(angle)
    for k in range(3, df - 1, 2):
        term = term * np.cos(angle) ** 2 * (k - 1) / k
        total = total + term
    within = (angle + np.sin(angle) * total) * 2.0 / np.pi
    return np.asarray(np.clip(0.5 - within / 2.0, 1e-16, 1.0))
