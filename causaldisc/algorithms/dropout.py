"""Graphs from data whose zeros may be failures: PC, or greedy search, that leaves out rows test by test.

Single-cell counts, and much else, are zero where there is nothing and where measuring failed. Taken as values such
zeros create dependences; rows without any are too few. For each test this command leaves out the rows where a
conditioned variable is zero (--scope conditioning), or those where one of the tested pair is, too (all), or takes the
evidence of both (both). Where too few rows are left a test decides nothing: the edge stays and says so, as
`insufficient`, the number of such tests. Every edge carries the rows `n` of its weakest test and `detectable`, the
smallest partial correlation that so many rows find four times out of five.

With --search ges the graph comes from a greedy search over equivalence classes, which inserts, deletes and turns edges
as long as the tests of what each of these changes gain more evidence than --penalty asks for. An edge's evidence is
then that against its deletion; too few rows neither make an edge nor remove one.

DATA may be an .h5ad, the .h5 or the folder of Cell Ranger, or a table; docs/dropout.md tells how genes are chosen.

The default test, cubic, is the generalised covariance measure of cubic regressions: what is left of a linear relation
after deletion is not linear, and Fisher's Z rejects up to five times too often there (docs/dropout.md).

H. Dai, I. Ng, G. Luo, P. Spirtes, P. Stojanov, K. Zhang, "Gene regulatory network inference in the presence of
dropouts: a causal view", ICLR 2024. Their assumptions: no hidden common causes, zeros by failure depend on no other
variable than their own, and what is not zero is exact. Deviations: their code tests with Fisher's Z on the rows of
--scope conditioning and takes too few rows for independence (--test fisherz --min-rows 0 --thin independent); for
those of the greedy search see search/comparison.py and search/greedy.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from statistics import NormalDist

from causaldisc.algorithms import _ges, pc
from causaldisc.citests import TestChoice, _deletion, effect_in_nats
from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._deletion import Scope, Thin
from causaldisc.citests._transform import Transform, transformed
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset, continuous_column
from causaldisc.data.sparse import AnyColumn
from causaldisc.data.totals import totals
from causaldisc.data.validation import variables
from causaldisc.errors import DataError
from causaldisc.graph import Graph, GraphKind
from causaldisc.knowledge import Knowledge
from causaldisc.options import as_json, opt
from causaldisc.result import Result
from causaldisc.search import evidence
from causaldisc.search import zeros as zeros_of
from causaldisc.search.comparison import ByTest
from causaldisc.search.skeleton import Skeleton
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="no hidden common causes; a zero may be a failure to measure, which depends on its own variable only",
    takes=(Takes.CONTINUOUS,),
    graph=GraphKind.CPDAG,
    missing=Gaps.TEST_WISE,
    knowledge=True,
)
TAKES_CELLS = True
POWER = 0.8
TOTAL = "total"


class Search(Enum):
    """How the graph is searched for."""

    PC = "pc"
    GES = "ges"


@dataclass(frozen=True, kw_only=True)
class Options(pc.Options):
    """Options of the search under dropout."""

    TITLE = "Dropout"

    search: Search = opt(
        Search.PC,
        "How to search: 'pc' removes edges that a test separates at --alpha; 'ges' inserts, deletes and turns edges as "
        "long as a score gains, without regard to --alpha, --fdr and --collider-rule.",
    )
    penalty: float = opt(
        2.0,
        "What an edge costs with --search ges, in units of half the logarithm of the rows: 1 is the Bayesian "
        "information criterion; more means fewer edges.",
        at_least=0,
    )
    max_depth: int | None = opt(
        None,
        "Largest conditioning set; without it, with --search pc the largest for which rows are expected to suffice "
        "among the quarter of the variables with the fewest zeros, with ges as far as rows go.",
        at_least=0,
    )
    scope: Scope = opt(
        Scope.BOTH,
        "Whose zeros cost a test rows: those of the 'conditioning' set, 'all' (those of the tested pair too), or "
        "'both': the p-values of both, combined by Cauchy's rule. Only 'all' leaves out rows where nothing is "
        "conditioned on.",
    )
    min_rows: int = opt(100, "A test with fewer rows decides nothing.", at_least=0)
    thin: Thin = opt(Thin.UNDECIDED, "What a test with too few rows says; taken for independent, its edge goes.")
    transform: Transform = opt(
        Transform.LOG1P,
        "What is done to values before they are tested: log(1 + value), 'none', or Gaussian scores of their 'rank'. "
        "Zeros are those of the file.",
    )
    depth_covariate: str | None = opt(
        None,
        "Condition every test on a column too, or on 'total', the sum of the row (genes included that are left out): "
        "for what whole rows share, such as the depth at which a cell was read. It is no variable, it is transformed "
        "as they are, and its zeros count.",
        metavar="COLUMN",
    )


def run(data: Dataset, options: Options, test: TestChoice, knowledge: Knowledge, context: Context) -> Result:
    """Run PC with deletion on data.

    Raises DataError when the data do not suit the test, have negative values where a logarithm is asked for, or
    knowledge names a column that is not there.
    """
    data, covariate = covariate_of(variables(data), options)
    context.warn_all(data.notices)
    ordered = data.select(sorted(data.names))
    cells = ordered.columns if data.correlation is None else ()
    zeros = Bitmaps.of((c.zeros for c in cells), data.rows)
    if cells and not zeros.counts().any():
        context.warn("no-zeros", "no value is zero: every test uses all rows, as pc would")
    values = transformed(ordered, options.transform)
    bound = _deletion.bind(test, values, zeros, options.scope, options.min_rows, options.thin, context, covariate)
    known = knowledge.bind(ordered.names)
    if options.search is Search.GES:
        comparison = ByTest(bound, data.rows, options.penalty, effect_in_nats(bound.name))
        graph, found = _ges.search(comparison, ordered.names, options.max_depth, known, context)
        annotate(graph, found, comparison.critical)
    else:
        options = _limited(options, zeros, context)
        graph, found = pc.search(bound, ordered.names, options, known, context)
        annotate(graph, found, NormalDist().inv_cdf(1 - options.alpha / 2))
    of_test = {"test": bound.name, "missing": test.missing.value, **as_json(bound.options)}
    chosen = {**of_test, **as_json(options), **knowledge.as_json()}
    return pc.result("dropout", data, graph, found, ordered.names, chosen, context)


def covariate_of(data: Dataset, options: Options) -> tuple[Dataset, AnyColumn | None]:
    """Return the data without the covariate, and the covariate, transformed.

    Raises DataError when it is no column of numbers.
    """
    name = options.depth_covariate
    if name is None:
        return data, None
    if name == TOTAL and name not in data.names:
        found: AnyColumn = continuous_column(TOTAL, totals(data))
    else:
        found = data.columns[data.index(name)]
        data = data.select(n for n in data.names if n != name)
    if found.values is None or found.is_group:
        raise DataError(f"--depth-covariate {name}: the column holds no numbers")
    return data, transformed(replace(data, columns=(found,)), options.transform).columns[0]


def _limited(options: Options, zeros: Bitmaps, context: Context) -> Options:
    """Return the options with the depth that rows are expected to suffice for, where none is chosen."""
    if options.max_depth is not None:
        return options
    depth = expected_depth(zeros, options.min_rows, options.scope)
    if depth == 0:
        _warn_of_shallowness(zeros, options, context)
    return replace(options, max_depth=depth)


def expected_depth(zeros: Bitmaps, min_rows: int, scope: Scope) -> int | None:
    """Return the largest number of conditions for which rows are expected to suffice; None without zeros."""
    return zeros_of.expected_depth(zeros, min_rows, 0 if scope is Scope.CONDITIONING else 2)


def _warn_of_shallowness(zeros: Bitmaps, options: Options, context: Context) -> None:
    """Say that nothing is conditioned on, and what would change that."""
    other = expected_depth(zeros, options.min_rows, Scope.CONDITIONING)
    remedy = f"--scope conditioning has the rows for {other}" if other else "--min-rows 50 asks for fewer"
    context.warn(
        "too-many-zeros",
        f"zeros leave less than {options.min_rows} rows for a test with a condition, so that indirect dependences stay "
        f"as edges; {remedy}, --max-depth tries all the same",
    )


def annotate(graph: Graph, found: Skeleton, critical: float) -> None:
    """Write to each edge how many of its tests had too few rows, and what its weakest test could have seen, where
    normal values above `critical` decide for an edge."""
    answers, sizes = found.answers, found.weakest.sizes
    for k, (u, v) in enumerate(found.pairs.tolist()):
        if not graph.has_edge(u, v):
            continue
        thin = found.undecided.thin[u, v]
        if thin:
            graph.annotate(u, v, insufficient=thin)
        free = int(answers.n[k]) - int(sizes[k]) - 3
        if free > 0:
            graph.annotate(u, v, detectable=evidence.rounded(detectable(free, critical)))


def detectable(free: int, critical: float) -> float:
    """Return the partial correlation that Fisher's Z with `free` degrees of freedom finds with probability 0.8."""
    return math.tanh((critical + NormalDist().inv_cdf(POWER)) / math.sqrt(free))
