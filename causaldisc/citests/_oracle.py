"""The perfect test: d-separation in a known directed acyclic graph, to examine a search without sampling error."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import dseparation
from causaldisc.citests.base import Answers
from causaldisc.graph import Graph
from causaldisc.options import Options


def _compressed(rows: list[list[int]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int32)
    return starts, np.array([i for row in rows for i in row], np.int32)


Rows = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True)
class DSeparation:
    """Answers with p-value 1 where the DAG separates and with log p = -1000 where it does not."""

    dag: Graph
    name: str = "d-separation"
    options: Options = Options()
    deepest: int | None = None

    @cached_property
    def _parents(self) -> Rows:
        return _compressed([self.dag.parents(v) for v in range(len(self.dag))])

    @cached_property
    def _children(self) -> Rows:
        return _compressed([self.dag.children(v) for v in range(len(self.dag))])

    @property
    def variables(self) -> int:
        return len(self.dag)

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        out = Answers.empty(len(x))
        separated = np.empty(len(x), np.uint8)
        dseparation.separated(*self._parents, *self._children, x, y, given, separated)
        out.log_p[:] = np.where(separated, 0.0, -1000.0)
        return out
