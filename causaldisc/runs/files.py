"""Which files a batch is about, and where the graph of each goes: the same place below another folder."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from causaldisc.errors import DataError, UsageError

_WILD = frozenset("*?[")
_PACKED = (".gz", ".bz2", ".xz", ".zst")


def outputs(patterns: Sequence[str], folder: Path, suffix: str) -> dict[str, Path]:
    """Return where the graph of each file goes, in the order of the files' names.

    `data/**/*.csv` keeps what comes after `data/`; files given by name keep what comes after their common folder.
    Raises DataError when nothing is found, UsageError when two graphs would go to one place.
    """
    found: dict[str, str] = {}
    plain = [p for p in patterns if not _WILD & set(p)]
    for path in plain:
        if os.path.isdir(path):
            raise UsageError(
                f"{path!r} is a folder; say which of its files, as in '{os.path.join(path, '**', '*.csv')}'"
            )
        if not os.path.exists(path):
            raise DataError(f"there is no file {path!r}")
    if plain:
        root = os.path.commonpath([os.path.dirname(os.path.abspath(p)) for p in plain])
        found |= {path: os.path.relpath(os.path.abspath(path), root) for path in plain}
    for pattern in patterns:
        if pattern not in plain:
            matches = [m for m in glob.glob(pattern, recursive=True) if os.path.isfile(m)]
            if not matches:
                raise DataError(f"no file matches {pattern!r}")
            root = _root(pattern)
            found |= {match: os.path.relpath(match, root) for match in matches}
    placed: dict[Path, str] = {}
    for path in sorted(found):
        place = folder / (_stem(found[path]) + suffix)
        if place in placed:
            raise UsageError(f"the graphs of {placed[place]!r} and {path!r} would both go to {str(place)!r}")
        placed[place] = path
    return {path: place for place, path in placed.items()}


def _root(pattern: str) -> str:
    """Return the folder before the first wildcard."""
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if _WILD & set(part))
    return os.path.join(*parts[:fixed]) if fixed else "."


def _stem(path: str) -> str:
    """Return a path without its suffix, and that of how it is compressed."""
    for ending in _PACKED:
        path = path.removesuffix(ending)
    return os.path.splitext(path)[0]
