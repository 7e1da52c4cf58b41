"""Rank by the deviation that the causes of a metric do not account for.

See regression.py. A metric whose anomaly follows from that of its causes is no root.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca.case import Case
from causaldisc.rca.deviation import levels, signed
from causaldisc.rca.regression import residuals


def scores(case: Case) -> NDArray[np.float64]:
    """Return how large the residual of each metric is, in its own spread; shape (metrics,)."""
    return levels(signed(residuals(case), case.direction), case.lasting)
