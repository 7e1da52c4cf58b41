"""The data sets that come with the package: rows, true graphs and networks, listed in datasets/index.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from causaldisc.data.dataset import hint
from causaldisc.errors import UsageError


class Part(Enum):
    """What a file of a data set holds."""

    DATA = "data"
    TRUTH = "truth"
    CONSENSUS = "consensus"
    NETWORK = "network"


@dataclass(frozen=True)
class File:
    """A file in the folder of the data sets, and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Shipped:
    """A data set: its shape, the columns of each kind, its files, and where all of it is from.

    `rows` is 0 for a network without rows. `missing` counts missing cells. `truth` tells where the true graph
    is from, and is empty without one.
    """

    name: str
    title: str
    rows: int
    columns: int
    missing: int
    kinds: Mapping[str, int]
    files: Mapping[Part, File]
    truth: str
    source: str
    licence: str
    citation: str

    def as_dict(self) -> dict[str, object]:
        """Return a line of a table of data sets."""
        return {
            "name": self.name,
            "rows": self.rows,
            "columns": self.columns,
            "kinds": [f"{count} {kind}" for kind, count in self.kinds.items()],
            "missing": self.missing,
            "parts": [part.value for part in self.files],
            "licence": self.licence.partition(" (")[0],
            "title": self.title,
        }


@cache
def catalogue() -> tuple[Shipped, ...]:
    """Return every data set, by name."""
    import json

    entries = json.loads((_folder() / "index.json").read_text(encoding="utf-8"))
    return tuple(
        Shipped(**entry | {"files": {Part(part): File(**file) for part, file in entry["files"].items()}})
        for entry in sorted(entries, key=lambda entry: str(entry["name"]))
    )


def find(name: str) -> Shipped:
    """Return a data set; UsageError with a suggestion when there is none of that name."""
    for shipped in catalogue():
        if shipped.name == name:
            return shipped
    raise UsageError(f"no data set {name!r} comes with causaldisc{hint(name, [s.name for s in catalogue()])}")


def path(name: str, part: Part = Part.DATA) -> Path:
    """Return the file of one part of a data set.

    Raises UsageError for an unknown name, or a part that this data set does not have.
    """
    files = find(name).files
    if part not in files:
        others = ", ".join(s.name for s in catalogue() if part in s.files)
        remedy = f"make rows with 'causaldisc simulate network --model {name}'; " if part is Part.DATA else ""
        raise UsageError(f"data set {name!r} has no {part.value}; {remedy}these have it: {others}")
    return _folder() / files[part].name


def truth_path(name: str) -> Path:
    """Return the file of the true graph of a data set; UsageError when none is known."""
    return path(name, Part.TRUTH)


def _folder() -> Path:
    from importlib.resources import files

    return Path(str(files("causaldisc.datasets")))
