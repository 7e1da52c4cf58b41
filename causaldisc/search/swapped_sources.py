"""What a network loses when a source is swapped for itself at another time, on held-out blocks.

For each fold of a series a network is learnt on the others; then it is learnt on for a while, once as the data are, and
once for each source with the windows of that source turned by an offset, which keeps its persistence and breaks its
alignment with everything else. Weights that had stood in for other sources can move back to these, so that what counts
is what a source adds to the others (G. Lei et al., "Distribution-free predictive inference for regression", JASA 113
(2018), section 6, leave a source out altogether; a source that is there, but says nothing, keeps the networks alike).
The squared errors of the held-out rows with the source swapped, less those as the data are, have mean zero or less
where the source adds nothing. They are averaged over BLOCKS blocks of time a fold, and their mean is held against its
standard error (Student's t, one-sided). q-values: Y. Benjamini, Y. Hochberg, JRSS B 57 (1995), among pairs of different
variables, and among own pasts; a pair of which the target does not read the source has p = 1, and counts.

The gain of a source is the mean of what is lost, as a share of the squared error as the data are.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.context import Context
from causaldisc.data.windows import Windows, pieces
from causaldisc.forecasters._network import Learnt
from causaldisc.forecasters._own_past import mean_square
from causaldisc.forecasters._past import Swapped
from causaldisc.search import discovery_rate
from causaldisc.search.shifted_sources import Significance

Floats = NDArray[np.float64]

FOLDS = 5
BLOCKS = 4  # of a fold


@dataclass(frozen=True, eq=False)
class Added:
    """What each source adds: how surprising it is, and the `gains`, shape (targets, sources)."""

    significance: Significance
    gains: Floats


def test(
    sample: Windows,
    learn: Callable[[Floats, Floats], Learnt],
    penalty: float,
    rng: np.random.Generator,
    context: Context,
) -> Added:
    """Return what each source adds; `learn` makes a network from past and present.

    When time is up, after one fold at least, the other folds are left out.
    """
    lost: list[Floats] = []
    errors: list[Floats] = []
    for k, (learnt_from, held) in enumerate(folds(sample)):
        context.progress(k, FOLDS, "folds with swapped sources")
        network = learn(sample.past[learnt_from], sample.present[learnt_from])
        seed, turn = int(rng.integers(2**32)), rng.uniform(0.2, 0.8)
        of_fold, as_is = _lost(sample, network, penalty, seed, turn, learnt_from, held, context)
        lost.append(of_fold)
        errors.append(as_is)
        if context.ends_early(k + 1, FOLDS):
            break
    means = np.concatenate(lost)
    gains = means.mean(axis=0) / np.maximum(np.concatenate(errors).mean(axis=0), 1e-300)[:, None]
    return Added(_significance(means, len(lost)), np.asarray(gains))


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
) -> tuple[Floats, Floats]:
    """Return how much larger the squared errors of held-out rows are with each source swapped, by block of time, shape
    (blocks, targets, sources), nothing for the sources that are left when time is up; and the errors as the data are,
    shape (blocks, targets)."""
    past, present = sample.past[learnt_from], sample.present[learnt_from]
    ahead, truth = sample.past[held], sample.present[held]
    blocks = pieces(len(held), min(BLOCKS, len(held)))

    def errors(seen: Floats | Swapped, seen_ahead: Floats | Swapped) -> Floats:
        missed = network.again(seen, present, penalty, seed).forecasts(seen_ahead) - truth
        return np.array([mean_square(missed[block]) for block in blocks])

    as_is = errors(past, ahead)
    lost = np.zeros((*as_is.shape, sample.variables))
    both = zip(network.swaps(past, _turned(past, turn)), network.swaps(ahead, _turned(ahead, turn)), strict=True)
    with ThreadPoolExecutor(context.threads) as pool:
        asked = [(sources, pool.submit(_unless_late, context, errors, a, b)) for (sources, a), (_, b) in both]
        for sources, answer in asked:
            swapped = answer.result()
            if swapped is not None:
                lost[:, np.arange(len(sources)), sources] = swapped - as_is
    return lost, as_is


def _unless_late(
    context: Context, errors: Callable[[Floats | Swapped, Floats | Swapped], Floats], a: Swapped, b: Swapped
) -> Floats | None:
    return None if context.is_out_of_time else errors(a, b)


def _turned(past: Floats, turn: float) -> Floats:
    """Return the past of a share of all windows earlier."""
    return np.roll(past, int(turn * len(past)), axis=0)


def _significance(means: Floats, done: int) -> Significance:
    """Return how surprising the losses, shape (blocks, targets, sources), are."""
    count = len(means)
    spread = np.maximum(means.std(axis=0, ddof=1) / count**0.5, 1e-300)
    found = upper_tail(np.where(means.any(axis=0), means.mean(axis=0) / spread, -np.inf), count - 1)
    q_values = np.empty_like(found)
    own = np.eye(len(found), dtype=bool)
    for family in (own, ~own):
        q_values[family] = discovery_rate.adjusted(found[family])
    return Significance(found, q_values, done)


def upper_tail(t: Floats, df: int) -> Floats:
    """Return P(T > t) of Student's t with an odd number of degrees of freedom (M. Abramowitz, I. Stegun, "Handbook of
    mathematical functions" (1964), 26.7.3); above about 1e-16."""
    assert df % 2
    angle = np.arctan(t / df**0.5)
    term, total = np.cos(angle), np.cos(angle)
    for k in range(3, df - 1, 2):
        term = term * np.cos(angle) ** 2 * (k - 1) / k
        total = total + term
    within = (angle + np.sin(angle) * total) * 2.0 / np.pi if df > 1 else angle * 2.0 / np.pi
    return np.asarray(np.clip(0.5 - within / 2.0, 1e-16, 1.0))
