"""What a way to rank offers: a module whose first line is its summary, with `scores`."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from causaldisc import registry
from causaldisc.rca.case import Case

PACKAGE = "causaldisc.rca.methods"
DEFAULT = "combined"


class Method(Protocol):
    """A module of this package."""

    def scores(self, case: Case) -> NDArray[np.float64]:
        """Return how likely each metric is the root cause: finite, the larger the likelier; shape (metrics,)."""


def names() -> list[str]:
    """Return the names of all methods."""
    return list(registry.files(PACKAGE))


def get(name: str) -> Method:
    """Return the method of a name; UsageError when there is none."""
    return cast(Method, registry.load(PACKAGE, name, "method"))
