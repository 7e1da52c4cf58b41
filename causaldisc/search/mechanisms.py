"""The mechanisms of the variables of a data set over a context, each fitted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests._cache import Cache
from causaldisc.data.contexts import ContextKind
from causaldisc.search.changing_module import Trajectory, Variable, trajectory
from causaldisc.search.context_index import POINTS, ContextIndex, domain_index, smooth_index
from causaldisc.search.independent_change import Dependence, dependence

_CACHE_BYTES = 64 << 20


@dataclass(frozen=True, eq=False)
class Mechanisms:
    """Variables over rows with an index: what P(variable | causes, index) is asked of.

    `columns[v]`: the columns of variable v: float64 with NaN where missing, or codes (int32), -1 where missing;
    `context`: numbers of a smooth index, codes of domains; `pasts[v]`: columns that are always among the causes of v,
    such as its own lags. A row counts where all that a question touches is known.
    """

    names: tuple[str, ...]
    columns: Sequence[Sequence[Variable]]
    kind: ContextKind
    context: Variable
    pasts: Mapping[int, Sequence[Variable]] = field(default_factory=dict)
    seed: int = 0
    _cache: Cache = field(default_factory=lambda: Cache(_CACHE_BYTES))

    def dependence(self, cause: int, effect: int, given: tuple[int, ...], parents: tuple[int, ...]) -> Dependence:
        """Test whether P(cause | given) and P(effect | cause, parents) change independently."""
        given, parents = self._sorted(given), self._sorted((cause, *parents))

        def make() -> Dependence:
            rows = self._complete((cause, effect, *given, *parents))
            first, second = self.trajectory(cause, given, rows), self.trajectory(effect, parents, rows)
            return dependence(first, second, self.index(rows), self.seed)

        return self._cache.get(("dependence", cause, effect, given, parents), make, lambda _: 64)

    def change(self, variable: int, causes: tuple[int, ...], points: int = POINTS) -> tuple[Trajectory, ContextIndex]:
        """Return how P(variable | causes) changes, and the index it is told over."""
        causes = self._sorted(causes)
        rows = self._complete((variable, *causes))
        return self.trajectory(variable, causes, rows), self.index(rows, points)

    def trajectory(self, variable: int, causes: tuple[int, ...], rows: NDArray[np.bool_]) -> Trajectory:
        """Return how P(variable | causes) changes over some rows."""

        def make() -> Trajectory:
            of_causes = [c[rows] for v in causes for c in self.columns[v]]
            of_causes += [c[rows] for c in self.pasts.get(variable, ())]
            return trajectory([c[rows] for c in self.columns[variable]], of_causes, self.index(rows))

        key = "trajectory", variable, causes, b"" if rows.all() else np.packbits(rows).tobytes()
        return self._cache.get(key, make, lambda t: t.coefficients.nbytes)

    def index(self, rows: NDArray[np.bool_], points: int = POINTS) -> ContextIndex:
        """Return the index over some rows, with so many points where it is smooth."""
        if self.kind is ContextKind.DOMAIN:
            return domain_index(self.context[rows].astype(np.int64))
        return smooth_index(self.context[rows].astype(np.float64), points)

    def _sorted(self, variables: tuple[int, ...]) -> tuple[int, ...]:
        """By name, so that sums do not depend on the order of columns."""
        return tuple(sorted(set(variables), key=lambda v: self.names[v]))

    def _complete(self, variables: tuple[int, ...]) -> NDArray[np.bool_]:
        touched = [c for v in variables for c in (*self.columns[v], *self.pasts.get(v, ()))]
        rows = known(self.context)
        for column in touched:
            rows &= known(column)
        return rows


def known(column: Variable) -> NDArray[np.bool_]:
    """Return which cells are not missing."""
    return column >= 0 if column.dtype == np.int32 else ~np.isnan(column)
