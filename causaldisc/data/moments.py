"""Means and products of deviations of rows that come a block at a time, from one pass.

T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", The American Statistician 37
(1983): of two samples with means m1, m2 and sums of products of deviations S1, S2,

    (2.1)  S = S1 + S2 + n1 n2 / (n1 + n2) (m2 - m1) (m2 - m1)^T

for vectors as for numbers. Each block is centred before it is multiplied, so that large means do not cancel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.correlation import products

# A constant that is no round number leaves rounding noise behind, not zeros.
CONSTANT = 1e-14


class Moments:
    """What blocks of complete rows add up to: `rows`, and `deviations`, shape (variables, variables).

    Means are told from an origin near them, that of the first block, so that they lose no figures to it.
    """

    def __init__(self, variables: int, threads: int = 1) -> None:
        self.rows = 0
        self.deviations = np.zeros((variables, variables))
        self.threads = threads
        self._origin: NDArray[np.float64] | None = None
        self._mean = np.zeros(variables)
        self._largest = np.zeros(variables)

    @property
    def mean(self) -> NDArray[np.float64]:
        return self._mean if self._origin is None else self._origin + self._mean

    def add(self, block: NDArray[np.float64]) -> None:
        """Add a block without missing cells, shape (variables, rows of it); it is centred in place.

        The sums do not depend on the number of threads, and on how rows are cut into blocks in the last digits only.
        """
        rows = block.shape[1]
        if not rows:
            return
        np.maximum(self._largest, np.maximum(block.max(axis=1), -block.min(axis=1)), out=self._largest)
        if self._origin is None:
            self._origin = block.mean(axis=1)
        block -= self._origin[:, None]
        mean = block.mean(axis=1)
        block -= mean[:, None]
        apart, total = mean - self._mean, self.rows + rows
        self.deviations += products(block, self.threads)
        self.deviations += np.outer(apart, apart * (self.rows / total * rows))
        self._mean += apart * (rows / total)
        self.rows = total

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Which variables did not vary; shape (variables,)."""
        variance = np.diag(self.deviations) / max(self.rows, 1)
        found: NDArray[np.bool_] = np.sqrt(variance) <= CONSTANT * self._largest
        return found

    def correlation(self, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the correlations of the chosen variables, by number, none of which is constant."""
        deviations = self.deviations[np.ix_(chosen, chosen)]
        lengths = np.sqrt(np.diag(deviations))
        found: NDArray[np.float64] = deviations / lengths[:, None] / lengths
        np.fill_diagonal(found, 1.0)
        return np.clip(found, -1.0, 1.0)
