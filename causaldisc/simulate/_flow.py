"""Differential equations, integrated and seen at equal times.

Classical Runge-Kutta steps of the fourth order in a fixed order of sums and products, so that the bytes depend on the
seed alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def advance(slope: Callable[[Floats], Floats], state: Floats, step: float) -> Floats:
    """Return the state a step later."""
    k1 = slope(state)
    k2 = slope(state + 0.5 * step * k1)
    k3 = slope(state + 0.5 * step * k2)
    k4 = slope(state + step * k3)
    return state + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def states(
    slope: Callable[[Floats], Floats],
    state: Floats,
    interval: float,
    pieces: int,
    shake: Callable[[Floats], Floats] = lambda state: state,
) -> Iterator[Floats]:
    """Yield the state after each interval, taken in equal pieces; `shake` adds noise to it at the end of each."""
    while True:
        for _ in range(pieces):
            state = advance(slope, state, interval / pieces)
        state = shake(state)
        yield state
