"""The different values of an array: np.unique, which loads numpy.ma on its first call, without those 7 ms."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """Return the different values of an array without NaN, in order."""
    ordered: NDArray[Any] = np.sort(values, axis=None)
    if not ordered.size:
        return ordered
    first = np.empty(ordered.size, np.bool_)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def numbered(values: NDArray[Number]) -> tuple[NDArray[Number], NDArray[np.intp]]:
    """Return the different values in order, and for each value its number among them."""
    levels = distinct(values)
    return levels, np.searchsorted(levels, values)
