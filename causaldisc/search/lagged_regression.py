"""Sparse vector autoregression by the group lasso, from second moments.

Every variable is regressed on the lags of all, standardised, with a penalty on the norm of the coefficients of each
source together, so that a source enters with all its lags or with none: A. Lozano, N. Abe, Y. Liu, S. Rosset, "Grouped
graphical Granger modeling for gene expression regulatory networks discovery", Bioinformatics 25 (2009);
rates for one penalty in autoregressions: S. Basu, G. Michailidis, "Regularized estimation in sparse high-dimensional
time series models", Annals of Statistics 43 (2015), where each coefficient is penalised alone.
Deviation: the own past of a variable is not penalised. What Granger asks is what a source adds to it, and a shrunken
own past leaves persistence behind, which other persistent variables then seem to explain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import group_lasso
from causaldisc.data.windows import Windows

Floats = NDArray[np.float64]

PENALTIES = 20
SMALLEST_SHARE = 0.02  # of the largest penalty, at the end of a path
TOLERANCE = 1e-6
MOST_SWEEPS = 2000
_INFINITE = 1e300


@dataclass(frozen=True, eq=False)
class Moments:
    """Central second moments of windows: `gram` (m, m) of the past, `cross` (variables, m) of the present with it,
    `power` (variables,) of the present."""

    gram: Floats
    cross: Floats
    power: Floats
    lags: int
    rows: int

    @property
    def variables(self) -> int:
        return len(self.power)

    def first(self, lags: int) -> Moments:
        """Return the moments with fewer lags."""
        kept = np.flatnonzero(np.arange(len(self.gram)) % self.lags < lags)
        cross = np.ascontiguousarray(self.cross[:, kept])
        return Moments(np.ascontiguousarray(self.gram[np.ix_(kept, kept)]), cross, self.power, lags, self.rows)


def moments(sample: Windows, rows: NDArray[np.int64] | None = None) -> Moments:
    """Return the moments of windows, or of some of them."""
    past, present = (sample.past, sample.present) if rows is None else (sample.past[rows], sample.present[rows])
    past, present = past - past.mean(axis=0), present - present.mean(axis=0)
    n = len(present)
    power = np.add.reduce(present * present, axis=0) / n
    return Moments(past.T @ past / n, np.ascontiguousarray(present.T @ past / n), power, sample.lags, n)


@dataclass(frozen=True, eq=False)
class Path:
    """`coefficients`, shape (penalties, targets, sources, lags), and whether all targets converged at each penalty."""

    penalties: Floats
    coefficients: Floats
    converged: NDArray[np.bool_]

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Whether a source has a part in a target; shape (penalties, targets, sources)."""
        return np.asarray(np.logical_or.reduce(self.coefficients != 0.0, axis=3))


def fit(m: Moments, penalties: Floats, threads: int) -> Path:
    """Return the regressions at each penalty, the largest first."""
    p, lags = m.variables, m.lags
    blocks = np.array([m.gram[g : g + lags, g : g + lags] for g in range(0, p * lags, lags)])
    values, vectors = np.linalg.eigh(blocks)
    found, converged = group_lasso.paths(
        m.gram,
        m.cross,
        np.maximum(values, 0.0),
        np.ascontiguousarray(vectors.transpose(0, 2, 1)),
        np.ascontiguousarray(penalties),
        1.0 - np.eye(p),
        TOLERANCE,
        MOST_SWEEPS,
        threads,
    )
    return Path(penalties, found.reshape(len(penalties), p, p, lags), np.logical_and.reduce(converged, axis=1))


def grid(m: Moments, threads: int) -> Floats:
    """Return penalties from the least that leaves every variable its own past alone, in equal ratios."""
    own = fit(m, np.array([_INFINITE]), threads).coefficients[0].reshape(m.variables, -1)
    left = (m.cross - own @ m.gram).reshape(m.variables, m.variables, m.lags)
    largest = float(np.sqrt(np.add.reduce(left * left, axis=2))[~np.eye(m.variables, dtype=bool)].max())
    return largest * SMALLEST_SHARE ** (np.arange(PENALTIES) / (PENALTIES - 1))


def errors(path: Path, held_out: Moments) -> Floats:
    """Return the mean squared one-step errors on other moments; shape (penalties, targets)."""
    b = path.coefficients.reshape(*path.coefficients.shape[:2], -1)
    explained = 2.0 * np.add.reduce(b * held_out.cross, axis=2) - np.add.reduce((b @ held_out.gram) * b, axis=2)
    return np.asarray(held_out.power - explained)
