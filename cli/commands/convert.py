"""Convert a graph from any format to any other, keeping marks, names and attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from causaldisc.cli import flags
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import WriteOptions, write

from causaldisc.graph import formats
from causaldisc.options import Options, opt
from causaldisc.result import Notice


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(Options):
    """How to read the graph."""

    TITLE = "Conversion"

    input_format: str | None = opt(
        None,
        "Format of the input, where neither suffix nor content tell, as for bare matrices.",
        metavar="FORMAT",
    )
    format: str | None = opt(None, "Format of the output, whatever its suffix.", names=("-f",), metavar="FORMAT")


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="Graph file; '-' is stdin.")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="File to write; '-' is stdout.")] = "-",
    *,
    options: ConvertOptions,
    talk: TalkOptions,
) -> None:
    """Read, write, say what the target could not hold."""
    plan = WriteOptions(output=(target,), format=options.format).plan()
    result = formats.read(source, options.input_format)
    write(result, plan)
    lost = {name: formats.losses(name, result) for _, name in plan}
    talk.warn(Notice("loss", f"{name} cannot hold {'; '.join(losses)}") for name, losses in lost.items() if losses)


def command() -> Any:
    return flags.command(convert, "convert", f"{__doc__}\n\nFormats: {', '.join(formats.names())}.")
