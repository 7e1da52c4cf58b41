"""Rank by how far each metric deviates from its own median, in interquartile ranges; the graph is not used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca import deviation
from causaldisc.rca.case import Case


def scores(case: Case) -> NDArray[np.float64]:
    """Return the deviations of deviation.py; shape (metrics,)."""
    return deviation.scores(case)
