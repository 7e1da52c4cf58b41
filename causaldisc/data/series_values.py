"""The variables of a series as numbers, in order of time and standardised."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.clock import Clock
from causaldisc.data.correlation import standardised
from causaldisc.data.dataset import Dataset
from causaldisc.data.source import label
from causaldisc.data.validation import variables
from causaldisc.errors import DataError


@dataclass(frozen=True, eq=False)
class SeriesValues:
    """`data`: the variables, with what there is to say of them; `values`, shape (variables, rows): in order of time,
    mean 0 and variance 1 over known cells, NaN where missing."""

    data: Dataset
    values: NDArray[np.float64]


def prepare(data: Dataset, time: str | None, when: Clock) -> SeriesValues:
    """Return the variables besides the time, in the order of the clock.

    Raises DataError for columns of text, constants, and when less than two variables are left.
    """
    kept = variables(replace(data, columns=tuple(c for c in data.columns if c.name != time)))
    if len(kept) < 2:
        raise DataError(f"{label(data.source)} has {len(kept)} variable besides the time; causes need two")
    values = kept.matrix()[:, when.order]
    known = ~np.isnan(values)
    scaled = standardised(values, kept.names) * np.sqrt(known.sum(axis=1))[:, None]
    return SeriesValues(kept, np.where(known, scaled, np.nan))
