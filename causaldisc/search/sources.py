"""Nodes that are causes only: the contexts of CD-NOD, which stand for time or place and have no causes in the data.

Knowledge says it all: an arrow into a context is forbidden, so the candidates to separate a context from a variable are
neighbours of the variable alone; contexts are not adjacent to each other, and not tested. Among those candidates are
the other contexts: two of them may go together (one plant was measured early, another late), and only given the one
that matters is the other seen not to. What colliders are looked for must leave out is here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from causaldisc.knowledge import Knowledge
from causaldisc.search.colliders import Findings


def knowledge_of(names: Iterable[str], contexts: Collection[str]) -> Knowledge:
    """Return that nothing causes a context."""
    arrows = tuple((name, context) for context in sorted(contexts) for name in names if name != context)
    return Knowledge(forbidden=arrows, source="the contexts, which have no causes") if arrows else Knowledge()


def untold(separations: Iterable[tuple[int, int, Collection[int]]], sources: Collection[int]) -> list[int]:
    """Return the nodes that each of their separations from a source needs another source for: they depend on some of
    these, but which is not to be told, since given any of them the others say nothing more.

    `separations` are pairs with their sets; a node that is joined to a source has fewer than there are sources.
    """
    needed: dict[int, int] = {}
    for x, y, given in separations:
        if (x in sources) != (y in sources) and any(z in sources for z in given):
            node = y if x in sources else x
            needed[node] = needed.get(node, 0) + 1
    return sorted(node for node, count in needed.items() if count == len(sources))


def without_sources(findings: Findings, sources: Collection[int]) -> Findings:
    """Return the findings without triples that say nothing: a source in the middle is no collider, and two sources at
    the ends were never tested."""
    is_source = np.isin(findings.triples, list(sources))
    says_something = ~is_source[:, 1] & ~(is_source[:, 0] & is_source[:, 2])
    return replace(
        findings,
        triples=findings.triples[says_something],
        roles=findings.roles[says_something],
        log_p=findings.log_p[says_something],
    )
