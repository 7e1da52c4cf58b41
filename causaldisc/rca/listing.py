"""A ranking as a table: what is written for each candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from causaldisc.rca import deviation
from causaldisc.rca.case import Case
from causaldisc.rca.levels import Level
from causaldisc.rca.links import way
from causaldisc.rca.methods import residual
from causaldisc.rca.walk import ranks

Floats = NDArray[np.float64]
_DIGITS = 6


def rows(
    case: Case, scores: Floats, level: Level, services: Sequence[str] | None, told: Mapping[str, object]
) -> list[dict[str, object]]:
    """Return a row for each metric, or for the first metric of each service, in order of rank; `told` ends each row."""
    chosen = list(range(len(case)))
    if level is Level.SERVICE and services is not None:
        best: dict[str, int] = {}
        for v in chosen:
            if services[v] not in best or scores[v] > scores[best[services[v]]]:
                best[services[v]] = v
        chosen = sorted(best.values())
    place = ranks(scores[chosen])
    deviating, left = deviation.scores(case), residual.scores(case)
    order = sorted(range(len(chosen)), key=lambda i: (place[i], case.names[chosen[i]]))
    return [
        {
            "level": level.value,
            "rank": float(place[i]),
            "metric": case.names[v],
            "service": None if services is None else services[v],
            "score": _rounded(scores[v]),
            "deviation": _rounded(deviating[v]),
            "residual": _rounded(left[v]),
            "normal": _median(case.normal[v]),
            "anomalous": _median(case.anomalous[v]),
            "path": [case.names[u] for u in way(case.links, v, case.sli)] if case.sli is not None else [],
            **told,
        }
        for i in order
        for v in [chosen[i]]
    ]


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _median(row: Floats) -> float | None:
    known = row[~np.isnan(row)]
    return _rounded(float(np.median(known))) if known.size else None
