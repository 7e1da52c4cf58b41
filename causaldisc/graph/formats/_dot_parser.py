"""Parser of the DOT language: nodes, edges and attributes, with defaults, chains and subgraphs applied."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from causaldisc.errors import DataError

_SKIP = re.compile(r"(?:[ \t\r\n\f\v]+|//[^\n]*|/\*.*?\*/|^#[^\n]*)+", re.S | re.M)
_ESCAPE = re.compile(r'\\(\n|["\\])')
KEYWORDS = {"strict", "graph", "digraph", "subgraph", "node", "edge"}
_MAX_DEPTH = 100
Attributes = dict[str, str]


@cache
def _token() -> re.Pattern[str]:
    """Return what a token looks like; compiled when DOT is read, since it takes longer than writing it."""
    return re.compile(
        r"""(?P<quoted>"(?:[^"\\]|\\.)*")
          | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]* | -?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?))
          | (?P<sign>->|--|[{}\[\];,=:+])""",
        re.S | re.X,
    )


class Arc(NamedTuple):
    """An edge as drawn, its operator (`->` or `--`) and its place in the text."""

    tail: str
    head: str
    sign: str
    attributes: Attributes
    place: str


@dataclass
class Drawing:
    """What a DOT text says, in the order it is said."""

    strict: bool = False
    attributes: Attributes = field(default_factory=dict)
    nodes: dict[str, Attributes] = field(default_factory=dict)
    arcs: list[Arc] = field(default_factory=list)


@dataclass
class _Scope:
    """The defaults and the nodes of one graph or subgraph."""

    depth: int
    node: Attributes
    edge: Attributes
    members: dict[str, None] = field(default_factory=dict)


class _Token(NamedTuple):
    kind: str  # quoted, word, sign or end
    text: str
    line: int

    @property
    def keyword(self) -> str:
        """The keyword in lower case, or nothing."""
        return self.text.lower() if self.kind == "word" and self.text.lower() in KEYWORDS else ""


def parse(text: str) -> Drawing:
    """Return what a DOT text draws; DataError with the line where it breaks the grammar."""
    return _Parser(text).graph()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()
        self.at = 0
        self.drawing = Drawing()

    # ---- tokens

    def _tokens(self) -> list[_Token]:
        found: list[_Token] = []
        line, counted = 1, 0
        offset = self._skip(0)
        while offset < len(self.text):
            line, counted = line + self.text.count("\n", counted, offset), offset
            match = _token().match(self.text, offset)
            if match:
                kind, body = str(match.lastgroup), match.group()
                found.append(_Token(kind, _unquote(body) if kind == "quoted" else body, line))
                offset = self._skip(match.end())
            else:
                end = self._html_end(offset, line)
                found.append(_Token("quoted", self.text[offset:end], line))
                offset = self._skip(end)
        return [*found, _Token("end", "the end", line)]

    def _skip(self, offset: int) -> int:
        """Step over space and comments."""
        skip = _SKIP.match(self.text, offset)
        return skip.end() if skip else offset

    def _html_end(self, start: int, line: int) -> int:
        """Return where the string in angle brackets that starts here ends."""
        depth = 0
        for offset in range(start, len(self.text)):
            depth += {"<": 1, ">": -1}.get(self.text[offset], 0)
            if depth <= 0:
                break
        if depth != 0 or self.text[start] != "<":
            raise DataError(f"line {line}: {self.text[start : start + 20]!r} is no DOT")
        return offset + 1

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def _place(self) -> str:
        return f"line {self.next.line}"

    def _take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _takes(self, *signs: str) -> bool:
        """Step over the next token if it is one of these signs."""
        if self.next.kind == "sign" and self.next.text in signs:
            self.at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise self._error(repr(sign))

    def _error(self, wanted: str) -> DataError:
        return DataError(f"{self._place()}: expected {wanted}, found {self.next.text[:40]!r}")

    def _id(self, wanted: str) -> str:
        if self.next.kind not in ("word", "quoted") or self.next.keyword:
            raise self._error(wanted)
        text = self._take().text
        while self._takes("+"):
            text += self._id("the rest of a text")
        return text

    # ---- grammar

    def graph(self) -> Drawing:
        if self.next.keyword == "strict":
            self._take()
            self.drawing.strict = True
        if self.next.keyword not in ("graph", "digraph"):
            raise self._error("'digraph' or 'graph'")
        self._take()
        if self.next.kind != "sign":
            self._id("a name or '{'")
        self._body(_Scope(0, {}, {}))
        if self.next.kind != "end":
            raise self._error("the end of the graph")
        return self.drawing

    def _body(self, scope: _Scope) -> None:
        if scope.depth > _MAX_DEPTH:
            raise DataError(f"{self._place()}: subgraphs are nested too deeply")
        self._expect("{")
        while not self._takes("}"):
            self._statement(scope)
            self._takes(";", ",")

    def _statement(self, scope: _Scope) -> None:
        keyword, following = self.next.keyword, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if keyword in ("graph", "node", "edge"):
            self._take()
            attributes = self._attributes()
            own = self.drawing.attributes if scope.depth == 0 else {}
            {"graph": own, "node": scope.node, "edge": scope.edge}[keyword].update(attributes)
        elif self.next.kind != "sign" and following.kind == "sign" and following.text == "=":
            name, value = self._pair()
            if scope.depth == 0:
                self.drawing.attributes[name] = value
        else:
            self._chain(scope)

    def _chain(self, scope: _Scope) -> None:
        """Read nodes joined by edges, or a node or subgraph alone."""
        place = self._place()
        is_node = self.next.kind != "sign" and not self.next.keyword
        ends, signs = [self._end(scope)], []
        while self.next.kind == "sign" and self.next.text in ("->", "--"):
            signs.append(self._take().text)
            ends.append(self._end(scope))
        attributes = self._attributes()
        if not signs and is_node:
            self.drawing.nodes[ends[0][0]].update(attributes)
        for tails, sign, heads in zip(ends, signs, ends[1:]):
            self.drawing.arcs += [
                Arc(tail, head, sign, scope.edge | attributes, place) for tail in tails for head in heads
            ]

    def _end(self, scope: _Scope) -> list[str]:
        """Read one end of an edge and return its nodes: one, or all those of a subgraph."""
        if self.next.keyword == "subgraph":
            self._take()
            if self.next.kind != "sign":
                self._id("a name or '{'")
            return self._subgraph(scope)
        if self.next.kind == "sign" and self.next.text == "{":
            return self._subgraph(scope)
        name = self._id("a node, an edge or '}'")
        while self._takes(":"):
            self._id("a port")
        if name not in self.drawing.nodes:
            self.drawing.nodes[name] = dict(scope.node)
        scope.members[name] = None
        return [name]

    def _subgraph(self, scope: _Scope) -> list[str]:
        inner = _Scope(scope.depth + 1, dict(scope.node), dict(scope.edge))
        self._body(inner)
        scope.members |= inner.members
        return list(inner.members)

    def _attributes(self) -> Attributes:
        """Read lists such as `[a=1, b=2][c=3]`."""
        found: Attributes = {}
        while self._takes("["):
            while not self._takes("]"):
                name, value = self._pair()
                found[name] = value
                self._takes(",", ";")
        return found

    def _pair(self) -> tuple[str, str]:
        name = self._id("an attribute")
        self._expect("=")
        return name, self._id("a value")


def _unquote(text: str) -> str:
    """Return the content of a quoted text; a backslash before the end of a line joins the lines."""
    return _ESCAPE.sub(lambda found: "" if found[1] == "\n" else found[1], text[1:-1])
