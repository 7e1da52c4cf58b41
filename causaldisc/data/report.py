"""What there is to know about data before an analysis: kinds, missing cells, constants, dependences, cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import comb

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.correlation import correlation
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.dependence import Dependence, find_dependences
from causaldisc.data.sparse import AnyColumn
from causaldisc.data.validation import is_all_missing, is_constant
from causaldisc.distinct import distinct

_LEVELS_SHOWN = 20
# Cholesky's algorithm and the matrix take a second and 30 MB here, and four times that at twice the size.
_MOST_COLUMNS = 2000
_DEEPEST = 3


@dataclass(frozen=True)
class ColumnReport:
    """One column. The numbers are None for text; `levels` (the most frequent first) are empty for numbers."""

    name: str
    kind: str
    missing: int
    zeros: int
    different: int
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    sd: float | None = None
    levels: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Report:
    """What `describe` finds. `tests_by_depth` bounds the tests of a search from above, for depth 0 to 3."""

    rows: int
    columns: tuple[ColumnReport, ...]
    complete_rows: int
    constant: tuple[str, ...]
    all_missing: tuple[str, ...]
    identical: tuple[tuple[str, ...], ...]
    dependences: tuple[Dependence, ...]
    dependences_note: str
    tests_by_depth: tuple[int, ...]

    def as_dict(self) -> dict[str, object]:
        """Return it as plain JSON values; dependences also as formulas."""
        content = asdict(self)
        for entry, dependence in zip(content["dependences"], self.dependences, strict=True):
            entry["terms"] = dict(dependence.terms)
            entry["formula"] = str(dependence)
        for entry, column in zip(content["columns"], self.columns, strict=True):
            entry["levels"] = dict(column.levels)
        return content


def describe(dataset: Dataset) -> Report:
    """Return what there is to know about data; nothing here is an error."""
    constant = tuple(c.name for c in dataset.columns if is_constant(c))
    all_missing = tuple(c.name for c in dataset.columns if is_all_missing(c))
    identical = _identical(dataset, skip={*constant, *all_missing})
    copies = {name for group in identical for name in group[1:]}
    dependences, note = _dependences(dataset, skip={*constant, *all_missing, *copies})
    return Report(
        rows=dataset.rows,
        columns=tuple(_describe_column(c) for c in dataset.columns),
        complete_rows=int(_complete(dataset.columns, dataset.rows).sum()),
        constant=constant,
        all_missing=all_missing,
        identical=identical,
        dependences=dependences,
        dependences_note=note,
        tests_by_depth=tuple(most_tests(len(dataset), depth) for depth in range(_DEEPEST + 1)),
    )


def most_tests(variables: int, depth: int) -> int:
    """Return how many tests there are of a pair given `depth` others: what no search goes beyond."""
    return comb(variables, 2) * comb(max(variables - 2, 0), depth)


def _describe_column(column: AnyColumn) -> ColumnReport:
    missing, zeros = int(column.missing.sum()), int(column.zeros.sum())
    levels: tuple[tuple[str, int], ...] = ()
    different = 0
    if column.codes is not None:
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels)).tolist()
        different = sum(count > 0 for count in counts)
        most = sorted(zip(column.levels, counts), key=lambda pair: -pair[1])
        levels = tuple(most[:_LEVELS_SHOWN])
    if column.values is None:
        return ColumnReport(column.name, column.kind.value, missing, zeros, different, levels=levels)
    present = column.values[~np.isnan(column.values)]
    different = different or int(distinct(present).size)
    report = ColumnReport(column.name, column.kind.value, missing, zeros, different, levels=levels)
    if not present.size:
        return report
    return replace(
        report,
        min=float(present.min()),
        max=float(present.max()),
        mean=float(present.mean()),
        sd=float(present.std(ddof=1)) if present.size > 1 else None,
    )


def _complete(columns: tuple[AnyColumn, ...], rows: int) -> NDArray[np.bool_]:
    complete = np.ones(rows, np.bool_)
    for column in columns:
        complete &= ~column.missing
    return complete


def _identical(dataset: Dataset, skip: set[str]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of columns with equal cells; text is equal when its levels are, too."""
    groups: dict[object, list[str]] = {}
    for column in dataset.columns:
        if column.name not in skip:
            groups.setdefault(_content_key(column), []).append(column.name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _content_key(column: AnyColumn) -> tuple[object, ...]:
    """Return a key that is equal for equal cells, for -0.0 and 0.0, and for every NaN."""
    from hashlib import sha256

    if column.values is None:
        assert column.codes is not None
        return column.levels, sha256(column.codes.tobytes()).digest()
    values = column.values + 0.0
    values[np.isnan(values)] = np.nan
    return (sha256(values.tobytes()).digest(),)


def _dependences(dataset: Dataset, skip: set[str]) -> tuple[tuple[Dependence, ...], str]:
    columns = tuple(
        c for c in dataset.columns if c.name not in skip and c.values is not None and c.kind is not ColumnKind.CONTEXT
    )
    if len(columns) < 2:
        return (), ""
    if len(columns) > _MOST_COLUMNS:
        return (), f"not looked for, as there are more than {_MOST_COLUMNS} columns of numbers"
    complete = _complete(columns, dataset.rows)
    rows = int(complete.sum())
    data = np.array([c.values[complete] for c in columns if c.values is not None])
    varies = data.min(axis=1, initial=np.inf) < data.max(axis=1, initial=-np.inf)
    names = [c.name for c, v in zip(columns, varies.tolist()) if v]
    if rows <= len(names) + 1:
        return (), f"not looked for, as {rows} complete rows fit any {len(names)} columns of numbers"
    note = "" if rows == dataset.rows else f"looked for in the {rows} rows without missing numbers"
    return find_dependences(names, data[varies], correlation(data[varies], tuple(names))), note
