"""Rank by deviation, by what of it the causes do not account for, and by walks back to causes, together.

    (1)  log(1 + deviation) x log(1 + residual) x PageRank

A root deviates, is not accounted for, and others are by it. Walks start in proportion to the second factor and go back
to a cause in proportion to its first. The three fail in different ways: deviations where effects are larger than
their cause, residuals where the graph lacks an edge, walks where it has too many. The form was chosen among some thirty
on simulated cases other than those of the docs; see docs/rca.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca import deviation
from causaldisc.rca.case import Case
from causaldisc.rca.methods import residual
from causaldisc.rca.walk import back_to_causes


def scores(case: Case) -> NDArray[np.float64]:
    """Return (1), 0 or more; shape (metrics,)."""
    deviating = np.log1p(deviation.scores(case))
    left = np.log1p(residual.scores(case))
    weights = [float(deviating[link.cause]) for link in case.links]
    return deviating * left * back_to_causes(len(case), case.links, weights, left)
