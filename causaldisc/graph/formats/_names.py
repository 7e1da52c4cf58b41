"""Names in formats that separate by space: plain where possible, else quoted as in JSON."""

from __future__ import annotations

import json
import re

from causaldisc.errors import DataError
from causaldisc.graph import Mark
from causaldisc.graph.graph import glyph

# A first bracket would mean a latent or selection variable to Tetrad.
_PLAIN = re.compile(r'[^\s,;"(\[][^\s,;"]*')
QUOTED = r'"(?:[^"\\]|\\.)*"'
NAME = rf'{QUOTED}|[^\s,;"]+'
GLYPH = "|".join(re.escape(glyph(a, b)) for a in Mark for b in Mark)


def quote(name: str) -> str:
    """Return a name as it stands in the text; control characters never reach the terminal."""
    if _PLAIN.fullmatch(name) and name.isprintable():
        return name
    return json.dumps(name, ensure_ascii=not name.isprintable())


def unquote(token: str, place: str) -> str:
    """Return the name that a token stands for."""
    if not token.startswith('"'):
        return token
    try:
        return str(json.loads(token))
    except ValueError:
        raise DataError(f"{place}: the quotes of {token} are not closed or hold a wrong escape") from None
