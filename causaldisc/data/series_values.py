"""The variables of a series as regression takes them: in order of time, differenced, without seasons, standardised.

What cannot be told apart, or says nothing, is left out with a warning: constants, and columns that repeat another. A
counter, whose steps go one way but for resets, is differenced by itself: its level says how long it has run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.data import seasons
from causaldisc.data.clock import Clock
from causaldisc.data.dataset import Dataset
from causaldisc.data.grid import Aggregate
from causaldisc.data.source import label
from causaldisc.data.validation import variables
from causaldisc.errors import DataError
from causaldisc.result import Notice

Floats = NDArray[np.float64]

RESETS = 0.01  # the share of a counter's steps that may go the other way
FEWEST_STEPS = 10
CONSTANT = 1e-12  # a deviation, as a share of the largest value
REPEATED = 0.9999  # a correlation


class Difference(Enum):
    """Which columns are differenced."""

    AUTO = "auto"
    NONE = "0"
    ALL = "1"


@dataclass(frozen=True, eq=False)
class SeriesValues:
    """`data`: the variables; `values`, shape (variables, rows): in order of time, mean 0 and variance 1 over known
    cells, NaN where missing; `parts`: the block of each row; `notices`: what was done; `differenced`: names."""

    data: Dataset
    values: Floats
    parts: NDArray[np.int64]
    notices: tuple[Notice, ...]
    differenced: tuple[str, ...]


def prepare(
    data: Dataset,
    no_variables: Sequence[str],
    when: Clock,
    difference: Difference,
    periods: Sequence[str],
    aggregate: Aggregate = Aggregate.MEAN,
) -> SeriesValues:
    """Return the variables besides some columns (those of times and runs), ready for regression.

    Raises DataError for columns of text, periods that do not fit, and when less than two variables are left.
    """
    kept = variables(replace(data, columns=tuple(c for c in data.columns if c.name not in no_variables)))
    if not len(kept):
        raise DataError(f"{label(data.source)} has no column besides {' and '.join(map(repr, no_variables))}")
    values, parts, steps = kept.matrix()[:, when.order], when.parts, when.steps
    if when.is_resampled:
        values = aggregate.of(values, when.cells)
    chosen = _chosen(values, parts, difference)
    notices = list(kept.notices)
    if chosen.any():
        within = np.concatenate([[False], parts[1:] == parts[:-1]])
        values = np.where(chosen[:, None], np.diff(values, axis=1, prepend=np.nan), values)[:, within]
        parts, steps = parts[within], steps[within]
    differenced = tuple(name for name, was in zip(kept.names, chosen, strict=True) if was)
    if differenced and difference is Difference.AUTO:
        notices.append(Notice("differenced", f"differenced, as they only rise or only fall: {_listed(differenced)}"))
    if periods:
        values = seasons.without(values, steps, [seasons.in_rows(text, when) for text in periods])
    values, notice = _without_constants(values, kept.names)
    notices += notice
    kept, values, notice = _without_repetitions(kept, values)
    notices += notice
    if len(kept) < 2:
        raise DataError(f"{label(data.source)} has {len(kept)} variable to predict with or to predict; causes need two")
    return SeriesValues(kept, values, parts, tuple(notices), tuple(n for n in differenced if n in kept.names))


def _chosen(values: Floats, parts: NDArray[np.int64], difference: Difference) -> NDArray[np.bool_]:
    """Return which variables are to be differenced."""
    if difference is not Difference.AUTO:
        return np.full(len(values), difference is Difference.ALL)
    found = np.zeros(len(values), np.bool_)
    for i, row in enumerate(values):
        steps = np.diff(row)[parts[1:] == parts[:-1]]
        rises, falls = int(np.count_nonzero(steps > 0)), int(np.count_nonzero(steps < 0))
        found[i] = rises + falls >= FEWEST_STEPS and min(rises, falls) <= RESETS * (rises + falls)
    return found


def _without_constants(values: Floats, names: Sequence[str]) -> tuple[Floats, list[Notice]]:
    """Return the variables standardised, all NaN those that do not vary, and a notice of these."""
    out = np.full_like(values, np.nan)
    flat = []
    for name, row, into in zip(names, values, out, strict=True):
        known = ~np.isnan(row)
        centred = row[known] - row[known].mean() if known.any() else row[known]
        deviation = float(np.sqrt(np.mean(centred**2))) if known.any() else 0.0
        if deviation <= CONSTANT * float(np.abs(row[known]).max(initial=0.0)):
            flat.append(name)
        else:
            into[known] = centred / deviation
    told = (
        [Notice("constant-dropped", f"left out, as they do not vary in the rows used: {_listed(flat)}")] if flat else []
    )
    return out, told


def _without_repetitions(data: Dataset, values: Floats) -> tuple[Dataset, Floats, list[Notice]]:
    """Return the variables that vary and are no repetition of one before."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    overlap = np.maximum(known.astype(np.float64) @ known.T.astype(np.float64), 1.0)
    alike = np.abs(filled @ filled.T) >= REPEATED * overlap
    kept: list[int] = []
    repeated = []
    for i in np.flatnonzero(known.any(axis=1)).tolist():
        first = next((j for j in kept if alike[i, j]), None)
        if first is None:
            kept.append(i)
        else:
            repeated.append(f"{data.names[i]} ({data.names[first]})")
    told = [Notice("repeated", f"left out, as they repeat another column: {_listed(repeated)}")] if repeated else []
    return data.select([data.names[i] for i in kept]), np.ascontiguousarray(values[kept]), told


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
