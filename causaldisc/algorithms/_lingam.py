"""What the searches for linear non-Gaussian models share: words of options, traits, knowledge as they take it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.algorithms._causal_learn import NAME
from causaldisc.graph import GraphKind
from causaldisc.knowledge import BoundKnowledge
from causaldisc.traits import Gaps, Takes, Traits

THRESHOLD = "Leave out edges whose weight is no larger than this, in the units of the columns."
ASSUMES = "no hidden common causes; linear relations, noise of which at most one variable's is Gaussian"
TRAITS = Traits(
    assumes=ASSUMES, takes=(Takes.CONTINUOUS,), graph=GraphKind.DAG, missing=Gaps.LIST_WISE, by=NAME
)  # fmt: skip
UNKNOWN, NO_PATH, PATH = -1, 0, 1


def paths(known: BoundKnowledge) -> NDArray[np.int64]:
    """Return what is known of directed paths, [to, from]: PATH, NO_PATH, UNKNOWN.

    A forbidden edge forbids no path as long as there is a way round; tiers forbid both. (causal-learn's description of
    the matrix has it transposed; its code reads it like this.)
    """
    allowed = ~known.forbidden
    reach = allowed | np.eye(len(allowed), dtype=np.bool_)
    for middle in range(len(allowed)):
        reach |= reach[:, [middle]] & reach[[middle], :]
    matrix = np.where(reach.T, UNKNOWN, NO_PATH)
    for u, v in known.required:
        matrix[v, u] = PATH
    np.fill_diagonal(matrix, UNKNOWN)
    return matrix


def edges(known: BoundKnowledge) -> NDArray[np.float64]:
    """Return which edges there may be, [to, from]: 0 where none, NaN elsewhere."""
    return np.where(known.forbidden.T, float(NO_PATH), np.nan)
