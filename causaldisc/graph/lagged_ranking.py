"""How well a lagged graph finds the true pairs and lags, ranked by strength.

Summary figures are of ordered pairs, whatever their lags: a pair is as strong as the norm of the strengths of its lags.
Lagged figures are of pairs and lags, up to the largest lag of either graph. Both are told without the pairs of a
variable with itself and with them (`_with_self`): most series depend on their own past, and counting that lifts areas
far above what was found between variables. The areas are those of ranking.py, `random_precision` the chance level of
AUPRC; that of AUROC is 1/2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Set

from causaldisc.graph.graph import Graph
from causaldisc.graph.metrics import Score
from causaldisc.graph.ranking import Arrow, Item, areas, weighed

Link = tuple[str, str, int]


def compare(truth: Graph, estimate: Graph) -> dict[str, object]:
    """Return figures of two graphs over the same nodes, under `summary` and `lagged`."""
    p = len(truth)
    true, found = _links(truth), _links(estimate)
    summary_true, summary_found = _pairs(true), _pairs(found)
    lags = {link[2] for link in (*true, *found)}
    past = max([0, *lags])
    summary = _figures(summary_found, summary_true.keys(), p * (p - 1), p)
    lagged = _figures(found, true.keys(), p * (p - 1) * (past + (0 in lags)), p * past)
    apart = [{pair for pair in pairs if pair[0] != pair[1]} for pairs in (summary_true, summary_found)]
    score = Score(len(apart[0] & apart[1]), len(apart[1] - apart[0]), len(apart[0] - apart[1]))
    return {"summary": {**score.as_dict(), **summary}, "lagged": lagged}


def _links(graph: Graph) -> dict[Link, float]:
    return {(source, target, lag): strength for source, target, lag, strength in weighed(graph)}


def _pairs(links: Mapping[Link, float]) -> dict[Arrow, float]:
    """Return the strengths of pairs over all lags."""
    by_pair: dict[Arrow, list[float]] = {}
    for (source, target, _), strength in links.items():
        by_pair.setdefault((source, target), []).append(strength)
    return {pair: math.hypot(*strengths) for pair, strengths in by_pair.items()}


def _figures(found: Mapping[Item, float], true: Set[Item], apart: int, selves: int) -> dict[str, float | None]:
    """Return the areas over `apart` pairs of different variables, and with the `selves` pairs of the same."""
    others = {item: w for item, w in found.items() if item[0] != item[1]}
    without = areas(others, {item for item in true if item[0] != item[1]}, apart)
    whole = areas(found, set(true), apart + selves)
    return {
        "auroc": without.auroc,
        "auprc": without.auprc,
        "random_precision": without.random_precision,
        "auroc_with_self": whole.auroc,
        "auprc_with_self": whole.auprc,
        "random_precision_with_self": whole.random_precision,
    }
