"""What repeats with a known period, taken out of series: the mean course, as its first harmonics.

A period is a number of rows, '24', or a time where the clock counts seconds, '1d', '12h', '30m', '90s', '1w'. Its sine
and cosine, and those of a half and a third of it, are fitted by least squares to the cells that are known; places are
counted in steps from the first row, so that the phase runs on through gaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causaldisc.data import periods
from causaldisc.data.clock import Clock
from causaldisc.errors import DataError

FLAG = "--deseason"
HARMONICS = 3
SHORTEST = 2.0  # rows: what alternates


def check(texts: Sequence[str]) -> None:
    """Raise UsageError for what is no period."""
    for text in texts:
        periods.check(text, FLAG, "rows")


def in_rows(text: str, when: Clock) -> float:
    """Return a period in rows; raises DataError where the clock cannot tell it, or it is too short or too long."""
    rows = periods.in_rows(text, when, FLAG)
    if rows < SHORTEST:
        raise DataError(f"{FLAG} {text} is {rows:g} rows; what repeats so fast cannot be seen, {SHORTEST:g} are needed")
    if rows > when.span:
        raise DataError(f"{FLAG} {text} is {rows:g} rows, but the series spans {when.span:g}; nothing repeats")
    return rows


def without(values: NDArray[np.float64], steps: NDArray[np.float64], lengths: Sequence[float]) -> NDArray[np.float64]:
    """Return series, shape (variables, rows), NaN where missing, less what repeats; their means stay."""
    waves = [np.ones(len(steps))]
    for period in lengths:
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
