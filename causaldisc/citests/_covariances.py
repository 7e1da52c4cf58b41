"""Tests that need no more than covariances, asked question by question: of all rows, or of those that a question can
use where cells are missing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import partial, testwise
from causaldisc.citests.base import Answers
from causaldisc.data.validation import FEWEST_ROWS
from causaldisc.options import Options


@dataclass(frozen=True)
class TestWise:
    """A test bound to rows of which some lack cells: each question is answered by those that lack none of its own."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    name: str
    variables: int
    rows: int
    known: testwise.KnownRows = field(repr=False)
    options: Options

    @classmethod
    def bind(
        cls,
        name: str,
        cells: NDArray[np.float64],
        known: NDArray[np.bool_],
        question: str,
        options: Options,
        starts: NDArray[np.int32] | None = None,
        variance: float = 1.0,
    ) -> TestWise:
        """Bind a test to centred cells, shape (columns, rows), zero where they are not `known`, (variables, rows).

        Variable v has the columns starts[v]..starts[v+1]-1; without `starts`, one.
        """
        places = np.arange(len(cells) + 1, dtype=np.int32) if starts is None else starts
        rows = testwise.KnownRows(cells, places, known.view(np.uint8), question, variance)
        return cls(name, len(known), known.shape[1], rows, options)

    @property
    def deepest(self) -> int | None:
        return self.rows - FEWEST_ROWS

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        self.known.tests(x, y, given, out.log_p, out.statistic, out.df, out.effect, out.n, out.verdict)
        return out


@dataclass(frozen=True)
class WholeRows:
    """A test bound to the covariances, shape (columns, columns), of `rows` rows that lack no cell."""

    name: str
    matrix: NDArray[np.float64]
    starts: NDArray[np.int32]
    rows: int
    question: str
    options: Options

    @property
    def variables(self) -> int:
        return len(self.starts) - 1

    @property
    def deepest(self) -> int | None:
        return self.rows - FEWEST_ROWS

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        partial.tests(
            self.matrix, self.rows, self.question, 1.0, self.starts, x, y, given, out.log_p, out.statistic, out.df,
            out.effect, out.verdict,
        )  # fmt: skip
        out.n[:] = self.rows
        return out


def bind(
    name: str,
    cells: NDArray[np.float64],
    known: NDArray[np.bool_],
    question: str,
    options: Options,
    starts: NDArray[np.int32] | None = None,
) -> TestWise | WholeRows:
    """Bind a test to centred cells; see TestWise.bind."""
    if not known.all():
        return TestWise.bind(name, cells, known, question, options, starts)
    places = np.arange(len(cells) + 1, dtype=np.int32) if starts is None else starts
    return WholeRows(name, cells @ cells.T, places, known.shape[1], question, options)
