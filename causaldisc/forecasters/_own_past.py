"""Each target by its own past alone, by least squares: what others must add to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST = 1e-6  # of the deviation of what is left


@dataclass(frozen=True, eq=False)
class OwnPast:
    """The regressions: `slopes` (targets, L), `level` (targets,), and the deviation `spread` of what is left."""

    slopes: Floats
    level: Floats
    spread: Floats

    @classmethod
    def of(cls, past: Floats, present: Floats, lags: int) -> OwnPast:
        """Return the regressions on windows, shape (n, variables * lags) and (n, targets), NaN where missing."""
        n, targets = present.shape
        fits = []
        for j in range(targets):
            known = ~np.isnan(present[:, j])
            own = np.column_stack([past[:, j * lags : (j + 1) * lags], np.ones(n)])
            fits.append(np.linalg.lstsq(own[known], present[known, j], rcond=None)[0])
        found = np.array(fits)
        left = present - cls(found[:, :-1], found[:, -1], np.ones(targets)).forecasts(past)
        return cls(found[:, :-1], found[:, -1], np.maximum(np.sqrt(mean_square(left)), LEAST))

    def forecasts(self, past: Floats) -> Floats:
        """Return forecasts, shape (n, targets)."""
        targets, lags = self.slopes.shape
        own = past.reshape(len(past), -1, lags)[:, :targets]
        return np.asarray(np.add.reduce(own * self.slopes, axis=2) + self.level)


def mean_square(missed: Floats) -> Floats:
    """Return the mean square of what is known of each column, 0 where nothing is."""
    known = ~np.isnan(missed)
    return np.asarray((np.where(known, missed, 0.0) ** 2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
