"""The command line that is being run, for those who write it down."""

from __future__ import annotations

import shlex
from contextvars import ContextVar

ARGUMENTS: ContextVar[tuple[str, ...]] = ContextVar("ARGUMENTS", default=())


def as_text() -> str:
    """Return the command line as one would type it."""
    return shlex.join(("causaldisc", *ARGUMENTS.get()))
