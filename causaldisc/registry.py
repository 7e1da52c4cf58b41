"""Plug-ins are files: an algorithm, CI test, generator or graph format is one module in its package.

The first line of the file is its summary, read as text, so that `--help` imports no plug-in.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from causaldisc.errors import UsageError


@cache
def files(package: str) -> dict[str, Path]:
    """Return the plug-ins of a package by name, in alphabetical order; `direct_lingam.py` is `direct-lingam`.

    Modules that start with an underscore, and `base`, serve the others and are no plug-ins.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    found = {
        path.stem.replace("_", "-"): path
        for folder in spec.submodule_search_locations
        for path in Path(folder).glob("[!_]*.py")
        if path.stem != "base"
    }
    return dict(sorted(found.items()))


def summary(package: str, name: str) -> str:
    """Return the first line of a plug-in's docstring, without importing it."""
    with files(package)[name].open(encoding="utf-8") as file:
        return file.readline().strip().strip('"').strip()


def imports(package: str, name: str, module: str) -> bool:
    """Tell whether a plug-in's text names a module among what it imports, without importing it."""
    text = files(package)[name].read_text(encoding="utf-8")
    return any(module in line for line in text.splitlines() if line.startswith(("from ", "import ")))


def load(package: str, name: str, what: str = "plug-in") -> ModuleType:
    """Import a plug-in by name.

    Raises UsageError that lists the known names when there is no such plug-in.
    """
    if name not in files(package):
        raise UsageError(f"unknown {what} {name!r}; known: {', '.join(files(package))}")
    return importlib.import_module(f"{package}.{name.replace('-', '_')}")
