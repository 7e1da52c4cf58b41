"""One depth of a search for any test: set by set, or by the test's own engine where it has one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from itertools import combinations, islice, takewhile
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answers, CITest, Found, Neighbours, SearchesDepths, Verdict, Votes
from causaldisc.context import Context

# Few tests at first, since most removed edges go early; then enough to hide the cost of a call.
FIRST_CHUNK, LARGEST_CHUNK = 8, 4096
# Sets handed to an engine at a time, a few tenths of a second: in between, progress is told and Ctrl-C is heard.
SETS_AT_ONCE = 2e8
# Starting threads costs milliseconds; below this many sets one is faster.
SETS_WORTH_THREADS = 3e6

Given = tuple[int, ...]
Outcome = TypeVar("Outcome", Found, Votes)


class Undecided:
    """Counts tests without a plain answer, and keeps the first example (x, y, given) of each sort."""

    def __init__(self) -> None:
        self.counts: dict[Verdict, int] = {}
        self.examples: dict[Verdict, tuple[int, int, Given]] = {}

    def note(self, x: int, y: int, sets: NDArray[np.int32], answers: Answers) -> None:
        for verdict in map(Verdict, np.unique(answers.verdict[answers.verdict != Verdict.DECIDED])):
            where = np.flatnonzero(answers.verdict == verdict)
            self.counts[verdict] = self.counts.get(verdict, 0) + len(where)
            self.examples.setdefault(verdict, (x, y, tuple(map(int, sets[where[0]]))))


def deepest(test: CITest, max_depth: int | None) -> float:
    """Return the largest conditioning set that the option and the rows allow; infinity without a limit."""
    return min(math.inf if limit is None else limit for limit in (max_depth, test.deepest))


def candidates(x: int, y: int, causes: Neighbours, depth: int) -> Iterator[Given]:
    """Yield the sets of `depth` possible causes of x, then those of y not yet tried, without x and y.

    The parents of one end separate any pair that is not adjacent. Causes of y alone come before those it shares
    with x, so that the sets still to try are those that begin with one of them.
    """
    of_x = [z for z in causes.of(x) if z != y]
    of_y = [z for z in causes.of(y) if z != x]
    yield from combinations(of_x, depth)
    shared = set(of_x)
    alone = [z for z in of_y if z not in shared]
    if depth == 0 or not alone:
        return
    fresh = set(alone)
    tries = combinations([*alone, *(z for z in of_y if z in shared)], depth)
    yield from (tuple(sorted(s)) for s in takewhile(lambda s: s[0] in fresh, tries))


def chunks(sets: Iterator[Given], depth: int) -> Iterator[NDArray[np.int32]]:
    """Yield the sets as arrays of shape (k, depth), k growing."""
    size = FIRST_CHUNK
    while part := list(islice(sets, size)):
        yield np.array(part, np.int32).reshape(len(part), depth)
        size = min(4 * size, LARGEST_CHUNK)


def ask(test: CITest, x: int, y: int, sets: NDArray[np.int32]) -> Answers:
    """Test one pair given each of several sets."""
    return test.answers(np.full(len(sets), x, np.int32), np.full(len(sets), y, np.int32), sets)


def search(
    test: CITest,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    depth: int,
    log_alpha: float,
    weakest: Answers,
    undecided: Undecided,
    context: Context,
) -> Found:
    """Find the first separating set of `depth` >= 1 for each pair; see SearchesDepths.search."""
    if not isinstance(test, SearchesDepths):
        return _search_set_by_set(test, pairs, causes, depth, log_alpha, weakest, undecided, context)
    counts = _set_counts(pairs, causes, depth)
    threads = context.threads if counts.sum() > SETS_WORTH_THREADS else 1
    parts = []
    for start, stop in _spans(counts):
        context.progress(start, len(pairs), f"depth {depth}")
        parts.append(test.search(pairs[start:stop], causes, depth, log_alpha, weakest.part(start, stop), threads))
    return _joined(parts)


def _joined(parts: list[Outcome]) -> Outcome:
    """Return the outcomes of portions of the pairs as one: their arrays end to end, their tests added."""
    columns = {f.name: [getattr(part, f.name) for part in parts] for f in fields(parts[0])}
    tests = sum(columns.pop("tests"))
    return type(parts[0])(**{name: np.concatenate(arrays) for name, arrays in columns.items()}, tests=tests)


def _set_counts(pairs: NDArray[np.int32], causes: Neighbours, depth: int) -> NDArray[np.float64]:
    """Return about how many sets of `depth` each pair has, those of both ends."""
    others = np.diff(causes.starts).astype(np.float64) - 1
    sets = np.ones_like(others)
    for i in range(depth):
        sets *= np.maximum(others - i, 0) / (i + 1)
    total: NDArray[np.float64] = sets[pairs].sum(axis=1)
    return total


def _spans(counts: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Cut pairs into runs of at most SETS_AT_ONCE sets, or of one pair; at least one run, maybe empty."""
    lots = (np.cumsum(counts) // SETS_AT_ONCE).astype(np.int64)
    cuts = (np.flatnonzero(np.diff(lots)) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(counts)], strict=True))


