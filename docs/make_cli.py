"""Print docs/cli.md: the help of every command, as the program gives it."""

from __future__ import annotations

import os
import subprocess
import sys

from causaldisc.cli.main import GROUPS

from causaldisc import registry

INTRODUCTION = """# The command line

Written by `make docs` from the program's own help; a test fails when it is out of date.
"""


def help_of(*command: str) -> str:
    """Return what `causaldisc COMMAND --help` prints at 80 columns, the most that it uses."""
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    for name in ("FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"):
        environment.pop(name, None)
    arguments = [sys.executable, "-m", "causaldisc", *command, "--help"]
    return subprocess.run(arguments, env=environment, check=True, capture_output=True, text=True).stdout


def commands() -> list[tuple[str, ...]]:
    """Return every command and subcommand, in the order of the help."""
    children = {
        "simulate": list(registry.files("causaldisc.simulate")),
        "data": ["list", "path", "cat"],
    }
    return [
        command
        for names in GROUPS.values()
        for name in names
        for command in [(name,), *((name, child) for child in children.get(name, []))]
    ]


def page() -> str:
    """Return the whole page."""
    sections = [f"\n## causaldisc {' '.join(c)}\n\n```\n{help_of(*c)}```\n" for c in commands()]
    return INTRODUCTION + f"\n```\n{help_of()}```\n" + "".join(sections)


if __name__ == "__main__":
    sys.stdout.write(page())
