"""One command for every discovery algorithm: its flags come from what its `run` takes."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_type_hints

import typer
from causaldisc.cli import flags, genes
from causaldisc.cli.genes import CellOptions, Job
from causaldisc.cli.running import RunOptions
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import WriteOptions, check_places, write, write_bytes

from causaldisc import citests, knowledge, registry
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
    return made


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


def command(name: str) -> Any:
    """Return the command of an algorithm."""
    module = registry.load(ALGORITHMS, name)
    takes = inspect.signature(module.run).parameters
    groups: dict[str, type] = {"options": module.Options}
    if "test" in takes:
        groups["test"] = test_options()
        if not hasattr(module, "TAKES_FILES_OF"):
            groups["matrix"] = MatrixOptions
    if getattr(module, "TAKES_CELLS", False):
        groups["cells"] = CellOptions
    if "knowledge" in takes:
        groups["knowledge"] = KnowledgeOptions
    groups |= {"read": ReadOptions, "write": WriteOptions, "run": RunOptions, "talk": TalkOptions}

    def discover(sources: tuple[str, ...], chosen: dict[str, Any]) -> int:
        _check_places(sources, chosen)
        more: dict[str, Any] = {}
        if "knowledge" in takes:
            more["knowledge"] = chosen["knowledge"].load()
        if "test" in takes:
            more["test"] = test_choice(chosen["test"])
        partial = False
        for job in _jobs(sources, chosen):
            result = _run(module, job, chosen, _with_causes(more, job))
            _write(result, job, chosen)
            chosen["talk"].say(_in_one_line(f"{name} {job.group!r}" if job.group else name, result))
            partial = partial or result.is_partial
        return ComputationError.exit_code if partial else 0

    def of_one(data: DataArgument, **chosen: Any) -> int:
        return discover((data,), chosen)

    if not hasattr(module, "TAKES_FILES_OF"):
        return flags.command(of_one, name, module.__doc__ or "", groups)
    several = f"Data file, or '-' for stdin; several: one file per {module.TAKES_FILES_OF}."

    def of_several(data: list[str], **chosen: Any) -> int:
        return discover(tuple(data), chosen)

    of_several.__annotations__["data"] = Annotated[list[str], typer.Argument(metavar="DATA...", help=several)]
    return flags.command(of_several, name, module.__doc__ or "", groups)


def _check_places(sources: tuple[str, ...], chosen: dict[str, Any]) -> None:
    if "cells" in chosen:
        genes.check_places(chosen["cells"], chosen["write"])
    chosen["write"].plan(*sources)
    check_places([*chosen["write"].output, *getattr(chosen["options"], "outputs", ())], sources)


def _jobs(sources: tuple[str, ...], chosen: dict[str, Any]) -> list[Job]:
    """Read the data and return the graphs to make of them: one, unless there are groups of cells."""
    is_matrix = "matrix" in chosen and chosen["matrix"].covariance is not None
    if "cells" in chosen and not is_matrix:
        fewest = getattr(chosen["options"], "min_rows", 0)
        return genes.jobs(sources[0], chosen["cells"], chosen["read"], chosen["write"], fewest)
    read = chosen["matrix"].read if "matrix" in chosen else reading.read
    data = domains.joined([read(source, chosen["read"]) for source in sources])
    for column in getattr(chosen["options"], "columns", ()):
        data.index(column)  # an unknown name is likelier to be the user's mistake than what else may be wrong
    return [Job(data, chosen["write"].plan(*sources))]


def _with_causes(more: dict[str, Any], job: Job) -> dict[str, Any]:
    """Return what a search takes, with the knowledge that its genes allow."""
    if job.causes is None:
        return more
    return {**more, "knowledge": more["knowledge"] | Knowledge(causes=job.causes)}


def _run(module: Any, job: Job, chosen: dict[str, Any], more: dict[str, Any]) -> Result:
    """Make one graph; of a group, an error names it."""
    context = chosen["talk"].context(chosen["run"])
    try:
        data = job.data
        if chosen["read"].drop_constant or not getattr(module, "LEAVES_OUT_CONSTANTS", False):
            data = validate_for_analysis(data, chosen["read"])
        result: Result = module.run(data, options=chosen["options"], context=context, **more)
    except DataError as error:
        if job.group:
            raise DataError(f"group {job.group!r}: {error}") from error
        raise
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


def _in_one_line(name: str, result: Result) -> str:
    edges = list(result.graph.edges())
    directed = sum(e.is_directed for e in edges)
    tests = result.provenance.get("tests")
    cost = ", " + counted(tests["total"], "test") if isinstance(tests, dict) else ""
    return f"{name}: {counted(len(result.graph), 'node')}, {counted(len(edges), 'edge')} ({directed} directed){cost}"
