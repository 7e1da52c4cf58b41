"""What the tests of mixed columns share: their option, and which columns hold categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import MISSING_CODE, Dataset
from causaldisc.data.sparse import AnyColumn
from causaldisc.options import Options as _Options
from causaldisc.options import opt


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of the tests of mixed columns."""

    ordinal: bool = opt(
        False, "In dg and cg, take discrete columns whose levels are numbers for numbers: ordered, evenly spaced."
    )


def are_mixed(data: Dataset) -> bool:
    """Tell whether there are discrete columns together with others."""
    return len({c.kind.is_discrete for c in data.columns}) > 1


def categories(column: AnyColumn, options: Options) -> NDArray[np.int32] | None:
    """Return the category numbers of a column, -1 where missing; None for one that is taken for numbers."""
    if column.codes is not None:
        return None if options.ordinal and column.values is not None else column.codes
    if not column.levels:
        return None
    assert column.values is not None  # a context of text: its values are the numbers of its levels
    return np.where(column.missing, MISSING_CODE, np.nan_to_num(column.values)).astype(np.int32)
