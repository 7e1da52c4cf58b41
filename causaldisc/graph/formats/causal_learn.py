"""causal-learn's matrix (G.graph) as CSV: -1 tail, 1 arrow, 2 circle; row u has the marks at u.

So a --> b is -1 in row a, column b, and 1 in row b, column a.
"""

from __future__ import annotations

from causaldisc.graph import Mark
from causaldisc.graph.formats import _matrix
from causaldisc.result import Result

SUFFIXES: tuple[str, ...] = ()
LOSES = _matrix.LOSES
NAME = "causal-learn"
_CODES = {Mark.TAIL: -1, Mark.ARROW: 1, Mark.CIRCLE: 2}
CODING = {(at_u, at_v): (_CODES[at_u], _CODES[at_v]) for at_u in Mark for at_v in Mark}


def recognises(text: str) -> bool:
    """Tell whether the corner names this coding."""
    return _matrix.recognises(text, NAME)


def dump(result: Result) -> str:
    """Return the matrix of the graph as CSV."""
    return _matrix.dump(result, NAME, CODING)


def load(text: str) -> Result:
    """Return the graph of a matrix."""
    return _matrix.load(text, NAME, CODING)
