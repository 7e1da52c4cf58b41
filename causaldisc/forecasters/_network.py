"""What a search asks of a network."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from causaldisc.forecasters._past import Slopes

Floats = NDArray[np.float64]


class Learnt(Protocol):
    """Forecasters of all targets at one penalty."""

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Whether a source has a part in a target; shape (targets, sources)."""

    def forecasts(self, past: Floats) -> Floats:
        """Return forecasts, shape (n, targets), from the past, shape (n, variables * lags)."""

    def slopes(self, past: Floats) -> Slopes:
        """Return the slopes of the forecasts along the past."""

    def again(self, past: Floats, present: Floats, penalty: float, seed: int) -> Learnt:
        """Return what is learnt from other data when it begins with these weights."""


class Network(Protocol):
    """A module that learns to forecast."""

    def fit(self, past: Floats, present: Floats, lags: int, penalties: Floats, seed: int, threads: int) -> list[Learnt]:
        """Return what is learnt at each penalty, in rising order, from standardised past and present."""
