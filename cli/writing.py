"""Where a result goes: files by suffix, or stdout."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from causaldisc import atomic
from causaldisc.errors import UsageError
from causaldisc.graph import formats
from causaldisc.options import Options, opt
from causaldisc.result import Result


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

    def plan(self) -> list[tuple[str, str]]:
        """Return (file, format) for each place to write to, before anything is computed.

        Raises UsageError for an unknown format or a suffix that says none.
        """
        if self.format is not None and self.format not in formats.names():
            raise UsageError(f"unknown format {self.format!r}; known: {', '.join(formats.names())}")
        return [(path, self.format or _format_of(path)) for path in self.output or ("-",)]


def _format_of(path: str) -> str:
    if path == "-":
        return "text" if sys.stdout.isatty() else "json"
    name = formats.for_path(path)
    if name is None:
        raise UsageError(
            f"the suffix of {path!r} says no graph format; choose one with -f ({', '.join(formats.names())})"
        )
    return name


def write(result: Result, plan: list[tuple[str, str]]) -> None:
    """Write the result to every place of a plan; files appear whole or not at all."""
    for path, name in plan:
        write_bytes(formats.dump(name, result).encode(), path)


def write_bytes(content: bytes, path: str) -> None:
    """Write bytes to a file, whole or not at all, or to stdout for '-'."""
    if path == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        atomic.write(Path(os.path.expanduser(path)), content)
