"""Points along cubic Bézier curves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

Point = tuple[float, float]


def pieces(curve: Sequence[Point]) -> Iterator[tuple[Point, Point, Point, Point]]:
    """Yield the pieces of a curve of 1 + 3k points."""
    for at in range(0, len(curve) - 1, 3):
        a, b, c, d = curve[at : at + 4]
        yield a, b, c, d


def on_piece(piece: tuple[Point, Point, Point, Point], t: float) -> Point:
    """Return the point at t, from 0 to 1, of a piece."""
    s = 1 - t
    weights = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
    return sum(w * p[0] for w, p in zip(weights, piece)), sum(w * p[1] for w, p in zip(weights, piece))


def middle(curve: Sequence[Point]) -> Point:
    """Return a point in the middle of the middle piece."""
    found = list(pieces(curve))
    return on_piece(found[(len(found) - 1) // 2], 0.5)


def towards(a: Point, b: Point, length: float) -> Point:
    """Return the point at a distance from a on the way to b."""
    far = math.dist(a, b) or 1.0
    return a[0] + (b[0] - a[0]) * length / far, a[1] + (b[1] - a[1]) * length / far
