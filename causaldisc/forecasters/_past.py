"""The past in windows as networks read it, and what their slopes along it say of sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

LOT = 128  # windows whose slopes are held at once


@dataclass(frozen=True, eq=False)
class Slopes:
    """Of each target along each source and lag, shape (targets, sources, lags): the `mean` slope over windows, and the
    root of the mean `square`."""

    mean: Floats
    square: Floats

    def by_lag(self) -> Floats:
        """Return one number a pair and lag: the root of the mean square, with the sign of the mean."""
        return np.asarray(np.where(self.mean < 0.0, -self.square, self.square))

    def weights(self) -> Floats:
        """Return one number a pair, shape (targets, sources): how much a target moves with all lags of a source, as the
        root of the summed squares, with the sign of the sum of the mean slopes."""
        size = np.sqrt(np.add.reduce(self.square**2, axis=2))
        return np.asarray(np.where(np.add.reduce(self.mean, axis=2) < 0.0, -size, size))


def oldest_first(past: Floats, lags: int) -> Singles:
    """Return the past, shape (n, variables * lags) with lag 1 first (data/windows.py), as (n, variables, lags) with the
    oldest row first."""
    return np.ascontiguousarray(past.reshape(len(past), -1, lags)[:, :, ::-1], np.float32)


@dataclass(frozen=True, eq=False)
class Swapped:
    """The past, shape (n, variables * lags), in which one source of each target is from `turned`, the same elsewhere in
    time: the one in this `slot` of what the target reads; the variable of this number, if it reads all."""

    past: Floats
    turned: Floats
    slot: int
    lags: int

    def dense(self) -> Floats:
        """Return the past with the variable of the slot swapped for all targets."""
        found = self.past.copy()
        its = slice(self.slot * self.lags, (self.slot + 1) * self.lags)
        found[:, its] = self.turned[:, its]
        return found


def dense(past: Floats | Swapped) -> Floats:
    """Return the past of a network whose targets read all variables."""
    return past.dense() if isinstance(past, Swapped) else past


def swaps(past: Floats, turned: Floats, lags: int) -> Iterator[tuple[Ints, Swapped]]:
    """Yield the past with one variable from elsewhere in time, and which that is for each target; the targets are the
    variables, and read them all."""
    variables = past.shape[1] // lags
    for source in range(variables):
        yield np.full(variables, source), Swapped(past, turned, source, lags)


def slopes(of: Callable[[Singles], Singles], past: Floats, lags: int) -> Slopes:
    """Return the slopes over all windows of a function that gives those at some, (m, targets, variables, lags), oldest
    row first."""
    found = mean_slopes(lambda rows: of(oldest_first(rows, lags)).astype(np.float64), past)
    return Slopes(found.mean[:, :, ::-1], found.square[:, :, ::-1])


def mean_slopes(of: Callable[[Floats], Floats], past: Floats) -> Slopes:
    """Return the slopes over all windows of a function that gives those at some, (m, targets, sources, lags)."""
    total, squares = np.zeros(()), np.zeros(())
    for begin in range(0, len(past), LOT):
        found = of(past[begin : begin + LOT])
        total = total + np.add.reduce(found, axis=0)
        squares = squares + np.add.reduce(found * found, axis=0)
    return Slopes(total / len(past), np.sqrt(squares / len(past)))
