"""One command for every discovery algorithm: its flags come from what its `run` takes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_type_hints

import typer
from causaldisc.cli import flags, genes
from causaldisc.cli.genes import CellOptions, Job
from causaldisc.cli.reporting import ReportOptions
from causaldisc.cli.running import RunOptions
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import WriteOptions, check_places, write, write_bytes

from causaldisc import citests, knowledge, registry
from causaldisc.context import Context
from causaldisc.data import covariance, domains, reading
from causaldisc.data.dataset import Dataset
from causaldisc.data.reading import ReadOptions
from causaldisc.data.validation import validate_for_analysis
from causaldisc.errors import ComputationError, DataError
from causaldisc.knowledge import Knowledge
from causaldisc.options import Options, opt
from causaldisc.result import Result
from causaldisc.words import counted

ALGORITHMS = "causaldisc.algorithms"
DataArgument = Annotated[str, typer.Argument(metavar="DATA", help="Data file, or '-' for stdin.")]


@dataclass(frozen=True, kw_only=True)
class KnowledgeOptions(Options):
    """What is known beforehand."""

    TITLE = "Knowledge"

    knowledge: str | None = opt(None, "File of tiers, forbidden and required edges (TOML or Tetrad's).", metavar="FILE")
    tiers: str | None = opt(
        None,
        "Names in order of time: 'a, b < c < d'; later ones never cause earlier ones. Names with , < or -> go in "
        "double quotes, here and below.",
    )
    forbid: tuple[str, ...] = opt((), "An edge that cannot be, 'a -> b'; may be given several times.", metavar="EDGE")
    require: tuple[str, ...] = opt((), "An edge that must be, 'a -> b'; may be given several times.", metavar="EDGE")

    def load(self) -> Knowledge:
        """Return the file's knowledge joined with the flags'."""
        of_file = Knowledge() if self.knowledge is None else knowledge.read(self.knowledge)
        of_flags = Knowledge(
            tiers=() if self.tiers is None else knowledge.tiers(self.tiers),
            forbidden=tuple(knowledge.arrow(edge, "--forbid") for edge in self.forbid),
            required=tuple(knowledge.arrow(edge, "--require") for edge in self.require),
            source="the command line" if self.tiers or self.forbid or self.require else "",
        )
        return of_file | of_flags


@functools.cache
def test_options(*more: str) -> type:
    """Return a dataclass of `--test`, with more choices than `auto` and the tests, and the options of all tests."""
    known = ", ".join(("auto", *more, *citests.names()))
    fields: dict[str, Any] = {"test": (str, opt("auto", f"Conditional-independence test: {known}."))}
    for kind in citests.option_types():
        hints = get_type_hints(kind)
        for field in dataclasses.fields(kind):
            fields.setdefault(field.name, (hints[field.name], field))
    made = dataclasses.make_dataclass(
        "TestOptions",
        [(n, t, f) for n, (t, f) in fields.items()],
        bases=(Options,),
        frozen=True,
        kw_only=True,
    )
    made.TITLE = "Test"  # type: ignore[attr-defined]
    made.__reduce__ = lambda self: (_tests_as_chosen, (more, dataclasses.asdict(self)))  # type: ignore
    return made


def _tests_as_chosen(more: tuple[str, ...], values: dict[str, Any]) -> Any:
    """Return the options of tests in another process."""
    return test_options(*more)(**values)


def test_choice(chosen: Any) -> citests.TestChoice:
    """Return the test that the flags of `test_options` choose."""
    values = {f.name: getattr(chosen, f.name) for f in dataclasses.fields(chosen)}
    return citests.TestChoice(values.pop("test"), values)


@dataclass(frozen=True, kw_only=True)
class MatrixOptions(Options):
    """A matrix in place of the data."""

    TITLE = "Reading"

    covariance: int | None = opt(
        None,
        "DATA is a covariance or correlation matrix, whole or one triangle, of this many rows.",
        metavar="ROWS",
    )

    def read(self, data: str, options: ReadOptions) -> Dataset:
        """Return the data of a file, or those that its matrix stands for."""
        if self.covariance is None:
            return reading.read(data, options)
        return covariance.read(data, self.covariance, options)


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
        return groups | {
            "read": ReadOptions,
            "write": WriteOptions,
            "report": ReportOptions,
            "run": RunOptions,
            "talk": TalkOptions,
        }

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
        for job in algorithm.jobs(sources, chosen):
            result = algorithm.run(job, chosen, chosen["talk"].context(chosen["run"]))
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
    is_matrix = "matrix" in chosen and chosen["matrix"].covariance is not None
    if "cells" in chosen and not is_matrix:
        fewest = getattr(chosen["options"], "min_rows", 0)
        return genes.jobs(sources[0], chosen["cells"], chosen["read"], chosen["write"], fewest)
    read = chosen["matrix"].read if "matrix" in chosen else reading.read
    data = domains.joined([read(source, chosen["read"]) for source in sources])
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
