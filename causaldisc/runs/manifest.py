"""What became of each file of a batch: a table on disk that survives being killed at any point.

A line is appended as each file is done; a line that was cut off counts for nothing. At the end the table is written
anew, in the order of the files. A file need not be done again when it, its options, and what was written are the same.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from enum import Enum
from pathlib import Path

from causaldisc import atomic
from causaldisc.errors import DataError


class Status(Enum):
    """What became of a file."""

    DONE = "done"
    PARTIAL = "partial"  # a time limit of the search came first
    FAILED = "failed"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Entry:
    """A file, its checksum, the options it was searched with, what became of it, the seconds that took, what was
    written and its checksum, the codes of warnings, and why it failed."""

    input: str
    sha256: str
    options: str
    status: str
    seconds: str
    output: str
    output_sha256: str
    warnings: str = ""
    message: str = ""

    @property
    def is_done(self) -> bool:
        return self.status == Status.DONE.value


HEADER = tuple(field.name for field in fields(Entry))


class Manifest:
    """The table of a batch, at a path; `entries` by input."""

    def __init__(self, path: Path, kept: Iterable[Entry] = ()) -> None:
        """Begin a table with entries of an earlier one. Raises DataError where it cannot be written."""
        self.path = path
        self.entries = {entry.input: entry for entry in kept}
        self._write(self.entries.values())

    def add(self, entry: Entry) -> None:
        """Append an entry, on disk before this returns."""
        self.entries[entry.input] = entry
        try:
            with self.path.open("ab") as file:
                file.write(_as_tsv([astuple(entry)]))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DataError(f"cannot write {str(self.path)!r}: {error.strerror or error}") from error

    def settle(self, order: Iterable[str]) -> None:
        """Write the table in the order of the inputs."""
        self._write(self.entries[name] for name in order if name in self.entries)

    def _write(self, entries: Iterable[Entry]) -> None:
        atomic.write(self.path, _as_tsv([HEADER, *(astuple(entry) for entry in entries)]))


def read(path: Path) -> dict[str, Entry]:
    """Return the entries of a table by input, the last of each; none where there is no table.

    Raises DataError for a file that is something else.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    whole = text[: text.rfind("\n") + 1]  # what follows was cut off
    rows = [line.split("\t") for line in whole.split("\n")[:-1]]
    if rows and tuple(rows[0]) != HEADER:
        raise DataError(f"{str(path)!r} is no manifest of a batch; choose another with --manifest")
    return {row[0]: Entry(*row) for row in rows[1:] if len(row) == len(HEADER)}


def is_still_done(entry: Entry, options: str, output: Path) -> bool:
    """Tell whether a file need not be searched again; raises OSError when it cannot be read."""
    if not (entry.is_done and entry.options == options and entry.output == str(output) and output.is_file()):
        return False
    return checksum(Path(entry.input)) == entry.sha256 and checksum(output) == entry.output_sha256


def checksum(path: Path) -> str:
    """Return the SHA-256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def counts(entries: Mapping[str, Entry]) -> dict[str, int]:
    """Return how many entries have each status."""
    found = {status.value: 0 for status in Status}
    for entry in entries.values():
        found[entry.status] = found.get(entry.status, 0) + 1
    return found


def _as_tsv(rows: Iterable[Iterable[str]]) -> bytes:
    lines = ["\t".join(map(_one_line, row)) + "\n" for row in rows]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _one_line(cell: str) -> str:
    return " ".join(cell.split()) if any(mark in cell for mark in "\t\n\r") else cell
