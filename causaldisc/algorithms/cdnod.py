"""CD-NOD: a causal graph of data whose mechanisms change over time or between places.

Contexts (time, site) are nodes beside the variables, and causes only: an arrow from a context says that the mechanism
of a variable changes along it. Name them with `--index`, or give one file per domain. Edges between variables that both
change get the direction in which their mechanisms change independently, where the data show one.

B. Huang, K. Zhang, J. Zhang, J. Ramsey, R. Sanchez-Romero, C. Glymour, B. Schoelkopf, "Causal discovery from
heterogeneous/nonstationary data", JMLR 21(89), 2020: changing modules and skeleton, directions from changes and
colliders, directions from independent changes, driving forces. Deviations: the skeleton is that of PC-stable, which
stops at the first separating set; a domain is a category, never a number; several contexts may be given, and separate
each other from variables; variables that persist are tested given their own past, and stay joined to a time, undecided,
where that may hide a drift; how a mechanism changes is that of its location and scale, and directions have p-values and
may stay open; the graph is always valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from causaldisc import curves, panels, provenance
from causaldisc.algorithms import pc
from causaldisc.citests import CITest, Missing, TestChoice
from causaldisc.context import Context
from causaldisc.curves import Curves
from causaldisc.data import contexts, groups
from causaldisc.data.contexts import Contextual
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.errors import UsageError
from causaldisc.graph import Graph, GraphKind, Node
from causaldisc.knowledge import BoundKnowledge, Knowledge
from causaldisc.options import as_json, opt
from causaldisc.result import TIME_LIMIT, Result
from causaldisc.search import (
    along_contexts,
    colliders,
    discovery_rate,
    evidence,
    orientation,
    own_past,
    skeleton,
    sources,
)
from causaldisc.search.autocorrelation import Autocorrelation
from causaldisc.search.independent_change import Dependence
from causaldisc.search.orient_changes import Judgement
from causaldisc.search.skeleton import Skeleton
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="hidden common causes are functions of the context; independences are those of the graph",
    takes=(Takes.CONTINUOUS, Takes.DISCRETE, Takes.MIXED, Takes.SERIES),
    graph=GraphKind.CPDAG,
    missing=Gaps.TEST_WISE,
    knowledge=True,
)
TAKES_FILES_OF = "domain"  # several files, one for each
DEFAULT_TEST = "kci"
WHY_DEFAULT = "kernel test: a change may be one of the mean, of the spread or of a relation"


TABLES: Mapping[str, Callable[[list[Curves]], str]] = {
    ".csv": curves.to_csv,
    ".tsv": lambda drawn: curves.to_csv(drawn, "\t"),
    ".json": curves.to_json,
}
PICTURES: Mapping[str, Callable[[list[Curves]], bytes]] = {
    ".svg": lambda drawn: panels.svg(drawn).encode(),
    ".png": panels.png,
}


@dataclass(frozen=True, kw_only=True)
class Options(pc.Options):
    """Options of CD-NOD: those of PC, and what changes are sought along."""

    TITLE = "CD-NOD"

    index: tuple[str, ...] = opt(
        (),
        "Column that says when or where a row was measured, or 'rows' for the order of the rows; several by commas or "
        "by giving it again.",
        metavar="COLUMN",
    )
    index_kind: str = opt(
        "auto",
        "What the index counts: 'time' (a number), 'domain' (categories), or 'auto': domain if the column is discrete, "
        "else time. For several indices one word each, with commas.",
        metavar="KIND",
    )
    autocorrelation: Autocorrelation = opt(
        Autocorrelation.AUTO,
        "Condition each test on its variables' own past ('lags'), so that persistence is not taken for change; 'auto': "
        "when an index is a time. How many lags is chosen for each variable by BIC; none where a smooth drift of "
        "independent rows is far likelier.",
    )
    group: tuple[str, ...] = opt(
        (),
        "Columns of numbers that are one variable, 'gaze=gx,gy', with --test kci; may be given several times.",
        metavar="NAME=COLUMNS",
    )
    max_lag: int = opt(5, "Most lags of a variable.", at_least=1, below=1000)
    orient_alpha: float = opt(
        0.05,
        "Direct an edge between changing modules when the changes of the other direction depend on each other with a "
        "p-value of at most this, and its own do not; 0 leaves such edges undirected.",
        at_least=0,
        below=0.5,
    )
    driving_force: str | None = opt(
        None,
        "Write what drives each changing module, the kernel principal components of its change along the index, to "
        "this file, .csv, .tsv or .json.",
        metavar="FILE",
    )
    plot: str | None = opt(None, "Draw the driving forces to this file, .svg or .png.", metavar="FILE")
    changing: bool = opt(
        False, "Print the changing modules, a line each (module, index, p-value); a graph goes to -o files only."
    )
    drop_context: bool = opt(False, "Leave the contexts out of the graph.")

    def __post_init__(self) -> None:
        super().__post_init__()
        for option, path, known in (
            ("--driving-force", self.driving_force, tuple(TABLES)),
            ("--plot", self.plot, tuple(PICTURES)),
        ):
            if path is not None and Path(path).suffix.lower() not in known:
                raise UsageError(f"{option}: the suffix of {path!r} is none of {', '.join(known)}")
        if self.plot is not None and Path(self.plot).suffix.lower() == ".png":
            panels.require_png()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are named; where one is missing, that is said before anything else is wrong with the data.

        Raises UsageError for what is no list of columns.
        """
        together = dict(groups.parsed(text) for text in self.group)
        alone = [name for name in contexts.names_in(self.index) if name != contexts.ROWS and name not in together]
        return (*alone, *(member for members in together.values() for member in members))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that are written besides graphs."""
        return tuple(path for path in (self.driving_force, self.plot) if path is not None)


@dataclass(frozen=True)
class Found:
    """The partly oriented graph after the directions from changes and colliders, and what it rests on; nodes are those
    of the test. `known`: the user's knowledge, and that nothing causes a context."""

    graph: Graph
    skeleton: Skeleton
    known: BoundKnowledge


