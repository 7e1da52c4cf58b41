"""A layer of rectified units for each target, with a penalty on each source.

A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, "Neural Granger causality", IEEE TPAMI 44 (2021), section 3 (cMLP): the
forecast of target j from the past x_(t-1), ..., x_(t-L) of all variables is

    f_j = c_j + v_j . max(0, b_j + sum_ik W_jik x_i(t-k)),    W_jik in R^H,

and the weights W_ji = (W_ji1, ..., W_jiL) of a source i are zero where i is no cause (eq. 7):

    minimise  sum_j  1/2 mean_t (x_tj - f_tj)^2 + r/2 (|v_j|^2 + |W_jj|^2) + l sum_(i != j) penalty(W_ji)

    group:         |W_ji|                                            eq. 7
    sparse-group:  (|W_ji| + sum_k |W_jik|) / 2                      eq. 8
    hierarchical:  sum_k |(W_jik, ..., W_jiL)| / L                   eq. 9

which agree where there is one lag. Their proximal steps are exact (R. Jenatton et al., JMLR 12 (2011), section 3:
nested groups, one after another, the smallest first). Deviations:

- each target is first regressed on its own past by least squares, and the units learn what that leaves, scaled to unit
  variance: one penalty then means the same for all targets, however smooth they are;
- Adam with exact proximal steps (_proximal.py) on lots of windows, for proximal gradients with line search on all;
- penalties in rising order, each begun where the last one ended, on standardised data;
- the weights of the own past get the ridge of the others, and no penalty;
- of many variables a target may read some only: the candidates of search/screen.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters import _on_gpu
from causaldisc.forecasters._own_past import OwnPast
from causaldisc.forecasters._past import Slopes, Swapped, dense, mean_slopes, swaps
from causaldisc.forecasters._proximal import Descent, shrink

Floats = NDArray[np.float64]
Reals = NDArray[np.floating]  # float32; float64 in checks
Ints = NDArray[np.int64]

HIDDEN = 16
LOT = 256  # windows a step
FIRST, STEPS, AGAIN = 300, 100, 100  # steps at the first penalty, at each of the others, and of learning on
RATE = 5e-3
RIDGE = 1e-2
TARGETS = 32  # that are learnt together: as many for every number of threads, so that sums are the same


class Penalty(Enum):
    """What of a source is zero at once; see the module."""

    GROUP = "group"
    SPARSE_GROUP = "sparse-group"
    HIERARCHICAL = "hierarchical"

    def steps(self, lags: int) -> list[tuple[float, tuple[int, ...], int]]:
        """Return the proximal steps, in order: the share of the penalty, the axes of (targets, H, sources, L) that a
        group spans, and the lag, from 0, from which on weights are in it."""
        whole, each = (1, 3), (1,)
        if self is Penalty.GROUP:
            return [(1.0, whole, 0)]
        if self is Penalty.SPARSE_GROUP:
            return [(0.5, each, 0), (0.5, whole, 0)]
        return [(1.0 / lags, whole, first) for first in range(lags - 1, -1, -1)]


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
        return np.asarray(rng.uniform(-1.0, 1.0, shape) / np.sqrt(among), np.float32)

    inputs = uniform(targets, hidden, sources, lags, among=sources * lags)
    zeros = np.zeros((targets, hidden), np.float32)
    return Units(inputs, zeros, uniform(targets, hidden, among=hidden), np.zeros(targets, np.float32))


def forecasts(units: Units, past: Reals) -> tuple[Reals, Reals]:
    """Return the forecasts (n, targets) from the past (n, sources * L), or one of each target (targets, n, sources *
    L), and the outputs (n, targets, H) of the units."""
    targets, hidden = units.shifts.shape
    if past.ndim == 3:
        outputs = np.matmul(past, units.inputs.reshape(targets, hidden, -1).transpose(0, 2, 1)).transpose(1, 0, 2)
    else:
        outputs = (past @ units.inputs.reshape(targets * hidden, -1).T).reshape(-1, targets, hidden)
    outputs += units.shifts
    np.maximum(outputs, 0.0, out=outputs)
    return np.asarray(np.einsum("nth,th->nt", outputs, units.readout) + units.level), outputs


def gradient(units: Units, past: Reals, outputs: Reals, slopes: Reals) -> tuple[Reals, ...]:
    """Return the gradient of a loss along all weights, given its slopes (n, targets) along the forecasts."""
    targets, hidden = units.shifts.shape
    back = slopes[:, :, None] * units.readout
    back *= outputs > 0.0
    whole = back.transpose(1, 2, 0) if past.ndim == 3 else back.reshape(-1, targets * hidden).T
    inputs = np.matmul(whole, past)
    readout = np.einsum("nt,nth->th", slopes, outputs)
    return inputs.reshape(units.inputs.shape), back.sum(axis=0), readout, slopes.sum(axis=0)


def sensitivities(units: Units, past: Reals) -> Reals:
    """Return the slopes (n, targets, sources, L) of the forecasts along the past."""
    _, outputs = forecasts(units, past)
    active = (outputs > 0.0).astype(past.dtype)
    return np.asarray(np.einsum("nth,th,thsl->ntsl", active, units.readout, units.inputs, optimize=True))


def shrink_sources(weights: Reals, penalty: Penalty, thresholds: Reals) -> None:
    """Take the proximal step of weights (targets, H, sources, L), in place; thresholds (targets, 1, sources, 1)."""
    for share, axes, first in penalty.steps(weights.shape[3]):
        shrink(weights[:, :, :, first:], axes, share * thresholds)


@dataclass(frozen=True, eq=False)
class Network:
    """How many units a target has, and the penalty; `candidates` (targets, C): the sources that each target reads, its
    own past first, None for all; `device`: where PyTorch learns ('cuda'), None for NumPy here."""

    hidden: int = HIDDEN
    penalty: Penalty = Penalty.GROUP
    candidates: Ints | None = None
    device: str | None = None
    tells_lags: bool = field(default=True, init=False)
    takes_gaps: bool = field(default=True, init=False)

    def among(self, candidates: Ints) -> Network:
        """Return the network in which targets read these sources only."""
        return replace(self, candidates=candidates)

    def fit(self, past: Floats, present: Floats, lags: int, penalties: Floats, seed: int, threads: int) -> list[Learnt]:
        """Return what is learnt at each penalty, in rising order, from the past, shape (n, variables * lags), and the
        present, shape (n, variables), both standardised; where the present is NaN it says nothing. The same for
        every number of threads."""
        sources = past.shape[1] // lags if self.candidates is None else self.candidates.shape[1]
        begun = start(present.shape[1], sources, lags, self.hidden, np.random.default_rng(seed))
        return self.descend(begun, past, present, penalties, FIRST, seed + 1, threads)

    def descend(
        self,
        begun: Units,
        past: Floats | Swapped,
        present: Floats,
        penalties: Floats,
        first: int,
        seed: int,
        threads: int,
    ) -> list[Learnt]:
        """Return what is learnt at each penalty, in rising order, from weights to begin with; so many steps at the
        first."""
        own = OwnPast.of(self.own(past), present, begun.inputs.shape[3])
        y = ((present - own.forecasts(self.own(past))) / own.spread).astype(np.float32)
        if self.device is not None:
            return [Learnt(own, units, self) for units in self._path_on_gpu(begun, past, y, penalties, first, seed)]
        parts = [np.arange(at, min(at + TARGETS, len(begun.level))) for at in range(0, len(begun.level), TARGETS)]

        def learn(part: Ints) -> list[Units]:
            units = Units(*(a[part] for a in begun.arrays()))
            rng = np.random.default_rng(seed)
            return list(self._path(units, self.read(past, part), y[:, part], part, penalties, first, rng))

        with ThreadPoolExecutor(threads) as pool:
            by_part = list(pool.map(learn, parts))
        return [Learnt(own, _joined(at), self) for at in zip(*by_part, strict=True)]

    def read(self, past: Floats | Swapped, targets: Ints) -> Reals:
        """Return what some targets read of the past: (n, sources * L), or (targets, n, C * L) of candidates."""
        if self.candidates is None:
            return np.asarray(dense(past), np.float32)
        if not isinstance(past, Swapped):
            return self._gathered(past, targets)
        seen = self._gathered(past.past, targets)
        its = slice(past.slot * past.lags, (past.slot + 1) * past.lags)
        seen[:, :, its] = self._gathered(past.turned, targets)[:, :, its]
        return seen

    def own(self, past: Floats | Swapped) -> Floats:
        """Return the past (n, variables * L) as own pasts see it."""
        if not isinstance(past, Swapped):
            return past
        if self.candidates is None:
            return past.dense()
        return past.turned if past.slot == 0 else past.past

    def _gathered(self, past: Floats, targets: Ints) -> Reals:
        assert self.candidates is not None
        lags = past.shape[1] // len(self.candidates)
        places = (self.candidates[targets][:, :, None] * lags + np.arange(lags)).reshape(len(targets), -1)
        return np.ascontiguousarray(past.astype(np.float32)[:, places].transpose(1, 0, 2))

    def _path(
        self, units: Units, x: Reals, y: Reals, targets: Ints, penalties: Floats, first: int, rng: np.random.Generator
    ) -> Iterator[Units]:
        descent = Descent(units.arrays(), [(1, 3), (), (), ()])
        others = self.others(targets, units.inputs.shape[2])
        n, known = x.shape[-2], ~np.isnan(y)
        y = np.where(known, y, 0.0).astype(y.dtype)
        for k, penalty in enumerate(penalties):
            for _ in range(STEPS if k else first):
                lot = rng.permutation(n)[:LOT]
                seen = x[lot] if x.ndim == 2 else x[:, lot]
                expected, outputs = forecasts(units, seen)
                missed = (expected - y[lot]) * known[lot]
                along = gradient(units, seen, outputs, missed / np.float32(len(lot)))
                along[0][...] += RIDGE * (1.0 - others) * units.inputs
                along[2][...] += RIDGE * units.readout
                lengths = descent.step(along, RATE)
                shrink_sources(units.inputs, self.penalty, np.float32(penalty) * others * lengths[0])
            yield units.copy()

    def _path_on_gpu(
        self, begun: Units, past: Floats | Swapped, y: Reals, penalties: Floats, first: int, seed: int
    ) -> Iterator[Units]:
        targets, rng = np.arange(len(begun.level)), np.random.default_rng(seed)
        found = _on_gpu.path(
            begun.arrays(),
            np.asarray(self.read(past, targets), np.float32),
            np.asarray(y, np.float32),
            np.asarray(self.others(targets, begun.inputs.shape[2]), np.float32),
            penalties.tolist(),
            [STEPS if k else first for k in range(len(penalties))],
            lambda n: rng.permutation(n)[:LOT],
            self.penalty.steps(begun.inputs.shape[3]),
            RATE,
            RIDGE,
            str(self.device),
        )
        return (Units(*arrays) for arrays in found)

    def others(self, targets: Ints, sources: int) -> Reals:
        """Return 1 for the sources that are not the target itself, else 0; shape (targets, 1, sources, 1)."""
        read = np.arange(sources)[None] if self.candidates is None else self.candidates[targets]
        return np.asarray(read != targets[:, None], np.float32)[:, None, :, None]

    def scattered(self, by_slot: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return figures (targets, C, ...) of candidates as those of all sources, 0 for the others."""
        if self.candidates is None:
            return by_slot
        targets = len(self.candidates)
        whole = np.zeros((targets, targets, *by_slot.shape[2:]), by_slot.dtype)
        whole[np.arange(targets)[:, None], self.candidates] = by_slot
        return whole


