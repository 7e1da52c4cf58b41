"""Drift or persistence: how much likelier a smooth change makes a series than its own past does.

A curve under independent noise wanders, and so does what depends on its past. Given enough of its own past neither is
seen to change; so before a variable is given its past, and before it is then called unchanging, the two are weighed:

    y = fixed + past + curve + noise,    curve ~ N(0, share * noise * sum over k of spectrum(k) c_k c_k')

with c_k the cosine of k half periods over the whole time. Drift is a curve of the spectrum exp(-(k / band)^2 / 2): a
Gaussian process with, but for its ends, the Gaussian kernel that CD-NOD learns along a time (Huang et al., JMLR 21(89),
2020, section 4); it has no power beyond its band. Persistence is no curve, or one of 1 / (1 + (k / band)^2): that is an
autoregression of order one seen through noise, of which a finite past does not hold all that it remembers.

The criterion is twice the negative log marginal likelihood, at the best share and band, with a penalty of log n for
each parameter that is fitted instead of averaged over (G. Schwarz, Annals of Statistics 6, 1978): coefficients of the
fixed part and of the past, and the share and band of a curve. A cosine costs what it explains, not log n: that lets
fast curves pass. Ratios of evidence are read as R. Kass, A. Raftery, "Bayes factors", JASA 90 (1995) read them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.series import Series
from causaldisc.data.sparse import AnyColumn
from causaldisc.distinct import distinct

Floats = NDArray[np.float64]

# Kass and Raftery's "positive" and "strong" evidence, as log ratios.
POSITIVE, STRONG = math.log(3.0), math.log(20.0)
# As many rows, evenly spread, are enough to tell. Models of more columns (categories of many levels) are not weighed.
MOST_ROWS, _MOST_COLUMNS = 20_000, 100
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


def weigh(column: AnyColumn, given: Sequence[AnyColumn], series: Series, most: int) -> Weighed | None:
    """Weigh a column's models with none to `most` lags, given other columns; None if there are too few rows
    or too many columns."""
    y = numbers(column)
    past = [numbers(series.lagged(column, steps)) for steps in range(1, most + 1)]
    others = [numbers(other) for other in given]
    whole = np.flatnonzero(~np.isnan(np.concatenate([y, *past, *others], axis=1)).any(axis=1))
    whole = whole[:: -(-len(whole) // MOST_ROWS) or 1]
    fixed = np.concatenate([np.ones((len(whole), 1)), _levels(series, whole), *(o[whole] for o in others)], axis=1)
    columns = fixed.shape[1] + (most + 1) * y.shape[1]
    if len(whole) < 4 * columns or columns > _MOST_COLUMNS:
        return None
    return _weighed(y[whole], fixed, [p[whole] for p in past], series.places[whole])


def numbers(column: AnyColumn) -> Floats:
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
    count = min(int(_OF_ROWS * len(y)), _MOST_COSINES)
    cosines = np.sqrt(2.0) * np.cos(np.pi * places[:, None] * np.arange(1, count + 1))
    # The first columns of an orthonormal basis span what the first columns do, and are well conditioned.
    flat = np.linalg.qr(np.concatenate([fixed, *past], axis=1))[0]
    both = np.concatenate([flat, y], axis=1)
    used = np.cumsum([fixed.shape[1], *(lag.shape[1] for lag in past)])
    models = _Models(both.T @ both, cosines.T @ both, cosines.T @ cosines, used, y.shape[1], len(y))
    return Weighed(models.best(_smooth(count)), np.minimum(models.steady(), models.best(_rough(count))))


@dataclass(frozen=True, eq=False)
class _Models:
    """Moments of the fixed part, the past and the `k` columns of y with each other, of the cosines with these, and of
    the cosines; `used` columns of fixed part and past by number of lags; the number of rows."""

    moments: Floats
    mixed: Floats
    gram: Floats
    used: NDArray[np.intp]
    k: int
    rows: int

    def steady(self) -> Floats:
        """Return the criteria without a curve, by number of lags."""
        return self._penalised(self._fit(self.moments))

    def best(self, spectra: Sequence[Floats]) -> Floats:
        """Return the criteria with the best curve of some spectra, by number of lags."""
        found = np.full(len(self.used), np.inf)
        for spectrum in spectra:
            some, scale = slice(0, len(spectrum)), np.sqrt(spectrum)[:, None]
            sizes, turn = np.linalg.eigh(scale * self.gram[some, some] * scale.T)
            sizes, turned = np.maximum(sizes, 0.0), turn.T @ (scale * self.mixed[some])
            shrunk = _SHARES[:, None] / (1.0 + _SHARES[:, None] * sizes)
            squares = (turned[:, :, None] * turned[:, None, :]).reshape(len(sizes), -1)
            left = self.moments - (shrunk @ squares).reshape(len(_SHARES), *self.moments.shape)
            spread = self.k * np.log1p(_SHARES[:, None] * sizes).sum(axis=1)
            found = np.minimum(found, (self._fit(left) + spread[:, None]).min(axis=0))
        return self._penalised(found) + 2.0 * float(np.log(self.rows))

    def _penalised(self, criteria: Floats) -> Floats:
        return np.asarray(criteria + float(np.log(self.rows)) * self.k * self.used, np.float64)

    def _fit(self, moments: Floats) -> Floats:
        """Return, for moments of which there may be many, n times the log determinant of what is left of y by number of
        lags."""
        k = self.k
        width = moments.shape[-1] - k
        root = np.linalg.cholesky(moments[..., :width, :width] + 1e-10 * np.eye(width))
        rotated = np.linalg.solve(root, moments[..., :width, width:])
        explained = np.cumsum(rotated[..., :, None] * rotated[..., None, :], axis=-3)[..., self.used - 1, :, :]
        left = (moments[..., None, width:, width:] - explained) / self.rows
        signs, sizes = np.linalg.slogdet(left + 1e-12 * np.eye(k))
        return np.asarray(np.where(signs > 0, self.rows * sizes, np.inf), np.float64)


def _smooth(cosines: int) -> list[Floats]:
    frequencies = np.arange(1.0, cosines + 1)
    bands = _bands(_SMOOTH_BANDS, _SMOOTH_STEP, cosines / _TAIL)
    spectra = [np.exp(-0.5 * (frequencies / band) ** 2) for band in bands]
    return [spectrum[spectrum > _SMALLEST_WEIGHT] for spectrum in spectra]


def _rough(cosines: int) -> list[Floats]:
    frequencies = np.arange(1.0, cosines + 1)
    bands = _bands(_ROUGH_BANDS, _ROUGH_STEP, cosines / 2.0)
    return [1.0 / (1.0 + (frequencies / band) ** 2) for band in bands]


def _bands(first: float, step: float, last: float) -> list[float]:
    """Return bands from the first to at most the last; the first at least."""
    count = int(math.log(max(last / first, 1.0)) / math.log(step)) + 1
    return [first * step**i for i in range(count)]
