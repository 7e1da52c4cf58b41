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

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters import _past, _recurrent
from causaldisc.forecasters._past import Slopes, Swapped, dense, oldest_first, swaps
from causaldisc.forecasters._proximal import Descent, shrink
from causaldisc.forecasters._recurrent import Cells

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Singles = NDArray[np.float32]

UNITS = 10
LOT = 128  # windows a step
FIRST, STEPS = 400, 100  # steps at the first penalty, and at each of the others
AGAIN = 200  # steps on other data
RATE = 5e-3
RIDGE = 1e-2
TARGETS = 16  # that are worth a thread


takes_gaps = False
tells_lags = False  # a cell, or an encoder, reads the rows of a window together


@dataclass(frozen=True, eq=False)
class Learnt:
    """The cells of all targets at one penalty, for windows of so many lags."""

    cells: Cells
    lags: int

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Whether a source has a part in a target; shape (targets, sources). Own pasts always have."""
        read = np.logical_or.reduce(self.cells.inputs != 0.0, axis=1)
        return np.asarray(read | np.eye(len(read), dtype=bool))

    def forecasts(self, past: Floats | Swapped) -> Floats:
        """Return forecasts, shape (n, targets), from the past, shape (n, variables * lags)."""
        past = dense(past)
        return _recurrent.run(self.cells, _rows_last(past, self.lags)).forecasts.T.astype(np.float64)

    def slopes(self, past: Floats) -> Slopes:
        """Return the slopes of the forecasts along the past."""

        def at(x: Singles) -> Singles:
            found = _recurrent.sensitivities(self.cells, np.ascontiguousarray(x.transpose(1, 2, 0)))
            return np.asarray(found.transpose(3, 0, 1, 2))

        return _past.slopes(at, past, self.lags)

    def swaps(self, past: Floats, turned: Floats) -> Iterator[tuple[Ints, Swapped]]:
        """Yield the past with one source from elsewhere in time, and which that is for each target."""
        return swaps(past, turned, self.lags)

    def again(self, past: Floats | Swapped, present: Floats, penalty: float, seed: int) -> Learnt:
        """Return what is learnt at a penalty from other data when it begins with these weights."""
        past = dense(past)
        x, y = _rows_last(past, self.lags), np.ascontiguousarray(present.T, np.float32)
        rng, all_targets = np.random.default_rng(seed), np.arange(len(y))
        (cells,) = _descend(self.cells.copy(), x, y, all_targets, np.array([penalty]), AGAIN, rng)
        return Learnt(cells, self.lags)


def fit(past: Floats, present: Floats, lags: int, penalties: Floats, seed: int, threads: int) -> list[Learnt]:
    """Return what is learnt at each penalty, in rising order, from the past, shape (n, variables * lags), and the
    present, shape (n, variables), both standardised. The same for every number of threads."""
    x, y = _rows_last(past, lags), np.ascontiguousarray(present.T, np.float32)
    p = len(y)
    begun = _recurrent.start(p, p, UNITS, np.random.default_rng(seed))
    parts = np.array_split(np.arange(p), max(min(threads, p // TARGETS), 1))

    def learn(part: NDArray[np.int64]) -> list[Cells]:
        cells = Cells(*(a[part] for a in begun.arrays()))
        return _descend(cells, x, y[part], part, penalties, FIRST, np.random.default_rng(seed + 1))

    with ThreadPoolExecutor(len(parts)) as pool:
        by_part = list(pool.map(learn, parts))
    return [Learnt(_joined(cells), lags) for cells in zip(*by_part, strict=True)]


def _rows_last(past: Floats, lags: int) -> Singles:
    """Return the past with shape (variables, lags, n), the oldest row first."""
    return np.ascontiguousarray(oldest_first(past, lags).transpose(1, 2, 0))


def _joined(cells: Sequence[Cells]) -> Cells:
    return Cells(*(np.concatenate(arrays) for arrays in zip(*(c.arrays() for c in cells), strict=True)))


def _descend(
    cells: Cells,
    x: Singles,
    y: Singles,
    targets: NDArray[np.int64],
    penalties: Floats,
    first: int,
    rng: np.random.Generator,
) -> list[Cells]:
    """Return copies of the cells of some targets at each penalty; so many steps at the first."""
    descent = Descent(cells.arrays(), [(1,), (), (), (), ()])
    others = (targets[:, None, None] != np.arange(len(x))).astype(np.float32)
    found = []
    for k, penalty in enumerate(penalties):
        for _ in range(STEPS if k else first):
            lot = rng.permutation(x.shape[2])[:LOT]
            seen = np.ascontiguousarray(x[:, :, lot])
            trace = _recurrent.run(cells, seen)
            slopes = (trace.forecasts - y[:, lot]) / np.float32(len(lot))
            along = _recurrent.gradient(cells, seen, trace, slopes)
            along.recurrent[...] += RIDGE * cells.recurrent
            along.readout[...] += RIDGE * cells.readout
            along.inputs[...] += RIDGE * (1.0 - others) * cells.inputs
            lengths = descent.step(along.arrays(), RATE)
            shrink(cells.inputs, 1, np.float32(penalty) * others * lengths[0])
        found.append(cells.copy())
    return found
