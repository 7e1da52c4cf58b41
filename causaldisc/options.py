"""Options of a plug-in: a frozen, keyword-only dataclass whose fields the command line turns into flags."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any

from causaldisc.errors import UsageError


@dataclass(frozen=True)
class Flag:
    """How an option looks from outside: its help and the open or closed range it must lie in."""

    help: str
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    names: tuple[str, ...] = ()
    metavar: str | None = None

    def complaint(self, value: object) -> str | None:
        """Say what the range demands if `value` breaks it, else None."""
        if not isinstance(value, int | float):
            return None
        if self.above is not None and not value > self.above:
            return f"must be above {self.above:g}"
        if self.below is not None and not value < self.below:
            return f"must be below {self.below:g}"
        if self.at_least is not None and not value >= self.at_least:
            return f"must be at least {self.at_least:g}"
        return None


def flag_of(name: str) -> str:
    """Return the flag of a field; one that Python reserves, such as lambda, has an underscore after its name."""
    return "--" + name.rstrip("_").replace("_", "-")


def opt(default: Any, help: str, **details: Any) -> Any:
    """Return a dataclass field that the command line shows as a flag.

    `details` are the other fields of `Flag`: `above`, `below`, `at_least`, `names`, `metavar`.
    """
    return dataclasses.field(default=default, metadata={"flag": Flag(help, **details)})


class Options:
    """Base of all option sets: checks every range on construction.

    Raises UsageError with a sentence that names the flag, the value and the range.
    """

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            complaint = field.metadata["flag"].complaint(value)
            if complaint:
                raise UsageError(f"{flag_of(field.name)} {complaint}, not {value:g}")


def as_json(options: object) -> dict[str, object]:
    """Return the options as plain JSON values, for the provenance of a result."""
    values = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}  # type: ignore[arg-type]
    return {k.rstrip("_"): v.value if isinstance(v, Enum) else v for k, v in values.items() if v is not None}
