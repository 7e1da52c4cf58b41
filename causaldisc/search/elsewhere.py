"""The tests of one depth shared with other processes: each pair is a question of its own, so that parts add up.

What comes back is, to the last bit, what this process would have found (on the same kind of processor, with the same
libraries).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answers, CITest, Found, Neighbours, SearchesDepths, Votes, Watch
from causaldisc.context import Context
from causaldisc.distinct import distinct

# Seconds of one core below which a depth, or a lot of questions, is not worth sending.
WORTH_SENDING, LOT_WORTH_SENDING = 2.0, 0.2
PARTS = 4  # for each process, so that none waits long for the last

Number = TypeVar("Number", np.int32, np.float64)
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
OfPairs = TypeVar("OfPairs", Found, Votes)
Part = tuple[int, int]
Searched = tuple[NDArray[np.int32], Neighbours, int, float, NDArray[np.float64]]
Voted = tuple[NDArray[np.int32], Neighbours, Neighbours, int, float, NDArray[np.float64]]
Asked = tuple[NDArray[np.int32], NDArray[np.int32]]


def is_worth(seconds: float, context: Context, lots: bool = False) -> bool:
    """Tell whether work of so many seconds of one core is to be shared."""
    return context.elsewhere is not None and seconds >= (LOT_WORTH_SENDING if lots else WORTH_SENDING)


def search(
    test: SearchesDepths,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    depth: int,
    log_alpha: float,
    scores: NDArray[np.float64],
    seconds: NDArray[np.float64],
    stage: str,
    context: Context,
) -> Found:
    """Find the first separating set for each pair; see SearchesDepths.search."""
    parts = _parts(seconds, len(pairs), context)
    items = [(pairs[a:b], causes, depth, log_alpha, scores[a:b]) for a, b in parts]
    return _joined(_all(test, _search, items, parts, stage, context), parts)


def vote(
    test: SearchesDepths,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    middles: Neighbours,
    depth: int,
    log_alpha: float,
    scores: NDArray[np.float64],
    seconds: NDArray[np.float64],
    stage: str,
    context: Context,
) -> Votes:
    """Count the separating sets of each pair; see SearchesDepths.vote."""
    parts = _parts(seconds, len(pairs), context)
    items = [(pairs[a:b], causes, _cut(middles, a, b), depth, log_alpha, scores[a:b]) for a, b in parts]
    return _joined(_all(test, _vote, items, parts, stage, context), parts)


def answers(test: CITest, asked: Sequence[Asked], context: Context) -> list[Answers]:
    """Answer questions, each (ends (2, k), sets (k, depth)), in order."""
    assert context.elsewhere is not None
    found = dict(context.elsewhere.each(test, _answer, asked, lambda done: context.check_time()))
    return [found[i] for i in range(len(asked))]


def _search(test: SearchesDepths, item: Searched) -> Found:
    pairs, causes, depth, log_alpha, scores = item
    return test.search(_own(pairs), causes, depth, log_alpha, _own(scores), Watch())


def _vote(test: SearchesDepths, item: Voted) -> Votes:
    pairs, causes, middles, depth, log_alpha, scores = item
    return test.vote(_own(pairs), causes, middles, depth, log_alpha, _own(scores), Watch())


def _answer(test: CITest, item: Asked) -> Answers:
    ends, sets = map(np.ascontiguousarray, item)
    return test.answers(ends[0], ends[1], sets)


def _own(array: NDArray[Number]) -> NDArray[Number]:
    """Return an array that a kernel may write to: what came through a pipe may be read-only."""
    return np.array(array)


def _parts(seconds: NDArray[np.float64], pairs: int, context: Context) -> list[Part]:
    """Cut pairs into parts that take about as long."""
    assert context.elsewhere is not None
    wanted = np.arange(1, PARTS * context.elsewhere.width) / (PARTS * context.elsewhere.width)
    done = np.cumsum(seconds) / seconds.sum() if len(seconds) == pairs else np.arange(1, pairs + 1) / pairs
    edges = distinct(np.array([0, *np.searchsorted(done, wanted), pairs])).tolist()
    return list(pairwise(edges))


def _all(
    test: SearchesDepths,
    act: Callable[[SearchesDepths, Item], Outcome],
    items: Sequence[Item],
    parts: Sequence[Part],
    stage: str,
    context: Context,
) -> list[Outcome]:
    """Return what `act` finds for each item, in order, and tell how many pairs are done."""
    sizes, done = [b - a for a, b in parts], [0]

    def look(finished: int) -> None:
        context.progress(done[0], sum(sizes), stage)
        context.check_time(done[0] / sum(sizes))

    found: dict[int, Outcome] = {}
    assert context.elsewhere is not None
    for number, outcome in context.elsewhere.each(test, act, items, look):
        found[number] = outcome
        done[0] += sizes[number]
    return [found[i] for i in range(len(items))]


def _cut(middles: Neighbours, a: int, b: int) -> Neighbours:
    first, last = int(middles.starts[a]), int(middles.starts[b])
    return Neighbours(middles.starts[a : b + 1] - np.int32(first), middles.members[first:last])


def _joined(found: Sequence[OfPairs], parts: Sequence[Part]) -> OfPairs:
    """Return what was found for all pairs; where only some parts had tests with too few rows, the others had none."""
    joined: dict[str, Any] = {"tests": sum(f.tests for f in found)}
    for name in (field.name for field in fields(found[0]) if field.name != "tests"):
        of_parts = [getattr(f, name) for f in found]
        if any(one is not None for one in of_parts):
            sized = zip(of_parts, parts, strict=True)
            of_parts = [np.zeros(b - a, np.int64) if one is None else one for one, (a, b) in sized]
            joined[name] = np.concatenate(of_parts)
    return type(found[0])(**joined)
