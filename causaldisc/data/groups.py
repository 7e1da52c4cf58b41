"""Several columns as one variable, such as the coordinates of a point: `--group 'gaze=gx,gy'`.

A group is a column whose values have a row of numbers in each row. Only kernel tests can take one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.data.sparse import AnyColumn
from causaldisc.errors import DataError, UsageError
from causaldisc.quoting import split


def grouped(data: Dataset, groups: Sequence[str]) -> Dataset:
    """Return the data with each group in the place of its first member, the other members gone.

    Raises UsageError for what is no group, and for a column in two of them; DataError for an unknown name, a name that
    is taken, and a member that is no number.
    """
    if not groups:
        return data
    columns: dict[str, AnyColumn | None] = {c.name: c for c in data.columns}
    taken: dict[str, str] = {}
    for text in groups:
        name, members = parsed(text)
        found = []
        for member in members:
            if member in taken:
                raise UsageError(f"--group: column {member!r} is in {taken[member]!r} and in {name!r}")
            taken[member] = name
            found.append(data.columns[data.index(member)])
        if name in data.names and name not in members:
            raise DataError(f"--group: there is a column {name!r} already; call the group otherwise")
        columns |= dict.fromkeys(members)
        columns[members[0]] = Column(name, ColumnKind.CONTINUOUS, _together(found, name))
    return replace(data, columns=tuple(c for c in columns.values() if c is not None))


def parsed(text: str) -> tuple[str, list[str]]:
    """Return the name of a group and its members; raises UsageError for what is no group."""
    names, signs = split(text, "[=,]")
    if len(names) < 3 or not all(names) or signs != ["=", *[","] * (len(names) - 2)]:
        raise UsageError(
            f"--group: {text!r} is not of the form NAME=COLUMN,COLUMN; names with , or = go in double quotes"
        )
    return names[0], names[1:]


def _together(members: Sequence[AnyColumn], name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    for column in members:
        if column.values is None or column.kind in (ColumnKind.TIME, ColumnKind.CONTEXT):
            raise DataError(
                f"--group: column {column.name!r} of {name!r} holds {column.kind.value} values; a group is of numbers"
            )
    return np.column_stack([column.values for column in members if column.values is not None])
