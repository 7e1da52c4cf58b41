"""Sources by networks: how many lags, which penalty, how often in halves, and what each source adds.

As for linear regressions: held_out.py says how lags and penalty are chosen, stability.py what a frequency is; what a
source adds is judged by swapped_sources.py. Penalties rise, each begun where the last ended. Deviations: a frequency is
that at the penalty chosen, not the largest over a path; and errors are compared as the mean of the logarithms of those
of the targets, as likelihoods are, so that targets that are forecast well count as much as those that are not.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causaldisc.context import Context
from causaldisc.data.windows import Windows, pieces
from causaldisc.forecasters._network import Learnt, Network
from causaldisc.forecasters._own_past import mean_square
from causaldisc.search import held_out, swapped_sources
from causaldisc.search.held_out import Choice, Trial
from causaldisc.search.stability import BLOCKS, Stability
from causaldisc.search.swapped_sources import Added

Floats = NDArray[np.float64]

PENALTIES = np.geomspace(0.003, 0.3, 7)
BEGUN_BEFORE = 1  # penalties before the one that is wanted
FOR_LAGS = 0.4  # of the time left, at most


@dataclass(frozen=True, eq=False)
class Sources:
    """`weights`, shape (targets, sources, lags), 0 where a source has no part, of one lag where the network does not
    tell them apart; how often each has one, what it adds, and what was learnt from all windows."""

    weights: Floats
    stable: Stability
    added: Added
    learnt: Learnt


def choose(network: Network, sample: Windows, candidates: Sequence[int], seed: int, context: Context) -> Choice:
    """Return how many lags are needed, of some numbers in increasing order, and the penalty."""
    hurried = _hurried(context)
    trials: list[Trial] = []
    for lags in candidates:
        context.progress(len(trials), len(candidates), "lags")
        trials.append(_trial(network, fewer(sample, lags), seed, hurried))
        if len(trials[-1].errors) < len(trials[0].errors):
            trials.pop()  # cut short: no errors to compare with the others'
        best = int(np.argmin([t.error for t in trials]))
        if len(trials) - 1 - best >= held_out.PATIENCE or hurried.ends_early(len(trials), len(candidates)):
            break
    return held_out.least_lags(trials)


def search(network: Network, sample: Windows, penalty: float, subsamples: int, seed: int, context: Context) -> Sources:
    """Learn at a penalty, see how stable each pair is, and what each source adds."""
    rng = np.random.default_rng(seed)

    def learn(past: Floats, present: Floats) -> Learnt:
        return network.fit(past, present, sample.lags, up_to(penalty), int(rng.integers(2**32)), context.threads)[-1]

    learnt = learn(sample.past, sample.present)
    slopes = learnt.slopes(sample.past)
    weights = slopes.by_lag() if network.tells_lags else slopes.weights()[:, :, None]
    weights = np.where(learnt.selected[:, :, None], weights, 0.0)
    added = swapped_sources.test(sample, learn, penalty, rng, context)
    done, counts = 0, np.zeros(weights.shape[:2])
    blocks = pieces(len(sample), BLOCKS)
    while done < subsamples:
        context.progress(done, subsamples, "subsamples")
        order = rng.permutation(BLOCKS)
        for half in (order[: BLOCKS // 2], order[BLOCKS // 2 :]):
            rows = np.concatenate([blocks[i] for i in np.sort(half)])
            counts += learn(sample.past[rows], sample.present[rows]).selected
            done += 1
        if context.ends_early(done, subsamples):
            break
    return Sources(weights, Stability(counts / done, done), added, learnt)


def fewer(sample: Windows, lags: int) -> Windows:
    """Return the windows with fewer lags."""
    kept = np.flatnonzero(np.arange(sample.past.shape[1]) % sample.lags < lags)
    return replace(sample, past=np.ascontiguousarray(sample.past[:, kept]), lags=lags)


def up_to(penalty: float) -> Floats:
    """Return the penalties that lead to one."""
    return np.append(PENALTIES[penalty * (1.0 - 1e-9) > PENALTIES][-BEGUN_BEFORE:], penalty)


def _hurried(context: Context) -> Context:
    """Return the context with what may be spent on the choice of lags."""
    if context.deadline is None:
        return context
    now = time.monotonic()
    return replace(context, deadline=now + FOR_LAGS * (context.deadline - now))


def _trial(network: Network, sample: Windows, seed: int, context: Context) -> Trial:
    """Forecast all folds at each penalty, and keep what is best for all of them; when time is up, after one fold at
    least, the other folds are left out."""
    table: list[list[float]] = []
    for learnt_from, held in swapped_sources.folds(sample):
        past, present = sample.past[learnt_from], sample.present[learnt_from]
        path = network.fit(past, present, sample.lags, PENALTIES, seed, context.threads)
        table.append([_error(at.forecasts(sample.past[held]) - sample.present[held]) for at in path])
        if context.is_out_of_time:
            break
    errors = np.array(table)
    best = int(np.argmin(errors.mean(axis=0)))
    return Trial(sample.lags, float(PENALTIES[best]), errors[:, best])


def _error(missed: Floats) -> float:
    """Return the mean of the logarithms of the mean squares of columns."""
    return float(np.log(np.maximum(mean_square(missed), 1e-300)).mean())
