"""The entry point: settles signals, streams and threads, then loads and runs the program."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys


def run() -> None:
    """Run the program on the arguments of the shell and exit with its code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while modules load: end, and show no traceback of theirs
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head -1` ends us quietly, as it does every filter
    _replace_closed_streams()
    for library in ("OPENBLAS", "MKL"):
        # One thread: the same bits on every machine, no threads that spin beside ours, none under `make -j`.
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    from causaldisc.cli.main import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    _end(main(sys.argv[1:]))


def _end(code: int) -> None:
    """End at once: all is written, and a thread of Arrow's that is still at work when C++ is torn down would make the
    process abort, which on a busy machine was seen once in some thousand runs."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _replace_closed_streams() -> None:
    """Open what the shell closed (`>&-`): Python has None there, and gives the descriptor to the next file it opens.

    Results written to the stand-in for stdout fail as they do in every program; talk is lost.
    """
    if sys.stdout is None:
        unwritable = io.FileIO(os.open(os.devnull, os.O_RDONLY), "w")
        sys.stdout = io.TextIOWrapper(unwritable, "utf-8", write_through=True)
    if sys.stderr is None:
        sys.stderr = io.StringIO()
