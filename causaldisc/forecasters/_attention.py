"""Forecasts of all targets from encoded sources, to each of which a target pays more or less attention.

RUN (AAAI 2024) weighs the encoded sources of a target by attention before it forecasts. Ours for target j, with z_i the
encoding of source i, of variance 1 (_encoder.scaled):

    y_j = v . tanh(sum_i a_ji V_ji z_i + b) + d,    |V_ji| = 1,    0 <= a_ji <= 1.

The attention is the norm of one matrix W_ji = a_ji V_ji, so that a penalty on it, proportional to a_ji, is that of a
group lasso, whose proximal step and bound are exact: it is zero for sources that are not needed, and cannot be traded
for larger V_ji. Own pasts are not penalised, and are always in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters._proximal import shrink

Reals = NDArray[np.floating]  # float32; float64 in checks

MOST = 1.0  # attention


@dataclass(frozen=True, eq=False)
class Readers:
    """`weights` W (P, H, p, D), `bias` b (P, H), `readout` v (P, H), `shift` d (P,); gradients have the same form."""

    weights: Reals
    bias: Reals
    readout: Reals
    shift: Reals

    def arrays(self) -> tuple[Reals, ...]:
        return self.weights, self.bias, self.readout, self.shift

    def copy(self) -> Readers:
        return Readers(*(np.array(a) for a in self.arrays()))


SHARED: tuple[tuple[int, ...], ...] = ((1, 3), (), (), ())  # what is penalised together


def start(targets: int, variables: int, hidden: int, features: int, rng: np.random.Generator) -> Readers:
    """Return readers with random weights."""

    def uniform(inputs: int, *shape: int) -> NDArray[np.float32]:
        return np.asarray(rng.uniform(-1.0, 1.0, shape) / inputs**0.5, np.float32)

    return Readers(
        uniform(variables * features, targets, hidden, variables, features),
        uniform(4, targets, hidden),
        uniform(hidden, targets, hidden),
        np.zeros(targets, np.float32),
    )


def forecast(readers: Readers, z: Reals) -> tuple[Reals, Reals]:
    """Return forecasts, shape (n, P), and what is read, (n, P, H), of encodings z, shape (n, p * D)."""
    targets, hidden = readers.readout.shape
    read = np.tanh((z @ readers.weights.reshape(targets * hidden, -1).T).reshape(-1, targets, hidden) + readers.bias)
    return np.add.reduce(read * readers.readout, axis=2) + readers.shift, read


def gradient(readers: Readers, z: Reals, read: Reals, slopes: Reals) -> tuple[Readers, Reals]:
    """Return the gradients along weights, and along z, of a function with these slopes along the forecasts, (n, P)."""
    n, targets, hidden = read.shape
    sums = slopes[:, :, None] * readers.readout * (1.0 - read * read)
    flat = sums.reshape(n, targets * hidden)
    along = Readers(
        (flat.T @ z).reshape(readers.weights.shape),
        np.add.reduce(sums, axis=0),
        np.add.reduce(slopes[:, :, None] * read, axis=0),
        np.add.reduce(slopes, axis=0),
    )
    return along, flat @ readers.weights.reshape(targets * hidden, -1)


def sensitivities(readers: Readers, read: Reals) -> Reals:
    """Return the derivatives of forecasts along z, shape (n, P, p, D)."""
    slopes = readers.readout * (1.0 - read * read)
    return np.asarray(np.einsum("nph,phid->npid", slopes, readers.weights, optimize=True))


def attention(readers: Readers) -> Reals:
    """Return a, shape (P, p)."""
    return np.asarray(np.sqrt(np.add.reduce(readers.weights**2, axis=(1, 3))))


def settle(readers: Readers, thresholds: Reals) -> None:
    """Take the proximal step of penalties, shape (P, 1, p, 1), and of the bound on attention: it is the step of the
    penalty, then that of the bound, since both only scale a W_ji."""
    targets, hidden, variables, features = readers.weights.shape
    groups = readers.weights.transpose(0, 2, 1, 3).reshape(targets, variables, hidden * features)
    shrink(groups, 2, thresholds.reshape(targets, -1, 1))
    groups /= np.maximum(np.sqrt(np.add.reduce(groups * groups, axis=2, keepdims=True)) / MOST, 1.0)
    readers.weights[...] = groups.reshape(targets, variables, hidden, features).transpose(0, 2, 1, 3)
