"""How much of the machine a run may use."""

from __future__ import annotations

import os
from dataclasses import dataclass

from causaldisc.errors import UsageError
from causaldisc.options import Options, opt

VARIABLE = "CAUSALDISC_THREADS"


@dataclass(frozen=True, kw_only=True)
class RunOptions(Options):
    """Resources. Threads never change a result; a time limit can make it a smaller depth's."""

    TITLE = "Running"

    threads: int | None = opt(
        None,
        f"Threads to use. Without it, what {VARIABLE} says, else one under 'make -j', else all cores of this process.",
        at_least=1,
    )

    max_seconds: float | None = opt(
        None,
        "Stop searching after so many seconds, write what is found (the depths that are finished), and exit with 4.",
        above=0,
    )

    def resolved(self) -> int:
        """Return the number of threads; UsageError when the environment says no number."""
        if self.threads is not None:
            return self.threads
        asked = os.environ.get(VARIABLE, "").strip()
        if asked:
            if not asked.isdigit() or int(asked) < 1:
                raise UsageError(f"{VARIABLE} must be a number of threads, at least 1, not {asked!r}")
            return int(asked)
        if "--jobserver" in os.environ.get("MAKEFLAGS", ""):
            return 1  # make runs several of us already
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
