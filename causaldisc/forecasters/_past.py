"""The past in windows as networks read it, and what their slopes along it say of sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

LOT = 128  # windows whose slopes are held at once


@dataclass(frozen=True, eq=False)
class Slopes:
    """Of each target along each source and lag, shape (targets, sources, lags): the `mean` slope over windows, and the
    root of the mean `square`."""

    mean: Floats
    square: Floats

    def weights(self) -> Floats:
        """Return one number a pair, shape (targets, sources): how much a target moves with all lags of a source, as the
        root of the summed squares, with the sign of the sum of the mean slopes."""
        size = np.sqrt(np.add.reduce(self.square**2, axis=2))
        return np.asarray(np.where(np.add.reduce(self.mean, axis=2) < 0.0, -size, size))


def oldest_first(past: Floats, lags: int) -> Singles:
    """Return the past, shape (n, variables * lags) with lag 1 first (data/windows.py), as (n, variables, lags) with the
    oldest row first."""
    return np.ascontiguousarray(past.reshape(len(past), -1, lags)[:, :, ::-1], np.float32)


def slopes(of: Callable[[Singles], Singles], past: Floats, lags: int) -> Slopes:
    """Return the slopes over all windows of a function that gives those at some, (m, targets, variables, lags), oldest
    row first."""
    total, squares = np.zeros(()), np.zeros(())
    for begin in range(0, len(past), LOT):
        found = of(oldest_first(past[begin : begin + LOT], lags)).astype(np.float64)
        total = total + np.add.reduce(found, axis=0)
        squares = squares + np.add.reduce(found * found, axis=0)
    n = len(past)
    return Slopes((total / n)[:, :, ::-1], np.sqrt(squares / n)[:, :, ::-1])
