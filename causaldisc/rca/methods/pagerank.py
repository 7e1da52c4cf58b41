"""Rank by walks from deviating metrics back to their causes.

Personalised PageRank, as M. Kim, R. Sumbaly, S. Shah, "Root cause detection in a service-oriented architecture",
SIGMETRICS 2013, and L. Wu et al., "MicroRCA", NOMS 2020, on reversed edges: a walk starts at a metric in proportion to
its deviation, or at the SLI if one is named, and goes back to a cause in proportion to the deviation of that.
Deviations are taken as log(1 + z), so that one metric that is far off is not everything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca import deviation
from causaldisc.rca.case import Case
from causaldisc.rca.walk import back_to_causes


def scores(case: Case) -> NDArray[np.float64]:
    """Return the PageRank of each metric; shape (metrics,), of sum 1."""
    anomaly = np.log1p(deviation.scores(case))
    start = anomaly.copy()
    if case.sli is not None:
        start = np.zeros(len(case))
        start[case.sli] = 1.0
    return back_to_causes(len(case), case.links, [float(anomaly[link.cause]) for link in case.links], start)
