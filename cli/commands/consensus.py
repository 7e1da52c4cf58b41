"""What several graphs over the same nodes agree on, with how many have each edge.

    causaldisc consensus graphs/*.graphml --min-frequency 0.6 -o all.graphml

An edge is kept that is in at least this share of the graphs; its marks are those that more than half of the graphs with
the edge agree on. Attributes say how often: `frequency`, `frequency_directed` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from causaldisc.cli import flags
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import WriteOptions, check_places, write, write_bytes

from causaldisc import __version__
from causaldisc.errors import UsageError
from causaldisc.graph import consensus as agreement
from causaldisc.graph import formats
from causaldisc.options import Options, opt
from causaldisc.result import Notice, Result
from causaldisc.words import counted


@dataclass(frozen=True, kw_only=True)
class ConsensusOptions(Options):
    """What to keep."""

    TITLE = "Consensus"

    min_frequency: float = opt(0.5, "Keep edges in at least this share of the graphs.", above=0)
    frequencies: str | None = opt(None, "Write how often each edge is there, with each mark, as TSV.", metavar="FILE")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_frequency > 1:
            raise UsageError(f"--min-frequency must be at most 1, not {self.min_frequency:g}")


def consensus(
    graphs: Annotated[list[str], typer.Argument(metavar="GRAPH...", help="Graphs, in any format; '-' is stdin.")],
    options: ConsensusOptions,
    writing: WriteOptions,
    talk: TalkOptions,
) -> None:
    """Read, count, write."""
    plan = writing.plan(*graphs)
    if graphs.count("-") > 1:
        raise UsageError("only one of the graphs can come from standard input")
    if options.frequencies is not None:
        check_places([*writing.output, options.frequencies], graphs)
    found = agreement.tally(formats.read(path).graph for path in graphs)
    graph, wrong = agreement.consensus(found, options.min_frequency)
    warnings = tuple(Notice("mixed", f"the graphs agree on one that is written as mixed: {w}") for w in wrong[:1])
    described: dict[str, object] = {"tool": "causaldisc", "version": __version__, "algorithm": "consensus"}
    described |= {"options": {"min_frequency": options.min_frequency}, "graphs": list(graphs)}
    talk.warn(warnings)
    if options.frequencies is not None:
        write_bytes(agreement.as_tsv(found), options.frequencies)
    write(Result(graph, (), warnings, described), plan)
    edges = f"{counted(graph.edge_count(), 'edge')} in at least {100 * options.min_frequency:g} %"
    talk.say(f"consensus: {counted(found.graphs, 'graph')}, {found.mean_edges:.1f} edges each; {edges}")


def command() -> Any:
    return flags.command(consensus, "consensus", __doc__ or "")
