"""From option dataclasses to command-line flags, so that a plug-in writes no command-line code."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand

from causaldisc.options import Flag, flag_of

NAMES_OF_HELP = {"help_option_names": ["-h", "--help"]}


class PlainCommand(TyperCommand):
    """A command whose usage names arguments as every program does: DATA, not {DATA}."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class GroupedCommand(PlainCommand):
    """A command whose help lists the flags of each option group under the group's title."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                title = getattr(parameter, "rich_help_panel", None) or "Other"
                if parameter.param_type_name == "argument":
                    title = "Arguments"
                groups.setdefault(title, []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)


def command(function: Callable[..., Any], name: str, help: str, groups: Mapping[str, type] | None = None) -> Any:
    """Return a command that calls `function`.

    Parameters of `function` whose type is an options dataclass become one flag a field; others are arguments of
    the command line, annotated as typer wants them. `groups` adds dataclasses for keyword arguments that only
    `**more` takes.
    """
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=NAMES_OF_HELP,
    )
    app.command(name, help=help, cls=GroupedCommand)(_flattened(function, groups or {}))
    return typer.main.get_command(app)


def _flattened(function: Callable[..., Any], groups: Mapping[str, type]) -> Callable[..., Any]:
    """Return a function of plain parameters that builds the dataclasses and calls `function`."""
    parameters: list[inspect.Parameter] = []
    types: dict[str, type] = {}
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        if dataclasses.is_dataclass(parameter.annotation):
            types[parameter.name] = cast(type, parameter.annotation)
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    types.update(groups)
    for kind in types.values():
        known = {p.name for p in parameters}
        parameters += [p for p in _parameters(kind) if p.name not in known]

    def call(**values: Any) -> Any:
        plain = {p: v for p, v in values.items() if not any(p in _field_names(t) for t in types.values())}
        return function(**plain, **{key: _build(kind, values) for key, kind in types.items()})

    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    return call


def _field_names(kind: type) -> set[str]:
    return {f.name for f in dataclasses.fields(kind)}


def _build(kind: type, values: Mapping[str, Any]) -> Any:
    chosen = {name: values[name] for name in _field_names(kind)}
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in chosen.items()})


def _parameters(kind: type) -> Iterable[inspect.Parameter]:
    hints = get_type_hints(kind)
    title = getattr(kind, "TITLE", "Options")
    for field in dataclasses.fields(kind):
        flag: Flag = field.metadata["flag"]
        long = flag_of(field.name)
        option = typer.Option(
            long,
            *flag.names,
            help=flag.help,
            metavar=flag.metavar,
            rich_help_panel=title,
            show_default=_shown(field),
        )
        yield inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=list(field.default) if isinstance(field.default, tuple) else field.default,
            annotation=Annotated[_for_typer(hints[field.name]), option],
        )


def _shown(field: dataclasses.Field[Any]) -> bool:
    return field.default is not False and field.default not in (None, (), "")


def _for_typer(kind: Any) -> Any:
    """Typer takes a repeated flag as a list; our frozen options hold a tuple."""
    return list[get_args(kind)[0]] if get_origin(kind) is tuple else kind  # type: ignore[misc]
