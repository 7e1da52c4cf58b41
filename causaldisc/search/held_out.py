"""How many lags a series needs, and which penalty, by one-step errors on held-out blocks of time.

The windows are cut into contiguous folds; each is forecast by regressions on the others, less those that share rows
with it, at every penalty of a path. Of the numbers of lags we take the least whose error, at its best penalty, is not
more than one standard error of the folds' differences above the smallest: lags that help nobody hurt (the rule of
L. Breiman et al., "Classification and Regression Trees" (1984), section 3.4.3). The penalty is the best for these lags:
it lets in too many sources rather than too few, which stability and the false discovery rate then decide on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.context import Context
from causaldisc.data.windows import Windows, pieces
from causaldisc.search import lagged_regression as regression
from causaldisc.search.lagged_regression import Moments

FOLDS = 5
PATIENCE = 3  # numbers of lags tried after the best
PREFIXES = (8, 11, 14, 17, regression.PENALTIES)  # of a path
RISING = 2  # penalties after the best that are worse


@dataclass(frozen=True, eq=False)
class Trial:
    """A number of lags, its best penalty, and the error of each fold there."""

    lags: int
    penalty: float
    errors: NDArray[np.float64]

    @property
    def error(self) -> float:
        return float(self.errors.mean())


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen, and all that was tried, in the order of lags."""

    lags: int
    penalty: float
    trials: tuple[Trial, ...]


def choose(sample: Windows, candidates: Sequence[int], context: Context) -> Choice:
    """Return how many lags are needed, of some numbers in increasing order, and the penalty."""
    folds = list(_folds(sample))
    trials: list[Trial] = []
    for lags in candidates:
        context.progress(len(trials), len(candidates), "lags")
        trials.append(_trial(folds, lags, context.threads))
        best = int(np.argmin([t.error for t in trials]))
        if len(trials) - 1 - best >= PATIENCE or context.ends_early(len(trials), len(candidates)):
            break
    return least_lags(trials)


def least_lags(trials: Sequence[Trial]) -> Choice:
    """Return the first trial, in the order of lags, that is as good as the best; one trial may have one fold."""
    if len(trials) == 1:
        return Choice(trials[0].lags, trials[0].penalty, tuple(trials))
    least = min(trials, key=lambda t: t.error)
    chosen = next(t for t in trials if _is_as_good(t.errors - least.errors))
    return Choice(chosen.lags, chosen.penalty, tuple(trials))


def _folds(sample: Windows) -> Iterator[tuple[Moments, Moments]]:
    """Yield the moments to learn from and to forecast."""
    places = np.arange(len(sample))
    for held in pieces(len(sample), FOLDS):
        others = places[(places < held[0] - sample.lags) | (places > held[-1] + sample.lags)]
        yield regression.moments(sample, others), regression.moments(sample, held)


def _trial(folds: list[tuple[Moments, Moments]], lags: int, threads: int) -> Trial:
    """Forecast all folds at the penalties of a path, and keep what is best for all of them."""
    fewer = [(learnt.first(lags), held.first(lags)) for learnt, held in folds]
    penalties = regression.grid(fewer[0][0], threads)
    for length in PREFIXES:  # the end of a path, where all sources are in, costs most, and is seldom best
        paths = [regression.fit(learnt, penalties[:length], threads) for learnt, _ in fewer]
        table = np.array([regression.errors(path, held).mean(axis=1) for path, (_, held) in zip(paths, fewer)])
        best = int(np.argmin(table.mean(axis=0)))
        if best < length - RISING:
            break
    return Trial(lags, float(penalties[best]), table[:, best])


def _is_as_good(excess: NDArray[np.float64]) -> bool:
    return bool(excess.mean() <= excess.std(ddof=1) / len(excess) ** 0.5)
