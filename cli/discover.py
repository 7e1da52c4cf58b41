"""One command for every discovery algorithm: its flags come from what its `run` takes."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer
from causaldisc.cli import flags, genes
from causaldisc.cli.citest import test_choice, test_options
from causaldisc.cli.cluster import ClusterOptions
from causaldisc.cli.genes import CellOptions, Job
from causaldisc.cli.known import KnowledgeOptions
from causaldisc.cli.matrix import MatrixOptions
from causaldisc.cli.reporting import ReportOptions
from causaldisc.cli.running import RunOptions
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import WriteOptions, check_places, write, write_bytes

from causaldisc import registry
from causaldisc.context import Context
from causaldisc.data import domains
from causaldisc.data.dataset import Dataset
from causaldisc.data.reading import ReadOptions
from causaldisc.data.validation import validate_for_analysis
from causaldisc.errors import ComputationError, DataError
from causaldisc.knowledge import Knowledge
from causaldisc.result import Result
from causaldisc.words import counted

ALGORITHMS = "causaldisc.algorithms"
DataArgument = Annotated[str, typer.Argument(metavar="DATA", help="Data file, or '-' for stdin.")]


@dataclass(frozen=True)
class Algorithm:
    """An algorithm as the command line sees it."""

    name: str

    @property
    def module(self) -> Any:
        return registry.load(ALGORITHMS, self.name)

    @property
    def help(self) -> str:
        return self.module.__doc__ or ""

    @property
    def takes(self) -> Collection[str]:
        return inspect.signature(self.module.run).parameters

    @property
    def searches_by_depths(self) -> bool:
        """Whether the tests of a depth can be shared."""
        return "test" in self.takes and not registry.imports(ALGORITHMS, self.name, "_causal_learn")

    @property
    def files_of(self) -> str | None:
        """What each of several data files is, None where there can be one only."""
        return getattr(self.module, "TAKES_FILES_OF", None)

    def groups(self) -> dict[str, type]:
        """Return the option classes of a run, by what they are for."""
        groups: dict[str, type] = {"options": self.module.Options}
        if "test" in self.takes:
            groups["test"] = test_options()
            if self.files_of is None:
                groups["matrix"] = MatrixOptions
        if getattr(self.module, "TAKES_CELLS", False):
            groups["cells"] = CellOptions
        if "knowledge" in self.takes:
            groups["knowledge"] = KnowledgeOptions
        groups |= {"read": ReadOptions, "write": WriteOptions, "report": ReportOptions, "run": RunOptions}
        if self.searches_by_depths:
            groups["cluster"] = ClusterOptions
        return groups | {"talk": TalkOptions}

    def settled(self, chosen: dict[str, Any]) -> dict[str, Any]:
        """Return what was chosen with the knowledge read, under `known`: a pipe can be read once only."""
        return {**chosen, "known": chosen["knowledge"].load()} if "knowledge" in self.takes else chosen

    def jobs(self, sources: tuple[str, ...], chosen: dict[str, Any]) -> list[Job]:
        """Read the data and return the graphs to make of them: one, unless there are groups of cells."""
        _check_places(sources, chosen)
        return _jobs(sources, chosen)

    def more(self, chosen: dict[str, Any], job: Job) -> dict[str, Any]:
        """Return what the search takes beside its options: a test, knowledge, with what the genes of the job allow."""
        more: dict[str, Any] = {}
        if "knowledge" in self.takes:
            more["knowledge"] = chosen["known"] | Knowledge(causes=job.causes)
        if "test" in self.takes:
            more["test"] = test_choice(chosen["test"])
        return more

    def prepared(self, job: Job, chosen: dict[str, Any]) -> Dataset:
        """Return the data as the search takes them; of a group, an error names it."""
        if not chosen["read"].drop_constant and getattr(self.module, "LEAVES_OUT_CONSTANTS", False):
            return job.data
        with _named(job):
            return validate_for_analysis(job.data, chosen["read"])

    def run(self, job: Job, chosen: dict[str, Any], context: Context) -> Result:
        """Make one graph."""
        data = self.prepared(job, chosen)
        with _named(job):
            result: Result = self.module.run(data, options=chosen["options"], context=context, **self.more(chosen, job))
        return _with_cells(result, job, chosen)


@contextlib.contextmanager
def _named(job: Job) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        if job.group:
            raise DataError(f"group {job.group!r}: {error}") from error
        raise


def command(name: str) -> Any:
    """Return the command of an algorithm."""
    algorithm = Algorithm(name)

    def discover(sources: tuple[str, ...], chosen: dict[str, Any]) -> int:
        partial = False
        with chosen.get("cluster", ClusterOptions()).connected(chosen["talk"].announce) as cluster:
            for job in algorithm.jobs(sources, chosen):
                context = chosen["talk"].context(chosen["run"])
                context.elsewhere = cluster
                result = algorithm.run(job, chosen, context)
                _write(result, job, chosen)
                chosen["talk"].say(_in_one_line(f"{name} {job.group!r}" if job.group else name, result))
                partial = partial or result.is_partial
        return ComputationError.exit_code if partial else 0

    return flags.command(taking_data(algorithm, discover), name, algorithm.help, algorithm.groups())


def taking_data(algorithm: Algorithm, act: Callable[[tuple[str, ...], dict[str, Any]], int]) -> Callable[..., int]:
    """Return a function of DATA, or of as many files as the algorithm takes, and the options chosen."""

    def of_one(data: DataArgument, **chosen: Any) -> int:
        return act((data,), algorithm.settled(chosen))

    def of_several(data: list[str], **chosen: Any) -> int:
        return act(tuple(data), algorithm.settled(chosen))

    if algorithm.files_of is None:
        return of_one
    help = f"Data file, or '-' for stdin; several: one file per {algorithm.files_of}."
    of_several.__annotations__["data"] = Annotated[list[str], typer.Argument(metavar="DATA...", help=help)]
    return of_several


def _check_places(sources: tuple[str, ...], chosen: dict[str, Any]) -> None:
    if "cells" in chosen:
        genes.check_places(chosen["cells"], chosen["write"], chosen["report"].report if "report" in chosen else None)
    chosen["write"].plan(*sources)
    reports = chosen["report"].places() if "report" in chosen else []
    check_places([*chosen["write"].output, *reports, *getattr(chosen["options"], "outputs", ())], sources)


def _jobs(sources: tuple[str, ...], chosen: dict[str, Any]) -> list[Job]:
    matrix: MatrixOptions = chosen.get("matrix") or MatrixOptions()
    if "cells" in chosen and not matrix.stands_for_rows:
        fewest = getattr(chosen["options"], "min_rows", 0)
        return genes.jobs(sources[0], chosen["cells"], chosen["read"], chosen["write"], fewest)

    def context() -> Context:
        made: Context = chosen["talk"].context(chosen["run"], estimate=True)
        return made

    data = domains.joined([matrix.read(source, chosen["read"], context) for source in sources])
    for column in getattr(chosen["options"], "columns", ()):
        data.index(column)  # an unknown name is likelier to be the user's mistake than what else may be wrong
    return [Job(data, chosen["write"].plan(*sources))]


def _with_cells(result: Result, job: Job, chosen: dict[str, Any]) -> Result:
    """Return a result whose provenance says which genes and cells were chosen."""
    if "cells" not in chosen:
        return result
    of_search = result.provenance["options"]
    assert isinstance(of_search, dict)
    options = {**of_search, **genes.provenance(chosen["cells"], chosen["read"], job.group)}
    return replace(result, provenance={**result.provenance, "options": options})


def _write(result: Result, job: Job, chosen: dict[str, Any]) -> None:
    chosen["talk"].warn(result.warnings)
    plan = job.plan
    if result.listing is not None:
        plan = [(path, format) for path, format in plan if path != "-"]
        write_bytes(result.listing.encode(), "-")
    for path, content in result.files.items():
        write_bytes(content, path)
    write(result, plan)
    chosen["report"].write(result, job)


def _in_one_line(name: str, result: Result) -> str:
    edges = list(result.graph.edges())
    directed = sum(e.is_directed for e in edges)
    tests = result.provenance.get("tests")
    cost = ", " + counted(tests["total"], "test") if isinstance(tests, dict) else ""
    return f"{name}: {counted(len(result.graph), 'node')}, {counted(len(edges), 'edge')} ({directed} directed){cost}"