def search(
    test: CITest,
    names: tuple[str, ...],
    of_context: frozenset[str],
    options: Options,
    knowledge: Knowledge,
    context: Context,
) -> Found:
    """Run phases 1 and 2 on any test of the variables and the contexts, some of `names`, which are in the test's order.

    Raises DataError when knowledge contradicts itself, or makes a cause of a context.
    """
    known: BoundKnowledge = (knowledge | sources.knowledge_of(names, of_context)).bind(names)
    found = skeleton.learn(test, options.alpha, options.max_depth, known, context)
    alpha = options.alpha if options.fdr is None else discovery_rate.prune(found, options.alpha, options.fdr)
    findings = colliders.find(test, found, options.collider_rule, alpha, options.max_depth, known, context)
    if found.unfinished:
        context.warn(TIME_LIMIT, found.unfinished)
    places = [names.index(name) for name in sorted(of_context)]
    graph = orientation.orient(names, found, sources.without_sources(findings, places), known, context)
    evidence.annotate(graph, found)
    own_past.mark_untold(graph, found, context)
    return Found(graph, found, known)


def run(data: Dataset, options: Options, test: TestChoice, knowledge: Knowledge, context: Context) -> Result:
    """Run CD-NOD on data.

    Raises DataError when the index, the test or knowledge do not suit the data, UsageError when the options contradict
    each other.
    """
    if test.missing is Missing.CORRECTED:
        raise UsageError("--missing corrected serves pc only; test-wise, list-wise and error serve cdnod")
    choice = replace(test, name=DEFAULT_TEST) if test.name == "auto" else test
    if options.group and choice.name != "kci":
        raise UsageError(f"--group makes variables of several numbers, which {choice.name} cannot take; use --test kci")
    parted = contexts.set_apart(groups.grouped(data, options.group), options.index, options.index_kind)
    context.warn_all(parted.data.notices)
    ordered = parted.data.select(sorted(parted.data.names))
    past = own_past.learn(parted, options.autocorrelation, options.max_lag, context)
    bound = past.bind(choice, ordered, options.alpha, context)
    found = search(bound, ordered.names, frozenset(parted.kinds), options, knowledge, context)
    names = tuple(sorted(parted.variables))
    graph = found.graph.reordered(Node(name) for name in (*names, *parted.kinds))
    along = along_contexts.mechanisms(graph, parted, names, past.lags, past.series, seed=0)
    judged = []
    if options.orient_alpha > 0 and not found.skeleton.unfinished:
        judged = along_contexts.orient(graph, along, options.orient_alpha)
    evidence.warn_undecided(found.skeleton, ordered.names, context)
    separations = evidence.NamedSeparations(found.skeleton.separations, ordered.names)
    _warn_untold(found.skeleton, ordered.names, list(parted.kinds), context)
    of_test = {"test": bound.name, "missing": test.missing.value, **as_json(bound.options)}
    chosen = {**of_test, **as_json(options), **knowledge.as_json()}
    for name in ("changing", "driving_force", "plot"):
        chosen.pop(name, None)  # says what is written, not what is found
    described = provenance.of_search("cdnod", chosen, parted.data, found.skeleton, separations.unlisted)
    described |= {"contexts": {name: kind.value for name, kind in parted.kinds.items()}}
    described |= {"autocorrelation": past.account()}
    described |= {"test_chosen": WHY_DEFAULT} if test.name == "auto" else {}
    described |= {"directions": [_evidence(names, index, judgement) for index, judgement in judged]}
    files = _files(along_contexts.drivers(graph, along, parted), options, context) if options.outputs else {}
    graph = graph.reordered(_nodes(parted))
    along_contexts.annotate(graph, names, judged)
    listing = _changing(graph, parted) if options.changing else None
    result = Result(graph, separations, tuple(context.warnings), described, listing, files)
    return _without_contexts(result, frozenset(parted.kinds)) if options.drop_context else result


