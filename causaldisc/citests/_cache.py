"""What is worth keeping, under a budget of bytes: the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar

Value = TypeVar("Value")


class Cache:
    """Values by key, for several threads. A value is made outside the lock: made twice, it is the same twice."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.held = 0
        self._values: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._lock = Lock()

    def __reduce__(self) -> tuple[type[Cache], tuple[int]]:
        """Travel to another process empty."""
        return Cache, (self.budget,)

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """Return the value of a key, made now if it is not held; `size` says how many bytes a value takes."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]  # type: ignore[return-value]
        value = make()
        bytes_of_it = size(value)
        with self._lock:
            if key not in self._values and bytes_of_it <= self.budget:
                self._values[key] = value, bytes_of_it
                self.held += bytes_of_it
                while self.held > self.budget:
                    self.held -= self._values.popitem(last=False)[1][1]
        return value
