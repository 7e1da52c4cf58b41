"""A case: metrics before and during an anomaly, and the arrows between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca.links import Link

Floats = NDArray[np.float64]

LASTING = 0.25


class Direction(Enum):
    """Which deviations count."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


@dataclass(frozen=True, eq=False)
class Case:
    """`values`, shape (metrics, rows): in order of time, in units of their own, NaN where missing; `parts`, shape
    (rows,): the contiguous block of each row; `start`: the first row of the anomaly; `links`: who causes whom, by
    number, none of them a loop; `sli`: the metric whose anomaly is to be explained, if one is named; `lasting`: see
    deviation.levels."""

    names: tuple[str, ...]
    values: Floats
    parts: NDArray[np.int64]
    start: int
    links: tuple[Link, ...]
    sli: int | None = None
    direction: Direction = Direction.UP
    lasting: float = LASTING

    def __len__(self) -> int:
        return len(self.names)

    @property
    def normal(self) -> Floats:
        return self.values[:, : self.start]

    @property
    def anomalous(self) -> Floats:
        return self.values[:, self.start :]
