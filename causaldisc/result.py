"""What a command hands on: a graph and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from causaldisc.graph import Graph


class Separation(NamedTuple):
    """Two nodes found independent given others; nodes by name, `p_value` and rows used `n` when known."""

    x: str
    y: str
    given: tuple[str, ...]
    p_value: float | None = None
    n: int | None = None


TIME_LIMIT = "time-limit"


@dataclass(frozen=True)
class Notice:
    """Something the user should know: a short code for programs and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True)
class Result:
    """A graph, the separations behind its missing edges, what to beware of, and where it came from.

    `provenance` holds JSON values only: tool, version, algorithm, options, data, seed, tests. It never
    holds a clock time or a number of threads, so equal runs give equal bytes.
    """

    graph: Graph
    separations: Sequence[Separation] = ()
    warnings: tuple[Notice, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    listing: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def is_partial(self) -> bool:
        """Whether a time limit ended the search before it was done."""
        return any(notice.code == TIME_LIMIT for notice in self.warnings)
