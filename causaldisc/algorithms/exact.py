"""Exact search: the CPDAG of the DAG with the best BIC of all (causal-learn).

T. Silander, P. Myllymaki, "A simple approach for finding the globally optimal Bayesian network structure", UAI 2006
(dp); C. Yuan, B. Malone, "Learning optimal Bayesian networks: a shortest path perspective", JAIR 48 (2013) (A*).
Assumes linear Gaussian relations, no hidden common causes and no cycles. Knowledge is obeyed exactly, since forbidden
edges leave and required ones stay in every parent set. Cost and memory double with each column: 11 with
7,466 rows take ten seconds; `--max-parents` and tiers help. Columns are centred, since the score has no intercept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import comb

import numpy as np

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.source import label
from causaldisc.errors import DataError
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.knowledge import BoundKnowledge, Knowledge
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.result import Result
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="no hidden common causes; linear Gaussian relations; few columns",
    takes=(Takes.CONTINUOUS,),
    graph=GraphKind.CPDAG,
    missing=Gaps.LIST_WISE,
    knowledge=True,
    by=adapter.NAME,
)
MOST_COLUMNS = 24  # the parent sets of so many do not fit in memory any more
_LONG, _PER_SECOND = 10_000, 1_000  # regressions, on some thousand rows


class Method(Enum):
    """How the best order is found; both find the same score."""

    ASTAR = "astar"
    DP = "dp"


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of exact search."""

    TITLE = "Exact search"

    method: Method = opt(Method.ASTAR, "A* or dynamic programming; both find the best score.")
    max_parents: int | None = opt(None, "Most parents of a variable.", at_least=1)


def run(data: Dataset, options: Options, knowledge: Knowledge, context: Context) -> Result:
    """Search all DAGs; raises DataError for too many columns and knowledge that names none of them."""
    found = adapter.numbers(data, "exact", context)
    known = knowledge.bind(found.names)
    _say_cost(data, known, options, context)
    allowed = (~known.forbidden).astype(np.float64)
    required = np.zeros_like(allowed)
    for u, v in known.required:
        required[u, v] = 1.0
    with adapter.running("exact", context):
        from causallearn.search.ScoreBased.ExactSearch import bic_exact_search

        most = None if options.max_parents is None else max(options.max_parents, int(required.sum(axis=0).max()))
        dag, _ = bic_exact_search(
            found.standardised, allowed, options.method.value, include_graph=required, max_parents=most
        )
    graph = _class_of(dag, found, known)
    return adapter.result("exact", found, graph, options, context, knowledge.as_json())


def _say_cost(data: Dataset, known: BoundKnowledge, options: Options, context: Context) -> None:
    """Say how many regressions are needed when that is long; raise DataError when it is hopeless."""
    columns = len(known.forbidden)
    if columns > MOST_COLUMNS:
        raise DataError(
            f"{label(data.source)} has {columns} columns, and exact search takes {MOST_COLUMNS} at most; choose some "
            "with --columns, or use boss or ges"
        )
    candidates = (~known.forbidden).sum(axis=0).tolist()
    most = columns if options.max_parents is None else options.max_parents
    cost = sum(comb(c, k) for c in candidates for k in range(min(c, most) + 1))
    if cost > _LONG:
        context.announce(f"{cost:,} regressions, about {cost // _PER_SECOND:,} s, before the search begins")


def _class_of(dag: adapter.Floats, found: adapter.Numbers, known: BoundKnowledge) -> Graph:
    """Return the members of a DAG's class that fulfil the knowledge, as one graph; dag[parent, child]."""
    graph = Graph(adapter.nodes(found.data, found.names), GraphKind.DAG)
    for u, v in np.argwhere(dag != 0).tolist():
        graph.add_edge(u, v, Mark.TAIL, Mark.ARROW)
    return cpdag_of(graph, [(e.source, e.target) for e in graph.edges() if known.forbidden[e.target, e.source]])
