"""What a variable's last rows say, as a few numbers: an encoder that all variables share, one variable at a time.

After C.-M. Lin, C. Chang, W.-Y. Wang, K.-D. Wang, W.-C. Peng, "Root cause analysis in microservice using neural Granger
causal discovery" (RUN), AAAI 2024, whose encoder splits a series into trend and remainder. With M the moving average
along time, and u the K last rows of one variable, the oldest first,

    e = tanh(A M u + B (I - M) u + b),    z = C e + c.

No number of z depends on another variable, so that what a forecast does with the z of a variable is that variable's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.floating]  # float32; float64 in checks

WIDTH = 3  # rows of the moving average


@dataclass(frozen=True, eq=False)
class Encoder:
    """`trend` A and `remainder` B (E, K), `bias` b (E,), `out` C (D, E), `shift` c (D,); gradients look the same."""

    trend: Reals
    remainder: Reals
    bias: Reals
    out: Reals
    shift: Reals

    def arrays(self) -> tuple[Reals, ...]:
        return self.trend, self.remainder, self.bias, self.out, self.shift


def start(rows: int, hidden: int, features: int, rng: np.random.Generator) -> Encoder:
    """Return an encoder of so many rows with random weights."""

    def uniform(*shape: int) -> NDArray[np.float32]:
        return np.asarray(rng.uniform(-1.0, 1.0, shape) * (3.0 / shape[-1]) ** 0.5, np.float32)

    return Encoder(
        uniform(hidden, rows),
        uniform(hidden, rows),
        (0.5 * rng.standard_normal(hidden)).astype(np.float32),
        uniform(features, hidden),
        np.zeros(features, np.float32),
    )


def average(rows: int, kind: np.dtype[np.float32] | np.dtype[np.float64]) -> Reals:
    """Return M, shape (rows, rows): the mean of each row and its neighbours in time; the first and the last row stand
    in for what lies beyond."""
    m = np.zeros((rows, rows), kind)
    for t in range(rows):
        for step in range(-(WIDTH // 2), WIDTH // 2 + 1):
            m[t, min(max(t + step, 0), rows - 1)] += 1.0 / WIDTH
    return m


def encode(encoder: Encoder, u: Reals) -> tuple[Reals, Reals]:
    """Return z, shape (m, D), and e, shape (m, E), of rows u, shape (m, K)."""
    e = np.tanh(u @ _weights(encoder).T + encoder.bias)
    return e @ encoder.out.T + encoder.shift, e


def gradient(encoder: Encoder, u: Reals, e: Reals, slopes: Reals) -> Encoder:
    """Return the gradient along the weights of a function with these slopes along z, (m, D)."""
    sums = (slopes @ encoder.out) * (1.0 - e * e)
    along = sums.T @ u
    m = average(u.shape[1], u.dtype)
    return Encoder(
        along @ m.T,
        along - along @ m.T,
        np.add.reduce(sums, axis=0),
        slopes.T @ e,
        np.add.reduce(slopes, axis=0),
    )


def sensitivities(encoder: Encoder, e: Reals) -> Reals:
    """Return the derivatives of z along u, shape (m, D, K)."""
    return np.asarray(np.einsum("de,me,ek->mdk", encoder.out, 1.0 - e * e, _weights(encoder), optimize=True))


def scaled(encoder: Encoder, z: Reals) -> tuple[Encoder, Reals, Reals]:
    """Return the encoder whose z have mean 0 and variance 1 where they are those given, (m, D), and what was taken off
    and divided by, each (D,). Without it a penalty on what is done with z could be had for nothing by a larger z."""
    mean, scale = z.mean(axis=0), np.maximum(z.std(axis=0), np.asarray(1e-6, z.dtype))
    out, shift = encoder.out / scale[:, None], (encoder.shift - mean) / scale
    return Encoder(encoder.trend, encoder.remainder, encoder.bias, out, shift), mean, scale


def _weights(encoder: Encoder) -> Reals:
    """Return A M + B (I - M)."""
    m = average(encoder.trend.shape[1], encoder.trend.dtype)
    return (encoder.trend - encoder.remainder) @ m + encoder.remainder
