"""FLOP: a CPDAG by fast local search over orders with restarts, for linear models (flopsearch).

M. Wienobst, L. Henckel, S. Weichwald, "Embracing discrete search: a reasonable approach to causal structure learning",
arXiv 2510.04970 (2025). Assumes linear relations, no hidden common causes and no cycles. Needs the package flopsearch:
pip install 'causaldisc[flop]'. Its restarts are drawn by a generator of its own that takes no seed:
runs may differ, the more rarely the more restarts there are, and only --restarts 0 gives the same bytes always.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.result import TIME_LIMIT, Result
from causaldisc.traits import Gaps, Takes, Traits

LIBRARY = "flopsearch"
TRAITS = Traits(
    assumes="no hidden common causes; linear relations",
    takes=(Takes.CONTINUOUS,),
    graph=GraphKind.CPDAG,
    missing=Gaps.LIST_WISE,
    by=LIBRARY,
)


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of FLOP."""

    TITLE = "FLOP"

    penalty: float = opt(2.0, "Penalty of the BIC; more gives fewer edges.", above=0)
    restarts: int = opt(20, "Restarts of the search; with --max-seconds as many as fit.", at_least=0)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run FLOP on data; raises DataError for columns of text."""
    found = adapter.numbers(data, "flop", context)
    ends: dict[str, Any] = {"restarts": options.restarts}
    if context.deadline is not None:
        ends = {"timeout": max(context.deadline - time.monotonic(), 0.01)}
    untimed = Context(threads=context.threads)  # compiled code hears no signal, and keeps its own time
    with adapter.running("flop", untimed, library=LIBRARY):
        import flopsearch

        marks = flopsearch.flop(found.standardised, options.penalty, **ends)
    context.warn_all(untimed.warnings)
    if "timeout" in ends:
        context.warn(TIME_LIMIT, "the restarts are those that --max-seconds left time for")
    elif options.restarts:
        context.warn(
            "unseeded", "flopsearch draws its restarts without a seed, so that runs may differ; see --restarts"
        )
    graph = Graph(adapter.nodes(found.data, found.names), GraphKind.CPDAG)
    for u, v in np.argwhere(np.asarray(marks)).tolist():
        if marks[u][v] == 1:
            graph.add_edge(u, v, Mark.TAIL, Mark.ARROW)
        elif u < v:
            graph.add_edge(u, v, Mark.TAIL, Mark.TAIL)
    return adapter.result("flop", found, adapter.cpdag(graph, context), options, context, library=LIBRARY)
