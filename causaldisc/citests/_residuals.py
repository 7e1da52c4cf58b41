"""Tests of the products of residuals, bound to columns and to the rows that each variable allows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import residuals
from causaldisc.citests.base import Answers
from causaldisc.data.validation import FEWEST_ROWS
from causaldisc.options import Options


@dataclass(frozen=True)
class Allowed:
    """The rows that variables allow, both of shape (variables, rows): as an end of a question, and as a condition."""

    ends: NDArray[np.bool_]
    givens: NDArray[np.bool_]


@dataclass(frozen=True)
class ResidualTest:
    """A test bound to columns."""

    name: str
    variables: int
    rows: int
    residuals: residuals.Residuals = field(repr=False)
    options: Options
    df: float

    @classmethod
    def bind(
        cls,
        name: str,
        values: NDArray[np.float64],
        allowed: Allowed,
        degree: int,
        options: Options,
        fewest: int = FEWEST_ROWS,
    ) -> ResidualTest:
        """Bind a test to columns, shape (variables, rows): Fisher's Z for the degree 1, else the generalised covariance
        measure. Questions with less than `fewest` rows are not answered."""
        kept = [np.flatnonzero(np.nan_to_num(column)) for column in values]
        starts = np.concatenate([[0], np.cumsum([len(k) for k in kept])]).astype(np.int64)
        # Scaled so that no square overflows.
        numbers = [
            column[k] / max(np.abs(column[k]).max(initial=0.0), 1e-300) for column, k in zip(values, kept, strict=True)
        ]
        places = np.concatenate(kept).astype(np.int32)
        masks = packed(allowed.ends), packed(allowed.givens)
        bound = residuals.Residuals(values.shape[1], starts, places, np.concatenate(numbers), *masks, degree, fewest)
        return cls(name, len(values), values.shape[1], bound, options, 0.0 if degree == 1 else 1.0)

    @property
    def deepest(self) -> int | None:
        return self.rows - FEWEST_ROWS

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        self.residuals.tests(x, y, given, out.log_p, out.statistic, out.effect, out.n, out.verdict)
        return out


def packed(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return rows of bits, shape (variables, words): row r is bit r % 64 of word r // 64."""
    words = -(-mask.shape[1] // 64)
    out = np.zeros((len(mask), 8 * words), np.uint8)
    packed_bits = np.packbits(mask, axis=1, bitorder="little")
    out[:, : packed_bits.shape[1]] = packed_bits
    return out.view("<u8").astype(np.uint64)
