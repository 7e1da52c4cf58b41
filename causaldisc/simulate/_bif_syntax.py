"""The grammar of BIF files, the Interchange Format for Bayesian Networks of 1995 to 1998.

    network NAME { }
    variable NAME { type discrete [ 2 ] { yes, no }; }
    probability ( CHILD | PARENT, PARENT ) {
      (yes, no) 0.1, 0.9;       a row for one combination of the parents' levels
      default 0.5, 0.5;         the row of every combination without its own
      table 0.1, 0.9;           or all at once: the child changes slowest, the last parent fastest
    }

Names may be in double quotes; commas and the bar are as good as blanks, as the format says; comments are
those of C++; properties are skipped. Blocks may come in any order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from causaldisc.errors import DataError

_TOKEN = re.compile(r'[\s,|]*("[^"]*"|[{}()\[\];]|[^\s{}()\[\];,|"]+)')
_COMMENT = re.compile(r'"[^"]*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_PUNCTUATION = frozenset("{}()[];")


@dataclass
class Declared:
    """A `variable` block."""

    levels: tuple[str, ...]
    offset: int


@dataclass
class Row:
    """Numbers, the levels of the parents they are for (a row), and where they stand."""

    numbers: list[float]
    offset: int
    given: tuple[str, ...] = ()


@dataclass
class Probability:
    """A `probability` block."""

    parents: tuple[str, ...]
    offset: int
    rows: list[Row] = field(default_factory=list)
    table: Row | None = None
    default: Row | None = None


class Reader:
    """Splits the text into blocks; knows no network, only its grammar."""

    def __init__(self, text: str, source: str) -> None:
        # Blanks in place of comments keep every offset, and so the line numbers.
        self.text = _COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text)
        self.source = source
        self.position = 0
        self.start = 0
        self.variables: dict[str, Declared] = {}
        self.probabilities: dict[str, Probability] = {}
        while token := self._next():
            if token == "network":
                self._name("the name of the network")
                self._expect("{")
                self._skip_properties()
            elif token == "variable":
                self._variable()
            elif token == "probability":
                self._probability()
            else:
                self._fail_expecting(token, "'network', 'variable' or 'probability'")

    def fail(self, message: str, offset: int | None = None) -> NoReturn:
        line = self.text.count("\n", 0, self.start if offset is None else offset) + 1
        raise DataError(f"{self.source}, line {line}: {message}")

    def _fail_expecting(self, token: str, wanted: str) -> NoReturn:
        self.fail(f"{token or 'the end of the file'} where {wanted} should be")

    def _next(self) -> str:
        """Return the next token, quotes included, or nothing at the end."""
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            rest = self.text[self.position :].lstrip(" \t\r\n,|")
            self.start = len(self.text) - len(rest)
            if rest:
                self.fail("a quotation mark without its partner")
            return ""
        self.start, self.position = match.start(1), match.end()
        return match[1]

    def _expect(self, wanted: str) -> None:
        token = self._next()
        if token != wanted:
            self._fail_expecting(token, repr(wanted))

    def _name(self, what: str) -> str:
        token = self._next()
        if not token or token in _PUNCTUATION:
            self._fail_expecting(token, what)
        return token[1:-1] if token[0] == '"' else token

    def _names(self, end: str, what: str) -> tuple[str, ...]:
        """Return the names up to a closing bracket."""
        names = []
        while (token := self._next()) != end:
            if not token or token in _PUNCTUATION:
                self._fail_expecting(token, f"{what} or {end!r}")
            names.append(token[1:-1] if token[0] == '"' else token)
        return tuple(names)

    def _skip_properties(self) -> None:
        """Skip to the end of a block that holds properties only."""
        while (token := self._next()) != "}":
            if token != "property":
                self._fail_expecting(token, "'property' or '}'")
            self._skip_property()

    def _skip_property(self) -> None:
        while (token := self._next()) != ";":
            if not token:
                self._fail_expecting(token, "';' after a property")

    def _variable(self) -> None:
        name, offset = self._name("the name of a variable"), self.start
        if name in self.variables:
            self.fail(f"a second variable {name!r}")
        self._expect("{")
        levels: tuple[str, ...] = ()
        while (token := self._next()) != "}":
            if token == "property":
                self._skip_property()
            elif token == "type" and not levels:
                levels = self._type(name)
            else:
                self._fail_expecting(token, "'type', 'property' or '}'")
        if not levels:
            self.fail(f"variable {name!r} has no type", offset)
        self.variables[name] = Declared(levels, offset)

    def _type(self, name: str) -> tuple[str, ...]:
        kind = self._name("a type")
        if kind != "discrete":
            self.fail(f"variable {name!r} is {kind}; only discrete variables can be read")
        self._expect("[")
        count = self._name("the number of levels")
        self._expect("]")
        self._expect("{")
        levels = self._names("}", "a level")
        if count != str(len(levels)) or not levels:
            self.fail(f"variable {name!r} lists {len(levels)} levels but announces {count}")
        if len(set(levels)) < len(levels):
            self.fail(f"variable {name!r} lists a level twice")
        self._expect(";")
        return levels

    def _probability(self) -> None:
        self._expect("(")
        child, offset = self._name("the name of a variable"), self.start
        if child in self.probabilities:
            self.fail(f"second probabilities of {child!r}")
        block = Probability(self._names(")", "the name of a parent"), offset)
        self._expect("{")
        while (token := self._next()) != "}":
            start = self.start
            if token == "property":
                self._skip_property()
            elif token == "(":
                given = self._names(")", "a level")
                block.rows.append(Row(self._numbers(), start, given))
            elif token == "default" and block.default is None:
                block.default = Row(self._numbers(), start)
            elif token == "table" and block.table is None:
                block.table = Row(self._numbers(), start)
            else:
                self._fail_expecting(token, "'(', 'table', 'default' or '}'")
        self.probabilities[child] = block

    def _numbers(self) -> list[float]:
        """Return the numbers up to a semicolon, taken in one piece: files hold a million of them."""
        end = self.text.find(";", self.position)
        words = self.text[self.position : end if end >= 0 else None].replace(",", " ").split()
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            numbers = []
        if end < 0 or not numbers:
            self._complain_of_numbers()
        self.position = end + 1
        return numbers

    def _complain_of_numbers(self) -> NoReturn:
        """Find the first word that is no number and name its line."""
        while token := self._next():
            try:
                float(token)
            except ValueError:
                break
        self._fail_expecting(token, "a probability or ';'")
