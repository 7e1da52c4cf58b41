"""What the gaps of a data set depend on, and a test corrected for it.

R. Tu, C. Zhang, P. Ackermann, K. Mohan, H. Kjellstroem, K. Zhang, "Causal discovery in the presence of missing data",
AISTATS 2019, Algorithm 1. Step 1 finds the direct causes of each indicator of missing cells: the variables that no
conditioning set separates from it. As there, gaps may depend on other variables, also on those with gaps, but not on
the value that is missing, and indicators cause nothing. Deviation: every question is asked of the corrected law, not
only those of pairs that step 3 finds suspicious, since the correction is exact and cheap (citests/_corrected.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causaldisc import citests
from causaldisc.citests import CITest, Missing, TestChoice, _gaussian
from causaldisc.citests._corrected import Corrected
from causaldisc.citests._covariances import TestWise
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError
from causaldisc.knowledge import BoundKnowledge
from causaldisc.options import Options
from causaldisc.search import skeleton


def bind(choice: TestChoice, data: Dataset, alpha: float, context: Context) -> CITest:
    """Bind the chosen test to data; where the choice says so, corrected for what the gaps depend on at level alpha.

    Raises DataError as citests.build does, and when the test is none that can be corrected.
    """
    if choice.missing is not Missing.CORRECTED:
        return citests.build(choice, data, context)
    test = citests.build(replace(choice, values={**choice.values, "missing": Missing.TEST_WISE}), data, context)
    if test.name != "fisherz":
        raise DataError(f"--missing corrected serves fisherz only, not {test.name}; --missing test-wise serves all")
    if not isinstance(test, TestWise):
        return test  # there are no gaps
    values = data.matrix()
    causes = causes_of_gaps(values, data.names, alpha, context)
    _tell(causes, data.names, context)
    return Corrected(test, values, causes)


def causes_of_gaps(
    values: NDArray[np.float64], names: tuple[str, ...], alpha: float, context: Context
) -> tuple[tuple[int, ...], ...]:
    """Return, for each column of `values` (shape (columns, rows), NaN where missing), the direct causes of its gaps.

    Columns are searched by Fisher's Z with test-wise deletion, the indicators of gaps beside them.
    """
    gaps = np.isnan(values)
    # An indicator must vary where its candidates are known.
    with_gaps = np.flatnonzero(gaps.any(axis=1) & ~gaps.all(axis=1))
    p, k = len(values), len(with_gaps)
    forbidden = np.ones((p + k, p + k), np.bool_)
    for i, v in enumerate(with_gaps.tolist()):
        forbidden[:p, p + i] = False
        forbidden[v, p + i] = True  # no value hides itself
    whole = np.vstack([values, gaps[with_gaps].astype(np.float64)])
    labels = (*names, *(f"gaps of {names[v]}" for v in with_gaps.tolist()))
    rows = Dataset.from_array(whole.T, labels)
    test = _gaussian.bind("fisherz", rows, whole, Options(), Context(threads=context.threads))
    found = skeleton.learn(test, alpha, None, BoundKnowledge(forbidden), context)
    causes: list[tuple[int, ...]] = [()] * p
    for i, v in enumerate(with_gaps.tolist()):
        causes[v] = tuple(found.pairs[found.pairs[:, 1] == p + i, 0].tolist())
    return tuple(causes)


def _tell(causes: tuple[tuple[int, ...], ...], names: tuple[str, ...], context: Context) -> None:
    for v, behind in enumerate(causes):
        if behind:
            context.warn(
                "gaps-depend",
                f"the gaps of {names[v]!r} depend on {', '.join(repr(names[w]) for w in behind)}; tests are corrected "
                "for it",
            )
