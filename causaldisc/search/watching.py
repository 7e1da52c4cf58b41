"""Long compiled computations, watched: progress is told, Ctrl-C heard and the time limit kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Watch
from causaldisc.context import Context

# Starting threads costs milliseconds; work that takes less than this many seconds is done at once on one.
WORTH_THREADS = 0.003
# A thread that is left with this share of its work at the end need not have begun with it.
EVEN = 0.01
PATIENCE = 0.1  # seconds between looks

Outcome = TypeVar("Outcome")


def watched(work: Callable[[Watch], Outcome], seconds: NDArray[np.float64], stage: str, context: Context) -> Outcome:
    """Return what `work` does for pairs that take about so many seconds each, in threads when that is long.

    Raises OutOfTime when the context's time is up, and whatever `work` raises.
    """
    context.check_time()
    total = float(seconds.sum())
    if total < WORTH_THREADS:
        return work(Watch())
    even = float(seconds.max()) < EVEN * total / context.threads
    watch = Watch(context.threads, None if even else _longest_first(seconds))
    shares = np.concatenate([[0.0], np.cumsum(seconds if watch.order is None else seconds[watch.order])]) / total
    outcomes: list[Outcome] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            outcomes.append(work(watch))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(PATIENCE)
            done = int(watch.done.sum())
            context.progress(done, len(seconds), stage)
            context.check_time(float(shares[done]))
    except BaseException:
        watch.stop[0] = 1
        thread.join()
        raise
    if errors:
        raise errors[0]
    return outcomes[0]


def _longest_first(seconds: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return an order, by powers of two, in which no thread is left with something long at the end."""
    powers = np.frexp(seconds)[1].astype(np.int16)  # short integers are sorted without comparing them
    return np.argsort(-powers, kind="stable").astype(np.int32)
