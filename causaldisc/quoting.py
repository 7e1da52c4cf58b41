"""Names between signs in a line of text, such as 'x ~ y | z'; in double quotes where they hold a sign themselves."""

from __future__ import annotations

import re


def split(text: str, signs: str) -> tuple[list[str], list[str]]:
    """Return the names of a text and the signs between them; `signs` is a regular expression.

    A quote inside quotes is doubled. A missing name is an empty one; where quotes stand in the middle of a name, or
    are not closed, there are no names at all.
    """
    token = re.compile(rf'\s*(?:"((?:[^"]|"")*)"|({signs})|((?:(?!{signs})[^"])+))')
    names, found = [""], []
    place = 0
    while match := token.match(text, place):
        place = match.end()
        quoted, sign, plain = match.groups()
        if sign:
            found.append(sign)
            names.append("")
        elif names[-1]:
            return [], []
        elif quoted is not None:
            names[-1] = quoted.replace('""', '"')
        else:
            names[-1] = plain.strip()
    return (names, found) if not text[place:].strip() else ([], [])


def quote(name: str, signs: str) -> str:
    """Return a name as `split` reads it back: in quotes where it is empty, or holds a sign, quotes or outer blanks."""
    is_plain = name and not re.search(rf'{signs}|"|^\s|\s$', name)
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def as_column(name: str) -> str:
    """Return a name for --columns or --types, in an advice that puts it between single quotes of the shell."""
    return quote(name, ",|^!").replace("'", "'\\''")
