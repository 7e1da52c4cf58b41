"""Contrastive encoder, attention to each source, and a forecast that is no weighted sum.

After C.-M. Lin, C. Chang, W.-Y. Wang, K.-D. Wang, W.-C. Peng, "Root cause analysis in microservice using neural Granger
causal discovery" (RUN), AAAI 2024. First an encoder of single variables (_encoder.py) is pre-trained by contrasts
(_contrastive.py); then it is trained with a forecaster for each target (_attention.py), without a penalty; then it
is fixed, its encodings are given variance 1, and the forecasters are trained at each penalty on attention,

    minimise  sum_j  1/2 mean_t (x_tj - forecast_tj)^2 + r/2 (|v_j|^2 + |W_jj|^2) + penalty sum_(i != j) a_ji.

Deviations, each the repair of a defect of the released code: docs/neural-models.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters import _attention as attention
from causaldisc.forecasters import _contrastive as contrastive
from causaldisc.forecasters import _encoder as encoder_of
from causaldisc.forecasters._attention import Readers
from causaldisc.forecasters._encoder import Encoder
from causaldisc.forecasters._proximal import Descent

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

HIDDEN, FEATURES = 32, 8  # of the encoder
UNITS = 16  # of a forecaster
LOT = 128  # windows a step
PRETRAINING, TOGETHER, STEPS = 200, 300, 100  # steps: of the encoder, of all, and at each penalty
RATE = 5e-3
RIDGE = 1e-2


@dataclass(frozen=True, eq=False)
class Trained:
    """An encoder and the forecasters that read it."""

    encoder: Encoder
    readers: Readers


def path(u: Singles, y: Singles, penalties: Sequence[float], seed: int) -> list[Trained]:
    """Return what is learnt at each penalty, in rising order, from windows u (n, p, K), oldest row first, and the
    present y (n, p)."""
    rng = np.random.default_rng(seed)
    encoder, readers = _begin(u, y, rng)
    z = _encoded(encoder, u)
    descent = Descent(readers.arrays(), attention.SHARED)
    others = _others(len(readers.shift))
    attention.settle(readers, 0.0 * others)
    found = []
    for penalty in penalties:
        for _ in range(STEPS):
            lot = rng.permutation(len(u))[:LOT]
            along, _ = _slopes(readers, z[lot], y[lot])
            lengths = descent.step(along.arrays(), RATE)
            attention.settle(readers, np.float32(penalty) * others * lengths[0])
        found.append(Trained(encoder, readers.copy()))
    return found


def _begin(u: Singles, y: Singles, rng: np.random.Generator) -> tuple[Encoder, Readers]:
    """Return an encoder, pre-trained and then trained with forecasters, and these, without a penalty."""
    n, p, rows = u.shape
    encoder = encoder_of.start(rows, HIDDEN, FEATURES, rng)
    contrastive.pretrain(encoder, u.reshape(n * p, rows), PRETRAINING, RATE, rng)
    encoder, *_ = encoder_of.scaled(encoder, encoder_of.encode(encoder, u.reshape(n * p, rows))[0])
    readers = attention.start(p, p, UNITS, FEATURES, rng)
    descents = [Descent(encoder.arrays(), [()] * 5), Descent(readers.arrays(), attention.SHARED)]
    for _ in range(TOGETHER):
        lot = rng.permutation(n)[:LOT]
        seen = u[lot].reshape(-1, rows)
        z, e = encoder_of.encode(encoder, seen)
        along, along_z = _slopes(readers, z.reshape(len(lot), -1), y[lot])
        descents[0].step(encoder_of.gradient(encoder, seen, e, along_z.reshape(z.shape)).arrays(), RATE)
        descents[1].step(along.arrays(), RATE)
    encoder, mean, scale = encoder_of.scaled(encoder, encoder_of.encode(encoder, u.reshape(n * p, rows))[0])
    readers.bias[...] += readers.weights.sum(axis=2) @ mean
    readers.weights[...] *= scale
    return encoder, readers


def _slopes(readers: Readers, z: Singles, y: Singles) -> tuple[Readers, Singles]:
    """Return the gradient of error and ridge along the weights, and along z."""
    made, read = attention.forecast(readers, z)
    along, along_z = attention.gradient(readers, z, read, (made - y) / np.float32(len(y)))
    along.readout[...] += RIDGE * readers.readout
    along.weights[...] += RIDGE * (1.0 - _others(len(readers.shift))) * readers.weights
    return along, along_z


def _others(targets: int) -> Singles:
    """Return 1 for sources other than the target, shape (P, 1, p, 1)."""
    return (1.0 - np.eye(targets, dtype=np.float32))[:, None, :, None]


def _encoded(encoder: Encoder, u: Singles) -> Singles:
    n, p, rows = u.shape
    return encoder_of.encode(encoder, u.reshape(n * p, rows))[0].reshape(n, -1)
