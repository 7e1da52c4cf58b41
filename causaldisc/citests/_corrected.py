"""Fisher's Z corrected for what makes cells go missing.

Test-wise deletion selects rows. Where cells of a question's variables V go missing by what others say, W, the rows
that are left have W of another law, and V seem to depend where they do not. R. Tu et al., "Causal discovery in the
presence of missing data", AISTATS 2019, restore P(V) = sum_w P(V | w, no cell missing) P(w) by simulation. For linear
relations it has a closed form, which draws no random numbers: with B and E the slopes and the residual covariance of V
on W in the rows that have both, and S the covariance of W in all rows that have W, cov(V) = B' S B + E.

The law of the partial correlation r of that covariance is not Fisher's: its variance is the sum of the squared
influences of all rows, and atanh(r) over its standard error is N(0, 1) when rows are many (the delta method).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import tails
from causaldisc.citests._covariances import TestWise
from causaldisc.citests.base import Answers, Around, Verdict

Numbers = NDArray[np.float64]
# Of a variance, what must be left when the conditioning set is taken off (as in the kernels).
_SINGULAR_SHARE = 1e-11
_LARGEST = 1.0 - 1e-16


@dataclass(frozen=True)
class Corrected(Around):
    """Fisher's Z on columns `values`, shape (variables, rows), NaN where missing; `causes[v]` are the variables that
    the gaps of v depend on. Questions without such causes are answered by test-wise deletion."""

    inner: TestWise
    values: Numbers
    causes: tuple[tuple[int, ...], ...]

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = self.inner.answers(x, y, given)
        for i in range(len(x)):
            ends = sorted((int(x[i]), int(y[i])))
            asked = (*ends, *given[i].tolist())
            behind = self._behind(asked)
            if behind:
                self._answer(asked, behind, out, i)
        return out

    def _behind(self, asked: tuple[int, ...]) -> list[int]:
        """Return what the gaps of variables depend on, and the gaps of those, and so on."""
        found: set[int] = set()
        waiting = list(asked)
        while waiting:
            fresh = set(self.causes[waiting.pop()]) - found
            found |= fresh
            waiting += fresh
        return sorted(found)

    def _answer(self, asked: tuple[int, ...], behind: list[int], out: Answers, i: int) -> None:
        v, w = self.values[list(asked)], self.values[behind]
        has_w: NDArray[np.bool_] = np.logical_not(np.isnan(w).any(axis=0))
        has_both: NDArray[np.bool_] = np.logical_and(has_w, ~np.isnan(v).any(axis=0))
        rows = int(has_both.sum())
        out.n[i], out.log_p[i], out.statistic[i], out.effect[i] = rows, 0.0, 0.0, np.nan
        free = rows - (len(asked) - 2) - len(behind) - 3
        if free <= 0:
            out.verdict[i] = Verdict.INSUFFICIENT
            return
        law = _Law(v[:, has_w], w[:, has_w], has_both[has_w])
        to_x, to_y = law.residual_of(0), law.residual_of(1)
        of_x, of_y = law.variance(to_x, to_x), law.variance(to_y, to_y)
        if min(of_x, of_y) <= 0 or of_x < _SINGULAR_SHARE * law.covariance[0, 0]:
            out.verdict[i] = Verdict.SINGULAR
            return
        r = law.variance(to_x, to_y) / math.sqrt(of_x * of_y)
        # The influence of each row on r: on the covariance of the residuals, less on their standard deviations.
        influence = law.influence(to_x, to_y) / math.sqrt(of_x * of_y)
        influence -= r / 2 * (law.influence(to_x, to_x) / of_x + law.influence(to_y, to_y) / of_y)
        variance = float(influence @ influence) * rows / free
        out.effect[i] = r = max(-_LARGEST, min(r, _LARGEST))
        out.statistic[i] = math.atanh(r) * (1 - r * r) / math.sqrt(variance) if variance > 0 else 0.0
        out.log_p[i] = tails.two_sided_normal(abs(out.statistic[i]))
        out.verdict[i] = Verdict.DECIDED


class _Law:
    """The corrected covariance of V: columns `v` and `w`, a variable a row, in the rows that have W; `both` marks those
    that have V too."""

    def __init__(self, v: Numbers, w: Numbers, both: NDArray[np.bool_]) -> None:
        self.both = both
        self.all_w = w - w.mean(axis=1, keepdims=True)
        self.w = w[:, both] - w[:, both].mean(axis=1, keepdims=True)
        self.rows, self.all_rows = self.w.shape[1], w.shape[1]
        centred = v[:, both] - v[:, both].mean(axis=1, keepdims=True)
        inverse = np.linalg.pinv(self.w @ self.w.T / self.rows, rcond=1e-10, hermitian=True)
        self.slopes = inverse @ (self.w @ centred.T / self.rows)
        self.residuals = centred - self.slopes.T @ self.w
        self.residual_covariance = self.residuals @ self.residuals.T / self.rows
        self.of_w = self.all_w @ self.all_w.T / self.all_rows
        self.covariance = self.slopes.T @ self.of_w @ self.slopes + self.residual_covariance
        self.leverage = inverse @ self.of_w @ self.slopes

    def residual_of(self, place: int) -> Numbers:
        """Return the combination of V that is variable 0 or 1 less what the conditioning set (2, ...) says of it."""
        combination = np.zeros(len(self.covariance))
        combination[place] = 1.0
        inside = self.covariance[2:, 2:]
        combination[2:] = -np.linalg.pinv(inside, rcond=1e-11, hermitian=True) @ self.covariance[2:, place]
        return combination

    def variance(self, a: Numbers, b: Numbers) -> float:
        return float(a @ self.covariance @ b)

    def influence(self, a: Numbers, b: Numbers) -> Numbers:
        """Return what each row that has W does to a' cov(V) b: through the law of W and, where it has V too, through
        the slopes and the residuals."""
        found: Numbers = (self.all_w.T @ (self.slopes @ a)) * (self.all_w.T @ (self.slopes @ b))
        found -= a @ self.slopes.T @ self.of_w @ self.slopes @ b
        found /= self.all_rows
        left_a, left_b = a @ self.residuals, b @ self.residuals
        of_both = left_a * left_b - a @ self.residual_covariance @ b
        of_both += (self.w.T @ (self.leverage @ a)) * left_b + (self.w.T @ (self.leverage @ b)) * left_a
        found[self.both] += of_both / self.rows
        return found
