"""A layer of rectified units for each target, with a penalty on each source.

A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, "Neural Granger causality", IEEE TPAMI 44 (2021), section 3 (cMLP): the
forecast of target j from the past x_(t-1), ..., x_(t-L) of all variables is

    f_j = c_j + v_j . max(0, b_j + sum_ik W_jik x_i(t-k)),    W_jik in R^H,

and the weights W_ji = (W_ji1, ..., W_jiL) of a source i are zero where i is no cause (eq. 7):

    minimise  sum_j  1/2 mean_t (x_tj - f_tj)^2 + r/2 (|v_j|^2 + |W_jj|^2) + l sum_(i != j) penalty(W_ji)

    group:         |W_ji|                                            eq. 7
    sparse-group:  (|W_ji| + sum_k |W_jik|) / 2                      eq. 8
    hierarchical:  sum_k |(W_jik, ..., W_jiL)| / L                   eq. 9

which agree where there is one lag. Their proximal steps are exact (R. Jenatton et al., JMLR 12 (2011), section 3: nested
groups, one after another, the smallest first). Deviations: Adam with such steps (_proximal.py) on lots of windows, for
proximal gradients with line search on all; penalties in rising order, each begun where the last one ended, on
standardised data; own pasts get the ridge of the other weights, and no penalty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters._past import Slopes
from causaldisc.forecasters._proximal import Descent, shrink

Floats = NDArray[np.float64]
Reals = NDArray[np.floating]  # float32; float64 in checks
Ints = NDArray[np.int64]

HIDDEN = 16
LOT = 256  # windows a step
FIRST, STEPS, AGAIN = 300, 100, 100  # steps at the first penalty, at each of the others, and of learning on
RATE = 5e-3
RIDGE = 1e-2
TARGETS = 8  # that are learnt together: as many for every number of threads, so that sums are the same


class Penalty(Enum):
    """What of a source is zero at once; see the module."""

    GROUP = "group"
    SPARSE_GROUP = "sparse-group"
    HIERARCHICAL = "hierarchical"


@dataclass(frozen=True, eq=False)
class Units:
    """Weights of some targets: `inputs` (targets, H, sources, L), `shifts` (targets, H), `readout` (targets, H),
    `level` (targets,)."""

    inputs: Reals
    shifts: Reals
    readout: Reals
    level: Reals

    def arrays(self) -> tuple[Reals, ...]:
        return tuple(getattr(self, f.name) for f in fields(self))

    def copy(self) -> Units:
        return Units(*(a.copy() for a in self.arrays()))


def start(targets: int, sources: int, lags: int, hidden: int, rng: np.random.Generator) -> Units:
    """Return random weights, of the size at which forecasts have the size of what they are made of."""

    def uniform(*shape: int, among: int) -> Reals:
        return (rng.uniform(-1.0, 1.0, shape) / np.sqrt(among)).astype(np.float32)

    inputs = uniform(targets, hidden, sources, lags, among=sources * lags)
    zeros = np.zeros((targets, hidden), np.float32)
    return Units(inputs, zeros, uniform(targets, hidden, among=hidden), np.zeros(targets, np.float32))


def forecasts(units: Units, past: Reals) -> tuple[Reals, Reals]:
    """Return the forecasts (n, targets) from the past (n, sources * L), and the outputs (n, targets, H) of the units."""
    targets, hidden = units.shifts.shape
    outputs = (past @ units.inputs.reshape(targets * hidden, -1).T).reshape(-1, targets, hidden)
    outputs += units.shifts
    np.maximum(outputs, 0.0, out=outputs)
    return np.einsum("nth,th->nt", outputs, units.readout) + units.level, outputs


def gradient(units: Units, past: Reals, outputs: Reals, slopes: Reals) -> tuple[Reals, ...]:
    """Return the gradient of a loss along all weights, given its slopes (n, targets) along the forecasts."""
    targets, hidden = units.shifts.shape
    back = slopes[:, :, None] * units.readout
    back *= outputs > 0.0
    inputs = back.reshape(-1, targets * hidden).T @ past
    readout = np.einsum("nt,nth->th", slopes, outputs)
    return inputs.reshape(units.inputs.shape), back.sum(axis=0), readout, slopes.sum(axis=0)


def sensitivities(units: Units, past: Reals) -> Reals:
    """Return the slopes (n, targets, sources, L) of the forecasts along the past."""
    _, outputs = forecasts(units, past)
    return np.einsum("nth,th,thsl->ntsl", (outputs > 0.0).astype(past.dtype), units.readout, units.inputs, optimize=True)


def shrink_sources(weights: Reals, penalty: Penalty, thresholds: Reals) -> None:
    """Take the proximal step of weights (targets, H, sources, L), in place; thresholds (targets, 1, sources, 1)."""
    lags = weights.shape[3]
    if penalty is Penalty.HIERARCHICAL:
        for first in range(lags - 1, -1, -1):
            shrink(weights[:, :, :, first:], (1, 3), thresholds / lags)
        return
    share = thresholds
    if penalty is Penalty.SPARSE_GROUP:
        share = thresholds / 2.0
        shrink(weights, (1,), share)
    shrink(weights, (1, 3), share)


@dataclass(frozen=True, eq=False)
class OwnPast:
    """Least squares of each target on its own past: `slopes` (targets, L), `level`, and the deviation `spread` of what
    is left, (targets,)."""

    slopes: Floats
    level: Floats
    spread: Floats

    @classmethod
    def of(cls, past: Floats, present: Floats, lags: int) -> OwnPast:
        """Return the regressions on data."""
        n, targets = present.shape
        fits = []
        for j in range(targets):
            own = np.column_stack([past[:, j * lags : (j + 1) * lags], np.ones(n)])
            fits.append(np.linalg.lstsq(own, present[:, j], rcond=None)[0])
        found = np.array(fits)
        left = present - cls(found[:, :-1], found[:, -1], np.ones(targets)).forecasts(past)
        return cls(found[:, :-1], found[:, -1], np.maximum(np.sqrt(np.mean(left * left, axis=0)), 1e-6))

    def forecasts(self, past: Floats) -> Floats:
        targets, lags = self.slopes.shape
        own = past.reshape(len(past), -1, lags)[:, :targets]
        return np.asarray(np.add.reduce(own * self.slopes, axis=2) + self.level)


@dataclass(frozen=True, eq=False)
class Learnt:
    """Forecasters of all targets: the own past of each, and units for what that leaves."""

    own: OwnPast
    units: Units
    network: Network

    @property
    def lags(self) -> int:
        return int(self.units.inputs.shape[3])

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Whether a source has a part in a target; shape (targets, sources)."""
        return np.asarray(np.logical_or.reduce(self.units.inputs != 0.0, axis=(1, 3)))

    def forecasts(self, past: Floats) -> Floats:
        """Return forecasts, shape (n, targets), from the past, shape (n, variables * lags)."""
        return self.own.forecasts(past) + self.own.spread * forecasts(self.units, past.astype(np.float32))[0]

    def slopes(self, past: Floats) -> Slopes:
        """Return the slopes of the forecasts along the past."""
        total, squares = np.zeros(()), np.zeros(())
        for begin in range(0, len(past), LOT):
            found = self._along(past[begin : begin + LOT])
            total = total + np.add.reduce(found, axis=0)
            squares = squares + np.add.reduce(found * found, axis=0)
        return Slopes(total / len(past), np.sqrt(squares / len(past)))

    def _along(self, past: Floats) -> Floats:
        found = sensitivities(self.units, past.astype(np.float32)) * self.own.spread[:, None, None]
        places = np.arange(len(self.own.level))
        found[:, places, places] += self.own.slopes
        return found

    def again(self, past: Floats, present: Floats, penalty: float, seed: int) -> Learnt:
        """Return what is learnt at a penalty from other data when it begins with these weights."""
        (learnt,) = self.network.descend(self.units.copy(), past, present, np.array([penalty]), AGAIN, seed, 1)
        return learnt


