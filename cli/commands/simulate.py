"""Make data with a known true graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer
from causaldisc.cli import flags
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import check_places, format_of, write, write_bytes
from typer.core import TyperGroup

from causaldisc import registry
from causaldisc.data import writing
from causaldisc.options import Options, opt
from causaldisc.result import Result

GENERATORS = "causaldisc.simulate"


@dataclass(frozen=True, kw_only=True)
class SimulateOptions(Options):
    """Where data and truth go, and the seed."""

    TITLE = "Output"

    seed: int = opt(0, "Seed of the random numbers; the same seed gives the same bytes.", at_least=0)
    output: str = opt(
        "-", "Write the data to this file: .csv, .tsv (both also .gz) or .parquet.", names=("-o",), metavar="FILE"
    )
    truth: str | None = opt(None, "Write the true graph to this file, in the format of its suffix.", metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class DriverOptions(Options):
    """Where what moves the mechanisms goes."""

    TITLE = "Output"

    driving_force: str | None = opt(
        None, "Write the true drivers of the changing modules to this file, a column each.", metavar="FILE"
    )


@dataclass(frozen=True, kw_only=True)
class CallsOptions(Options):
    """Where it goes which service calls which."""

    TITLE = "Output"

    calls: str | None = opt(
        None, "Write which service calls which to this file, in the format of its suffix.", metavar="FILE"
    )


class Generators(TyperGroup):
    """One command a generator; listing them imports none."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(registry.files(GENERATORS))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _command(cmd_name) if cmd_name in registry.files(GENERATORS) else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Generators"):
            formatter.write_dl([(name, registry.summary(GENERATORS, name)) for name in registry.files(GENERATORS)])


def _command(name: str) -> Any:
    module = registry.load(GENERATORS, name)

    def simulate(output: SimulateOptions, talk: TalkOptions, **more: Any) -> None:
        import numpy as np

        plan = [] if output.truth is None else [(output.truth, format_of(output.truth))]
        forces = more["drivers_to"].driving_force if "drivers_to" in more else None
        calls = more["calls_to"].calls if "calls_to" in more else None
        plan_of_calls = [] if calls is None else [(calls, format_of(calls))]
        check_places([output.output, *(path for path, _ in plan), *filter(None, [forces, calls])])
        made = module.generate(more["options"], np.random.default_rng(output.seed))
        provenance = {"tool": "causaldisc", "generator": name, "seed": output.seed, **made.facts}
        write(Result(made.truth, provenance=provenance), plan)
        if made.calls is not None:
            write(Result(made.calls, provenance=provenance), plan_of_calls)
        if made.facts:
            talk.say(f"{name}: " + ", ".join(f"{key} {value}" for key, value in made.facts.items()))
        if forces is not None:
            write_bytes(writing.encode(made.drivers, forces), forces)
        talk.warn(made.data.notices)
        write_bytes(writing.encode(made.data, output.output), output.output)

    groups = {"options": module.Options}
    groups |= {"drivers_to": DriverOptions} if getattr(module, "HAS_DRIVERS", False) else {}
    groups |= {"calls_to": CallsOptions} if getattr(module, "HAS_CALLS", False) else {}
    return flags.command(simulate, name, module.__doc__ or "", groups)


def command() -> Any:
    app = typer.Typer(
        add_completion=False,
        cls=Generators,
        help=__doc__,
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings=flags.NAMES_OF_HELP,
    )

    @app.callback()
    def generators() -> None:
        """Only the generators do something."""

    group = typer.main.get_command(app)
    group.name = "simulate"
    return group
