"""List the discovery algorithms: what each assumes, what data it takes, and what it allows for."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from causaldisc.cli import flags, tables
from causaldisc.cli.tables import TableFormat

from causaldisc import registry

PACKAGE = "causaldisc.algorithms"
FormatFlag = Annotated[
    TableFormat,
    typer.Option("--format", "-f", help="Table format; 'auto': text on a terminal, json in a pipe."),
]


def algorithms(format: FormatFlag = TableFormat.AUTO) -> None:
    """List the discovery algorithms: what each assumes, what data it takes, and what it allows for.

    graph: the kind that comes out; takes: the data it is made for, and mixed: whether continuous and discrete columns
    together; latent: whether hidden common causes are allowed for; cycles: whether variables may cause one another;
    missing: what becomes of rows with missing cells; knowledge: whether tiers, forbidden and required edges are taken.
    """
    rows = [{"name": name, **registry.load(PACKAGE, name).TRAITS.as_dict()} for name in registry.files(PACKAGE)]
    if format.resolved() is not TableFormat.JSON:
        rows = [{key: _plain(value) for key, value in row.items()} for row in rows]
    tables.emit(rows, format, "-")


def _plain(value: object) -> object:
    return ("no", "yes")[value] if isinstance(value, bool) else value


def command() -> Any:
    return flags.command(algorithms, "algorithms", algorithms.__doc__ or "")
