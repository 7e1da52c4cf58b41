"""What an algorithm assumes and takes, for choosing one: a constant TRAITS in its file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum

from causaldisc.graph import GraphKind


class Takes(Enum):
    """What rows and columns an algorithm is made for."""

    CONTINUOUS = "continuous"
    DISCRETE = "discrete"
    MIXED = "mixed"
    SERIES = "series"


class Gaps(Enum):
    """What happens to rows with missing cells."""

    TEST_WISE = "test-wise"
    LIST_WISE = "list-wise"
    WINDOWS = "windows"
    LONGEST = "longest stretch"


@dataclass(frozen=True, kw_only=True)
class Traits:
    """`assumes`: in a few words; `takes`: kinds of data; `graph`: the kind that comes out. `latent`: whether hidden
    common causes are allowed for; `cycles`: whether variables may cause one another; `missing`: what becomes of rows
    with missing cells; `knowledge`: whether it is taken; `by`: who wrote the search."""

    assumes: str
    takes: tuple[Takes, ...]
    graph: GraphKind
    missing: Gaps
    latent: bool = False
    cycles: bool = False
    knowledge: bool = False
    by: str = "causaldisc"

    def as_dict(self) -> dict[str, object]:
        """Return the traits as plain values, in the order of a table."""
        values = asdict(self)
        return {
            "graph": self.graph.value,
            "takes": [kind.value for kind in self.takes],
            "mixed": Takes.MIXED in self.takes,
            "latent": values["latent"],
            "cycles": values["cycles"],
            "missing": self.missing.value,
            "knowledge": values["knowledge"],
            "by": values["by"],
            "assumes": values["assumes"],
        }
