"""Work that is done by several processes, each item by itself: a crash or a time limit costs that item only.

Workers are new interpreters that get the work once and then an item at a time through a pipe. One that dies is
replaced; when we are gone their pipe ends, and so do they. What they return does not depend on how many there are, or
who did what, as long as the work does not.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

PATIENCE = 0.5  # seconds between looks at the clock


@dataclass(frozen=True)
class Done(Generic[Answer]):
    """What became of the item of this number: an answer, or None and why there is none; the seconds it took."""

    number: int
    answer: Answer | None
    failure: str = ""
    seconds: float = 0.0


def inline(items: Sequence[Item], work: Callable[[Item], Answer]) -> Iterator[Done[Answer]]:
    """Yield what becomes of each item, in this process and in order."""
    for number, item in enumerate(items):
        started = time.monotonic()
        answer = work(item)
        yield Done(number, answer, seconds=time.monotonic() - started)


def spread(
    items: Sequence[Item], work: Callable[[Item], Answer], count: int, most_seconds: float | None = None
) -> Iterator[Done[Answer]]:
    """Yield what becomes of each item, as it is done, by at most `count` processes at a time.

    `work` is pickled once for each process, items and answers each time. An item that takes more than `most_seconds`
    is given up. Whoever stops to take answers stops the work.
    """
    waiting = list(range(len(items)))[::-1]
    workers: list[_Worker] = []
    try:
        while waiting or any(w.number is not None for w in workers):
            while waiting and len(workers) < count:
                workers.append(_Worker(work))
            for worker in workers:
                if worker.number is None and waiting:
                    number = waiting.pop()
                    worker.give(number, items[number])
            busy = [w for w in workers if w.number is not None]
            wait([w.pipe for w in busy], PATIENCE)
            for worker in busy:
                done = worker.look(most_seconds)
                if done is not None:
                    yield done
            workers = [w for w in workers if w.process.is_alive()]
    finally:
        for worker in workers:
            worker.end()


@dataclass
class _Worker:
    """A process, the end of its pipe, and the number of the item it has."""

    work: Callable[[Any], Any]
    number: int | None = None
    started: float = 0.0
    process: Any = field(init=False)
    pipe: Connection = field(init=False)

    def __post_init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipe, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_serve, args=(theirs, self.work), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, number: int, item: object) -> None:
        self.number, self.started = number, time.monotonic()
        with contextlib.suppress(OSError):  # one that died; `look` says so
            self.pipe.send(item)

    def look(self, most_seconds: float | None) -> Done[Any] | None:
        """Return what became of its item, None while that is open; a worker that failed is gone afterwards."""
        number = self.number
        assert number is not None
        seconds = time.monotonic() - self.started
        failure = ""
        try:
            if self.pipe.poll():
                done = Done(number, self.pipe.recv(), seconds=seconds)
                self.number = None
                return done
        except (EOFError, OSError):
            self.process.join()
            failure = f"the process died ({_cause(self.process.exitcode)})"
        if not failure and most_seconds is not None and seconds > most_seconds:
            failure = f"not done after {most_seconds:g} s"
        if not failure:
            return None
        done = Done(number, None, failure, seconds)
        self.number = None
        self.end()
        return done

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"


def _serve(pipe: Connection, work: Callable[[Any], Any]) -> None:
    """Work on items until there are none; what a worker must not do is decide when to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; our parent ends us
    try:
        while True:
            pipe.send(work(pipe.recv()))
    except (EOFError, OSError):
        return
