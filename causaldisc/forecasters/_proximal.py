"""Adam steps whose proximal steps are exact.

D. Kingma, J. Ba, "Adam" (2015), algorithm 1, divides each slope by the root of its second moment. A penalty on the norm
of a group of weights has a closed proximal step only where all weights of the group are divided by the same number;
where weights are penalised together, we average the second moment over them. With rate r, the step of a group is then
that of proximal gradient descent (N. Parikh, S. Boyd, "Proximal algorithms" (2014), section 4.2), and weights that
should be zero are zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.floating]  # float32; float64 in checks

FIRST, SECOND = 0.9, 0.999  # how much of the moments is kept at each step: Kingma and Ba's
LEAST = 1e-4  # added to the root of the second moment


class Descent:
    """Moves arrays of weights, in place, against their gradients; `shared[k]` are the axes of array k whose weights
    have one second moment."""

    def __init__(self, weights: Sequence[Reals], shared: Sequence[tuple[int, ...]]) -> None:
        self._weights = tuple(weights)
        self._shared = tuple(shared)
        self._first = [np.zeros_like(w) for w in self._weights]
        self._second = [_mean(np.zeros_like(w), axes) for w, axes in zip(self._weights, self._shared, strict=True)]
        self._steps = 0

    def step(self, gradients: Sequence[Reals], rate: float) -> list[Reals]:
        """Take one step, and return its length for each array, with the shared axes kept as ones: what a proximal step
        multiplies a penalty by."""
        self._steps += 1
        lengths = []
        for k, (w, g) in enumerate(zip(self._weights, gradients, strict=True)):
            first, second = self._first[k], self._second[k]
            first += (1.0 - FIRST) * (g - first)
            second += (1.0 - SECOND) * (_mean(g * g, self._shared[k]) - second)
            length = rate / (np.sqrt(second / (1.0 - SECOND**self._steps)) + LEAST)
            w -= length * (first / (1.0 - FIRST**self._steps))
            lengths.append(length)
        return lengths


def _mean(a: Reals, axes: tuple[int, ...]) -> Reals:
    return a.mean(axis=axes, keepdims=True) if axes else a


def shrink(weights: Reals, axis: int | tuple[int, ...], thresholds: Reals) -> None:
    """Replace groups of weights along an axis by the minimisers of |w - weights|^2 / 2 + threshold |w|: nearer to zero
    by the threshold, or zero."""
    norms = np.sqrt(np.add.reduce(weights * weights, axis=axis, keepdims=True))
    weights *= np.maximum(1.0 - thresholds / np.maximum(norms, 1e-30), 0.0)