@dataclass(frozen=True)
class Network:
    """How many units a target has, and the penalty."""

    hidden: int = HIDDEN
    penalty: Penalty = Penalty.GROUP

    def fit(self, past: Floats, present: Floats, lags: int, penalties: Floats, seed: int, threads: int) -> list[Learnt]:
        """Return what is learnt at each penalty, in rising order, from the past, shape (n, variables * lags), and the
        present, shape (n, variables), both standardised. The same for every number of threads."""
        p = present.shape[1]
        begun = start(p, past.shape[1] // lags, lags, self.hidden, np.random.default_rng(seed))
        return self.descend(begun, past, present, penalties, FIRST, seed + 1, threads)

    def descend(
        self, begun: Units, past: Floats, present: Floats, penalties: Floats, first: int, seed: int, threads: int
    ) -> list[Learnt]:
        """Return what is learnt at each penalty, in rising order, from weights to begin with; so many steps at the
        first."""
        own = OwnPast.of(past, present, begun.inputs.shape[3])
        x, y = past.astype(np.float32), ((present - own.forecasts(past)) / own.spread).astype(np.float32)
        parts = [np.arange(at, min(at + TARGETS, len(begun.level))) for at in range(0, len(begun.level), TARGETS)]

        def learn(part: Ints) -> list[Units]:
            units = Units(*(a[part] for a in begun.arrays()))
            rng = np.random.default_rng(seed)
            return list(self._path(units, x, y[:, part], part, penalties, first, rng))

        with ThreadPoolExecutor(threads) as pool:
            by_part = list(pool.map(learn, parts))
        return [Learnt(own, _joined(at), self) for at in zip(*by_part, strict=True)]

    def _path(
        self, units: Units, x: Reals, y: Reals, targets: Ints, penalties: Floats, first: int, rng: np.random.Generator
    ) -> Iterator[Units]:
        descent = Descent(units.arrays(), [(1, 3), (), (), ()])
        others = (targets[:, None, None, None] != np.arange(units.inputs.shape[2])[:, None]).astype(np.float32)
        for k, penalty in enumerate(penalties):
            for _ in range(STEPS if k else first):
                lot = rng.permutation(len(x))[:LOT]
                seen = x[lot]
                expected, outputs = forecasts(units, seen)
                along = gradient(units, seen, outputs, (expected - y[lot]) / np.float32(len(lot)))
                along[0][...] += RIDGE * (1.0 - others) * units.inputs
                along[2][...] += RIDGE * units.readout
                lengths = descent.step(along, RATE)
                shrink_sources(units.inputs, self.penalty, np.float32(penalty) * others * lengths[0])
            yield units.copy()


def _joined(units: Sequence[Units]) -> Units:
    return Units(*(np.concatenate(arrays) for arrays in zip(*(u.arrays() for u in units), strict=True)))
