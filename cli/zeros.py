"""What `check --zeros` says: how many rows a search that leaves out zeros will have, and whether the zeros fit it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from causaldisc.cli import tables

from causaldisc.algorithms import dropout
from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._compressed import Compressed
from causaldisc.citests._deletion import Scope
from causaldisc.citests._transform import Transform, transformed
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError
from causaldisc.search import zeros
from causaldisc.words import counted

DEEPEST = 4
LEVEL = 0.05


@dataclass(frozen=True)
class ColumnZeros:
    """A column: its zeros, and the adjusted p-values of two hypotheses with the column that speaks most against each:
    that failures are random, and that they depend on no other variable than their own."""

    column: str
    zeros: int
    share: float
    p_random: float
    related_to: str | None
    p_own: float
    depends_on: str | None


@dataclass(frozen=True)
class ZeroReport:
    """All columns of numbers; `expected_rows`: how many are left when 0, 1, ... of the quarter of them with the fewest
    zeros must not be zero; `max_depth`: by scope, for `min_rows`; `pairs_tested`: those that could show the second."""

    rows: int
    columns: tuple[ColumnZeros, ...]
    expected_rows: tuple[float, ...]
    min_rows: int
    max_depth: dict[str, int | None]
    pairs_tested: int


def report(data: Dataset) -> ZeroReport:
    """Examine the zeros of data.

    Raises DataError when there are no columns of numbers.
    """
    columns = tuple(c for c in data.columns if c.values is not None and not c.is_group)
    if not columns:
        raise DataError("no column holds numbers, so that there are no zeros to examine")
    numbers = replace(data, columns=columns)
    marked = Bitmaps.of((c.zeros for c in columns), data.rows)
    seen = zeros.examine(Compressed.of_dataset(transformed(numbers, _transform(numbers))))
    smallest = dropout.Options().min_rows
    return ZeroReport(
        rows=data.rows,
        columns=tuple(
            ColumnZeros(
                column=name,
                zeros=count,
                share=round(count / max(data.rows, 1), 4),
                p_random=float(seen.at_random[k]),
                related_to=numbers.names[seen.related[k]] if seen.at_random[k] <= LEVEL else None,
                p_own=float(seen.own_only[k]),
                depends_on=numbers.names[seen.intruder[k]] if seen.own_only[k] <= LEVEL else None,
            )
            for k, (name, count) in enumerate(zip(numbers.names, marked.counts().tolist(), strict=True))
        ),
        expected_rows=tuple(round(zeros.expected_rows(marked, k), 1) for k in range(DEEPEST + 1)),
        min_rows=smallest,
        max_depth={scope.value: dropout.expected_depth(marked, smallest, scope) for scope in Scope},
        pairs_tested=seen.pairs,
    )


def _transform(data: Dataset) -> Transform:
    """Return the transform that `dropout` needs: none where there are negative numbers."""
    lowest = min(float(np.nanmin(c.values, initial=0.0)) for c in data.columns if c.values is not None)
    return Transform.LOG1P if lowest >= 0.0 else Transform.NONE


def as_text(found: ZeroReport) -> str:
    """Return the report for people."""
    columns = [
        {
            "column": c.column,
            "zeros": c.zeros,
            "share": f"{c.share:.3f}",
            "p (random)": f"{c.p_random:.2g}",
            "related to": c.related_to,
            "p (own)": f"{c.p_own:.2g}",
            "depends on": c.depends_on,
        }
        for c in found.columns
    ]
    share = sum(c.zeros for c in found.columns) / max(len(columns) * found.rows, 1)
    rows = ", ".join(f"{count:,.0f}" for count in found.expected_rows)
    told = [f"{'any' if depth is None else depth} with --scope {scope}" for scope, depth in found.max_depth.items()]
    lines = [
        f"{found.rows:,} rows, {counted(len(columns), 'column')} of numbers, {100 * share:.1f} % of their cells zero",
        f"rows to expect where 0, 1, 2, ... columns must not be zero: {rows} (the quarter with the fewest zeros)",
        f"largest conditioning set that leaves {found.min_rows} rows: {', '.join(told)}",
        _at_random(found),
        _own_only(found),
    ]
    return tables.as_text(columns) + "\n" + "\n".join(lines) + "\n"


def _at_random(found: ZeroReport) -> str:
    told = sum(c.related_to is not None for c in found.columns)
    if not told:
        return "failures look completely at random: no column's zeros go with the values of another"
    return (
        f"failures are not completely at random: the zeros of {counted(told, 'column')} go with the values of others; "
        f"the model allows that"
    )


def _own_only(found: ZeroReport) -> str:
    accused = sorted((c for c in found.columns if c.depends_on is not None), key=lambda c: c.p_own)
    if not accused:
        return (
            f"no zeros are seen to depend on another variable than their own, in {found.pairs_tested:,} pairs whose "
            f"values show no dependence"
        )
    return (
        f"the zeros of {counted(len(accused), 'column')} depend on other variables than their own, first those of "
        f"{accused[0].column} on {accused[0].depends_on}: the model has no such failures, and edges may come of them; "
        f"for what whole rows share, such as their depth, there is --depth-covariate total"
    )
