"""BOSS: a CPDAG by moving one variable at a time to its best place in an order (causal-learn).

B. Andrews, J. Ramsey, R. Sanchez-Romero, J. Camchong, E. Kummerfeld, "Fast scalable and accurate discovery of DAGs
using the best order score search and grow-shrink trees", NeurIPS 2023. Assumes no hidden common causes and no cycles.
Variables are moved in a random order, so that another seed may end elsewhere where the data are few.
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
    """Options of BOSS."""

    TITLE = "BOSS"

    score: Score = opt(Score.AUTO, HELP)
    penalty: float = opt(2.0, PENALTY, above=0)
    seed: int = opt(0, "Seed of the order in which variables are moved.", at_least=0)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run BOSS on data; raises DataError when they do not suit the score."""
    s = scored(data, "boss", options.score, options.penalty, context)
    with adapter.running("boss", context, options.seed):
        from causallearn.search.PermutationBased.BOSS import boss

        found = boss(s.values, s.function, s.parameters, False, adapter.labels(len(s.found.names)))
    graph = adapter.cpdag(adapter.graph_of(found.graph, s.found, GraphKind.CPDAG), context)
    return adapter.result("boss", s.found, graph, options, context)
