"""DirectLiNGAM: a DAG with weights from linear relations with non-Gaussian noise (causal-learn).

S. Shimizu et al., "DirectLiNGAM: a direct method for learning a linear non-Gaussian structural equation model", JMLR 12
(2011); A. Hyvarinen, S. Smith, JMLR 14 (2013) for the measure pwling. Assumes no hidden common causes and no cycles;
noise of which at most one variable's is Gaussian gives every arrow, so that no edge stays undirected. Weights are those
of an adaptive lasso, in the units of the columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _lingam
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import Graph, Mark
from causaldisc.knowledge import BoundKnowledge, Knowledge
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.result import Result

TRAITS = replace(_lingam.TRAITS, knowledge=True)


class Measure(Enum):
    """How dependence of a cause and what is left of its effect is measured."""

    PWLING = "pwling"
    KERNEL = "kernel"


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of DirectLiNGAM."""

    TITLE = "DirectLiNGAM"

    measure: Measure = opt(
        Measure.PWLING, "Measure of dependence: pwling (fast), or kernel (memory and time of rows squared and cubed)."
    )
    max_rows: int = opt(1000, "Most rows that kernel uses; beyond, so many are drawn at random.", at_least=20)
    threshold: float = opt(0.0, _lingam.THRESHOLD, at_least=0)
    seed: int = opt(0, "Seed of the rows drawn for kernel.", at_least=0)


def run(data: Dataset, options: Options, knowledge: Knowledge, context: Context) -> Result:
    """Run DirectLiNGAM on data; raises DataError for text and for knowledge that names no column."""
    found = adapter.numbers(data, "direct-lingam", context)
    if options.measure is Measure.KERNEL:
        found = adapter.sampled(found, options.max_rows, options.seed, context)
    known = knowledge.bind(found.names)
    with adapter.running("direct-lingam", context):
        from causallearn.search.FCMBased.lingam import DirectLiNGAM

        prior = _lingam.paths(known) if knowledge else None
        model = DirectLiNGAM(prior_knowledge=prior, measure=options.measure.value)
        model.fit(found.values)
        if knowledge:  # the order keeps what is known of paths, the weights what is known of edges
            model._estimate_adjacency_matrix(found.values, _lingam.edges(known))
    graph = adapter.weighted(model.adjacency_matrix_, found, options.threshold)
    _require(graph, known, context)
    return adapter.result("direct-lingam", found, graph, options, context, knowledge.as_json())


def _require(graph: Graph, known: BoundKnowledge, context: Context) -> None:
    """Add required edges that got no weight."""
    for u, v in known.required:
        if not graph.has_edge(u, v):
            graph.add_edge(u, v, Mark.TAIL, Mark.ARROW, attributes={"weight": 0.0})
            context.warn(
                "required-without-weight", f"{graph.names[u]!r} -> {graph.names[v]!r} is required, but has no weight"
            )
