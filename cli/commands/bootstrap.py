"""How sure an edge is: one search on many draws of the data, and what most of them agree on.

    causaldisc bootstrap pc sachs.csv --runs 200 -o sachs.graphml

Edges that are in at least --min-frequency of the draws make the consensus graph, with the marks that more than half of
the draws with the edge agree on. Attributes say how often: `frequency`, `frequency_directed` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from causaldisc.cli import discover, subcommands
from causaldisc.cli.discover import Algorithm
from causaldisc.cli.writing import check_places, write, write_bytes

from causaldisc import provenance
from causaldisc.errors import ComputationError, UsageError
from causaldisc.graph.consensus import as_tsv, consensus
from causaldisc.options import Options, as_json, opt
from causaldisc.result import TIME_LIMIT, Result
from causaldisc.runs import bootstrap
from causaldisc.runs.bootstrap import Bootstrap, Search
from causaldisc.runs.resampling import Kind
from causaldisc.words import counted


@dataclass(frozen=True, kw_only=True)
class BootstrapOptions(Options):
    """How to draw, and what to keep."""

    TITLE = "Bootstrap"

    runs: int = opt(100, "How many draws.", at_least=2, below=1e6)
    kind: Kind | None = opt(
        None,
        "What to draw: as many rows as there are, with repetitions; contiguous blocks of a series; or a share of the "
        "rows without repetitions. Without it rows, and blocks for series.",
    )
    share: float = opt(0.5, "With --kind subsample: the share of the rows.", above=0, below=1)
    block_rows: int | None = opt(
        None, "With --kind blocks: rows of a block; without it a twentieth of all.", at_least=2, metavar="ROWS"
    )
    min_frequency: float = opt(0.5, "Keep edges in at least this share of the draws.", above=0, at_least=0)
    frequencies: str | None = opt(None, "Write how often each edge was found, with each mark, as TSV.", metavar="FILE")
    jobs: int | None = opt(None, "Processes; without it as many as --threads. None changes a result.", at_least=1)
    seed: int = opt(0, "Seed of the draws, and of what is random in the search.", at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_frequency > 1:
            raise UsageError(f"--min-frequency must be at most 1, not {self.min_frequency:g}")

    def kind_for(self, algorithm: Algorithm) -> Kind:
        """Return what is drawn; UsageError where a series would be torn apart."""
        of_series = algorithm.files_of == "run"
        if of_series and self.kind not in (None, Kind.BLOCKS):
            raise UsageError(f"{algorithm.name} needs rows in order; draw --kind blocks")
        return self.kind or (Kind.BLOCKS if of_series else Kind.ROWS)


def run(algorithm: Algorithm, sources: tuple[str, ...], chosen: dict[str, Any]) -> int:
    """Read, draw and search, write."""
    options: BootstrapOptions = chosen["many"]
    kind = options.kind_for(algorithm)
    if options.frequencies is not None:
        check_places([*chosen["write"].output, *chosen["report"].places(), options.frequencies], sources)
    if "cells" in chosen and chosen["cells"].group_by and chosen["cells"].grouping()[1] is None:
        raise UsageError("--group-by makes several graphs; choose one group with --group-by COLUMN=GROUP")
    (job,) = algorithm.jobs(sources, chosen)
    threads = chosen["run"].resolved()
    processes = min(options.jobs or threads, options.runs)
    data = algorithm.prepared(job, chosen)
    context = chosen["talk"].context(chosen["run"], estimate=True)
    context.warn_all(data.notices)
    search = Search(
        algorithm.name,
        chosen["options"],
        algorithm.more(chosen, job),
        data,
        kind,
        options.share,
        options.block_rows,
        options.seed,
        1 if chosen["cluster"].cluster else max(threads // processes, 1),
    )
    with chosen["cluster"].connected(context.announce) as cluster:
        found = bootstrap.run(search, options.runs, options.jobs if cluster else processes, context, cluster)
    result = _result(algorithm, search, found, options, context)
    chosen["talk"].warn(result.warnings)
    if options.frequencies is not None:
        write_bytes(as_tsv(found.found), options.frequencies)
    write(result, job.plan)
    chosen["report"].write(result, job)
    chosen["talk"].say(_in_one_line(found, result, kind, options))
    return ComputationError.exit_code if any(n.code == TIME_LIMIT for n in result.warnings) else 0


def _result(algorithm: Algorithm, search: Search, found: Bootstrap, options: BootstrapOptions, context: Any) -> Result:
    graph, wrong = consensus(found.found, options.min_frequency)
    if wrong:
        kinds = ", ".join(sorted(kind.value for kind in found.found.kinds))
        context.warn("mixed", f"the draws agree on a graph that is no {kinds} ({wrong[0]}); it is written as mixed")
    drawn = as_json(replace(options, kind=search.kind, jobs=None, frequencies=None))
    described = provenance.of_run(f"bootstrap {algorithm.name}", {**as_json(search.options), **drawn}, search.data)
    described["draws"] = found.found.graphs
    bound = found.expected_false(options.min_frequency) if search.kind is Kind.SUBSAMPLE else None
    if bound is not None:
        described["expected_false_edges"] = float(f"{bound:.6g}")
    return Result(graph, (), tuple(context.warnings), described)


def _in_one_line(found: Bootstrap, result: Result, kind: Kind, options: BootstrapOptions) -> str:
    bound = result.provenance.get("expected_false_edges")
    false = f", at most {bound:g} false expected" if isinstance(bound, float) else ""
    edges = counted(result.graph.edge_count(), "edge")
    return (
        f"bootstrap: {counted(found.found.graphs, 'draw')} of {kind.value}, {found.found.mean_edges:.1f} edges each; "
        f"{edges} in at least {100 * options.min_frequency:g} %{false}"
    )


def command() -> Any:
    return subcommands.for_each_algorithm("bootstrap", __doc__ or "", BootstrapOptions, run, discover.taking_data)
