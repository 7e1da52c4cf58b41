"""Rows that stand for all rows, chosen by their values: so that the order of rows decides nothing."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests._rowwise import Question, RowTest
from causaldisc.distinct import distinct

Rows = NDArray[np.intp]


def representatives(
    test: RowTest, first: tuple[int, ...], then: tuple[int, ...], count: int, question: Question
) -> Rows:
    """Return at most `count` rows of a question, evenly spread over all in the order of their values.

    The columns `first` decide; among rows where these are equal the columns `then` do. What is still equal then is
    equal in all of them, and any of it will do.
    """
    found, rows = ordered(test, first, then, question), question.rows
    return found if rows <= count else found[np.arange(count) * rows // count]


def ordered(test: RowTest, first: tuple[int, ...], then: tuple[int, ...], question: Question) -> Rows:
    """Return the rows in the order of their values: the column with the most different values leads."""

    def make() -> Rows:
        leading = sorted(first, key=lambda v: profile(test, v, question))
        if leading and -profile(test, leading[0], question)[0] == question.rows:
            keys = leading[:1]  # no two rows are equal: the other columns have nothing to say
        else:
            keys = leading + sorted(then, key=lambda v: profile(test, v, question))
        values = [test.feature(v, question).values.T for v in reversed(keys)]
        return np.lexsort(np.vstack(values))  # a group brings several columns

    return test.cache.get(("order", first, then, question.incomplete), make, lambda rows: rows.nbytes)


def profile(test: RowTest, variable: int, question: Question) -> tuple[int, bytes]:
    """Return what tells a column from others in whatever order rows and columns come: minus the number of different
    values, and a digest of them all."""

    def make() -> tuple[int, bytes]:
        values: NDArray[Any] = test.columns.chosen(variable, question.incomplete) + 0  # -0.0 + 0 is 0.0
        if values.ndim == 2:
            values = values[np.lexsort(values.T)]
            different = 1 + int(np.any(values[1:] != values[:-1], axis=1).sum())
        else:
            values = np.sort(values)
            different = len(distinct(values))
        return -different, hashlib.sha256(values.tobytes()).digest()

    return test.cache.get(("profile", variable, question.incomplete), make, lambda _: 64)