def _without_contexts(result: Result, names: frozenset[str]) -> Result:
    """Return the result less the nodes of contexts and the separations that name one."""
    named = tuple(s for s in result.separations if names.isdisjoint((s.x, s.y, *s.given)))
    return replace(result, graph=result.graph.without(names), separations=named)


def _warn_untold(found: Skeleton, names: tuple[str, ...], of_context: list[str], context: Context) -> None:
    """Say which variables change along contexts that go together too closely to tell along which."""
    separations = (
        (*pair, given)
        for part in found.separations.parts
        for pair, given in zip(part.pairs.tolist(), part.sets.tolist(), strict=True)
    )
    untold = sources.untold(separations, [names.index(name) for name in of_context])
    if untold:
        context.warn(
            "contexts-together",
            f"{', '.join(names[v] for v in untold)}: no arrow from {' or '.join(of_context)}, since none says anything "
            "more once others are given, although some do alone; give --index fewer of these",
        )


def _evidence(names: tuple[str, ...], index: str, judgement: Judgement) -> dict[str, object]:
    """Return what the changes say of an edge as plain values: for either direction how its mechanisms depend."""

    def of_way(found: Dependence) -> dict[str, float]:
        return {name: evidence.rounded(getattr(found, name)) for name in ("score", "z", "p_value")}

    x, y = names[judgement.x], names[judgement.y]
    ways = {f"{x} -> {y}": of_way(judgement.forward), f"{y} -> {x}": of_way(judgement.backward)}
    return {"x": x, "y": y, "index": index, "outcome": judgement.outcome.value, "dependence": ways}


def _files(drawn: list[Curves], options: Options, context: Context) -> dict[str, bytes]:
    """Return the contents of the files that the options ask for."""
    files = {}
    if not drawn:
        context.warn("no-drivers", f"no module changes: {' and '.join(options.outputs)} hold no driving force")
    if options.driving_force is not None:
        files[options.driving_force] = TABLES[Path(options.driving_force).suffix.lower()](drawn).encode()
    if options.plot is not None:
        files[options.plot] = PICTURES[Path(options.plot).suffix.lower()](drawn)
    return files


def _nodes(parted: Contextual) -> list[Node]:
    """Return the nodes with their types: the kind of a variable, or that it is a context and of what kind."""
    context = ColumnKind.CONTEXT.value
    return [
        Node(c.name, {"type": context, "index": parted.kinds[c.name].value})
        if c.name in parted.kinds
        else Node(c.name, {"type": c.kind.value})
        for c in parted.data.columns
    ]


def _changing(graph: Graph, parted: Contextual) -> str:
    """Return the changing modules as lines of tab-separated values, under a header."""
    lines = ["module\tindex\tp_value"]
    for name in parted.variables:
        for context in parted.kinds:
            u, v = graph.index(context), graph.index(name)
            if graph.has_edge(u, v):
                p_value = graph.attributes(u, v).get("p_value", "")
                lines.append(f"{name}\t{context}\t{p_value}")
    return "\n".join(lines) + "\n"
