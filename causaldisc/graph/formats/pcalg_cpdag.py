"""pcalg's amat.cpdag as CSV: 1 in row v, column u for u --> v, and on both sides for u --- v.

It has no number for circles or for <->; pcalg-pag has.
"""

from __future__ import annotations

from causaldisc.graph import Mark
from causaldisc.graph.formats import _matrix
from causaldisc.result import Result

SUFFIXES: tuple[str, ...] = ()
LOSES = _matrix.LOSES
NAME = "pcalg-cpdag"
CODING = {
    (Mark.TAIL, Mark.ARROW): (0, 1),
    (Mark.ARROW, Mark.TAIL): (1, 0),
    (Mark.TAIL, Mark.TAIL): (1, 1),
}


def recognises(text: str) -> bool:
    """Tell whether the corner names this coding."""
    return _matrix.recognises(text, NAME)


def dump(result: Result) -> str:
    """Return the matrix of the graph as CSV."""
    return _matrix.dump(result, NAME, CODING)


def load(text: str) -> Result:
    """Return the graph of a matrix."""
    return _matrix.load(text, NAME, CODING)
