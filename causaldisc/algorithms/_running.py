"""Running somebody else's search: streams and seeds kept, warnings and errors ours, the time limit and progress too."""

from __future__ import annotations

import contextlib
import io
import random
import signal
import threading
import time
import warnings
from collections.abc import Iterator

import numpy as np

from causaldisc.context import UNKNOWN, Context, OutOfTime
from causaldisc.errors import CausaldiscError, ComputationError, UsageError

LIBRARY = "causal-learn"
# What libraries say to programmers, not to users.
_FOR_PROGRAMMERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ImportWarning, SyntaxWarning)
_AGAIN = 0.5  # seconds after which a time limit that somebody swallowed is told again
_BEAT = 0.5  # seconds between signs of life


@contextlib.contextmanager
def running(algorithm: str, context: Context, seed: int = 0, library: str = LIBRARY) -> Iterator[None]:
    """Run somebody else's search: what it prints is not heard, its warnings become ours, its errors a sentence.

    The global generators are seeded, and put back as they were. Raises ComputationError for whatever the search
    raises, and when the time limit passes: none of these searches has a graph before it ends.
    """
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - the searches draw from these
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    unheard = io.StringIO()
    heard: list[warnings.WarningMessage] = []
    try:
        with (
            warnings.catch_warnings(record=True) as heard,
            contextlib.redirect_stdout(unheard),
            contextlib.redirect_stderr(unheard),
            _signs_of_life(algorithm, context),
            _time_limit(context),
        ):
            warnings.simplefilter("always")
            yield
    except OutOfTime:
        raise ComputationError(
            f"time was up before {algorithm} had a graph, and it has no partial one; give it more --max-seconds, or "
            "fewer columns or rows"
        ) from None
    except (CausaldiscError, MemoryError):
        raise
    except ModuleNotFoundError as error:
        raise UsageError(f"{algorithm} needs the package {error.name!r}: pip install {library}") from error
    except Exception as error:
        said = " ".join(str(error).split()) or "no message"
        raise ComputationError(
            f"{algorithm} of {library} failed: {said.rstrip('.')} ({type(error).__name__}); 'causaldisc check' may say "
            "what is odd about the data, --debug shows where"
        ) from error
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        for warning in heard:
            if not issubclass(warning.category, _FOR_PROGRAMMERS):
                context.warn(library, f"{library} says: {' '.join(str(warning.message).split())}")


@contextlib.contextmanager
def _signs_of_life(algorithm: str, context: Context) -> Iterator[None]:
    """Tell from a thread that the search goes on: none of them says how far it is."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT):
            context.progress(0, UNKNOWN, algorithm)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def _time_limit(context: Context) -> Iterator[None]:
    """Raise OutOfTime in the running code when the context's time is up: by a signal, which only the main thread can
    have; elsewhere the limit is looked at where a search asks us something."""
    context.check_time()
    in_main = threading.current_thread() is threading.main_thread()
    if context.deadline is None or not in_main or not hasattr(signal, "setitimer"):
        yield
        return

    def end(number: int, frame: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, max(context.deadline - time.monotonic(), 1e-6), _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
