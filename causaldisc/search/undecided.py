"""Tests that had no plain answer: how many there were, and an example of each sort."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answers, Verdict
from causaldisc.distinct import distinct

Example = tuple[int, int, tuple[int, ...]]


class Undecided:
    """Counts tests without a plain answer, and keeps the first example (x, y, given) of each sort: that of the
    smallest set, then of the first pair. `thin`: how many tests of a pair x < y had too few rows; `untold`: the pairs
    of which own pasts may have hidden a drift."""

    def __init__(self) -> None:
        self.counts: dict[Verdict, int] = {}
        self.thin: Counter[tuple[int, int]] = Counter()
        self.untold: set[tuple[int, int]] = set()
        self.examples: dict[Verdict, Example] = {}

    def note_thin(self, pairs: NDArray[np.int32], counts: NDArray[np.integer], example: Example) -> None:
        """Note how many tests of each pair had too few rows, more than none, and the first of them all."""
        self.note(Verdict.INSUFFICIENT, int(counts.sum()), example)
        self.thin.update(dict(zip(map(tuple, pairs.tolist()), counts.tolist(), strict=True)))

    def note(self, verdict: Verdict, count: int, example: Example) -> None:
        """Count some tests, of which one is given."""
        self.counts[verdict] = self.counts.get(verdict, 0) + count
        known = self.examples.get(verdict)
        if known is None or _rank(example) < _rank(known):
            self.examples[verdict] = example

    def note_answers(self, pairs: NDArray[np.int32], sets: NDArray[np.int32], found: Answers) -> None:
        """Count the answers that are none, of tests of the rows of `pairs` given those of `sets`."""
        odd = np.flatnonzero(found.verdict != Verdict.DECIDED)
        for verdict in map(Verdict, distinct(found.verdict[odd])):
            where = odd[found.verdict[odd] == verdict]
            first = where[np.lexsort((pairs[where, 1], pairs[where, 0]))[0]]
            x, y = pairs[first].tolist()
            self.note(verdict, len(where), (x, y, tuple(sets[first].tolist())))
            if verdict is Verdict.UNTOLD:
                self.untold.update((x, y) for x, y in pairs[where].tolist())
            if verdict is Verdict.INSUFFICIENT:
                self.thin.update(map(tuple, pairs[where].tolist()))


def _rank(example: Example) -> tuple[int, int, int]:
    x, y, given = example
    return len(given), x, y
