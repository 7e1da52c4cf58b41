"""Pre-training of the encoder: the same row seen in two crops is to be known from other rows, and from other series.

RUN (AAAI 2024) pre-trains its encoder so, after Z. Yue et al., "TS2Vec", AAAI 2022, section 3. Two crops of a window,
shorter than it, of equal length and overlapping, begin at different rows. The encoding of a row is that of the rows of
its crop up to it, the first standing in for those before, so that the two encodings of a row in both crops differ in
how far back they see. Their cosines over TEMPERATURE are the logits of two classifications, whose mean cross-entropy
(A. van den Oord et al. (2018), equation 4: the right answers are the diagonal) is the loss:

    (1) which row of the other crop is this one,    (2) which series of the lot, at this row, is this one.

It is taken again over means of two rows, of four, ..., as in TS2Vec, along time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters import _encoder
from causaldisc.forecasters._encoder import Encoder
from causaldisc.forecasters._proximal import Descent

Reals = NDArray[np.floating]  # float32; float64 in checks

TEMPERATURE = 0.2
FEWEST_ROWS = 3  # of a window with two crops that differ and overlap
LOT = 64


@dataclass(frozen=True)
class Crops:
    """Two crops of `length` rows, which begin at `first` < `second`."""

    first: int
    second: int
    length: int

    @property
    def shared(self) -> range:
        """The rows that are in both."""
        return range(self.second, self.first + self.length)


def draw(rows: int, rng: np.random.Generator) -> Crops:
    """Return two crops of a window of so many rows, at least FEWEST_ROWS."""
    length = int(rng.integers(rows // 2 + 1, rows))
    apart = int(rng.integers(1, min(rows - length, length - 1) + 1))
    first = int(rng.integers(0, rows - length - apart + 1))
    return Crops(first, first + apart, length)


def views(u: Reals, crops: Crops) -> tuple[Reals, Reals]:
    """Return what the encoder sees of each shared row in either crop, each of shape (m, shared rows, K), of windows u,
    shape (m, K)."""
    rows = u.shape[1]
    back = np.array(crops.shared)[:, None] - np.arange(rows - 1, -1, -1)
    return u[:, np.maximum(back, crops.first)], u[:, np.maximum(back, crops.second)]


def loss(one: Reals, other: Reals) -> tuple[float, Reals, Reals]:
    """Return the loss of two encodings, shape (m, rows, D), and its slopes along them."""
    units = [_on_sphere(z) for z in (one, other)]
    value, slopes = _levels(units[0][0], units[1][0])
    along = []
    for (z, norm), s in zip(units, slopes, strict=True):
        along.append((s - z * np.add.reduce(s * z, axis=2, keepdims=True)) / norm)
    return value, along[0], along[1]


def _on_sphere(z: Reals) -> tuple[Reals, Reals]:
    norm = np.maximum(np.sqrt(np.add.reduce(z * z, axis=2, keepdims=True)), np.asarray(1e-6, z.dtype))
    return z / norm, norm


def _levels(one: Reals, other: Reals) -> tuple[float, tuple[Reals, Reals]]:
    """Return the loss, and its slopes, as the mean over resolutions in time."""
    total, count = 0.0, 0
    slopes = np.zeros_like(one), np.zeros_like(other)
    width = 1
    while width <= one.shape[1]:
        pooled = [_pool(z, width) for z in (one, other)]
        count += 1
        for across_series in (False, True):  # (1), (2)
            pair = [z.swapaxes(0, 1) for z in pooled] if across_series else pooled
            value, *along = cross_entropy(pair[0], pair[1])
            total += value
            for s, d in zip(slopes, along, strict=True):
                spread = np.repeat(d.swapaxes(0, 1) if across_series else d, width, axis=1) / width
                s[:, : spread.shape[1]] += spread
        width *= 2
    return total / count, (slopes[0] / count, slopes[1] / count)


def _pool(z: Reals, width: int) -> Reals:
    """Return means of so many rows, what is over left out."""
    kept = z.shape[1] // width
    return np.asarray(z[:, : kept * width].reshape(z.shape[0], kept, width, z.shape[2]).mean(axis=2))


def cross_entropy(one: Reals, other: Reals) -> tuple[float, Reals, Reals]:
    """Return the mean cross-entropy of finding the partner of each of n among n, either way, in groups, shape
    (groups, n, D), and its slopes along both."""
    groups, n, _ = one.shape
    logits = one @ other.swapaxes(1, 2) / TEMPERATURE
    diagonal = np.arange(n)
    value, slopes = 0.0, np.zeros_like(logits)
    for axis in (2, 1):
        shifted = logits - logits.max(axis=axis, keepdims=True)
        weights = np.exp(shifted)
        sums = np.add.reduce(weights, axis=axis, keepdims=True)
        value += float(np.mean(np.log(sums.squeeze(axis)) - shifted[:, diagonal, diagonal])) / 2.0
        slopes += weights / sums / 2.0
    slopes[:, diagonal, diagonal] -= 1.0
    slopes /= groups * n * TEMPERATURE
    return value, slopes @ other, slopes.swapaxes(1, 2) @ one


def pretrain(encoder: Encoder, u: Reals, steps: int, rate: float, rng: np.random.Generator) -> list[float]:
    """Train an encoder, in place, on windows u, shape (m, K), and return the losses; nothing where K < FEWEST_ROWS."""
    rows = u.shape[1]
    if rows < FEWEST_ROWS:
        return []
    descent = Descent(encoder.arrays(), [()] * 5)
    losses = []
    for _ in range(steps):
        crops = draw(rows, rng)
        lot = u[rng.integers(0, len(u), min(LOT, len(u)))]
        seen = views(lot, crops)
        shape = seen[0].shape
        flat = np.concatenate([s.reshape(-1, rows) for s in seen])
        z, e = _encoder.encode(encoder, flat)
        one, other = np.split(z.reshape(2 * shape[0], shape[1], -1), 2)
        value, d_one, d_other = loss(one, other)
        slopes = np.concatenate([d_one, d_other]).reshape(len(flat), -1)
        descent.step(_encoder.gradient(encoder, flat, e, slopes).arrays(), rate)
        losses.append(value)
    return losses
