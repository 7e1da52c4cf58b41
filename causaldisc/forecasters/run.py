"""Contrastive encoder, attention to each source, and a forecast that is no weighted sum.

After C.-M. Lin, C. Chang, W.-Y. Wang, K.-D. Wang, W.-C. Peng, "Root cause analysis in microservice using neural Granger
causal discovery" (RUN), AAAI 2024. First an encoder of single variables (_encoder.py) is pre-trained by contrasts
(_contrastive.py); then it is trained with a forecaster for each target (_attention.py), without a penalty; then it
is fixed, its encodings are given variance 1, and the forecasters are trained at each penalty on attention,

    minimise  sum_j  1/2 mean_t (x_tj - forecast_tj)^2 + r/2 (|v_j|^2 + |W_jj|^2) + penalty sum_(i != j) a_ji.

Deviations, each the repair of a defect of the released code: docs/neural-models.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters import _attention, _contrastive, _encoder, _past
from causaldisc.forecasters._attention import Readers
from causaldisc.forecasters._encoder import Encoder
from causaldisc.forecasters._past import Slopes, Swapped, dense, oldest_first, swaps
from causaldisc.forecasters._proximal import Descent

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Singles = NDArray[np.float32]

HIDDEN, FEATURES = 32, 8  # of the encoder
UNITS = 16  # of a forecaster
LOT = 128  # windows a step
PRETRAINING, TOGETHER, STEPS = 200, 300, 100  # steps: of the encoder, of all, and at each penalty
AGAIN = 200  # steps on other data
RATE = 5e-3
RIDGE = 1e-2


takes_gaps = False
tells_lags = False  # a cell, or an encoder, reads the rows of a window together


@dataclass(frozen=True, eq=False)
class Learnt:
    """The encoder, and the forecasters that read it, at one penalty, for windows of so many lags."""

    encoder: Encoder
    readers: Readers
    lags: int

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Whether a target pays attention to a source; shape (targets, sources). Own pasts always are attended to."""
        return (_attention.attention(self.readers) > 0.0) | np.eye(len(self.readers.shift), dtype=bool)

    def forecasts(self, past: Floats | Swapped) -> Floats:
        """Return forecasts, shape (n, targets), from the past, shape (n, variables * lags)."""
        past = dense(past)
        z, _ = _encoded(self.encoder, oldest_first(past, self.lags))
        return _attention.forecast(self.readers, z)[0].astype(np.float64)

    def slopes(self, past: Floats) -> Slopes:
        """Return the slopes of the forecasts along the past."""

        def at(u: Singles) -> Singles:
            n, p, rows = u.shape
            z, e = _encoded(self.encoder, u)
            along_z = _attention.sensitivities(self.readers, _attention.forecast(self.readers, z)[1])
            along_u = _encoder.sensitivities(self.encoder, e).reshape(n, p, -1, rows)
            return np.asarray(np.einsum("njid,nidk->njik", along_z, along_u, optimize=True))

        return _past.slopes(at, past, self.lags)

    def swaps(self, past: Floats, turned: Floats) -> Iterator[tuple[Ints, Swapped]]:
        """Yield the past with one source from elsewhere in time, and which that is for each target."""
        return swaps(past, turned, self.lags)

    def again(self, past: Floats | Swapped, present: Floats, penalty: float, seed: int) -> Learnt:
        """Return what is learnt at a penalty from other data when it begins with these weights; the encoder stays."""
        past = dense(past)
        z, _ = _encoded(self.encoder, oldest_first(past, self.lags))
        rng, y = np.random.default_rng(seed), present.astype(np.float32)
        (readers,) = _descend(self.readers.copy(), z, y, np.array([penalty]), AGAIN, rng)
        return Learnt(self.encoder, readers, self.lags)


def fit(past: Floats, present: Floats, lags: int, penalties: Floats, seed: int, threads: int) -> list[Learnt]:
    """Return what is learnt at each penalty, in rising order, from the past, shape (n, variables * lags), and the
    present, shape (n, variables), both standardised. One thread is used."""
    u, y = oldest_first(past, lags), present.astype(np.float32)
    rng = np.random.default_rng(seed)
    encoder, readers = _begin(u, y, rng)
    z, _ = _encoded(encoder, u)
    return [Learnt(encoder, r, lags) for r in _descend(readers, z, y, penalties, STEPS, rng)]


def _descend(
    readers: Readers, z: Singles, y: Singles, penalties: Floats, steps: int, rng: np.random.Generator
) -> list[Readers]:
    """Return copies of the readers after so many steps at each penalty."""
    descent = Descent(readers.arrays(), _attention.SHARED)
    others = _others(len(readers.shift))
    found = []
    for penalty in penalties:
        for _ in range(steps):
            lot = rng.permutation(len(z))[:LOT]
            along, _ = _slopes(readers, z[lot], y[lot])
            lengths = descent.step(along.arrays(), RATE)
            _attention.settle(readers, np.float32(penalty) * others * lengths[0])
        found.append(readers.copy())
    return found


def _begin(u: Singles, y: Singles, rng: np.random.Generator) -> tuple[Encoder, Readers]:
    """Return an encoder, pre-trained and then trained with forecasters, and these, without a penalty."""
    n, p, rows = u.shape
    encoder = _encoder.start(rows, HIDDEN, FEATURES, rng)
    _contrastive.pretrain(encoder, u.reshape(n * p, rows), PRETRAINING, RATE, rng)
    encoder, *_ = _encoder.scaled(encoder, _encoder.encode(encoder, u.reshape(n * p, rows))[0])
    readers = _attention.start(p, p, UNITS, FEATURES, rng)
    descents = [Descent(encoder.arrays(), [()] * 5), Descent(readers.arrays(), _attention.SHARED)]
    for _ in range(TOGETHER):
        lot = rng.permutation(n)[:LOT]
        seen = u[lot].reshape(-1, rows)
        z, e = _encoder.encode(encoder, seen)
        along, along_z = _slopes(readers, z.reshape(len(lot), -1), y[lot])
        descents[0].step(_encoder.gradient(encoder, seen, e, along_z.reshape(z.shape)).arrays(), RATE)
        descents[1].step(along.arrays(), RATE)
    encoder, mean, scale = _encoder.scaled(encoder, _encoder.encode(encoder, u.reshape(n * p, rows))[0])
    readers.bias[...] += readers.weights.sum(axis=2) @ mean
    readers.weights[...] *= scale
    return encoder, readers


def _slopes(readers: Readers, z: Singles, y: Singles) -> tuple[Readers, Singles]:
    """Return the gradient of error and ridge along the weights, and along z."""
    made, read = _attention.forecast(readers, z)
    along, along_z = _attention.gradient(readers, z, read, (made - y) / np.float32(len(y)))
    along.readout[...] += RIDGE * readers.readout
    along.weights[...] += RIDGE * (1.0 - _others(len(readers.shift))) * readers.weights
    return along, along_z


def _others(targets: int) -> Singles:
    """Return 1 for sources other than the target, shape (P, 1, p, 1)."""
    return (1.0 - np.eye(targets, dtype=np.float32))[:, None, :, None]


def _encoded(encoder: Encoder, u: Singles) -> tuple[Singles, Singles]:
    """Return z, shape (n, p * D), and e, shape (n * p, E)."""
    n, p, rows = u.shape
    z, e = _encoder.encode(encoder, u.reshape(n * p, rows))
    return z.reshape(n, -1), e
