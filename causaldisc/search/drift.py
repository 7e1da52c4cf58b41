"""Drift or persistence: how much likelier a smooth change makes a series than its own past does.

A curve under independent noise wanders, and so does what depends on its past. Given enough of its own past neither is
seen to change; so before a variable is given its past, and before it is then called unchanging, the two are weighed:

    y = fixed + past + curve + noise,    curve ~ N(0, share * noise * sum over k of spectrum(k) c_k c_k')

with c_k the cosine of k half periods over the whole time. Drift is a curve of the spectrum exp(-(k / band)^2 / 2): a
Gaussian process with, but for its ends, the Gaussian kernel that CD-NOD learns along a time (Huang et al., JMLR 21(89),
2020, section 4); it has no power beyond its band. Persistence is no curve, or one of the spectrum 1 / (1 + (k / band)^2),
an autoregression of order one that is seen through noise: a finite past does not hold all that it remembers.

The criterion is twice the negative log marginal likelihood, at the best share and band, with a penalty of log n for
each parameter that is fitted instead of averaged over (G. Schwarz, Annals of Statistics 6, 1978): coefficients of the
fixed part and of the past, and the share and band of a curve. A cosine costs what it explains, not log n: that lets fast
curves pass. Ratios of evidence are read as R. Kass, A. Raftery, "Bayes factors", JASA 90 (1995) read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Column
from causaldisc.data.series import Series
from causaldisc.distinct import distinct

Floats = NDArray[np.float64]

# Kass and Raftery's "positive" and "strong" evidence, as log ratios.
POSITIVE, STRONG = float(np.log(3.0)), float(np.log(20.0))
# As many rows, evenly spread, are enough to tell.
MOST_ROWS = 20_000
# Cosines at most: of the rows, and in all. Bands leave room for the tail of a curve, and grow by steps.
_OF_ROWS, _MOST_COSINES = 0.25, 120
_SMOOTH_BANDS, _TAIL, _SMOOTH_STEP = 3.0, 3.0, 1.4
_ROUGH_BANDS, _ROUGH_STEP = 0.5, 1.6
_SMALLEST_WEIGHT = 1e-3
_SHARES = np.geomspace(1e-3, 30.0, 10)


@dataclass(frozen=True, eq=False)
class Weighed:
    """Criteria by number of lags, none to the most; `drifting` with a smooth curve, `persistent` without."""

    drifting: Floats
    persistent: Floats

    @property
    def log_evidence(self) -> float:
        """How much likelier the best drift, with or without a past, makes the series than the best persistence."""
        return 0.5 * float(self.persistent.min() - self.drifting.min())

    @property
    def is_drift_alone(self) -> bool:
        """Whether the evidence for a drift of independent rows is strong, and that for a past beside it is not."""
        alone = self.drifting[0] + 2.0 * STRONG <= self.persistent.min()
        return bool(alone and self.drifting[0] <= self.drifting.min() + 2.0 * STRONG)


def weigh(column: Column, given: Sequence[Column], series: Series, most: int) -> Weighed | None:
    """Weigh a column's models with none to `most` lags, given other columns; None if there are too few rows."""
    y = numbers(column)
    past = [numbers(series.lagged(column, steps)) for steps in range(1, most + 1)]
    others = [numbers(other) for other in given]
    whole = np.flatnonzero(~np.isnan(np.concatenate([y, *past, *others], axis=1)).any(axis=1))
    whole = whole[:: -(-len(whole) // MOST_ROWS) or 1]
    fixed = np.concatenate([np.ones((len(whole), 1)), _levels(series, whole), *(o[whole] for o in others)], axis=1)
    if len(whole) < 4 * (fixed.shape[1] + most * y.shape[1]):
        return None
    return _weighed(y[whole], fixed, [p[whole] for p in past], series.places[whole])


def numbers(column: Column) -> Floats:
    """Return a column as numbers, shape (n, k), NaN where missing: standardised, or indicators of levels but one."""
    if column.codes is None:
        assert column.values is not None
        values = column.values.reshape(len(column.values), -1)
        scales = np.nanstd(values, axis=0)
        return np.asarray((values - np.nanmean(values, axis=0)) / np.where(scales > 0, scales, 1.0))
    indicators = np.equal(column.codes[:, None], np.arange(1, len(column.levels))).astype(np.float64)
    indicators[column.codes < 0] = np.nan
    return indicators


def _levels(series: Series, rows: NDArray[np.intp]) -> Floats:
    parts = series.parts[rows]
    return np.equal(parts[:, None], distinct(parts)[1:]).astype(np.float64)


def _weighed(y: Floats, fixed: Floats, past: Sequence[Floats], places: Floats) -> Weighed:
    """Weigh models of y (n, k), whose columns share spectrum and share and may have correlated noise."""
    n, k = y.shape
    used = np.cumsum([fixed.shape[1], *(lag.shape[1] for lag in past)])
    penalties = np.log(n) * k * used
    # The first columns of an orthonormal basis span what the first columns do, and are well conditioned.
    flat = np.linalg.qr(np.concatenate([fixed, *past], axis=1))[0]
    count = min(int(_OF_ROWS * n), _MOST_COSINES)
    cosines = np.sqrt(2.0) * np.cos(np.pi * places[:, None] * np.arange(1, count + 1))
    both = np.concatenate([flat, y], axis=1)
    moments, gram, mixed = both.T @ both, cosines.T @ cosines, cosines.T @ both
    steady = n * _log_left(moments, used, k, n) + penalties

    def best(spectra: list[Floats]) -> Floats:
        found = np.full(len(used), np.inf)
        for spectrum in spectra:
            some, scale = slice(0, len(spectrum)), np.sqrt(spectrum)[:, None]
            sizes, turn = np.linalg.eigh(scale * gram[some, some] * scale.T)
            sizes, turned = np.maximum(sizes, 0.0), turn.T @ (scale * mixed[some])
            shrunk = _SHARES[:, None] / (1.0 + _SHARES[:, None] * sizes)
            squares = (turned[:, :, None] * turned[:, None, :]).reshape(len(sizes), -1)
            left = moments - (shrunk @ squares).reshape(len(_SHARES), *moments.shape)
            spread = k * np.log1p(_SHARES[:, None] * sizes).sum(axis=1)
            found = np.minimum(found, (n * _log_left(left, used, k, n) + spread[:, None]).min(axis=0))
        return found + penalties + 2.0 * np.log(n)

    return Weighed(best(_smooth(count)), np.minimum(steady, best(_rough(count))))


def _log_left(moments: Floats, used: NDArray[np.intp], k: int, n: int) -> Floats:
    """Return the log determinants of what the first `used` columns leave of the covariance of the last k; moments may
    be many."""
    width = moments.shape[-1] - k
    root = np.linalg.cholesky(moments[..., :width, :width] + 1e-10 * np.eye(width))
    rotated = np.linalg.solve(root, moments[..., :width, width:])
    explained = np.cumsum(rotated[..., :, None] * rotated[..., None, :], axis=-3)[..., used - 1, :, :]
    rest = (moments[..., None, width:, width:] - explained) / n
    signs, sizes = np.linalg.slogdet(rest + 1e-12 * np.eye(k))
    return np.asarray(np.where(signs > 0, sizes, np.inf))


def _smooth(cosines: int) -> list[Floats]:
    frequencies = np.arange(1.0, cosines + 1)
    spectra = [
        np.exp(-0.5 * (frequencies / band) ** 2) for band in _bands(_SMOOTH_BANDS, _SMOOTH_STEP, cosines / _TAIL)
    ]
    return [spectrum[spectrum > _SMALLEST_WEIGHT] for spectrum in spectra]


def _rough(cosines: int) -> list[Floats]:
    frequencies = np.arange(1.0, cosines + 1)
    return [1.0 / (1.0 + (frequencies / band) ** 2) for band in _bands(_ROUGH_BANDS, _ROUGH_STEP, cosines / 2)]


def _bands(first: float, step: float, last: float) -> Floats:
    """Return bands from the first to at most the last; the first at least."""
    return first * step ** np.arange(int(np.log(max(last / first, 1.0)) / np.log(step)) + 1)
