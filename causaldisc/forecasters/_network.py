"""What a search asks of a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters._past import Slopes, Swapped

Floats = NDArray[np.float64]


class Learnt(Protocol):
    """Forecasters of all targets at one penalty."""

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Whether a source has a part in a target; shape (targets, sources)."""

    def forecasts(self, past: Floats | Swapped) -> Floats:
        """Return forecasts, shape (n, targets), from the past, shape (n, variables * lags)."""

    def slopes(self, past: Floats) -> Slopes:
        """Return the slopes of the forecasts along the past."""

    def swaps(self, past: Floats, turned: Floats) -> Iterator[tuple[NDArray[np.int64], Swapped]]:
        """Yield the past with one source of each target from elsewhere in time, and which that is, (targets,)."""

    def again(self, past: Floats | Swapped, present: Floats, penalty: float, seed: int) -> Learnt:
        """Return what is learnt from other data when it begins with these weights."""


class Network(Protocol):
    """What learns to forecast; `tells_lags`: whether its slopes along different lags mean something; `takes_gaps`:
    whether the present may be missing for some targets."""

    @property
    def tells_lags(self) -> bool: ...

    @property
    def takes_gaps(self) -> bool: ...

    def fit(
        self, past: Floats, present: Floats, lags: int, penalties: Floats, seed: int, threads: int
    ) -> Sequence[Learnt]:
        """Return what is learnt at each penalty, in rising order, from standardised past and present. Where the network
        `takes_gaps` the present may be NaN, and says nothing there."""
