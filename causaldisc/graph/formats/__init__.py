"""Graph formats, one module each, found by the registry.

A module has SUFFIXES, LOSES (of "attributes", "lag", "kind", "node attributes", "lone nodes", "evidence"; evidence is
the separations, the warnings and the provenance), and the functions dump, load and recognises. It may have KEEPS: node
attributes that it holds, when true, though it loses the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

from causaldisc import registry
from causaldisc.data import source as sources
from causaldisc.errors import DataError
from causaldisc.graph.formats import ranked
from causaldisc.graph.formats._reading import check_name, guess_kind
from causaldisc.graph.formats._values import in_order
from causaldisc.graph.ranking import Ranking
from causaldisc.result import Result
from causaldisc.words import counted

PACKAGE = "causaldisc.graph.formats"


class Format(Protocol):
    """What a module of this package offers."""

    SUFFIXES: tuple[str, ...]
    LOSES: frozenset[str]

    def dump(self, result: Result) -> str:
        """Return the result as text; DataError when the format cannot hold an edge of it."""

    def load(self, text: str) -> Result:
        """Return the result that a text holds; DataError when it is not in this format."""

    def recognises(self, text: str) -> bool:
        """Tell at a glance whether a text may be in this format."""


def names() -> list[str]:
    """Return the names of all formats."""
    return list(registry.files(PACKAGE))


def get(name: str) -> Format:
    """Return the format of a name; UsageError when there is none."""
    return cast(Format, registry.load(PACKAGE, name, "graph format"))


def for_path(path: str | Path) -> str | None:
    """Return the name of the format that a file's suffix stands for."""
    suffix = Path(path).suffix.lower()
    return next((name for name in names() if suffix in get(name).SUFFIXES), None)


def dump(name: str, result: Result) -> str:
    """Return a result as text in a format; DataError when the format cannot hold an edge or a name of it."""
    for number, node in enumerate(result.graph.names, 1):
        check_name(node, number)
    text = get(name).dump(result)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"an attribute holds {error.object[error.start]!a}, which is not valid Unicode") from None
    return text


def load(
    text: str, *, name: str | None = None, path: str | Path | None = None, source: str = "standard input"
) -> Result:
    """Return the result that a text holds, in the format named, else of the path's suffix, else recognised.

    A suffix gives way to the content where only another format recognises it: a `.csv` may be a matrix.
    """
    text = text.removeprefix("\ufeff")
    name = name or _recognised(text, for_path(path) if path is not None else None, source)
    form = get(name)
    try:
        return form.load(text)
    except DataError as error:
        raise DataError(f"{source}: {error}") from None


def _recognised(text: str, suggested: str | None, source: str) -> str:
    candidates = [suggested] if suggested else []
    for name in [*candidates, *names()]:
        if get(name).recognises(text):
            return name
    if suggested:
        return suggested
    raise DataError(
        f"{source}: this is no graph in a known format; a bare matrix needs 'causaldisc convert --input-format'"
    )


def read(path: str | Path, name: str | None = None) -> Result:
    """Return the result in a file, or on standard input when the path is `-`."""
    place = str(path)
    return load(sources.text(place), name=name, path=None if place == "-" else place, source=sources.label(place))


def read_ranking(path: str | Path) -> Ranking:
    """Return the arrows of a ranked list as they are, or those that the edges of a graph in any other format allow."""
    place = str(path)
    text = sources.text(place).removeprefix("\ufeff")
    if not ranked.recognises(text):
        return Ranking.of_graph(load(text, path=None if place == "-" else place, source=sources.label(place)).graph)
    try:
        return Ranking.of_rows(ranked.rows(text))
    except DataError as error:
        raise DataError(f"{sources.label(place)}: {error}") from None


def losses(name: str, result: Result) -> list[str]:
    """Return what this very result would lose in a format, in words for a warning."""
    form, graph = get(name), result.graph
    kept: frozenset[str] = getattr(form, "KEEPS", frozenset())
    on_edges = in_order({key for edge in graph.edges() for key in edge.attributes})
    on_nodes = in_order(
        {key for node in graph.nodes for key, v in node.attributes.items() if not (key in kept and v is True)}
    )
    lone = len(graph) - len({end for edge in graph.edges() for end in (edge.source, edge.target)})
    lags = sum(edge.lag > 0 for edge in graph.edges())
    words = {
        "attributes": [f"edge attributes: {', '.join(on_edges)}"] if on_edges else [],
        "node attributes": [f"node attributes: {', '.join(on_nodes)}"] if on_nodes else [],
        "lag": [counted(lags, "lag")] if lags else [],
        "kind": [f"the kind of the graph: {graph.kind.value}"] if guess_kind(graph) is not graph.kind else [],
        "lone nodes": [counted(lone, "node") + " without an edge"] if lone else [],
        "evidence": [
            *([counted(len(result.separations), "separation")] if result.separations else []),
            *([counted(len(result.warnings), "warning")] if result.warnings else []),
            *(["the provenance, wholly or in part"] if result.provenance else []),
        ],
    }
    return [word for key, found in words.items() if key in form.LOSES for word in found]
