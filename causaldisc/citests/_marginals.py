"""All questions given one conditioning set at once, where every row serves: two products of matrices answer each pair.

With the residuals e and f of two columns a pair needs sum_r e_r f_r and sum_r (e_r f_r)^2: the entries of E'E and of
(E o E)'(E o E). Columns are made dense some rows at a time, never as a whole. The set is empty, or a covariate that
belongs to every question.
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
# Of the sum of squares before anything is taken off, what is more than rounding.
ROUNDING_SHARE = 1e-24
# Of the sum of squares of a function, what must be new for it to join the basis.
WORTH_JOINING = 1e-8
# Numbers made dense at a time. Sums are taken block by block in order, so that no number of threads changes a bit.
BLOCK = 1 << 22


@dataclass(frozen=True)
class Marginals:
    """`products` and `squares`, shape (variables, variables): the sums of e f and of (e f)^2 given `given`."""

    residuals: Residuals = field(repr=False)
    given: tuple[int, ...]
    rank: int
    correction: float
    products: NDArray[np.float64] = field(repr=False)
    squares: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(
        cls,
        columns: Compressed,
        bound: Residuals,
        given: tuple[int, ...],
        basis: NDArray[np.float64],
        context: Context,
    ) -> Marginals:
        """Work through the rows. `basis`, shape (rows, functions): orthonormal functions of the set, the constant
        first."""
        p, rows = len(columns), columns.rows
        step = max(BLOCK // p, 64)
        coefficients = columns.project(basis)

        def part(start: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            left = columns.block(start, min(start + step, rows))
            left -= basis[start : start + step] @ coefficients
            of_products = left.T @ left
            left *= left
            return of_products, left.T @ left

        products, squares = np.zeros((p, p)), np.zeros((p, p))
        starts = range(0, rows, step)
        with ThreadPoolExecutor(context.threads) as pool:
            for start, (first, second) in zip(starts, pool.map(part, starts), strict=True):
                products += first
                squares += second
                context.progress(min(start + step, rows), rows, "all pairs")
        constant = np.flatnonzero(products.diagonal() <= ROUNDING_SHARE * columns.squares())
        products[constant, constant] = 0.0
        diagonal = 1.0 - np.einsum("ij,ij->i", basis, basis)
        rank = basis.shape[1] - 1
        return cls(bound, given, rank, (rows - 1.0 - rank) / float(diagonal @ diagonal), products, squares)

    def are_asked(self, given: NDArray[np.int32]) -> bool:
        """Tell whether questions, given sets of shape (k, depth), are all about this set."""
        return given.shape[1] == len(self.given) and bool((given == self.given).all())

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32]) -> Answers:
        """Answer questions about the set."""
        out = Answers.empty(len(x))
        own = np.ascontiguousarray(self.products.diagonal())
        self.residuals.conclude(
            self.products[x, y], own[x], own[y], self.squares[x, y],
            out.log_p, out.statistic, out.effect, out.n, out.verdict,
            len(self.given), self.rank, self.correction,
        )  # fmt: skip
        return out


def basis(columns: Compressed, given: tuple[int, ...], degree: int) -> NDArray[np.float64]:
    """Return orthonormal functions of at most one column: the constant and its powers up to `degree`."""
    functions = [np.ones(columns.rows)]
    for v in given:
        places, numbers = columns.column(v)
        values = np.zeros(columns.rows)
        values[places] = numbers
        values -= values.mean()
        values /= np.sqrt(np.mean(values * values)) or 1.0
        functions += [values**power for power in range(1, degree + 1)]
    matrix = np.column_stack(functions)
    found, triangle = np.linalg.qr(matrix)
    kept = triangle.diagonal() ** 2 > WORTH_JOINING * np.einsum("ij,ij->j", matrix, matrix)
    return np.ascontiguousarray(found[:, kept])
