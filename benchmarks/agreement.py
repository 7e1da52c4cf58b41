"""Skeletons beside causal-learn's, for data files named on the command line: agreement.py FILE...

A file holds numbers set apart by white space, with or without a line of names. Files whose values are at most 30
whole numbers a column are tested with gsq and chisq, others with fisherz. Prints one line a run: pairs that only
one of the two has, with our largest p-value, and the times.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from causaldisc import citests
from causaldisc.citests import CITest, TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.knowledge import Knowledge
from causaldisc.search import skeleton
from causaldisc.search.skeleton import Skeleton

ALPHA = 0.05


def load(path: Path) -> np.ndarray:
    """Return the numbers of a file, shape (rows, columns)."""
    with path.open() as file:
        first = file.readline().split()
    try:
        [float(cell) for cell in first]
        named = False
    except ValueError:
        named = True
    return np.loadtxt(path, skiprows=int(named))


def ours(values: np.ndarray, name: str) -> Skeleton:
    """Return our skeleton with the columns in the order of the file."""
    data = Dataset.from_array(values, discrete=name != "fisherz")
    test: CITest = citests.build(TestChoice(name), data, Context())
    return skeleton.learn(test, ALPHA, None, Knowledge().bind(data.names), Context())


def theirs(values: np.ndarray, name: str) -> set[tuple[int, int]]:
    """Return the adjacent pairs of causal-learn's stable skeleton."""
    from causallearn.utils.cit import CIT
    from causallearn.utils.PCUtils import SkeletonDiscovery

    found = SkeletonDiscovery.skeleton_discovery(
        values, ALPHA, CIT(values, name), stable=True, verbose=False, show_progress=False
    )
    marks = found.G.graph
    return {(i, j) for i in range(len(marks)) for j in range(i + 1, len(marks)) if marks[i, j] != 0}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        values = load(Path(argument))
        whole = np.all(values == np.round(values)) and max(len(np.unique(c)) for c in values.T) <= 30
        for name in ("gsq", "chisq") if whole else ("fisherz",):
            start = time.perf_counter()
            mine = ours(values, name)
            middle = time.perf_counter()
            peer = theirs(values, name)
            end = time.perf_counter()
            differ = sorted(set(mine.pairs()) ^ peer)
            told = ", ".join(f"{pair} p={mine.weakest[pair].p_value:.12g}" for pair in differ if pair in mine.weakest)
            print(
                f"{Path(argument).name:24} {name:8} edges {len(mine.pairs()):4}  differ {len(differ)} {told}"
                f"  ours {middle - start:.2f} s, causal-learn {end - middle:.2f} s",
                flush=True,
            )
