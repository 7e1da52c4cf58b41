"""The program: finds the command, runs it, and turns whatever happens into an exit code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any, cast

import typer
from causaldisc.cli import talk
from causaldisc.cli.flags import NAMES_OF_HELP
from causaldisc.cli.invocation import ARGUMENTS
from typer.core import TyperGroup

from causaldisc import __version__, registry
from causaldisc.errors import CausaldiscError, DataError

ALGORITHMS = "causaldisc.algorithms"
COMMANDS = "causaldisc.cli.commands"
INTERRUPTED = 130
# The order of the help. An algorithm is a command by being a file in its package.
_ADAPTED = [name for name in registry.files(ALGORITHMS) if registry.imports(ALGORITHMS, name, "_causal_learn")]
GROUPS = {
    "Discovery": [*(name for name in registry.files(ALGORITHMS) if name not in _ADAPTED), "ci", "algorithms"],
    "More discovery algorithms (causal-learn, flopsearch)": _ADAPTED,
    "Graphs": ["show", "explain", "compare", "convert", "rca"],
    "Many runs": ["bootstrap", "batch", "consensus"],
    "Data": ["check", "simulate", "data"],
}


class Commands(TyperGroup):
    """All commands. Listing them imports none; running one imports that one."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for names in GROUPS.values() for name in names]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in registry.files(ALGORITHMS):
            from causaldisc.cli import discover

            return discover.command(cmd_name)
        if cmd_name in registry.files(COMMANDS):
            return importlib.import_module(f"{COMMANDS}.{cmd_name}").command()
        return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = cast(Any, dict.fromkeys(self.list_commands(ctx)))  # the names, for "did you mean"
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, _summary(name)) for name in names])


def _summary(name: str) -> str:
    package = ALGORITHMS if name in registry.files(ALGORITHMS) else COMMANDS
    return registry.summary(package, name)


app = typer.Typer(
    name="causaldisc",
    cls=Commands,
    help="Causal discovery at the shell: from a data file to a causal graph.",
    epilog="'causaldisc COMMAND --help' explains a command. Exit codes: 0 done, 1 a question answered no, 2 usage, "
    "3 input or output unusable, 4 computation failed, 130 interrupted.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings=NAMES_OF_HELP,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"causaldisc {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
    ),
) -> None:
    """Take the options that come before a command."""


def main(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code."""
    ARGUMENTS.set(tuple(arguments))
    try:
        code = app(args=list(arguments), prog_name="causaldisc", standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # typer's word for Ctrl-C
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except CausaldiscError as error:
        if "--debug" in arguments:
            raise
        talk.error(str(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        talk.error("interrupted")
        return INTERRUPTED
    except MemoryError:
        talk.error("not enough memory; ask for less: fewer rows, fewer columns, a smaller --max-depth")
        return 4
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's own complaints about the command line
            return _usage(error)
        if "--debug" in arguments:
            raise
        if isinstance(error, OSError) and error.filename is None:  # whatever has a name says so in its own words
            talk.error(f"cannot write to standard output: {error.strerror or error}")
            return DataError.exit_code
        talk.error(f"internal error ({type(error).__name__}: {error}); --debug shows where, please report it")
        return 4


def _usage(error: Any) -> int:
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if message == "" or type(error).__name__ == "NoArgsIsHelpError":
        talk.tell(context.get_help() if context else message)
        return 2
    path = context.command_path if context else "causaldisc"
    talk.error(f"{message.rstrip('.')}; see '{path} --help'")
    return 2
