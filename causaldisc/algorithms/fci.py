"""FCI: a PAG from conditional independences, allowing for hidden common causes (causal-learn).

`-->` says cause, `<->` a hidden common cause and neither end causing the other, and a circle that the data allow both
an arrowhead and a tail. A pair that knowledge forbids in both directions may still be joined by `<->`. Edges carry the
largest p-value of their tests.

P. Spirtes, C. Meek, T. Richardson, UAI 1995; orientation by J. Zhang, "On the completeness of orientation rules for
causal discovery in the presence of latent confounders and selection bias", Artificial Intelligence 172 (2008). Assumes
no selection bias, and so no undirected edges: R5 to R7 are left out. R8 to R10 are tried, but R10 may miss a tail. The
search among possible d-separators is exponential in their number: --max-depth bounds it. Too few rows decide nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from causaldisc import provenance
from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _fci
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.validation import variables
from causaldisc.graph import Graph, GraphKind, Value
from causaldisc.knowledge import Knowledge
from causaldisc.options import Options as _Options
from causaldisc.options import as_json, opt
from causaldisc.result import Result, Separation
from causaldisc.search import evidence, missingness
from causaldisc.search.evidence import rounded
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="independences are those of the graph (faithfulness)",
    takes=(Takes.CONTINUOUS, Takes.DISCRETE, Takes.MIXED),
    graph=GraphKind.PAG,
    missing=Gaps.TEST_WISE,
    latent=True,
    knowledge=True,
    by=adapter.NAME,
)


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of FCI."""

    TITLE = "FCI"

    alpha: float = opt(0.05, "Take a pair for independent when its p-value is above this.", above=0, below=1)
    max_depth: int | None = opt(None, "Largest conditioning set; without it, as far as neighbours go.", at_least=0)


def run(data: Dataset, options: Options, test: TestChoice, knowledge: Knowledge, context: Context) -> Result:
    """Run FCI on data; raises DataError when they do not suit the test, or knowledge names no column."""
    data = variables(data)
    context.warn_all(data.notices)
    ordered = data.select(sorted(data.names))
    bound = missingness.bind(test, ordered, options.alpha, context)
    asked = _fci.Asked(bound, knowledge.bind(ordered.names), context)
    with adapter.running("fci", context):
        graph = _fci.search(asked, ordered.names, options.alpha, options.max_depth)
    _fci.repair(graph, context)
    _annotate(graph, asked)
    # What evidence wants of a skeleton here is only what was undecided.
    evidence.warn_undecided(cast(Any, SimpleNamespace(undecided=asked.undecided)), ordered.names, context)
    of_test = {"test": bound.name, "missing": test.missing.value, **as_json(bound.options)}
    described = provenance.of_run("fci", {**of_test, **as_json(options), **knowledge.as_json()}, data)
    described |= {"library": adapter.version(), "tests": {"total": len(asked.known)}}
    separations = _separations(graph, asked, options.alpha)
    return Result(graph.reordered(adapter.nodes(data, data.names)), separations, tuple(context.warnings), described)


def _annotate(graph: Graph, asked: _fci.Asked) -> None:
    """Give each edge the figures of its weakest test; `undecided` where none decided."""
    for e in graph.edges():
        weakest = asked.weakest.get((min(e.source, e.target), max(e.source, e.target)))
        if weakest is None:
            graph.annotate(e.source, e.target, undecided=True)
            continue
        found = weakest[1]
        attributes: dict[str, Value] = {
            "p_value": rounded(math.exp(found.log_p)),
            "statistic": rounded(found.statistic),
        }
        if found.effect is not None:
            attributes["effect"] = rounded(found.effect)
        if found.n:
            attributes["n"] = found.n
        graph.annotate(e.source, e.target, 0, **attributes)


def _separations(graph: Graph, asked: _fci.Asked, alpha: float) -> tuple[Separation, ...]:
    """Return the set with the largest p-value of each pair without an edge."""
    names = graph.names
    return tuple(
        Separation(names[x], names[y], tuple(names[z] for z in given), rounded(found.p_value), found.n or None)
        for (x, y), (given, found) in sorted(asked.weakest.items())
        if not graph.has_edge(x, y) and math.exp(found.log_p) > alpha
    )
