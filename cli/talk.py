"""How the program talks: results on stdout, everything said to people on stderr."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

from causaldisc.cli.running import RunOptions

from causaldisc.context import UNKNOWN, Context
from causaldisc.options import Options, opt
from causaldisc.result import Notice

PROGRAM = "causaldisc"
SHOWN_OF_A_KIND = 3
PATIENCE = 0.7  # seconds before progress appears


class Progress(Enum):
    """When to show progress."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True)
class TalkOptions(Options):
    """What to say on stderr."""

    TITLE = "Messages"

    quiet: bool = opt(False, "Say nothing on stderr but errors.", names=("-q",))
    verbose: bool = opt(False, "Say every warning, however many there are of a kind.", names=("-v",))
    debug: bool = opt(False, "Show the traceback of an error.")
    progress: Progress = opt(Progress.AUTO, "Show progress; 'auto' does on a terminal.")

    def say(self, text: str) -> None:
        """Tell something that is no warning."""
        if not self.quiet:
            tell(text)

    def announce(self, message: str) -> None:
        """Tell what takes long, before it does."""
        self.say(f"{PROGRAM}: {message}")

    def warn(self, notices: Iterable[Notice]) -> None:
        """Tell warnings; of many with one code only the first few, and how many more there are."""
        if self.quiet:
            return
        by_code: dict[str, list[str]] = {}
        for notice in notices:
            by_code.setdefault(notice.code, []).append(notice.message)
        for code, messages in by_code.items():
            shown = messages if self.verbose else messages[:SHOWN_OF_A_KIND]
            for message in shown:
                tell(f"{PROGRAM}: warning: {message}")
            if len(messages) > len(shown):
                tell(f"{PROGRAM}: warning: {len(messages) - len(shown)} more of {code} (-v shows all)")

    def context(self, run: RunOptions | None = None, estimate: bool = False) -> Context:
        """Return a context for what a run may use, whose progress goes to stderr if it is wanted; with an estimate of
        the time left where every step of it takes about the same."""
        wanted = self.progress is Progress.ALWAYS or (
            self.progress is Progress.AUTO and not self.quiet and sys.stderr.isatty()
        )
        context = Context(_meter(estimate)) if wanted else Context()
        context.announce = self.announce
        if run is not None:
            context.threads = run.resolved()
            context.deadline = None if run.max_seconds is None else time.monotonic() + run.max_seconds
        return context


def _meter(estimate: bool) -> Callable[[int, int, str], None]:
    """Return a progress function that rewrites one line of stderr, at most ten times a second."""
    started = time.monotonic()
    last = 0.0
    stream = sys.stderr  # the one of now: somebody else's search may have taken it away
    on_terminal = stream.isatty()

    def show(done: int, total: int, stage: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - started < PATIENCE or now - last < 0.1:
            return
        last = now
        far = f": {done:,} of {total:,} ({100 * done // total}%)" if total != UNKNOWN else ""
        line = f"{stage}{far}, {now - started:.0f} s"
        if estimate and done and far:
            line += f", about {duration((now - started) * (total - done) / done)} left"
        tell(f"\r\x1b[K{line}\r" if on_terminal else line, end="" if on_terminal else "\n", stream=stream)

    return show


def duration(seconds: float) -> str:
    """Return a length of time in words: '40 s', '3 min', '2 h 10 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def error(message: str) -> None:
    """Tell why the run failed."""
    tell(f"{PROGRAM}: error: {message}")


def tell(text: str, end: str = "\n", stream: TextIO | None = None) -> None:
    """Write to stderr, or what it was; one that is full must not spoil the result."""
    with contextlib.suppress(OSError):
        print(text, end=end, file=stream or sys.stderr, flush=True)