@dataclass(frozen=True, eq=False)
class Learnt:
    """Forecasters of all targets: the own past of each, and units for what that leaves."""

    own: OwnPast
    units: Units
    network: Network

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Whether a source has a part in a target; shape (targets, sources). Own pasts always have."""
        read = self.network.scattered(np.logical_or.reduce(self.units.inputs != 0.0, axis=(1, 3)))
        return np.asarray(read | np.eye(len(read), dtype=bool))

    def forecasts(self, past: Floats | Swapped) -> Floats:
        """Return forecasts, shape (n, targets), from the past, shape (n, variables * lags)."""
        of_units = [
            forecasts(Units(*(a[part] for a in self.units.arrays())), self.network.read(past, part))[0]
            for part in np.array_split(np.arange(len(self.units.level)), -(-len(self.units.level) // TARGETS))
        ]
        of_own = self.own.forecasts(self.network.own(past))
        return np.asarray(of_own + self.own.spread * np.concatenate(of_units, axis=1))

    def slopes(self, past: Floats) -> Slopes:
        """Return the slopes of the forecasts along the past."""
        everything, places = np.arange(len(self.units.level)), np.arange(len(self.own.level))

        def at(rows: Floats) -> Floats:
            found = sensitivities(self.units, self.network.read(rows, everything)) * self.own.spread[:, None, None]
            found[:, places, places if self.network.candidates is None else 0] += self.own.slopes
            return np.asarray(found, np.float64)

        found = mean_slopes(at, past)
        return Slopes(*(np.asarray(self.network.scattered(a), np.float64) for a in (found.mean, found.square)))

    def swaps(self, past: Floats, turned: Floats) -> Iterator[tuple[Ints, Swapped]]:
        """Yield the past with one source of each target from elsewhere in time, and which that is, (targets,)."""
        candidates = self.network.candidates
        lags = self.units.inputs.shape[3]
        if candidates is None:
            yield from swaps(past, turned, lags)
        else:
            for slot in range(candidates.shape[1]):
                yield candidates[:, slot], Swapped(past, turned, slot, lags)

    def again(self, past: Floats | Swapped, present: Floats, penalty: float, seed: int) -> Learnt:
        """Return what is learnt at a penalty from other data when it begins with these weights."""
        (learnt,) = self.network.descend(self.units.copy(), past, present, np.array([penalty]), AGAIN, seed, 1)
        return learnt


def _joined(units: Sequence[Units]) -> Units:
    return Units(*(np.concatenate(arrays) for arrays in zip(*(u.arrays() for u in units), strict=True)))
