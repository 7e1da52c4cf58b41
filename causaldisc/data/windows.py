"""A row and the rows before it, as regression sees them: windows inside contiguous blocks, without a missing cell."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Windows:
    """`past`, shape (n, variables * lags): lags 1, 2, ... of the first variable, then of the next; `present`, shape
    (n, variables); in order of time. `lost`: how many more there would be without missing cells; `partial`: how many
    have a present that is missing, NaN, for some variables."""

    past: Floats
    present: Floats
    lags: int
    lost: int
    partial: int = 0

    def __len__(self) -> int:
        return len(self.present)

    @property
    def variables(self) -> int:
        return int(self.present.shape[1])


def windows(values: Floats, parts: NDArray[np.int64], lags: int, partial: bool = False) -> Windows:
    """Return the windows of rows in order of time, shape (variables, rows), whose blocks have numbers in order.

    Their pasts have no missing cell, and neither have their presents, unless `partial` ones are wanted, too.
    """
    p, rows = values.shape
    if rows <= lags:
        return Windows(np.empty((0, p * lags)), np.empty((0, p)), lags, 0)
    now = np.arange(lags, rows)
    now = now[parts[lags:] == parts[: rows - lags]]
    missing = np.isnan(values)
    gaps = np.concatenate([[0], np.cumsum(missing.any(axis=0))])
    ends = now if partial else now + 1
    whole = now[(gaps[ends] == gaps[now - lags]) & ~missing[:, now].all(axis=0)]
    past = np.empty((len(whole), p, lags))
    for k in range(1, lags + 1):
        past[:, :, k - 1] = values[:, whole - k].T
    present = np.ascontiguousarray(values[:, whole].T)
    some = int(np.count_nonzero(missing[:, whole].any(axis=0)))
    return Windows(past.reshape(len(whole), p * lags), present, lags, len(now) - len(whole), some)


def pieces(count: int, number: int) -> list[NDArray[np.int64]]:
    """Return the places 0..count-1 cut into so many contiguous pieces of nearly equal length."""
    cuts = [count * i // number for i in range(number + 1)]
    return [np.arange(start, stop) for start, stop in pairwise(cuts)]
