"""A test without its engine, for holding the engine against questions asked one by one."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Plain:
    """What a test answers, and nothing else of it."""

    whole: Any

    @property
    def name(self):
        return "plain"

    @property
    def variables(self):
        return self.whole.variables

    @property
    def options(self):
        return self.whole.options

    @property
    def deepest(self):
        return self.whole.deepest

    def answers(self, x, y, given):
        return self.whole.answers(x, y, given)
