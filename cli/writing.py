"""Where a result goes: files by suffix, or stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from causaldisc import atomic
from causaldisc.errors import UsageError
from causaldisc.graph import formats
from causaldisc.options import Options, opt
from causaldisc.result import Result

# For each place to write to: the file and the format.
Plan: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class WriteOptions(Options):
    """Where to write a graph, and how."""

    TITLE = "Writing"

    output: tuple[str, ...] = opt(
        (), "Write the graph to this file, in the format of its suffix; may be given several times. '-' is stdout.",
        names=("-o",), metavar="FILE",
    )  # fmt: skip
    format: str | None = opt(
        None, "Write in this format, whatever the suffix; without -o and -f: text on a terminal, json in a pipe.",
        names=("-f",), metavar="FORMAT",
    )  # fmt: skip
    rank: bool = opt(
        False,
        "Write edge lists (csv, tsv, and stdout without -f) as arrows ranked by strength, undirected edges in both "
        "directions: Gene1, Gene2, EdgeWeight, tab-separated, as -f ranked does.",
    )

    def plan(self, *inputs: str) -> Plan:
        """Return (file, format) for each place to write to, before anything is computed.

        Raises UsageError for an unknown format or a suffix that says none, and as `check_places` does.
        """
        if self.format is not None and self.format not in formats.names():
            raise UsageError(f"unknown format {self.format!r}; known: {', '.join(formats.names())}")
        otherwise = f"; or choose with -f ({', '.join(formats.names())})"
        planned = [(path, self._ranked(path, otherwise)) for path in self.output or ("-",)]
        if self.rank and not any(name == "ranked" for _, name in planned):
            raise UsageError("--rank is for edge lists; write one with -o FILE.csv, -o FILE.tsv or -f ranked")
        check_places(self.output, inputs)
        return planned

    def _ranked(self, path: str, otherwise: str) -> str:
        """Return the format for a file, that of ranked arrows where it is an edge list and these are asked for."""
        if self.rank and path == "-" and self.format is None:
            return "ranked"
        name = self.format or format_of(path, otherwise)
        return "ranked" if self.rank and name in ("csv", "tsv") else name


def format_of(path: str, otherwise: str = "") -> str:
    """Return the format that a file is to be written in; UsageError, with a remedy, when its suffix says none."""
    if path == "-":
        return "text" if sys.stdout.isatty() else "json"
    name = formats.for_path(path)
    if name is None:
        known = sorted(suffix for each in formats.names() for suffix in formats.get(each).SUFFIXES)
        raise UsageError(f"the suffix of {path!r} says no graph format; known: {', '.join(known)}{otherwise}")
    return name


def check_places(outputs: Iterable[str], inputs: Iterable[str] = ()) -> None:
    """Find out before the computation what would spoil it at the end.

    Raises UsageError when two outputs go to one place or one would replace an input, DataError when a file cannot
    be written.
    """
    read = {_place(path) for path in inputs} - {"-"}
    seen: set[str] = set()
    for path in outputs:
        place = _place(path)
        if place in seen:
            where = "standard output" if path == "-" else repr(path)
            raise UsageError(f"two outputs go to {where}; give each a file of its own")
        if place in read:
            raise UsageError(f"the output {path!r} would replace an input; give it another name")
        if path != "-":
            atomic.check(_path(path))
        seen.add(place)


def _place(path: str) -> str:
    return path if path == "-" else os.path.realpath(_path(path))


def _path(path: str) -> Path:
    return Path(os.path.expanduser(path))


def write(result: Result, plan: Plan) -> None:
    """Write the result to every place of a plan; files appear whole or not at all."""
    contents = [(formats.dump(name, result).encode(), path) for path, name in plan]
    for content, path in contents:
        write_bytes(content, path)


def write_bytes(content: bytes, path: str) -> None:
    """Write bytes to a file, whole or not at all, or to stdout for '-'."""
    if path == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        atomic.write(_path(path), content)
