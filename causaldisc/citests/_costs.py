"""What each test costs on the data at hand, found by asking it a few questions."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from causaldisc import citests
from causaldisc.citests.base import CITest
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError

DEEPEST = 3
# Seconds that the questions of one size may take in all, after the first; a first one above `TOO_LONG` is the last.
ENOUGH = 0.05
TOO_LONG = 1.0
MOST_AT_ONCE = 1024


@dataclass(frozen=True)
class Cost:
    """Seconds for binding `test` to the data, and for one test given 0, 1, ... others, as far as was asked; or the
    reason why the test does not take the data."""

    test: str
    binding: float = 0.0
    seconds: tuple[float, ...] = ()
    reason: str | None = None


def measure(data: Dataset, choice: citests.TestChoice, context: Context) -> list[Cost]:
    """Return the cost of every test there is, in the order of their names, on one thread."""
    return [_of_test(data, replace(choice, name=name), context) for name in citests.names()]


def _of_test(data: Dataset, choice: citests.TestChoice, context: Context) -> Cost:
    start = time.perf_counter()
    try:
        test = citests.build(choice, data, context)
    except DataError as error:
        return Cost(choice.name, reason=str(error))
    binding, seconds = time.perf_counter() - start, []
    most = DEEPEST if test.deepest is None else min(DEEPEST, test.deepest)
    for depth in range(min(most, test.variables - 2) + 1):
        seconds.append(_of_depth(test, depth))
        if seconds[-1] > TOO_LONG:
            break
    return Cost(choice.name, binding, tuple(seconds))


def _of_depth(test: CITest, depth: int) -> float:
    """Return the seconds of a test given `depth` others; what it learns for the first question serves the next."""
    rng = np.random.default_rng(0)
    asked, spent, lot = 0, 0.0, 1
    while spent < ENOUGH and lot <= MOST_AT_ONCE:
        columns = np.array([rng.choice(test.variables, depth + 2, replace=False) for _ in range(lot)], np.int32)
        x, y = np.ascontiguousarray(columns[:, :2].T)
        start = time.perf_counter()
        test.answers(x, y, np.sort(columns[:, 2:], axis=1))
        spent += time.perf_counter() - start
        asked += lot
        lot *= 4
    return spent / asked
