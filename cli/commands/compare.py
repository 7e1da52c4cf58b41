"""Score an estimated graph against the true one: SHD, precision, recall, F1.

With `--rca` TRUE is the graph of a case of `simulate faults`, EST a ranking of `rca`; several cases are pairs of them.

With a lagged true graph also by strength: areas under the ROC and the precision-recall curve over pairs (summary) and
over pairs and lags (lagged), each without and with the pairs of a variable with itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from causaldisc.cli import flags, tables
from causaldisc.cli.tables import TableFormat
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import check_places

from causaldisc.data import source
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import Graph, GraphKind, formats, lagged_ranking, ranking
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.graph.metrics import compare as score
from causaldisc.graph.validity import problems
from causaldisc.options import Options, opt
from causaldisc.rca import scoring, written


@dataclass(frozen=True, kw_only=True)
class CompareOptions(Options):
    """How to compare and show."""

    TITLE = "Comparison"

    check: bool = opt(False, "Exit with 1 unless the graphs are equal (SHD 0).")
    ranked: bool = opt(
        False,
        "Score the arrows of EST by strength: areas under the precision-recall and the ROC curve, early precision, and "
        "their ratios to a random ranking's. Reads ranked lists (Gene1, Gene2, EdgeWeight) beside graphs.",
    )
    rca: bool = opt(
        False,
        "Score rankings of root causes: AC@1 to AC@5, their mean Avg@5, that of a random order, and the ratio; for "
        "metrics and for services. Takes pairs: TRUE RANKING TRUE RANKING ...",
    )
    regulators_only: bool = opt(False, "With --ranked: only pairs whose first node causes something in TRUE.")
    exact: bool = opt(
        False, "Compare with a true DAG itself; otherwise a CPDAG is compared with the CPDAG of the true DAG."
    )
    format: TableFormat = opt(
        TableFormat.AUTO, "Table format; 'auto': text on a terminal, json in a pipe.", names=("-f",)
    )
    output: str = opt("-", "Write the figures to this file.", names=("-o",), metavar="FILE")


def compare(
    true: Annotated[str, typer.Argument(metavar="TRUE", help="True graph, in any format; '-' is stdin.")],
    est: Annotated[str, typer.Argument(metavar="EST", help="Estimated graph, likewise.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="TRUE EST...", help="Further cases, with --rca.")] = None,
    *,
    options: CompareOptions,
    talk: TalkOptions,
) -> int:
    """Compare two graphs over the same nodes."""
    if options.rca:
        return _compare_root_causes([true, est, *(more or [])], options)
    if more:
        raise UsageError(f"two graphs are compared, but there is {more[0]!r}, too; several cases need --rca")
    if true == est == "-":
        raise UsageError("only one of the two graphs can come from standard input")
    check_places([options.output], inputs=(true, est))
    if options.ranked:
        return _compare_ranked(true, est, options)
    graphs = {path: formats.read(path).graph for path in _stdin_first(true, est)}
    truth, guess = graphs[true], graphs[est]
    if not options.exact and _is_class(guess):
        truth = _class_of(truth, true)
    found = score(truth, guess)
    figures = found.as_dict()
    if truth.kind is GraphKind.LAGGED:
        figures |= lagged_ranking.compare(truth, guess)
    tables.emit_one(_flat(figures), options.format, options.output)
    return int(options.check and found.shd > 0)


def _compare_ranked(true: str, est: str, options: CompareOptions) -> int:
    """Score a ranking; see `ranking.compare`."""
    if options.check or options.exact:
        raise UsageError("--ranked knows neither --check nor --exact")
    rankings = {path: formats.read_ranking(path) for path in _stdin_first(true, est)}
    found = ranking.compare(rankings[true], rankings[est], options.regulators_only)
    tables.emit_one(asdict(found), options.format, options.output)
    return 0


def _compare_root_causes(paths: list[str], options: CompareOptions) -> int:
    """Score rankings, each after its true graph."""
    if options.check or options.exact or options.ranked:
        raise UsageError("--rca knows neither --check nor --exact nor --ranked")
    if len(paths) % 2:
        raise UsageError(f"--rca takes pairs TRUE RANKING, but there are {len(paths)} files")
    if paths.count("-") > 1:
        raise UsageError("only one file can come from standard input")
    check_places([options.output], inputs=paths)
    texts = {path: source.text(path) for path in _stdin_first(*paths)}
    cases = []
    for true, est in zip(paths[::2], paths[1::2], strict=True):
        known = formats.load(texts[true], path=None if true == "-" else true, source=source.label(true)).graph
        level, ranks = written.read(texts[est], source.label(est))
        cases.append((scoring.truth_of(known, source.label(true)), level, ranks))
    tables.emit(scoring.figures(cases), options.format, options.output)
    return 0


def _stdin_first(*paths: str) -> list[str]:
    """Return the paths, standard input first: in a pipe, its writer may have the other still to write."""
    return sorted(set(paths), key=lambda path: path != "-")


def _flat(figures: Mapping[str, object]) -> dict[str, object]:
    """Return nested figures as one level: `adjacency_precision` for precision of adjacency."""
    flat: dict[str, object] = {}
    for key, value in figures.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}_{inner}": figure for inner, figure in value.items()}
        else:
            flat[key] = value
    return flat


def _is_class(graph: Graph) -> bool:
    """Tell whether a graph is a CPDAG, by declaration or, where its format holds no kind, by its edges."""
    return graph.kind is GraphKind.CPDAG or (
        graph.kind is GraphKind.MIXED and not problems(graph.copy(GraphKind.CPDAG))
    )


def _class_of(truth: Graph, source: str) -> Graph:
    """Return the CPDAG of a graph that is a DAG, by declaration or by its edges; other graphs as they are."""
    as_dag = truth.copy(GraphKind.DAG)
    if problems(as_dag):
        if truth.kind is GraphKind.DAG:
            raise DataError(f"{source}: {problems(as_dag)[0]}, so it is no DAG")
        return truth
    return cpdag_of(as_dag) if truth.kind in (GraphKind.DAG, GraphKind.MIXED) else truth


def command() -> Any:
    return flags.command(compare, "compare", __doc__ or "")
