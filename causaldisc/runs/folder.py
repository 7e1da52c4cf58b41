"""The folder that a process is in, which all its threads share: works of several folders take turns."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from causaldisc.errors import ComputationError


class _Current:
    """Who is in which folder. Works of the same folder go on together; others wait until nobody is in it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside, self._folder, self._before = 0, "", ""

    @contextmanager
    def at(self, folder: str) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._inside or self._folder == folder)
            if not self._inside:
                self._enter(folder)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                if not self._inside:
                    self._leave()

    def _enter(self, folder: str) -> None:
        self._folder, self._before = folder, _here()
        if self._before != folder:
            try:
                os.chdir(folder)
            except OSError as error:
                host = socket.gethostname()
                raise ComputationError(f"{host} does not see the folder {folder!r}: {error.strerror}") from error

    def _leave(self) -> None:
        if self._before not in ("", self._folder):
            with suppress(OSError):  # gone meanwhile
                os.chdir(self._before)
        self._changed.notify_all()


def _here() -> str:
    """Return the current folder, an empty text for one that is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


# While the context lasts, paths are told from this folder; raises ComputationError that names the machine.
at = _Current().at
