"""pcalg's amat.pag as CSV: 1 circle, 2 arrow, 3 tail; column v has the marks at v.

So a --> b is 2 in row a, column b, and 3 in row b, column a.
"""

from __future__ import annotations

from causaldisc.graph import Mark
from causaldisc.graph.formats import _matrix
from causaldisc.result import Result

SUFFIXES: tuple[str, ...] = ()
LOSES = _matrix.LOSES
NAME = "pcalg-pag"
_CODES = {Mark.CIRCLE: 1, Mark.ARROW: 2, Mark.TAIL: 3}
CODING = {(at_u, at_v): (_CODES[at_v], _CODES[at_u]) for at_u in Mark for at_v in Mark}


def recognises(text: str) -> bool:
    """Tell whether the corner names this coding."""
    return _matrix.recognises(text, NAME)


def dump(result: Result) -> str:
    """Return the matrix of the graph as CSV."""
    return _matrix.dump(result, NAME, CODING)


def load(text: str) -> Result:
    """Return the graph of a matrix."""
    return _matrix.load(text, NAME, CODING)