def _search_set_by_set(
    test: CITest,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    depth: int,
    log_alpha: float,
    weakest: Answers,
    undecided: Undecided,
    context: Context,
) -> Found:
    k = len(pairs)
    separated, improved = np.zeros(k, np.bool_), np.zeros(k, np.bool_)
    best_sets = np.zeros((k, depth), np.int32)
    tests = 0
    for i, (x, y) in enumerate(pairs.tolist()):
        context.progress(i, k, f"depth {depth}")
        best = weakest.log_p[i]
        for sets in chunks(candidates(x, y, causes, depth), depth):
            answers = ask(test, x, y, sets)
            hits = np.flatnonzero(answers.decided & (answers.log_p > log_alpha))
            used = int(hits[0]) + 1 if len(hits) else len(sets)
            tests += used
            undecided.note(x, y, sets[:used], answers.part(0, used))
            log_p = np.where(answers.decided, answers.log_p, -np.inf)[:used]
            largest = int(log_p.argmax())
            if len(hits) or log_p[largest] > best:
                separated[i] = len(hits) > 0
                best, improved[i] = log_p[largest], True
                best_sets[i] = sets[used - 1] if len(hits) else sets[largest]
            if len(hits):
                break
    return Found(separated, improved, best_sets, tests)


def vote(
    test: CITest,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    middles: Neighbours,
    depth: int,
    log_alpha: float,
    weakest: Answers,
    undecided: Undecided,
    context: Context,
) -> Votes:
    """Count the separating sets of `depth` for each pair; see SearchesDepths.vote."""
    if depth == 0:
        return _vote_marginally(test, pairs, middles, log_alpha, weakest)
    if isinstance(test, SearchesDepths):
        return _vote_by_engine(test, pairs, causes, middles, depth, log_alpha, weakest, context)
    k = len(pairs)
    separating, members = np.zeros(k, np.int64), np.zeros(len(middles.members), np.int64)
    improved, best_sets = np.zeros(k, np.bool_), np.zeros((k, depth), np.int32)
    tests = 0
    for i, (x, y) in enumerate(pairs.tolist()):
        context.progress(i, k, f"colliders at depth {depth}")
        between = middles.of(i)
        best = weakest.log_p[i]
        for sets in chunks(candidates(x, y, causes, depth), depth):
            answers = ask(test, x, y, sets)
            tests += len(sets)
            undecided.note(x, y, sets, answers)
            hits = np.flatnonzero(answers.decided & (answers.log_p > log_alpha))
            separating[i] += len(hits)
            members[middles.starts[i] : middles.starts[i + 1]] += [int((sets[hits] == c).sum()) for c in between]
            if (
                len(hits)
                and (largest := int(hits[answers.log_p[hits].argmax()])) >= 0
                and answers.log_p[largest] > best
            ):
                best, improved[i], best_sets[i] = answers.log_p[largest], True, sets[largest]
    return Votes(separating, members, improved, best_sets, tests)


def _vote_by_engine(
    test: SearchesDepths,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    middles: Neighbours,
    depth: int,
    log_alpha: float,
    weakest: Answers,
    context: Context,
) -> Votes:
    counts = _set_counts(pairs, causes, depth)
    threads = context.threads if counts.sum() > SETS_WORTH_THREADS else 1
    parts = []
    for start, stop in _spans(counts):
        context.progress(start, len(pairs), f"colliders at depth {depth}")
        first, last = middles.starts[start], middles.starts[stop]
        some = Neighbours(middles.starts[start : stop + 1] - first, middles.members[first:last])
        parts.append(test.vote(pairs[start:stop], causes, some, depth, log_alpha, weakest.part(start, stop), threads))
    return _joined(parts)


def _vote_marginally(
    test: CITest, pairs: NDArray[np.int32], middles: Neighbours, log_alpha: float, weakest: Answers
) -> Votes:
    """Vote of the empty set, all pairs in one call; the search has noted its undecided answers already."""
    empty = np.empty((len(pairs), 0), np.int32)
    ends = np.ascontiguousarray(pairs.T)
    answers = test.answers(ends[0], ends[1], empty)
    separates = answers.decided & (answers.log_p > log_alpha)
    improved = separates & (answers.log_p > weakest.log_p)
    return Votes(separates.astype(np.int64), np.zeros(len(middles.members), np.int64), improved, empty, len(pairs))
