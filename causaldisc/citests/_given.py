"""The kernel of a conditioning set by its main directions: no narrower than so many of them can follow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import _kernels
from causaldisc.citests._kernels import Kernel
from causaldisc.citests._representatives import ordered, representatives
from causaldisc.citests._rowwise import Question, RowTest

# What the main directions may leave out of the diagonal, on average; the ridge of the regression is the scale.
LEFT_OUT = 1e-6
# K_Z is widened by steps until its directions leave out no more than so many rows, times the root of their number; that
# is tried on some.
TOO_MANY, STEP, TRIAL = 0.3, 1.25, 2000
# A kernel that is so much wider than the data ask for leaves what they show of Z in the residuals of x and of y.
MOST_WIDENED = 2.5


def kernel_of_set(
    test: RowTest, question: Question, scales: Sequence[float], rows: NDArray[np.intp] | None = None
) -> Kernel:
    """Return the kernel of the conditioning set, on some rows or all; `scales`: what numbers are multiplied by."""
    features = test.features(question.given, question)
    if rows is not None:
        features = [f.on(rows) for f in features]
    return _kernels.product(features, scales, [0.0] * len(features), len(features[0].values))


def main_directions(test: RowTest, question: Question, scales: Sequence[float], most: int) -> NDArray[np.float64]:
    """Return the centred factor of the kernel of the conditioning set, of rank `most` or less."""
    order = ordered(test, question.given, (), question)
    return _kernels.centred(kernel_of_set(test, question, scales).main(LEFT_OUT, most, order)[0])


def bearable(test: RowTest, question: Question, scales: Sequence[float], wanted: float, most: int) -> float:
    """Return how much narrower the kernel of the conditioning set may be, up to the wanted factor.

    Where too few directions follow a narrow kernel, some rows are hardly fitted at all; a wider kernel fits less
    sharply, but everywhere. Rows that are not fitted add up as their number does, noise as the root of all rows.
    """
    share = TOO_MANY / math.sqrt(question.rows)

    def make() -> float:
        rows, narrower = representatives(test, question.given, (), TRIAL, question), wanted
        while narrower > 1.0:
            kernel = kernel_of_set(test, question, [narrower * scale for scale in scales], rows)
            if kernel.main(0.5 * share, most, np.arange(len(rows)))[1] <= share:
                return narrower
            narrower /= STEP
        return 1.0

    return test.cache.get(("bearable", question.given, wanted, question.incomplete), make, lambda _: 8)
