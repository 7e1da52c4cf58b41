"""Data sets that come with the program: list them, find their files, or print one."""

from __future__ import annotations

import gzip
from typing import Annotated, Any

import typer
from causaldisc.cli import flags, tables
from causaldisc.cli.tables import TableFormat
from causaldisc.cli.writing import write_bytes

from causaldisc.data import shipped
from causaldisc.data.shipped import Part

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a data set, as 'data list' shows it.")]
PartFlag = Annotated[Part, typer.Option("--part", help="Which file of the data set.")]
FormatFlag = Annotated[
    TableFormat,
    typer.Option("--format", "-f", help="Table format; 'auto': text on a terminal, json in a pipe."),
]


def list_(format: FormatFlag = TableFormat.AUTO) -> None:
    """List the data sets."""
    tables.emit([item.as_dict() for item in shipped.catalogue()], format, "-")


def path(name: NameArgument, part: PartFlag = Part.DATA) -> None:
    """Print the path of a data set's file."""
    write_bytes(f"{shipped.path(name, part)}\n".encode(), "-")


def cat(name: NameArgument, part: PartFlag = Part.DATA) -> None:
    """Print a data set, uncompressed."""
    file = shipped.path(name, part)
    content = file.read_bytes()
    write_bytes(gzip.decompress(content) if file.suffix == ".gz" else content, "-")


def command() -> Any:
    app = typer.Typer(
        add_completion=False,
        help=__doc__,
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings=flags.NAMES_OF_HELP,
    )
    app.command("list", cls=flags.PlainCommand)(list_)
    app.command("path", cls=flags.PlainCommand)(path)
    app.command("cat", cls=flags.PlainCommand)(cat)
    group = typer.main.get_command(app)
    group.name = "data"
    return group
