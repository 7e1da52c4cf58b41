"""How a computation talks while it runs: progress and warnings, both optional to hear, and when it must end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from causaldisc.result import TIME_LIMIT, Notice

Held = TypeVar("Held")
Item = TypeVar("Item")
Answer = TypeVar("Answer")


def _silent(done: int, total: int, stage: str) -> None:
    """Ignore progress."""


def _unheard(message: str) -> None:
    """Ignore an announcement."""


UNKNOWN = 0  # the total of work that nobody can tell how long it is


class OutOfTime(Exception):
    """The time limit has passed, with this share of the stage done. Searches catch it and return what they have."""

    def __init__(self, share: float = 0.0) -> None:
        super().__init__()
        self.share = share


class Elsewhere(Protocol):
    """Processes beside this one, on other machines maybe, that share the work."""

    @property
    def width(self) -> int:
        """How many pieces of work are done at a time."""

    def each(
        self,
        held: Held,
        act: Callable[[Held, Item], Answer],
        items: Sequence[Item],
        look: Callable[[int], None],
    ) -> Iterator[tuple[int, Answer]]:
        """Yield the number of each item and `act(held, item)`, as it is done.

        `held` is sent once, however many calls it comes in. `look` is called now and then with how many are done; what
        it raises ends the work. Raises ComputationError when the processes are gone, or one item ended several.
        """
        ...


@dataclass
class Context:
    """Collects warnings in order, each once; `progress(done, total, stage)` is called now and then, with the
    total UNKNOWN where nobody knows it, and `announce(message)` before work that takes long.

    `threads` is how many a kernel may use; results never depend on it, nor on `elsewhere`. `deadline`, on the clock of
    time.monotonic, is when a search is to end with what it has.
    """

    progress: Callable[[int, int, str], None] = _silent
    threads: int = 1
    deadline: float | None = None
    announce: Callable[[str], None] = _unheard
    elsewhere: Elsewhere | None = None
    _warnings: dict[Notice, None] = field(default_factory=dict)

    @property
    def warnings(self) -> list[Notice]:
        """What there was to warn of, in order, each once."""
        return list(self._warnings)

    def warn(self, code: str, message: str) -> None:
        self._warnings.setdefault(Notice(code, message))

    def warn_all(self, notices: Iterable[Notice]) -> None:
        """Take over warnings that were made elsewhere."""
        for notice in notices:
            self.warn(notice.code, notice.message)

    @property
    def is_out_of_time(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def ends_early(self, done: int, total: int) -> bool:
        """Tell whether to make no more trials, of which so many are done, and say so."""
        if done >= total or not self.is_out_of_time:
            return False
        self.warn(TIME_LIMIT, "the time limit came first: fewer trials were made than asked for")
        return True

    def check_time(self, share: float = 0.0) -> None:
        """Raise OutOfTime, with the share of the stage that is done, when the deadline has passed."""
        if self.is_out_of_time:
            raise OutOfTime(share)
