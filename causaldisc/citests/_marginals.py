"""All questions without conditions at once: two products of matrices answer every pair.

Where every row serves, what a pair needs are sum_r e_r f_r and sum_r (e_r f_r)^2 of the centred columns e and f: the
entries of E'E and of (E o E)'(E o E). Columns are made dense some rows at a time, never as a whole.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext.residuals import Residuals
from causaldisc.citests._compressed import Compressed
from causaldisc.citests.base import Answers
from causaldisc.context import Context

# Fewer variables are as quickly asked pair by pair; more would need more than 2 GB.
FEWEST, MOST = 64, 8192
# Of the sum of squares before the mean is taken off, what is more than rounding.
ROUNDING_SHARE = 1e-24
# Numbers made dense at a time. Sums are taken block by block in order, so that no number of threads changes a bit.
BLOCK = 1 << 22


@dataclass(frozen=True)
class Marginals:
    """`products` and `squares`, shape (variables, variables): the sums of e f and of (e f)^2."""

    residuals: Residuals = field(repr=False)
    products: NDArray[np.float64] = field(repr=False)
    squares: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(cls, columns: Compressed, bound: Residuals, context: Context) -> Marginals:
        """Work through the rows."""
        p, rows = len(columns), columns.rows
        step = max(BLOCK // p, 64)
        means = columns.sums(1) / rows

        def part(start: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            centred = np.empty((min(step, rows - start), p))
            bound.dense(start, centred)
            centred -= means
            of_products = centred.T @ centred
            centred *= centred
            return of_products, centred.T @ centred

        products, squares = np.zeros((p, p)), np.zeros((p, p))
        starts = range(0, rows, step)
        with ThreadPoolExecutor(context.threads) as pool:
            for start, (first, second) in zip(starts, pool.map(part, starts), strict=True):
                products += first
                squares += second
                context.progress(min(start + step, rows), rows, "depth 0")
        constant = np.flatnonzero(products.diagonal() <= ROUNDING_SHARE * columns.sums(2))
        products[constant, constant] = 0.0
        return cls(bound, products, squares)

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32]) -> Answers:
        """Answer questions without conditions."""
        out = Answers.empty(len(x))
        own = np.ascontiguousarray(self.products.diagonal())
        sums = self.products[x, y], own[x], own[y], self.squares[x, y]
        self.residuals.conclude(*sums, out.log_p, out.statistic, out.effect, out.n, out.verdict)
        return out
