"""Commands that take an algorithm: `causaldisc bootstrap pc DATA`, with the flags of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from causaldisc.cli import flags
from causaldisc.cli.cluster import ClusterOptions
from causaldisc.cli.discover import ALGORITHMS, Algorithm
from causaldisc.cli.flags import NAMES_OF_HELP
from typer.core import TyperGroup

from causaldisc import registry

Run = Callable[[Algorithm, tuple[str, ...], dict[str, Any]], int]
TakeData = Callable[[Algorithm, Callable[[tuple[str, ...], dict[str, Any]], int]], Callable[..., int]]


def for_each_algorithm(
    name: str, help: str, options: type, run: Run, take_data: TakeData, without: frozenset[str] = frozenset()
) -> Any:
    """Return a command with a subcommand for each algorithm, whose flags are those of `options`, under `many`, and of
    the algorithm less the groups `without`."""

    class ByAlgorithm(TyperGroup):
        """The algorithms; each is imported when it is run."""

        def list_commands(self, ctx: Any) -> list[str]:
            return list(registry.files(ALGORITHMS))

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in registry.files(ALGORITHMS):
                return None
            algorithm = Algorithm(cmd_name)
            own = {k: v for k, v in algorithm.groups().items() if k not in without}
            groups = {"many": options, "cluster": ClusterOptions} | own
            act = take_data(algorithm, lambda sources, chosen: run(algorithm, sources, chosen))
            return flags.command(act, cmd_name, algorithm.help, groups)

        def format_options(self, ctx: Any, formatter: Any) -> None:
            """Show the flags that all have, with the list of algorithms, which have their own beside them."""
            flags.command(_of_all, name, "", {"many": options, "cluster": ClusterOptions}).format_options(
                ctx, formatter
            )
            self.format_commands(ctx, formatter)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            with formatter.section("Algorithms"):
                formatter.write_dl([(n, registry.summary(ALGORITHMS, n)) for n in self.list_commands(ctx)])

    app = typer.Typer(
        name=name,
        cls=ByAlgorithm,
        help=help,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings=NAMES_OF_HELP,
        options_metavar="",
        subcommand_metavar="ALGORITHM DATA [OPTIONS]",
    )
    app.callback()(_nothing)
    return typer.main.get_command(app)


def _of_all(**chosen: Any) -> None:
    """Stands for each algorithm in the help of all."""


def _nothing() -> None:
    """There are no options before the algorithm."""
