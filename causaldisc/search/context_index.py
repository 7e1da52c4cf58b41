"""Where mechanisms are compared: a smooth index such as time, or domains without an order.

A change over the context is a sum of basis functions. For domains they are indicators, so nothing is done to labels
but telling them apart. For a smooth index they are cosines of its rank, of which low frequencies are likelier to move
(several ways, from slow to fast, and the data choose); ranks, so that a gap in the index is no stretch without data.
Cosines on an interval are the eigenfunctions of a stationary process that is mirrored at the ends: their coefficients
are then independent and of either sign alike, and that gives independent changes a null law (independent_change.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.contexts import ContextKind
from causaldisc.distinct import distinct, numbered

Floats = NDArray[np.float64]

# Points of a smooth index at which mechanisms are compared, and the most cosines: two points for each at least.
POINTS, MOST_COSINES = 100, 48
ROWS_A_COSINE = 10
# How fast a smooth change is: the cosine at which its spectrum has fallen to a quarter. What has fallen to a thousandth
# is left out: slow changes then cost little.
CUTS = (4, 7, 12, 18, 26)
_FALL, _FALLEN = 1.7, 1e-3
# Domains of fewer rows say little of a mechanism: they inform the others, but are compared only if most are so small.
FEWEST_ROWS = 8


@dataclass(frozen=True, eq=False)
class ContextIndex:
    """An index over rows, as basis functions of the context.

    `basis`: of each row, shape (rows, functions); `places`: where mechanisms are compared, shape (points, functions);
    `spectra`: the relative variances of the coefficients to choose from, shape (choices, functions); `labels`: the
    index at each place, a number of a smooth index or the code of a domain.
    """

    kind: ContextKind
    basis: Floats
    places: Floats
    spectra: Floats
    labels: Floats

    @property
    def functions(self) -> int:
        return int(self.basis.shape[1])


def domain_index(codes: NDArray[np.integer]) -> ContextIndex:
    """Return the index of domains, one code a row; every code that occurs is a domain, in order of codes."""
    labels, numbers = numbered(np.asarray(codes))
    count = len(labels)
    sizes = np.bincount(numbers, minlength=count)
    compared = np.flatnonzero(sizes >= min(FEWEST_ROWS, int(np.median(sizes))))
    identity = np.eye(count)
    return ContextIndex(
        ContextKind.DOMAIN, identity[numbers], identity[compared], np.ones((1, count)), labels[compared].astype(float)
    )


def smooth_index(values: Floats, points: int = POINTS) -> ContextIndex:
    """Return the index of a quantity over which mechanisms drift, such as time; rows may come in any order."""
    values = np.asarray(values, np.float64)
    rows = len(values)
    ordered = np.sort(values)
    # Equal values share the middle of their ranks.
    ranks = 0.5 * (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / rows
    count = int(np.clip(min(rows // ROWS_A_COSINE, len(distinct(values)) - 1), 1, MOST_COSINES))
    grid = (np.arange(points) + 0.5) / points
    frequencies = np.arange(1, count + 1)
    spectra = np.exp(-0.5 * (_FALL * frequencies / np.array(CUTS, np.float64)[:, None]) ** 2)
    spectra[spectra < _FALLEN] = 0.0
    spectra *= count / spectra.sum(axis=1, keepdims=True)
    labels = np.interp(grid * rows - 0.5, np.arange(rows), ordered)
    return ContextIndex(ContextKind.TIME, _cosines(ranks, frequencies), _cosines(grid, frequencies), spectra, labels)


def _cosines(places: Floats, frequencies: NDArray[np.integer]) -> Floats:
    found: Floats = np.sqrt(2.0) * np.cos(np.pi * np.outer(places, frequencies))
    return found
