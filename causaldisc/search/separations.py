"""What separated each removed pair of a skeleton.

Of a thousand columns half a million pairs go without any conditioning. They are kept as bits of a mask, and the
answers of all separations are asked again when somebody wants them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answers, CITest
from causaldisc.distinct import numbered
from causaldisc.search import pairs as pairs_of

PAIRS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Part:
    """Pairs (int32, (k, 2)), in increasing order, and the sets of one size (int32, (k, depth)) that separate them."""

    pairs: NDArray[np.int32]
    sets: NDArray[np.int32]

    def answers(self, test: CITest) -> Answers:
        """Ask anew what was found."""
        ends = np.ascontiguousarray(self.pairs.T)
        return test.answers(ends[0], ends[1], self.sets)

    def between(self, start: int, stop: int) -> Part:
        """Return the pairs whose first node lies in start..stop-1."""
        first, last = np.searchsorted(self.pairs[:, 0], [start, stop])
        return Part(self.pairs[first:last], self.sets[first:last])


@dataclass
class Separations:
    """The separating sets of all removed pairs.

    `marginal` (bool, (p, p)): True above the diagonal where the empty set separates; `parts`: the others, by size.
    """

    test: CITest
    marginal: NDArray[np.bool_]
    parts: list[Part] = field(default_factory=list)

    def add(self, pairs: NDArray[np.int32], sets: NDArray[np.int32]) -> None:
        """Add pairs, in increasing order, with sets of one size."""
        if not sets.shape[1]:
            self.marginal[pairs[:, 0], pairs[:, 1]] = True
        elif len(pairs):
            self.parts.append(Part(pairs, np.ascontiguousarray(sets)))

    def count_marginal(self) -> int:
        """Return how many pairs the empty set separates."""
        return int(np.count_nonzero(self.marginal))

    def __len__(self) -> int:
        return self.count_marginal() + sum(len(part.pairs) for part in self.parts)

    def rows(self, with_marginal: bool = True) -> Iterator[tuple[int, int, list[int], float, int]]:
        """Yield x, y, the set, log p and rows used, in increasing order of the pairs; for millions of them."""
        for start, stop in self._spans():
            lot = [part.between(start, stop) for part in self.parts]
            if with_marginal:
                lot.append(self._marginal_between(start, stop))
            yield from self._sorted([part for part in lot if len(part.pairs)])

    def _sorted(self, lot: list[Part]) -> Iterator[tuple[int, int, list[int], float, int]]:
        if not lot:
            return
        answers = [part.answers(self.test) for part in lot]
        x, y = np.concatenate([part.pairs for part in lot]).T
        given = [members for part in lot for members in part.sets.tolist()]
        log_p, n = (np.concatenate([getattr(a, name) for a in answers]) for name in ("log_p", "n"))
        order = np.lexsort((y, x))
        columns = (x[order].tolist(), y[order].tolist(), order.tolist(), log_p[order].tolist(), n[order].tolist())
        for u, v, place, of_p, of_n in zip(*columns, strict=True):
            yield u, v, given[place], of_p, of_n

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of first nodes with about PAIRS_AT_ONCE separated pairs each."""
        lots = np.cumsum(np.count_nonzero(self.marginal, axis=1)) // PAIRS_AT_ONCE
        cuts = [0, *(np.flatnonzero(np.diff(lots)) + 1).tolist(), len(lots)]
        yield from itertools.pairwise(cuts)

    def _marginal_between(self, start: int, stop: int) -> Part:
        pairs = pairs_of.marked(self.marginal[start:stop])
        pairs[:, 0] += start
        return Part(pairs, np.empty((len(pairs), 0), np.int32))

    def separated(self, pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell which pairs x < y, as rows, some set separates."""
        found: NDArray[np.bool_] = self.marginal[pairs[:, 0], pairs[:, 1]]
        sought = pairs_of.keys(pairs, self.test.variables)
        for part in self.parts:
            found |= np.isin(sought, pairs_of.keys(part.pairs, self.test.variables))
        return found

    def of_triples(self, triples: NDArray[np.int32]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return, for triples (a, c, b) with a < b as rows, whether c is in the set that separated a and b, and the
        log p of that separation (-inf, and not inside, for pairs that nothing separated)."""
        inside, log_p = np.zeros(len(triples), np.bool_), np.full(len(triples), -np.inf)
        keys, number = numbered(pairs_of.keys(triples[:, [0, 2]], self.test.variables))
        pairs = np.column_stack(np.divmod(keys, max(self.test.variables, 1))).astype(np.int32)
        marginal = pairs[self.marginal[pairs[:, 0], pairs[:, 1]]]
        for part in [Part(marginal, np.empty((len(marginal), 0), np.int32)), *self.parts]:
            known = pairs_of.keys(part.pairs, self.test.variables)
            if not len(known):
                continue
            place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            here = known[place] == keys
            asked = Part(part.pairs[place[here]], part.sets[place[here]])
            row = np.cumsum(here) - 1
            mine = here[number]
            log_p[mine] = asked.answers(self.test).log_p[row[number[mine]]]
            inside[mine] = (asked.sets[row[number[mine]]] == triples[mine, 1, None]).any(axis=1)
        return inside, log_p
