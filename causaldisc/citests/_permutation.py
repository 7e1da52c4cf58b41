"""The p-value of a contingency test by permutation, for tables too sparse for the chi-squared law.

y is permuted within the strata of the conditioning set, which keeps all margins: under independence every permutation
is as likely as the observed order, so that p = (1 + those with a statistic at least as large) / (1 + permutations) is
valid for any number of rows (B. Phipson, G. Smyth, "Permutation p-values should never be zero", Statistical
Applications in Genetics and Molecular Biology 9, 2010). Every question has random numbers of its own, so that answers
do not depend on what else is asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import permutation
from causaldisc.citests.base import Answers
from causaldisc.distinct import numbered

if TYPE_CHECKING:
    from causaldisc.citests._contingency import ContingencyTest, Options


@dataclass(frozen=True)
class PermutationTest:
    """A contingency test whose p-values come from permutations; all else is the test's."""

    asymptotic: ContingencyTest
    pearson: bool
    deepest: int | None = None

    @property
    def name(self) -> str:
        return self.asymptotic.name

    @property
    def variables(self) -> int:
        return self.asymptotic.variables

    @property
    def options(self) -> Options:
        return self.asymptotic.options

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = self.asymptotic.answers(x, y, given)
        permutations = self.options.permutations
        for i in np.flatnonzero(out.decided & (out.df > 0)).tolist():
            u, v = sorted((int(x[i]), int(y[i])))
            larger = self._larger(u, v, given[i], permutations)
            out.log_p[i] = math.log((1 + larger) / (1 + permutations))
        return out

    def _larger(self, x: int, y: int, given: NDArray[np.int32], permutations: int) -> int:
        codes, levels = self.asymptotic.codes, self.asymptotic.levels
        known = (codes[[x, y, *given.tolist()]] >= 0).all(axis=0)
        strata = np.zeros(int(known.sum()), np.int64)
        for z in given.tolist():
            # Renumbered at each step, so that no number overflows.
            _, strata = numbered(strata * int(levels[z]) + codes[z, known])
        order = np.argsort(strata, kind="stable")
        starts = np.zeros(int(strata.max(initial=-1)) + 2, np.int32)
        np.cumsum(np.bincount(strata, minlength=len(starts) - 1), out=starts[1:])
        return permutation.at_least_as_large(
            codes[x, known][order], codes[y, known][order], starts, int(levels[x]), int(levels[y]), self.pearson,
            permutations, _mixed(self.options.seed, x, y, *given.tolist()),
        )  # fmt: skip


def _mixed(*numbers: int) -> int:
    """Return 64 bits that depend on all the numbers (the FNV-1a hash of G. Fowler, L. Noll, K.-P. Vo)."""
    state = 0xCBF29CE484222325
    for number in numbers:
        for byte in number.to_bytes(8, "little", signed=True):
            state = ((state ^ byte) * 0x100000001B3) % 2**64
    return state
