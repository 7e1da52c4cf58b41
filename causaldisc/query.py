"""Questions of conditional independence as text: 'x ~ y | z1, z2'."""

from __future__ import annotations

import re
from dataclasses import dataclass

from causaldisc.errors import UsageError
from causaldisc.quoting import quote, split

_SIGNS = "[~|,]"


@dataclass(frozen=True)
class Query:
    """Is x independent of y given a set? All by name."""

    x: str
    y: str
    given: tuple[str, ...] = ()

    def __str__(self) -> str:
        x, y, *given = (quote(name, _SIGNS) for name in (self.x, self.y, *self.given))
        return f"{x} ~ {y}" + (f" | {', '.join(given)}" if given else "")


def parse(text: str) -> Query:
    """Return the query of a text; names with ~ | , or quotes in them are written in double quotes.

    Raises UsageError that shows the text and the form.
    """
    names, signs = split(text, _SIGNS)
    shape = "".join(signs)
    if not re.fullmatch(r"~(\|,*)?", shape) or len(names) != len(signs) + 1 or not all(names):
        raise UsageError(f"{text!r} is not of the form 'X ~ Y' or 'X ~ Y | Z1, Z2'")
    x, y, *given = names
    if len({x, y, *given}) != len(names):
        raise UsageError(f"{text!r} names a variable twice")
    return Query(x, y, tuple(given))
