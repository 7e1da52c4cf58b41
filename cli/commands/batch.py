"""One search on each of many files: several at a time, each by itself, with a table of what became of them.

    causaldisc batch pc 'data/**/*.csv' --out-dir graphs --resume

The graph of data/a/b.csv is graphs/a/b.graphml. A run that was stopped, at any point, goes on with --resume.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from causaldisc.cli import subcommands
from causaldisc.cli.cluster import ClusterOptions
from causaldisc.cli.discover import Algorithm
from causaldisc.cli.running import RunOptions
from causaldisc.cli.talk import Progress, TalkOptions, duration
from causaldisc.cli.writing import WriteOptions, write

from causaldisc import __version__
from causaldisc.context import Context
from causaldisc.errors import CausaldiscError, ComputationError, DataError, UsageError
from causaldisc.graph import formats
from causaldisc.options import Options, as_json, opt
from causaldisc.runs import files, manifest
from causaldisc.runs.cluster import Cluster
from causaldisc.runs.folder import at
from causaldisc.runs.manifest import Entry, Manifest, Status
from causaldisc.runs.workers import Done, inline, spread
from causaldisc.words import counted

WITHOUT = frozenset({"write", "matrix", "report"})
MARK = ".batch-"


@dataclass(frozen=True, kw_only=True)
class BatchOptions(Options):
    """Which files, and what to do when one fails."""

    TITLE = "Batch"

    out_dir: str = opt("graphs", "Folder of the graphs; made if there is none.", metavar="FOLDER")
    format: str = opt("graphml", "Format of the graphs, which also is their suffix.", names=("-f",), metavar="FORMAT")
    jobs: int | None = opt(None, "Processes; without it as many as --threads, and each uses one.", at_least=1)
    resume: bool = opt(False, "Do only what is not done: files that are new or changed, or were with other options.")
    keep_going: bool = opt(False, "Go on with the other files when one fails.")
    timeout: float | None = opt(None, "Give a file up after so many seconds.", above=0, metavar="SECONDS")
    manifest: str | None = opt(
        None, "Table of what became of each file; without it manifest.tsv in --out-dir.", metavar="FILE"
    )

    @property
    def suffix(self) -> str:
        """The suffix of the format. Raises UsageError for an unknown one."""
        if self.format not in formats.names():
            raise UsageError(f"unknown format {self.format!r}; known: {', '.join(formats.names())}")
        return next(iter(formats.get(self.format).SUFFIXES), f".{self.format}.txt")

    @property
    def table(self) -> Path:
        return Path(self.out_dir, "manifest.tsv") if self.manifest is None else Path(self.manifest)


@dataclass(frozen=True, eq=False)
class Work:
    """What a process does with a file: the algorithm by name, all that was chosen, and the folder that it is in. There
    may be a `mark`, a file beside the graphs for as long as the batch goes on: who does not see it must not write."""

    algorithm: str
    chosen: dict[str, Any]
    described: str
    folder: str
    mark: str | None = None

    def __call__(self, item: tuple[str, str]) -> Entry:
        """Search one file and write its graph, in the folder that paths are told from."""
        with at(self.folder):
            return self._entry(*item)

    def _entry(self, path: str, output: str) -> Entry:
        started = time.monotonic()
        codes: list[str] = []
        status, message = Status.DONE, ""
        try:
            self._check_mark()
            Path(output).parent.mkdir(parents=True, exist_ok=True)
            codes, partial = self._search(path, output)
            status = Status.PARTIAL if partial else status
        except CausaldiscError as error:
            status, message = Status.FAILED, str(error)
        except MemoryError:
            status, message = Status.FAILED, "not enough memory"
        except Exception as error:
            status, message = Status.FAILED, f"internal error ({type(error).__name__}: {error})"
        return entry(path, output, self.described, status, time.monotonic() - started, codes, message)

    def _search(self, path: str, output: str) -> tuple[list[str], bool]:
        algorithm = Algorithm(self.algorithm)
        chosen = {**self.chosen, "write": WriteOptions(output=(output,), format=self.chosen["many"].format)}
        (job,) = algorithm.jobs((path,), chosen)
        result = algorithm.run(job, chosen, chosen["talk"].context(chosen["run"]))
        self._check_mark()
        write(result, job.plan)
        return [notice.code for notice in result.warnings], result.is_partial

    def _check_mark(self) -> None:
        if self.mark is not None and not os.path.exists(self.mark):
            folder, host = os.path.dirname(self.mark), socket.gethostname()
            raise ComputationError(f"{host} has another folder {folder!r} than the batch; workers must share its disk")


def entry(
    path: str, output: str, described: str, status: Status, seconds: float, codes: Sequence[str] = (), message: str = ""
) -> Entry:
    """Return the entry of a file; the checksums are those on disk."""
    sums = [manifest.checksum(Path(p)) if os.path.isfile(p) else "" for p in (path, output)]
    written = (output, sums[1]) if status in (Status.DONE, Status.PARTIAL) else ("", "")
    return Entry(path, sums[0], described, status.value, f"{seconds:.3f}", *written, ",".join(codes), message)


def run(algorithm: Algorithm, patterns: tuple[str, ...], chosen: dict[str, Any]) -> int:
    """Find the files, search them, tell what became of them."""
    options: BatchOptions = chosen["many"]
    if "cells" in chosen and chosen["cells"].group_by is not None:
        raise UsageError("--group-by makes several graphs a file; a batch makes one")
    if chosen["cluster"].cluster is not None and options.timeout is not None:
        raise UsageError("--timeout cannot end what a worker of a cluster does; --max-seconds ends a search")
    places = files.outputs(patterns, Path(options.out_dir), options.suffix)
    work = Work(algorithm.name, _for_a_worker(chosen), _described(algorithm, chosen), os.getcwd())
    _make_folder(Path(options.out_dir))
    kept = _kept(places, options, work.described) if options.resume else {}
    table = Manifest(options.table, kept.values())
    items = [(path, str(place)) for path, place in places.items() if path not in kept]
    context = chosen["talk"].context(chosen["run"], estimate=True)
    started = time.monotonic()
    try:
        first_failure = _search_all(items, work, chosen, table, context)
    finally:
        _sweep(places)
        table.settle(places)
    found = manifest.counts(table.entries)
    chosen["talk"].say(_in_one_line(len(places), len(kept), found, time.monotonic() - started))
    if first_failure is not None and not options.keep_going:
        left = len(places) - len(table.entries)
        others = f"; {counted(left, 'file')} not done, --keep-going does the others" if left else ""
        raise ComputationError(f"{first_failure.input}: {first_failure.message}{others}")
    return 0 if found[Status.DONE.value] == len(places) else ComputationError.exit_code


def _search_all(
    items: Sequence[tuple[str, str]], work: Work, chosen: dict[str, Any], table: Manifest, context: Context
) -> Entry | None:
    """Search files until all are done, or one fails; returns the first that did."""
    options: BatchOptions = chosen["many"]
    failure = None
    with chosen["cluster"].connected(context.announce) as cluster, _marked(work, cluster) as work:
        for number, done in enumerate(_each(items, work, chosen, cluster), 1):
            found = _entry_of(done, items, work.described)
            table.add(found)
            context.progress(number, len(items), "files")
            if found.message:
                failure = failure or found
                if not options.keep_going:
                    break
                chosen["talk"].say(f"causaldisc: {found.input}: {found.message}")
    return failure


@contextmanager
def _marked(work: Work, cluster: Cluster | None) -> Iterator[Work]:
    """Give the work with a mark, when workers elsewhere do it: they may have other disks, and outlive the batch."""
    if cluster is None:
        yield work
        return
    mark = Path(work.chosen["many"].out_dir, f"{MARK}{uuid4().hex}")
    try:
        mark.touch()
    except OSError as error:
        raise DataError(f"cannot write to the folder {str(mark.parent)!r}: {error.strerror or error}") from error
    try:
        yield replace(work, mark=str(mark))
    finally:
        mark.unlink(missing_ok=True)


def _each(
    items: Sequence[tuple[str, str]], work: Work, chosen: dict[str, Any], cluster: Cluster | None
) -> Iterator[Done[Entry]]:
    options: BatchOptions = chosen["many"]
    if cluster is not None:
        return cluster.spread(items, work, options.jobs)
    jobs = min(options.jobs or chosen["run"].resolved(), len(items))
    alone = jobs <= 1 and options.timeout is None
    return inline(items, work) if alone else spread(items, work, jobs, options.timeout)


def _entry_of(done: Done[Entry], items: Sequence[tuple[str, str]], described: str) -> Entry:
    if done.answer is not None:
        return done.answer
    path, output = items[done.number]
    status = Status.TIMEOUT if done.failure.startswith("not done") else Status.FAILED
    return entry(path, output, described, status, done.seconds, message=done.failure)


def _for_a_worker(chosen: dict[str, Any]) -> dict[str, Any]:
    run: RunOptions = chosen["run"]
    quiet = TalkOptions(quiet=True, progress=Progress.NEVER)
    alone = {"talk": quiet, "cluster": ClusterOptions()}
    return {**chosen, "run": replace(run, threads=run.threads or 1), **alone}


def _described(algorithm: Algorithm, chosen: dict[str, Any]) -> str:
    """Return all that a graph depends on but the file, as text."""
    values: dict[str, object] = {"algorithm": algorithm.name, "version": __version__, "format": chosen["many"].format}
    for key in ("options", "test", "cells", "read"):
        if key in chosen:
            values |= {k: v for k, v in as_json(chosen[key]).items() if v != as_json(type(chosen[key])()).get(k)}
    if "known" in chosen:
        values |= chosen["known"].as_json()
    if "cells" in chosen:
        values |= {"genes": str(chosen["cells"].lists())}
    if chosen["run"].max_seconds is not None:
        values["max_seconds"] = chosen["run"].max_seconds
    return json.dumps(values, ensure_ascii=True, sort_keys=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {str(folder)!r}: {error.strerror or error}") from error


def _sweep(places: dict[str, Path]) -> None:
    """Remove what processes that were killed left half-written of these graphs."""
    known: dict[Path, set[str]] = {}
    for place in places.values():
        known.setdefault(place.parent, set()).add(place.name)
    for folder, names in known.items():
        for left in folder.glob(".*.tmp"):
            if left.name[1:].rsplit(".", 2)[0] in names:
                left.unlink(missing_ok=True)


def _kept(places: dict[str, Path], options: BatchOptions, described: str) -> dict[str, Entry]:
    """Return the entries of files that need not be searched again; what a killed run left half-written is removed."""
    _sweep(places)
    for left in Path(options.out_dir).glob(f"{MARK}*"):
        left.unlink(missing_ok=True)
    try:
        earlier = manifest.read(options.table)
        return {
            path: earlier[path]
            for path, place in places.items()
            if path in earlier and manifest.is_still_done(earlier[path], described, place)
        }
    except OSError as error:
        raise DataError(f"cannot read {str(error.filename)!r}: {error.strerror or error}") from error


def _in_one_line(total: int, kept: int, found: dict[str, int], seconds: float) -> str:
    begun = total - kept
    rate = f", {begun / seconds:.3g} files/s" if begun and seconds > 0 else ""
    parts = [f"{number} {status}" for status, number in found.items() if number]
    before = f" ({kept} before)" if kept else ""
    return f"batch: {counted(total, 'file')}: {', '.join(parts) or 'none done'}{before}; {duration(seconds)}{rate}"


def _taking_patterns(algorithm: Algorithm, act: Callable[[tuple[str, ...], dict[str, Any]], int]) -> Callable[..., int]:
    help = "Data files, or patterns such as 'data/**/*.csv' in quotes."

    def of_files(data: list[str], **chosen: Any) -> int:
        return act(tuple(data), algorithm.settled(chosen))

    of_files.__annotations__["data"] = Annotated[list[str], typer.Argument(metavar="DATA...", help=help)]
    return of_files


def command() -> Any:
    return subcommands.for_each_algorithm("batch", __doc__ or "", BatchOptions, run, _taking_patterns, WITHOUT)
