"""The flags of what is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from causaldisc import knowledge
from causaldisc.knowledge import Knowledge
from causaldisc.options import Options, opt


@dataclass(frozen=True, kw_only=True)
class KnowledgeOptions(Options):
    """What is known beforehand."""

    TITLE = "Knowledge"

    knowledge: str | None = opt(None, "File of tiers, forbidden and required edges (TOML or Tetrad's).", metavar="FILE")
    tiers: str | None = opt(
        None,
        "Names in order of time: 'a, b < c < d'; later ones never cause earlier ones. Names with , < or -> go in "
        "double quotes, here and below.",
    )
    forbid: tuple[str, ...] = opt((), "An edge that cannot be, 'a -> b'; may be given several times.", metavar="EDGE")
    require: tuple[str, ...] = opt((), "An edge that must be, 'a -> b'; may be given several times.", metavar="EDGE")

    def load(self) -> Knowledge:
        """Return the file's knowledge joined with the flags'."""
        of_file = Knowledge() if self.knowledge is None else knowledge.read(self.knowledge)
        of_flags = Knowledge(
            tiers=() if self.tiers is None else knowledge.tiers(self.tiers),
            forbidden=tuple(knowledge.arrow(edge, "--forbid") for edge in self.forbid),
            required=tuple(knowledge.arrow(edge, "--require") for edge in self.require),
            source="the command line" if self.tiers or self.forbid or self.require else "",
        )
        return of_file | of_flags
