"""GRaSP: a CPDAG by greedy search over orders of the variables for the sparsest graph (causal-learn).

W.-Y. Lam, B. Andrews, J. Ramsey, "Greedy relaxations of the sparsest permutation algorithm", UAI 2022. Assumes no
hidden common causes and no cycles, and less faithfulness than GES or PC do. The search starts from a random order, so
that another seed may end elsewhere where the data are few.
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
    """Options of GRaSP."""

    TITLE = "GRaSP"

    score: Score = opt(Score.AUTO, HELP)
    penalty: float = opt(2.0, PENALTY, above=0)
    depth: int = opt(3, "How many moves that gain nothing may follow one another.", at_least=1)
    seed: int = opt(0, "Seed of the first order and of the order of moves.", at_least=0)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run GRaSP on data; raises DataError when they do not suit the score."""
    s = scored(data, "grasp", options.score, options.penalty, context)
    with adapter.running("grasp", context, options.seed):
        from causallearn.search.PermutationBased.GRaSP import grasp

        labels = adapter.labels(len(s.found.names))
        found = grasp(s.values, s.function, options.depth, s.parameters, False, labels)
    graph = adapter.cpdag(adapter.graph_of(found.graph, s.found, GraphKind.CPDAG), context)
    return adapter.result("grasp", s.found, graph, options, context)
