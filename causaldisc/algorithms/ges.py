"""GES: a CPDAG by greedy search over equivalence classes, by a score (causal-learn).

Edges are added while the score gains, then removed.

D. M. Chickering, "Optimal structure identification with greedy search", JMLR 3 (2002). Assumes no hidden common causes
and no cycles; with enough rows and a score that fits, the class found is the true one. The search takes columns in the
order of their names; ties of scores go by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms._scores import HELP, PENALTY, Score, scored
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import GraphKind
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.result import Result
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="no hidden common causes; a score that fits the noise (linear Gaussian for bic)",
    takes=(Takes.CONTINUOUS, Takes.DISCRETE),
    graph=GraphKind.CPDAG,
    missing=Gaps.LIST_WISE,
    by=adapter.NAME,
)


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of GES."""

    TITLE = "GES"

    score: Score = opt(Score.AUTO, HELP)
    penalty: float = opt(1.0, PENALTY, above=0)
    max_parents: int | None = opt(None, "Most parents that a variable may have before one is added.", at_least=1)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run GES on data; raises DataError when they do not suit the score."""
    s = scored(data, "ges", options.score, options.penalty, context)
    with adapter.running("ges", context):
        from causallearn.search.ScoreBased.GES import ges

        labels = adapter.labels(len(s.found.names))
        record = ges(s.values, s.function, options.max_parents, s.parameters, labels)
    graph = adapter.cpdag(adapter.graph_of(record["G"].graph, s.found, GraphKind.CPDAG), context)
    return adapter.result("ges", s.found, graph, options, context)
