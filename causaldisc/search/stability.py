"""How often each pair is found in halves of a series.

N. Meinshausen, P. Bühlmann, "Stability selection", JRSS B 72 (2010): a pair is stable if at some penalty, not below
that chosen, it is selected in a large share of random halves, here complementary ones (R. Shah, R. Samworth, JRSS B 75
(2013)). Deviations: halves are made of contiguous blocks of time, which keep persistence; the least penalty is that of
held_out.py and not one with a bounded number of selections, as the false discovery rate has a test of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.context import Context
from causaldisc.data.windows import Windows, pieces
from causaldisc.search import lagged_regression as regression

Floats = NDArray[np.float64]

STABLE = 0.6  # Meinshausen and Bühlmann: from 0.6 to 0.9
BLOCKS = 20


@dataclass(frozen=True, eq=False)
class Stability:
    """`frequencies`, shape (targets, sources): the largest share of subsamples that select each pair."""

    frequencies: Floats
    subsamples: int


def measure(
    sample: Windows, penalties: Floats, subsamples: int, rng: np.random.Generator, context: Context
) -> Stability:
    """Return how stable each pair is at penalties in falling order; one pair of halves at least, when time is up."""
    total = np.zeros((len(penalties), sample.variables, sample.variables))
    blocks = pieces(len(sample), BLOCKS)
    done = 0
    for _ in range((subsamples + 1) // 2):
        context.progress(done, subsamples, "subsamples")
        order = rng.permutation(BLOCKS)
        for half in (order[: BLOCKS // 2], order[BLOCKS // 2 :]):
            rows = np.concatenate([blocks[i] for i in np.sort(half)])
            total += regression.fit(regression.moments(sample, rows), penalties, context.threads).selected
            done += 1
        if context.ends_early(done, subsamples):
            break
    return Stability(total.max(axis=0) / done, done)
