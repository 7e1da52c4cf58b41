"""Kernels of columns, as factors: K = G G' up to a tolerance, by incomplete Cholesky decomposition.

S. Fine, K. Scheinberg, "Efficient SVM training using low-rank kernel representations", JMLR 2 (2001): the rows with
the largest residual are pivots, here a block of them at a time, until no residual is above the tolerance. The tolerance
decides the rank, not the other way round. The low-rank form has a bounded rank, and spreads its pivots by the residuals
over all rows, as Y. Chen, E. Epperly, J. Tropp and R. Webber, "Randomly pivoted Cholesky" (Communications on Pure and
Applied Mathematics 78, 2025) draw them (their algorithm 2): outliers, which have the largest residuals, count little in
the mean. We draw nothing but take equal steps through the sum of the residuals of sorted rows.

Numbers have the Gaussian kernel exp(-d^2 / 2), categories the delta kernel, several columns the product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import cholesky
from causaldisc.distinct import distinct

# Pivots taken at a time: first few, as the rows are alike at first, then as many as a product of matrices likes.
FIRST_BLOCK, LARGEST_BLOCK = 4, 48
# Numbers that a factor has room for at first.
CAPACITY = 1 << 25
_BISECTIONS = 48


@dataclass(frozen=True)
class Feature:
    """A column as kernels see it: standardised numbers (float64, shape (n,)) or codes (int32) from 0.

    `spread`: the median distance between different values, 1 for codes; `constant`: there is but one value.
    """

    values: NDArray[np.float64] | NDArray[np.int32]
    spread: float
    constant: bool

    @property
    def is_discrete(self) -> bool:
        return self.values.dtype == np.int32

    def on(self, rows: NDArray[np.intp]) -> Feature:
        """Return the column on some rows."""
        return replace(self, values=self.values[rows])


def feature_of_numbers(values: NDArray[np.float64]) -> Feature:
    """Return a column of numbers with mean 0 and standard deviation 1 (with n - 1, as the authors of KCI do)."""
    centred = values - values.mean()
    largest = float(np.abs(centred).max())
    if largest <= 1e-14 * float(np.abs(values).max()) or len(values) < 2:
        return Feature(np.zeros(len(values)), 1.0, True)
    centred /= largest  # so that no square overflows
    centred /= np.sqrt((centred @ centred) / (len(values) - 1))
    return Feature(centred, median_distance(centred), False)


def feature_of_codes(codes: NDArray[np.int32]) -> Feature:
    """Return a column of categories."""
    return Feature(codes, 1.0, bool((codes == codes[0]).all()) if len(codes) else True)


def median_distance(values: NDArray[np.float64]) -> float:
    """Return the median distance of pairs of different values, in O(n log n) whatever the order of rows."""
    ordered = np.sort(values)
    n, places = len(ordered), np.arange(len(values))

    def pairs_within(distance: float) -> int:
        return int((np.searchsorted(ordered, ordered + distance, side="right") - 1 - places).sum())

    ties = pairs_within(0.0)
    wanted = ties + (n * (n - 1) // 2 - ties) / 2
    low, high = 0.0, float(ordered[-1] - ordered[0])
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if pairs_within(middle) >= wanted else (middle, high)
    return high


@dataclass(frozen=True)
class Kernel:
    """A kernel of several columns over the same rows, with k(row, row) = 1.

    `points` (float64, shape (n, numbers)): exp(-|difference|^2 / 2); `codes` (int32, shape (n, categories)), each with
    what it has between different categories in `softness`.
    """

    points: NDArray[np.float64]
    codes: NDArray[np.int32]
    softness: tuple[float, ...]

    @property
    def rows(self) -> int:
        return len(self.points)

    def rows_of(self, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return k between some rows and all; shape (chosen, n)."""
        squares = np.zeros((len(chosen), self.rows))
        for column in self.points.T:
            difference = column - column[chosen][:, None]
            difference *= difference
            squares += difference
        squares *= -0.5
        found = np.exp(squares, out=squares)
        for column, soft in zip(self.codes.T, self.softness, strict=True):
            found *= np.where(column == column[chosen][:, None], 1.0, soft)
        return found

    def factor(self, tolerance: float) -> NDArray[np.float64]:
        """Return G, shape (n, rank), with K - G G' positive semidefinite and nowhere above `tolerance`."""

        def largest(residual: NDArray[np.float64], block: int) -> NDArray[np.intp] | None:
            chosen = _largest(residual, block)
            chosen = chosen[residual[chosen] > tolerance]
            return chosen if len(chosen) else None

        return self._grown(largest, tolerance, self.rows)[0]

    def main(self, share: float, most: int, order: NDArray[np.intp]) -> tuple[NDArray[np.float64], float]:
        """Return G, shape (n, rank), such that K - G G' has a diagonal of mean `share` or less, or that of rank `most`;
        and that mean over the rows that are no pivots: what other rows like these would leave.

        Pivots are evenly spread by the residual over the rows in a certain `order`: they stand for where most rows
        are, where the largest residuals would be those of outliers.
        """

        def spread(residual: NDArray[np.float64], block: int) -> NDArray[np.intp] | None:
            total = np.cumsum(residual[order])
            if total[-1] <= share * self.rows:
                return None
            places = np.searchsorted(total, (np.arange(block) + 0.5) * (total[-1] / block))
            chosen: NDArray[np.intp] = order[distinct(np.minimum(places, self.rows - 1))]
            return chosen

        return self._grown(spread, min(1e-9, share), min(most, self.rows))

    def _grown(
        self, choose: Callable[[NDArray[np.float64], int], NDArray[np.intp] | None], tolerance: float, most: int
    ) -> tuple[NDArray[np.float64], float]:
        """Return the factor whose pivots are chosen by the residual, some at a time, and the mean of what it leaves
        of rows that are no pivots."""
        n = self.rows
        if not self.points.shape[1] and len(self.softness) == 1 and self.softness[0] == 0.0:
            return np.ascontiguousarray(self.codes == distinct(self.codes), np.float64), 0.0
        residual = np.ones(n)
        # By rows, so that room which no rank needs is never touched.
        found = np.empty((min(most, max(64, CAPACITY // n)), n))
        rank, block = 0, FIRST_BLOCK
        while rank < most:
            chosen = choose(residual, min(block, most - rank))
            if chosen is None:
                break
            fresh = self.rows_of(chosen)
            if rank:
                fresh -= found[:rank, chosen].T @ found[:rank]
            kept, lower = cholesky.pivoted(fresh[:, chosen], tolerance)
            if not len(kept):
                break
            if rank + len(kept) > len(found):
                found = np.vstack([found, np.empty((min(most, 2 * (rank + len(kept))) - len(found), n))])
            fresh = np.matmul(np.linalg.inv(lower), fresh[kept], out=found[rank : rank + len(kept)])
            residual -= np.einsum("ij,ij->j", fresh, fresh)
            residual[chosen[kept]] = 0.0
            np.maximum(residual, 0.0, out=residual)
            rank, block = rank + len(kept), min(2 * block, LARGEST_BLOCK)
        return found[:rank].T, float(residual.sum()) / max(n - rank, 1)


def _largest(values: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Return where the `count` largest values are, the largest first, of equal ones the first."""
    if count >= len(values):
        return np.argsort(-values, kind="stable")
    least = np.partition(values, len(values) - count)[len(values) - count]
    candidates = np.flatnonzero(values >= least)
    return candidates[np.argsort(-values[candidates], kind="stable")][:count]


def product(features: Sequence[Feature], scales: Sequence[float], softness: Sequence[float], rows: int) -> Kernel:
    """Return the product kernel of columns: numbers are multiplied by their scale, categories have their softness."""
    pairs = list(zip(features, scales, softness, strict=True))
    numbers = [f.values * scale for f, scale, _ in pairs if not f.is_discrete and not f.constant]
    codes = [f.values for f, _, _ in pairs if f.is_discrete and not f.constant]
    return Kernel(
        np.column_stack(numbers) if numbers else np.empty((rows, 0)),
        np.column_stack(codes).astype(np.int32) if codes else np.empty((rows, 0), np.int32),
        tuple(soft for f, _, soft in pairs if f.is_discrete and not f.constant),
    )


def median_scales(features: Sequence[Feature], shares: Sequence[float]) -> list[float]:
    """Return what numbers are multiplied by, so that the joint distance of pairs has a median of about 1.

    Each column counts by its own median distance and its share, and the joint median is that of independent normal
    columns: so it depends on no order, of rows or columns, and costs no pass over all pairs.
    """
    squares = [share * share for f, share in zip(features, shares, strict=True) if not f.is_discrete and not f.constant]
    total = sum(squares)
    # Of a weighted sum of chi-squared variables; 0.455 is the median of one.
    joint = (total - 0.545 * sum(s * s for s in squares) / total) / 0.455 if total else 1.0
    return [share / (f.spread * math.sqrt(joint)) for f, share in zip(features, shares, strict=True)]


def centred(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the factor of H K H, H = I - 11'/n."""
    found: NDArray[np.float64] = factor - factor.mean(axis=0)
    return found


def gram_of_products(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return W'W, where a row of W holds all products of an entry of E with one of F: W W' = (E E') o (F F')."""
    ranks = first.shape[1] * second.shape[1]
    gram, step = np.zeros((ranks, ranks)), max(1, (1 << 21) // ranks)
    for start in range(0, len(first), step):
        e, f = first[start : start + step], second[start : start + step]
        products = (e[:, :, None] * f[:, None, :]).reshape(len(e), -1)
        gram += products.T @ products
    return gram


def thinned(factor: NDArray[np.float64], left_out: float, most: int | None = None) -> NDArray[np.float64]:
    """Return the main directions of a factor: all but a share `left_out` of its sum of squares, no more than `most`."""
    values, vectors = np.linalg.eigh(factor.T @ factor)
    keep = np.cumsum(np.maximum(values, 0.0)) > left_out * values.sum()
    if most is not None:
        keep[:-most] = False  # eigenvalues come in increasing order
    return np.ascontiguousarray(factor @ vectors[:, keep])


@dataclass(frozen=True)
class Regression:
    """Kernel ridge regression on the conditioning set: R = e (K + e I)^-1 = I - F M^-1 F', of centred K = F F'.

    `factor` (float64, shape (n, rank)): F; `inverse`: that of M = F'F + e I.
    """

    factor: NDArray[np.float64]
    inverse: NDArray[np.float64]
    ridge: float

    @classmethod
    def fit(cls, factor: NDArray[np.float64], ridge: float) -> Regression:
        """Prepare the regression on a centred factor."""
        gram = factor.T @ factor
        gram[np.diag_indices_from(gram)] += ridge
        root = np.linalg.inv(np.linalg.cholesky(gram))
        return cls(factor, root.T @ root, ridge)

    @property
    def bytes(self) -> int:
        return self.factor.nbytes + self.inverse.nbytes

    @property
    def rank(self) -> int:
        return int(self.factor.shape[1])

    def residuals(self, factor: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return R G."""
        return factor - self.factor @ (self.inverse @ (self.factor.T @ factor))

    @cached_property
    def correction(self) -> float:
        """tr Q^4 / sum_i ((Q^2)_ii)^2, where Q = R - 11'/n is what makes residuals of noise.

        For noises e and f of equal variance in all rows, (e'Q Q f)^2 has the mean tr Q^4, and its estimate from the
        residuals, sum_i (Q e)_i^2 (Q f)_i^2, that of the denominator. R has the eigenvalues of e M^-1, and n - rank
        times 1; and Q^2 = I - F (M^-1 + e M^-2) F' - 11'/n.
        """
        n, squared = len(self.factor), self.inverse @ self.inverse
        fourth = n - self.rank + self.ridge**4 * float(np.sum(squared * squared)) - 1.0
        taken = np.einsum("ij,ij->i", self.factor @ (self.inverse + self.ridge * squared), self.factor)
        left = 1.0 - taken - 1.0 / n
        return fourth / float(left @ left)

    @cached_property
    def degrees_left(self) -> float:
        """tr Q^2: how many of the n dimensions of noise the regression leaves."""
        return len(self.factor) - self.rank + self.ridge**2 * float(np.sum(self.inverse * self.inverse)) - 1.0
