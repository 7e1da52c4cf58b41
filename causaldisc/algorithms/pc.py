"""PC: a CPDAG from conditional independences, assuming no hidden common causes.

An arrow says that the data, given the assumptions, allow one direction only; an undirected edge, that they allow both.
Edges carry the largest p-value of their tests, and `conflict` or `ambiguous` where the evidence disagreed.

P. Spirtes, C. Glymour, R. Scheines, "Causation, Prediction, and Search", 2nd ed. (2000), section 5.4.2, in the
order-independent form of D. Colombo and M. Maathuis, JMLR 15 (2014). Deviations: columns are taken in the order of
their names, so that their order in the file changes nothing; only possible causes of an end are conditioned on; the
graph is always a valid CPDAG, the closest to the evidence where that contradicts itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causaldisc import provenance
from causaldisc.citests import CITest, TestChoice
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.validation import variables
from causaldisc.graph import Graph, GraphKind, Node
from causaldisc.knowledge import BoundKnowledge, Knowledge
from causaldisc.options import Options as _Options
from causaldisc.options import as_json, opt
from causaldisc.result import TIME_LIMIT, Result
from causaldisc.search import colliders, discovery_rate, evidence, missingness, orientation, skeleton
from causaldisc.search.colliders import ColliderRule
from causaldisc.search.discovery_rate import Correction
from causaldisc.search.skeleton import Skeleton
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="no hidden common causes; independences are those of the graph (faithfulness)",
    takes=(Takes.CONTINUOUS, Takes.DISCRETE, Takes.MIXED),
    graph=GraphKind.CPDAG,
    missing=Gaps.TEST_WISE,
    knowledge=True,
)


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of PC."""

    TITLE = "PC"

    alpha: float = opt(0.05, "Take a pair for independent when its p-value is above this.", above=0, below=1)
    max_depth: int | None = opt(None, "Largest conditioning set; without it, as far as neighbours go.", at_least=0)
    fdr: Correction | None = opt(
        None,
        "Bound the share of false edges by alpha: of the edges found, drop those whose largest p-value does not stand "
        "among all pairs (bh: Benjamini-Hochberg; by: Benjamini-Yekutieli, for any dependence).",
    )
    collider_rule: ColliderRule = opt(
        ColliderRule.MAJORITY,
        "How colliders are found: by vote of all separating sets (majority, or conservative: unanimous), from the "
        "one with the largest p-value (max-p), or from the first one found (sepset: depends on column names).",
    )


def search(
    test: CITest, names: tuple[str, ...], options: Options, knowledge: BoundKnowledge, context: Context
) -> tuple[Graph, Skeleton]:
    """Run PC on any test; returns the CPDAG and the skeleton with its evidence. `knowledge` fits the test's order."""
    found = skeleton.learn(test, options.alpha, options.max_depth, knowledge, context)
    alpha = options.alpha if options.fdr is None else discovery_rate.prune(found, options.alpha, options.fdr)
    findings = colliders.find(test, found, options.collider_rule, alpha, options.max_depth, knowledge, context)
    if found.unfinished:
        context.warn(TIME_LIMIT, found.unfinished)
    graph = orientation.orient(names, found, findings, knowledge, context)
    evidence.annotate(graph, found)
    return graph, found


def run(data: Dataset, options: Options, test: TestChoice, knowledge: Knowledge, context: Context) -> Result:
    """Run PC on data.

    Raises DataError when the data do not suit the test or knowledge names a column that is not there.
    """
    data = variables(data)
    context.warn_all(data.notices)
    ordered = data.select(sorted(data.names))
    bound = missingness.bind(test, ordered, options.alpha, context)
    graph, found = search(bound, ordered.names, options, knowledge.bind(ordered.names), context)
    of_test = {"test": bound.name, "missing": test.missing.value, **as_json(bound.options)}
    chosen = {**of_test, **as_json(options), **knowledge.as_json()}
    return result("pc", data, graph, found, ordered.names, chosen, context)


def result(
    algorithm: str,
    data: Dataset,
    graph: Graph,
    found: Skeleton,
    names: tuple[str, ...],
    chosen: Mapping[str, object],
    context: Context,
) -> Result:
    """Return what a search found on data, whose columns it saw in the order of `names`, with the options chosen."""
    evidence.warn_undecided(found, names, context)
    separations = evidence.NamedSeparations(found.separations, names)
    return Result(
        graph.reordered(Node(c.name, {"type": c.kind.value}) for c in data.columns),
        separations,
        tuple(context.warnings),
        provenance.of_search(algorithm, chosen, data, found, separations.unlisted),
    )
