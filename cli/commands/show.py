"""Draw a graph, causes above effects: on the terminal, as SVG or PNG, or as a page to explore.

    causaldisc show sachs.json
    causaldisc show sachs.json -o sachs.svg
    causaldisc show sachs.json --html -o sachs.html

The page needs nothing else: move, zoom, search, filter edges by p-value or frequency, click one for its evidence. GRAPH
is in any format; JSON, which keeps separating sets and warnings, has most to show.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Annotated, Any

import typer
from causaldisc.cli import flags
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import check_places, write_bytes

from causaldisc.data.dataset import hint
from causaldisc.drawing import part
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import formats
from causaldisc.options import Options, opt
from causaldisc.result import Result


class Form(Enum):
    """What a graph is drawn as."""

    TEXT = "text"
    SVG = "svg"
    PNG = "png"
    HTML = "html"


_SUFFIXES = {".txt": Form.TEXT, ".svg": Form.SVG, ".png": Form.PNG, ".html": Form.HTML, ".htm": Form.HTML}


@dataclass(frozen=True, kw_only=True)
class ShowOptions(Options):
    """What to draw, and as what."""

    TITLE = "Drawing"

    output: str = opt(
        "-", "Write to this file: .svg, .png, .html, or .txt for what a terminal shows.", names=("-o",), metavar="FILE"
    )
    format: Form | None = opt(None, "text, svg, png or html, whatever the suffix; text on stdout.", names=("-f",))
    html: bool = opt(False, "The same as -f html.")
    around: tuple[str, ...] = opt((), "Draw only what is near this node; may be given several times.", metavar="NODE")
    within: int = opt(1, "With --around: at most so many edges away.", at_least=0)
    hide_lone: bool = opt(False, "Leave out nodes without an edge.")
    title: str | None = opt(None, "Title of the page or picture; without it the name of the file.", metavar="TEXT")
    width: int | None = opt(
        None,
        "Columns for text; without it those of the terminal, and any number in a file or pipe. A drawing that needs "
        "more is written as a list of edges.",
        at_least=1,
        metavar="COLUMNS",
    )

    def form(self) -> Form:
        """Return what to draw. Raises UsageError for a suffix that does not say."""
        if self.html and self.format not in (None, Form.HTML):
            raise UsageError("--html and another -f exclude each other")
        chosen = Form.HTML if self.html else self.format
        if chosen is not None or self.output == "-":
            return chosen or Form.TEXT
        found = _SUFFIXES.get(PurePath(self.output).suffix.lower())
        if found is None:
            known = ", ".join(_SUFFIXES)
            raise UsageError(f"the suffix of {self.output!r} says no drawing; known: {known}; or choose with -f")
        return found

    def columns(self) -> float:
        """Return how many columns there are for text."""
        if self.width is not None:
            return self.width
        is_seen = self.output == "-" and sys.stdout.isatty()
        return shutil.get_terminal_size().columns if is_seen else float("inf")


def show(
    graph: Annotated[str, typer.Argument(metavar="GRAPH", help="Graph file; '-' is stdin.")],
    options: ShowOptions,
    talk: TalkOptions,
) -> None:
    """Read, choose the part, draw, write."""
    form = options.form()
    if form is Form.PNG and options.output == "-" and sys.stdout.isatty():
        raise UsageError("a PNG on a terminal is of no use; write it with -o FILE.png")
    check_places([options.output], inputs=[graph])
    result = _part(formats.read(graph), graph, options)
    title = options.title or ("graph" if graph == "-" else PurePath(graph).name)
    write_bytes(_drawn(result, form, title, options, talk), options.output)


def _part(result: Result, source: str, options: ShowOptions) -> Result:
    for name in options.around:
        if name not in result.graph.names:
            raise DataError(f"no node {name!r} in {source}{hint(name, result.graph.names)}")
    if options.around:
        result = part.of(result, part.around(result.graph, options.around, options.within))
    return part.of(result, part.joined(result.graph)) if options.hide_lone else result


def _drawn(result: Result, form: Form, title: str, options: ShowOptions, talk: TalkOptions) -> bytes:
    from causaldisc.drawing import page, png, svg

    if form is Form.PNG:
        return png.document(result.graph, title)
    if form is Form.SVG:
        return svg.document(result.graph, title).encode()
    if form is Form.HTML:
        return page.page(result, title).encode()
    return _text(result, options, talk).encode()


def _text(result: Result, options: ShowOptions, talk: TalkOptions) -> str:
    """Return a drawing in characters where there is room for it, else the list of edges."""
    from causaldisc.drawing import terminal

    on_terminal = options.output == "-" and sys.stdout.isatty()
    if on_terminal and not terminal.is_shown_by(sys.stdout.encoding):
        why = "this terminal has no braille"
    elif options.width is None and terminal.is_tangle(result.graph):
        why = "so many edges cannot be followed in characters (--width COLUMNS draws them)"
    else:
        lines = terminal.drawing(result.graph, in_bold=on_terminal and terminal.has_codes())
        needed = terminal.width(lines)
        if needed <= options.columns():
            return "\n".join(lines) + "\n"
        why = f"the drawing needs {needed} columns"
    talk.say(f"causaldisc: {why}: a list of edges; -o FILE.svg or --html -o FILE.html makes a picture")
    return formats.dump("text", result)


def command() -> Any:
    return flags.command(show, "show", __doc__ or "")
