"""What is known beforehand, laid over the arrows of a graph: forbidden and required edges, and who calls whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from causaldisc.data.dataset import hint
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import Graph
from causaldisc.knowledge import Arrow, Knowledge
from causaldisc.rca.links import Link


def services(names: Sequence[str], pattern: str | None) -> tuple[str, ...] | None:
    """Return the service of each metric: what the first group of a regular expression matches, else all it matches.

    A metric that it does not match is a service of its own; None without a pattern. Raises UsageError for what is no
    regular expression, DataError where it matches no metric.
    """
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--group-regex: {pattern!r} is no regular expression: {error}") from None
    found = []
    matched = False
    for name in names:
        match = compiled.search(name)
        matched = matched or match is not None
        found.append((match[1 if compiled.groups else 0] if match else None) or name)
    if not matched:
        raise DataError(f"--group-regex {pattern!r} matches no metric{hint('', names)}")
    return tuple(found)


def with_knowledge(
    links: Sequence[Link], names: Sequence[str], known: Knowledge, of_services: Sequence[str] | None, lag: int
) -> tuple[Link, ...]:
    """Return the links without forbidden ones and with required ones, those at `lag` where the graph lacks them.

    The name of a service, where there are any, stands for all its metrics. Raises DataError for an unknown name, and
    for knowledge that contradicts itself.
    """
    if not known:
        return tuple(links)
    wide = replace(
        known,
        tiers=tuple(_all_members(tier, names, of_services) for tier in known.tiers),
        forbidden=_expanded(known.forbidden, names, of_services),
        required=_expanded(known.required, names, of_services),
        causes=None if known.causes is None else _all_members(known.causes, names, of_services),
    )
    bound = wide.bind(names)
    kept = {(link.cause, link.effect): link for link in links if bound.may_cause(link.cause, link.effect)}
    for pair in bound.required:
        kept.setdefault(pair, Link(*pair, (lag,)))
    return tuple(kept[pair] for pair in sorted(kept))


def with_calls(links: Sequence[Link], calls: Graph, of_services: Sequence[str] | None) -> tuple[Link, ...]:
    """Return the links within a service and between services of which one calls the other.

    Whatever goes along a call goes one of two ways, load to the called, delays and errors to the caller, so that the
    direction of the call is not used. Services that `calls` lacks keep their links. Raises UsageError without
    services, DataError when none is in `calls`.
    """
    if of_services is None:
        raise UsageError("--calls needs --group-regex, which says which service a metric is of")
    known = set(calls.names)
    if not known & set(of_services):
        raise DataError(
            f"no node of the call graph is a service of the metrics{hint(calls.names[0], sorted(set(of_services)))}"
        )
    pairs = {frozenset((calls.names[e.source], calls.names[e.target])) for e in calls.edges()}

    def may_be(u: str, v: str) -> bool:
        return u == v or not {u, v} <= known or frozenset((u, v)) in pairs

    return tuple(link for link in links if may_be(of_services[link.cause], of_services[link.effect]))


def _expanded(arrows: Sequence[Arrow], names: Sequence[str], of_services: Sequence[str] | None) -> tuple[Arrow, ...]:
    return tuple(
        (u, v)
        for cause, effect in arrows
        for u in _members(cause, names, of_services)
        for v in _members(effect, names, of_services)
    )


def _all_members(some: Sequence[str], names: Sequence[str], of_services: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(metric for name in some for metric in _members(name, names, of_services))


def _members(name: str, names: Sequence[str], of_services: Sequence[str] | None) -> list[str]:
    if name in names or of_services is None or name not in of_services:
        return [name]
    return [metric for metric, service in zip(names, of_services, strict=True) if service == name]
