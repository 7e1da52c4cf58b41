"""How a computation talks while it runs: progress and warnings, both optional to hear."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from causaldisc.result import Notice


def _silent(done: int, total: int, stage: str) -> None:
    """Ignore progress."""


@dataclass
class Context:
    """Collects warnings in order, each once; `progress(done, total, stage)` is called now and then.

    `threads` is how many a kernel may use; results never depend on it.
    """

    progress: Callable[[int, int, str], None] = _silent
    threads: int = 1
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
