"""Exact linear dependences among columns of numbers, each told by names and coefficients.

A correlation matrix is singular when a column is a linear combination of others, and every partial
correlation given those is noise. Cholesky's algorithm on the correlations, in the order of the columns, meets
a pivot of zero at each column that depends on the ones before it; the columns with other pivots form a basis,
in which it has one expression. Expressions through other dependent columns may be shorter (e = d - c, not
d - a - b, where c = a + b), so pairs of expressions are combined as long as that shortens one. What is found
in the correlations, which carry half the digits, is then fitted to the data and kept only if it holds there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A pivot is 1 - R² of a column given those before it; rounding leaves about 1e-15 times the condition number.
_PIVOT = 1e-9
# What a fit may leave of the column's standard deviation and still be called exact.
EXACT = 1e-6
_NEGLIGIBLE = 1e-6
_ROUNDING = 1e-12

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Dependence:
    """`column` equals `constant` plus the sum of coefficient times column over `terms`."""

    column: str
    terms: tuple[tuple[str, float], ...]
    constant: float

    def __str__(self) -> str:
        """Return it as a formula: 'c = a + 2 b - 1'."""
        parts = [(coefficient, f" {name}") for name, coefficient in self.terms]
        parts += [(self.constant, "")] if self.constant else []
        text = ""
        for value, name in parts:
            size = f"{abs(value):.6g}"
            text += " - " if value < 0 else " + "
            text += name[1:] if name and size == "1" else size + name
        return f"{self.column} = {'-' if text.startswith(' -') else ''}{text[3:]}"


def find_dependences(names: Sequence[str], data: Matrix, correlations: Matrix) -> tuple[Dependence, ...]:
    """Return the dependences among columns given as rows of `data`, shape (columns, rows), none missing.

    `correlations` is their correlation matrix. There must be more rows than columns, else all columns depend.
    """
    assert len(names) == data.shape[0] < data.shape[1]
    expressions = _expressions(correlations)
    _shorten(expressions)
    found = (_fitted(names, data, j, weights) for j, weights in sorted(expressions.items()))
    return tuple(d for d in found if d is not None)


def _expressions(correlations: Matrix) -> dict[int, Matrix]:
    """Return for each dependent column its weights on the standardized columns of the basis."""
    try:
        pivots = np.diag(np.linalg.cholesky(correlations)) ** 2
        if pivots.min(initial=1.0) > _PIVOT:
            return {}
    except np.linalg.LinAlgError:
        pass  # a pivot of zero or, by rounding, below: look which
    size = len(correlations)
    rows = np.empty((size, size))  # rows of the factor, one for each column of the basis
    basis: list[int] = []
    dependent: list[int] = []
    for j in range(size):
        known = rows[: len(basis)]
        pivot = correlations[j, j] - known[:, j] @ known[:, j]
        if pivot <= _PIVOT:
            dependent.append(j)
            continue
        rows[len(basis)] = (correlations[j] - known.T @ known[:, j]) / np.sqrt(pivot)
        basis.append(j)
    expressions = {}
    weights = np.linalg.solve(correlations[np.ix_(basis, basis)], correlations[np.ix_(basis, dependent)])
    for column, j in enumerate(dependent):
        full = np.zeros(size)
        full[basis] = np.where(np.abs(weights[:, column]) > _NEGLIGIBLE, weights[:, column], 0.0)
        expressions[j] = full
    return expressions


def _shorten(expressions: dict[int, Matrix]) -> None:
    """Replace an expression by one through another dependent column while that has fewer terms."""
    is_shorter = True
    while is_shorter:
        is_shorter = False
        for j, weights in expressions.items():
            for k, other in expressions.items():
                better = _through(weights, k, other) if k != j and weights[k] == 0 and other[j] == 0 else None
                if better is not None and np.count_nonzero(better) < np.count_nonzero(expressions[j]):
                    expressions[j] = better
                    is_shorter = True


def _through(weights: Matrix, k: int, other: Matrix) -> Matrix | None:
    """Return the shortest expression with column k (equal to `other`) in it, if any cancels terms."""
    shared = np.flatnonzero((weights != 0) & (other != 0))
    candidates = []
    for factor in np.unique(np.round(weights[shared] / other[shared], 9)):
        combined = weights - factor * other
        combined[np.abs(combined) <= _NEGLIGIBLE] = 0.0
        combined[k] += factor
        candidates.append(combined)
    return min(candidates, key=np.count_nonzero, default=None)


def _fitted(names: Sequence[str], data: Matrix, j: int, weights: Matrix) -> Dependence | None:
    """Return the dependence with coefficients fitted to the data, or None if it does not hold there.

    Coefficients are rounded to six digits if that fits no worse: 2 is likelier than 2.0000000003.
    """
    support = np.flatnonzero(weights)
    centers = data[support].mean(axis=1)
    scales = data[support].std(axis=1)
    centered = data[support] - centers[:, None]
    target = data[j] - data[j].mean()
    coefficients = np.linalg.lstsq((centered / scales[:, None]).T, target, rcond=None)[0] / scales
    left = np.std(target - coefficients @ centered)
    if left > EXACT * np.std(target):
        return None
    plain = np.array([float(f"{c:.6g}") for c in coefficients.tolist()])
    if np.std(target - plain @ centered) <= 4 * left + _ROUNDING * np.std(target):
        coefficients = plain
    constant = float(data[j].mean() - coefficients @ centers)
    if abs(constant) <= _ROUNDING * (abs(data[j].mean()) + float(np.abs(coefficients) @ np.abs(centers))):
        constant = 0.0
    terms = tuple((names[i], c) for i, c in zip(support.tolist(), coefficients.tolist()))
    return Dependence(names[j], terms, float(f"{constant:.9g}"))
