"""Work shared with the workers of a Dask cluster (extra `causaldisc[dask]`), with nothing lost when one dies.

Dask gives what a dead worker had to another. What all pieces of a work need (a test, a data set) is sent to every
worker once, and again when all that had it are gone. The cluster runs pickles: whoever can reach the scheduler can run
code on it.
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import socket
import threading
import time
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar
from uuid import uuid4

from causaldisc._version import __version__
from causaldisc.errors import CausaldiscError, ComputationError, UsageError
from causaldisc.runs.workers import Done

Held = TypeVar("Held")
Item = TypeVar("Item")
Answer = TypeVar("Answer")

PATIENCE = 0.2  # seconds between looks
REACHED_WITHIN = 10.0  # seconds for the scheduler to answer
WORKERS_WITHIN = 60.0  # seconds that there may be no worker
AHEAD = 3  # pieces that wait at the cluster, for each that is done at a time
MOST_LOSSES_TOGETHER, MOST_LOSSES = 2, 4  # times that a piece is lost beside others, and in all
_KEPT = 4  # held objects that a worker keeps


class _Killed(Exception):
    """Whoever took a piece of work died."""


class Cluster:
    """A connection to a scheduler; to be closed."""

    def __init__(self, address: str, announce: Callable[[str], None] = lambda message: None) -> None:
        """Connect to `dask://HOST:PORT`; `announce` tells that workers are waited for.

        Raises UsageError for an address of another form or without Dask, ComputationError when nobody answers, there is
        no worker, or one has another version of what results depend on.
        """
        self.address = address
        place = _tcp(address)
        try:
            import distributed  # noqa: F401 - whether it is there
        except ImportError:
            raise UsageError("--cluster needs Dask: pip install 'causaldisc[dask]'") from None
        _silence()
        try:
            self._client = _connected(place)
        except (OSError, TimeoutError) as error:
            reason = str(error).splitlines()[0] if str(error) else "no answer"
            raise ComputationError(f"no Dask scheduler answers at {address}: {reason}") from error
        self._sent: dict[int, tuple[object, str, Any]] = {}
        self._width, self._width_at = 0, -1.0
        try:
            self._check_workers(announce)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the cluster and what it holds for us."""
        self._sent.clear()
        self._client.close(timeout=2)

    @property
    def width(self) -> int:
        """The threads of all workers there are now."""
        now = time.monotonic()
        if now - self._width_at > 1.0:
            with self._answering():
                self._width, self._width_at = sum(self._client.nthreads().values()), now
        return max(self._width, 1)

    def spread(
        self, items: Sequence[Item], work: Callable[[Item], Answer], most: int | None = None
    ) -> Iterator[Done[Answer]]:
        """Yield what becomes of each item, as it is done, at most `most` at a time; as workers.spread does."""
        for number, outcome in self._outcomes(work, _call, items, lambda done: None, most):
            if isinstance(outcome, Exception):
                yield Done(number, None, _reason(outcome))
            else:
                yield Done(number, outcome[0], seconds=outcome[1])

    def each(
        self, held: Held, act: Callable[[Held, Item], Answer], items: Sequence[Item], look: Callable[[int], None]
    ) -> Iterator[tuple[int, Answer]]:
        """Yield the number of each item and what `act` makes of it; see context.Elsewhere."""
        for number, outcome in self._outcomes(held, act, items, look, None):
            if isinstance(outcome, Exception):
                raise ComputationError(f"the cluster at {self.address} could not do its part: {_reason(outcome)}")
            yield number, outcome[0]

    def _outcomes(
        self, held: Any, act: Callable[..., Any], items: Sequence[Any], look: Callable[[int], None], most: int | None
    ) -> Iterator[tuple[int, tuple[Any, float] | Exception]]:
        """Yield for each item what came of it: an answer and its seconds, or what went wrong."""
        # Pieces that were lost several times are done alone, at last: one of them may kill whoever takes it.
        waiting, alone, losses = list(range(len(items)))[::-1], list[int](), Counter[int]()
        running: dict[Any, int] = {}
        finished: SimpleQueue[Any] = SimpleQueue()
        done, workers_at = 0, time.monotonic()
        try:
            while waiting or running or alone:
                if not waiting and not running:
                    waiting.append(alone.pop())
                while waiting and len(running) < (most or AHEAD * self.width):
                    number = waiting.pop()
                    future = self._submitted(held, act, items[number])
                    running[future] = number
                    future.add_done_callback(finished.put)
                look(done)
                workers_at = self._checked_alive(workers_at)
                for future in _taken(finished):
                    number = running.pop(future)
                    outcome = _outcome(future)
                    if outcome is None:
                        losses[number] += 1
                        self._sent.pop(id(held), None)  # gone with those that had it
                        if losses[number] <= MOST_LOSSES:
                            (waiting if losses[number] < MOST_LOSSES_TOGETHER else alone).append(number)
                            continue
                        outcome = _Killed()
                    done += 1
                    yield number, outcome
        finally:
            if running and self._client.status == "running":
                with suppress(OSError, TimeoutError):
                    self._client.cancel(list(running), force=True)

    def _submitted(self, held: object, act: Callable[..., Any], item: object) -> Any:
        """Return the future of a piece, whose key is its own: Dask must not take two pieces for one."""
        token, payload = self._held(held)
        key = f"causaldisc-{uuid4().hex}"
        with self._answering():
            return self._client.submit(_apply, token, payload, act, item, key=key, pure=False)

    def _held(self, held: object) -> tuple[str, Any]:
        """Return what stands for an object at the workers, which get it now if they have not."""
        if id(held) not in self._sent:
            while len(self._sent) >= _KEPT:
                del self._sent[next(iter(self._sent))]
            with self._answering():
                payload = self._client.scatter(_packed(held), broadcast=True, hash=False)
            self._sent[id(held)] = held, uuid4().hex, payload
        return self._sent[id(held)][1:]

    def _checked_alive(self, workers_at: float) -> float:
        """Return when there was a worker last. Raises ComputationError when scheduler or workers are gone for good."""
        with self._answering():
            if self._client.status != "running":
                raise OSError
        self.width  # noqa: B018 - looks once a second
        if self._width:
            return time.monotonic()
        if time.monotonic() - workers_at > WORKERS_WITHIN:
            raise ComputationError(f"the cluster at {self.address} has lost all its workers")
        return workers_at

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Raise ComputationError when the scheduler does not answer any more."""
        try:
            yield
        except Exception as error:
            # A client that lost its scheduler raises errors of several kinds.
            if self._client.status == "running" and not isinstance(error, OSError | TimeoutError):
                raise
            raise ComputationError(f"the Dask scheduler at {self.address} is gone") from error

    def _check_workers(self, announce: Callable[[str], None]) -> None:
        with self._answering():
            if not self._client.nthreads():
                announce(f"waiting for workers of the cluster at {self.address}, {WORKERS_WITHIN:g} s at most")
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_WITHIN)
        except (OSError, TimeoutError):
            raise ComputationError(
                f"the cluster at {self.address} has no workers; start some: dask worker ..."
            ) from None
        try:
            found = self._client.run(_versions)
        except Exception as error:
            raise ComputationError(
                f"the workers of the cluster at {self.address} cannot run causaldisc ({_reason(error)}); install "
                f"version {__version__} there"
            ) from error
        for worker, theirs in sorted(found.items()):
            _refuse_others(f"worker {worker}", theirs, _versions())


def _connected(place: str) -> Any:
    """Return a client of the scheduler at a place. Raises OSError or TimeoutError.

    Dask limits the time of connecting, not that of being greeted: what listens but is no scheduler, such as the port of
    a dashboard, it would wait for without end.
    """
    outcomes: SimpleQueue[Any] = SimpleQueue()

    def connect() -> None:
        from distributed import Client

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of versions we say more later
                made: Any = Client
                outcomes.put(made(place, timeout=REACHED_WITHIN, set_as_default=False))
        except Exception as error:
            outcomes.put(error)

    threading.Thread(target=connect, daemon=True).start()
    try:
        outcome = outcomes.get(timeout=2 * REACHED_WITHIN)
    except Empty:
        raise TimeoutError("something listens there that does not speak as one") from None
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _silence() -> None:
    """Keep what Dask logs off our streams: what goes wrong is an exception too."""
    for name in ("asyncio", "distributed", "tornado", *logging.root.manager.loggerDict):
        if name.split(".")[0] in ("asyncio", "distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _tcp(address: str) -> str:
    kind, separator, rest = address.partition("://")
    host, _, port = rest.rpartition(":")
    if kind not in ("dask", "tcp", "tls") or not separator or not host or not port.isdigit():
        raise UsageError(f"--cluster must be dask://HOST:PORT, the address of a Dask scheduler, not {address!r}")
    return f"{'tls' if kind == 'tls' else 'tcp'}://{rest}"


def _versions() -> dict[str, str]:
    """Return what the last digits depend on, the threads of linear algebra too."""
    import numpy as np

    python = ".".join(platform.python_version_tuple()[:2])
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "not set")
    return {"causaldisc": __version__, "python": python, "numpy": np.__version__, "OPENBLAS_NUM_THREADS": threads}


def _refuse_others(who: str, theirs: dict[str, str], ours: dict[str, str]) -> None:
    """Raise ComputationError when a worker has other versions than whoever sends it work."""
    other = [f"{name} {theirs[name]} instead of {ours[name]}" for name in ours if theirs[name] != ours[name]]
    if other:
        raise ComputationError(f"{who} has {', '.join(other)}; results would not be the same")


def _packed(held: object) -> bytes:
    """Return an object as it is sent, with the versions it is meant for: workers may join when we have looked."""
    return pickle.dumps((_versions(), pickle.dumps(held)))


def _taken(finished: SimpleQueue[Any]) -> list[Any]:
    """Return the futures that are done, after a while none."""
    try:
        found = [finished.get(timeout=PATIENCE)]
    except Empty:
        return []
    while not finished.empty():
        found.append(finished.get())
    return found


def _outcome(future: Any) -> tuple[Any, float] | Exception | None:
    """Return what came of a piece, None when it was lost on the way."""
    from concurrent.futures import CancelledError

    if future.status in ("cancelled", "lost"):
        return None
    try:
        found: tuple[Any, float] = future.result()
    except CancelledError:
        return None
    except Exception as error:
        return error
    return found


def _reason(error: Exception) -> str:
    if type(error).__name__ == "KilledWorker" or isinstance(error, _Killed):
        return "the process died, and so did others that tried"
    return str(error) if isinstance(error, CausaldiscError) else f"{type(error).__name__}: {error}"


# ---- at the workers

_held: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()


def _apply(token: str, payload: bytes, act: Callable[[Any, Any], Any], item: object) -> tuple[Any, float]:
    """Do a piece of work, with what is held for it unpacked once."""
    with _lock:
        if token not in _held:
            _held[token] = _unpacked(payload)
            while len(_held) > _KEPT:
                _held.popitem(last=False)
        held = _held[token]
    started = time.monotonic()
    return act(held, item), time.monotonic() - started


def _unpacked(payload: bytes) -> Any:
    versions, held = pickle.loads(payload)
    _refuse_others(f"a worker on {socket.gethostname()}", _versions(), versions)
    return pickle.loads(held)


def _call(work: Callable[[Any], Any], item: object) -> object:
    return work(item)
