"""Why two nodes are joined or not: tests, separating set, the rule that made the arrow, how often it was found.

    causaldisc explain sachs.json PKA plcg

Separating sets are kept by JSON, not by every format.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from causaldisc.cli import flags, tables
from causaldisc.cli.tables import TableFormat
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import check_places, write_bytes

from causaldisc.data.dataset import hint
from causaldisc.errors import DataError
from causaldisc.graph import formats
from causaldisc.graph.explanation import Explanation, Told, explain
from causaldisc.options import Options, opt


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(Options):
    """How to show."""

    TITLE = "Explanation"

    format: TableFormat = opt(TableFormat.AUTO, "text or json; 'auto': text on a terminal.", names=("-f",))
    output: str = opt("-", "Write to this file.", names=("-o",), metavar="FILE")


def why(
    graph: Annotated[str, typer.Argument(metavar="GRAPH", help="Graph file; '-' is stdin.")],
    a: Annotated[str, typer.Argument(metavar="A", help="A node.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another, or the same for its own past.")],
    options: ExplainOptions,
    talk: TalkOptions,
) -> None:
    """Read, explain, write."""
    check_places([options.output], inputs=[graph])
    result = formats.read(graph)
    for name in (a, b):
        if name not in result.graph.names:
            raise DataError(f"no node {name!r} in {graph}{hint(name, result.graph.names)}")
    found = explain(result, a, b)
    if options.format.resolved() is TableFormat.JSON:
        write_bytes(tables.as_json(_record(found)).encode(), options.output)
    else:
        write_bytes(_text(found).encode(), options.output)


def _record(found: Explanation) -> dict[str, object]:
    separation = None if found.separation is None else found.separation._asdict()
    return {**asdict(found), "edges": [asdict(e) for e in found.edges], "separation": separation}


def _text(found: Explanation) -> str:
    lines = [line for edge in found.edges for line in _of_edge(edge)]
    if not found.edges:
        lines = [f"{found.x} and {found.y} are not adjacent"]
    return "\n".join([*lines, *(f"  {remark}" for remark in found.remarks)]) + "\n"


def _of_edge(told: Told) -> list[str]:
    lag = f"  [lag {told.lag}]" if told.lag else ""
    shown = {k: v for k, v in told.attributes.items() if not isinstance(v, bool)}
    width = max(map(len, shown), default=0)
    figures = [f"  {k:<{width}}  {_short(v)}" for k, v in shown.items()]
    return [told.edge + lag, *figures, *(f"  {reason}" for reason in (*told.reasons, *told.notes))]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def command() -> Any:
    return flags.command(why, "explain", __doc__ or "")
