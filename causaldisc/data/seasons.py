"""What repeats with a known period, taken out of series: the mean course, as its first harmonics.

A period is a number of rows, '24', or a time where the clock counts seconds, '1d', '12h', '30m', '90s', '1w'. Its sine
and cosine, and those of a half and a third of it, are fitted by least squares to the cells that are known; places are
counted in steps from the first row, so that the phase runs on through gaps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.clock import Clock
from causaldisc.errors import DataError, UsageError

HARMONICS = 3
SHORTEST = 2.0  # rows: what alternates
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PERIOD = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhdw]?)")


def check(periods: Sequence[str]) -> None:
    """Raise UsageError for what is no period."""
    for text in periods:
        if not _PERIOD.fullmatch(text) or not float(_PERIOD.fullmatch(text)[1]):  # type: ignore[index]
            raise UsageError(
                f"--deseason: {text!r} is no period; give rows, as in 24, or a time, as in 1d, 12h, 30m, 90s"
            )


def in_rows(text: str, when: Clock) -> float:
    """Return a period in rows; raises DataError where the clock cannot tell it, or it is too short."""
    found = _PERIOD.fullmatch(text)
    assert found is not None
    number, unit = float(found[1]), found[2]
    if unit and not (when.cadence is not None and when.counts_seconds):
        raise DataError(f"--deseason {text}: the rows have no times in seconds; give the period in rows, as in 24")
    rows = number * _SECONDS[unit] / when.cadence if unit and when.cadence else number
    if rows < SHORTEST:
        raise DataError(
            f"--deseason {text} is {rows:g} rows; what repeats so fast cannot be seen, {SHORTEST:g} are needed"
        )
    if rows > when.steps[-1] + 1:
        raise DataError(
            f"--deseason {text} is {rows:g} rows, but the series spans {when.steps[-1] + 1:g}; nothing repeats"
        )
    return rows


def without(values: NDArray[np.float64], steps: NDArray[np.float64], periods: Sequence[float]) -> NDArray[np.float64]:
    """Return series, shape (variables, rows), NaN where missing, less what repeats; their means stay."""
    waves = [np.ones(len(steps))]
    for period in periods:
        for k in range(1, HARMONICS + 1):
            if period / k > SHORTEST:
                angle = 2.0 * math.pi * k * steps / period
                waves += [np.cos(angle), np.sin(angle)]
            elif period / k == SHORTEST:
                waves.append(np.cos(math.pi * steps))
    basis = np.column_stack(waves)
    out = values.copy()
    for row in out:
        known = ~np.isnan(row)
        weights = np.linalg.lstsq(basis[known], row[known], rcond=None)[0]
        row[known] -= basis[known, 1:] @ weights[1:]
    return out
