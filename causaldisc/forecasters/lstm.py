"""A long short-term memory for each target, with a penalty on each source.

A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, "Neural Granger causality", IEEE TPAMI 44 (2021), section 4.2 (cLSTM):
the cell of target j reads all variables, see _recurrent.py, and the columns of its input matrix that belong to a source
i, together 4H numbers W_ji, are zero where i is no cause:

    minimise  sum_j  1/2 mean_t (x_tj - forecast_tj)^2 + r/2 (|U_j|^2 + |v_j|^2 + |W_jj|^2) + l sum_(i != j) |W_ji|.

Deviations: forecasts are made after the last row of a window only, since a cell that has seen fewer rows takes other
sources for the rows it misses; Adam with exact proximal steps (_proximal.py) on lots of windows, for proximal gradients
with line search on all; penalties in rising order, each begun where the last one ended, on standardised data; own pasts
get the ridge of the other weights, and no penalty.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters import _recurrent as recurrent
from causaldisc.forecasters._proximal import Descent, shrink
from causaldisc.forecasters._recurrent import Cells

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

UNITS = 10
LOT = 128  # windows a step
FIRST, STEPS = 300, 100  # steps at the first penalty, and at each of the others
RATE = 5e-3
RIDGE = 1e-2


def path(x: Singles, y: Singles, penalties: Sequence[float], seed: int, threads: int) -> list[Cells]:
    """Return the cells at each penalty, in rising order, for windows x (p, K, n), oldest row first, and present y
    (p, n). The targets are shared among threads, which see the same lots."""
    p = len(x)
    begun = recurrent.start(p, p, UNITS, np.random.default_rng(seed))
    parts = [part for part in np.array_split(np.arange(p), threads) if len(part)]

    def learn(part: NDArray[np.int64]) -> list[Cells]:
        cells = Cells(*(a[part] for a in begun.arrays()))
        return _descend(cells, x, y[part], part, penalties, np.random.default_rng(seed + 1))

    if len(parts) == 1:
        return learn(parts[0])
    with ThreadPoolExecutor(len(parts)) as pool:
        found = list(pool.map(learn, parts))
    return [Cells(*(np.concatenate(a) for a in zip(*(c.arrays() for c in at), strict=True))) for at in zip(*found)]


def _descend(
    cells: Cells,
    x: Singles,
    y: Singles,
    targets: NDArray[np.int64],
    penalties: Sequence[float],
    rng: np.random.Generator,
) -> list[Cells]:
    """Return copies of the cells of some targets at each penalty."""
    n = x.shape[2]
    descent = Descent(cells.arrays(), [(1,), (), (), (), ()])
    others = (targets[:, None, None] != np.arange(len(x))).astype(np.float32)
    found = []
    for k, penalty in enumerate(penalties):
        for _ in range(STEPS if k else FIRST):
            lot = rng.permutation(n)[:LOT]
            seen = np.ascontiguousarray(x[:, :, lot])
            trace = recurrent.run(cells, seen)
            slopes = (trace.forecasts - y[:, lot]) / np.float32(len(lot))
            along = recurrent.gradient(cells, seen, trace, slopes)
            along.recurrent[...] += RIDGE * cells.recurrent
            along.readout[...] += RIDGE * cells.readout
            along.inputs[...] += RIDGE * (1.0 - others) * cells.inputs
            lengths = descent.step(along.arrays(), RATE)
            shrink(cells.inputs, 1, np.float32(penalty) * others * lengths[0])
        found.append(cells.copy())
    return found
