"""What a search for Granger causes found, and what is written of it: a graph, and the scores of all pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.algorithms._granger_options import Indirect, Options
from causaldisc.data.dataset import Dataset
from causaldisc.forecasters._network import Learnt
from causaldisc.graph import Graph, GraphKind, Mark, Node, Value
from causaldisc.search import indirect, stability
from causaldisc.search.evidence import rounded
from causaldisc.search.shifted_sources import Significance
from causaldisc.search.stability import Stability

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """`weights`, shape (targets, sources, lags), how often each pair was selected, how surprising its gain is, and the
    gain, None where it is not measured. Where a network does not tell lags apart its one number is at lag 1, and
    `reads` are the lags that it reads."""

    weights: Floats
    stable: Stability
    significance: Significance
    penalty: float
    gains: Floats | None = None
    reads: int = 0
    learnt: Learnt | None = None

    def stands(self, fdr: float) -> NDArray[np.bool_]:
        """Return which pairs stand, own pasts included; shape (targets, sources)."""
        often = (self.stable.frequencies >= stability.STABLE) | np.eye(len(self.weights), dtype=bool)
        there = np.logical_or.reduce(self.weights != 0.0, axis=2)
        return np.asarray(there & often & (self.significance.q_values <= fdr))

    def indirect(self, stands: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which pairs that stand are indirect."""
        return np.zeros_like(stands) if self.gains is None else indirect.find(self.gains, stands)


def graph_of(
    data: Dataset, found: Found, stands: NDArray[np.bool_], weak: NDArray[np.bool_], options: Options
) -> Graph:
    """Return the pairs that stand, an edge a lag or one each."""
    graph = Graph((Node(c.name, {"type": c.kind.value}) for c in data.columns), GraphKind.LAGGED)
    shown = stands & ~weak if options.indirect is Indirect.DROP else stands
    for target, source in np.argwhere(shown).tolist():
        evidence: dict[str, Value] = {
            "p_value": rounded(float(found.significance.p_values[target, source])),
            "q_value": rounded(float(found.significance.q_values[target, source])),
        }
        if found.gains is not None:
            evidence["gain"] = rounded(float(found.gains[target, source]))
        if found.reads:
            evidence["lags"] = ",".join(str(k) for k in range(1, found.reads + 1))
        if source == target:
            evidence["self_loop"] = True  # never penalised, so no frequency
        else:
            evidence["frequency"] = rounded(float(found.stable.frequencies[target, source]))
        if weak[target, source]:
            evidence["indirect"] = True
        for lag, attributes in _by_lag(found.weights[target, source], options.summary):
            graph.add_edge(source, target, Mark.TAIL, Mark.ARROW, lag, {**attributes, **evidence})
    return graph


def scores(data: Dataset, found: Found, edges: NDArray[np.bool_]) -> bytes:
    """Return all pairs as TSV, the strongest first."""
    strengths = np.sqrt(np.add.reduce(found.weights**2, axis=2))
    rows = ["source\ttarget\tweight\tgain\tfrequency\tp_value\tq_value\tedge"]
    for place in np.argsort(-strengths, axis=None, kind="stable").tolist():
        j, i = divmod(place, len(data))
        gain = "" if found.gains is None else f"{found.gains[j, i]:.10g}"
        often = "" if i == j else f"{found.stable.frequencies[j, i]:.10g}"
        figures = [f"{a[j, i]:.10g}" for a in (found.significance.p_values, found.significance.q_values)]
        names = [" ".join(data.names[k].split()) for k in (i, j)]
        rows.append("\t".join([*names, f"{strengths[j, i]:.10g}", gain, often, *figures, str(int(edges[j, i]))]))
    return ("\n".join(rows) + "\n").encode()


def _by_lag(coefficients: Floats, summary: bool) -> list[tuple[int, Mapping[str, Value]]]:
    """Return lags and weights: the coefficient of each lag; in a summary their norm, with the sign of their sum."""
    if not summary:
        return [(k, {"weight": rounded(float(b))}) for k, b in enumerate(coefficients, 1) if b != 0.0]
    norm = float(np.sqrt(np.add.reduce(coefficients**2)))
    weight = rounded(norm if np.add.reduce(coefficients) >= 0 else -norm)
    lags = ",".join(str(k) for k, b in enumerate(coefficients, 1) if b != 0.0)
    return [(int(np.argmax(np.abs(coefficients))) + 1, {"weight": weight, "lags": lags})]
