"""How much of the machine a run may use."""

from __future__ import annotations

import os
from dataclasses import dataclass

from causaldisc.errors import UsageError
from causaldisc.options import Options, opt

VARIABLE = "CAUSALDISC_THREADS"


@dataclass(frozen=True, kw_only=True)
class RunOptions(Options):
    """Resources; they never change a result."""

    TITLE = "Running"

    threads: int | None = opt(
        None,
        f"Threads to use. Without it, what {VARIABLE} says, else one under 'make -j', else all cores of this process.",
        at_least=1,
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
