"""One depth of a search for tests without an engine: lots of questions, grouped by conditioning set.

Each pair of a lot contributes its next few sets. Sorted by conditioning set and then by x, what a test computes for a
set serves all pairs that share it; a lot is split between threads where the set changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations, islice, pairwise, takewhile
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import Answers, CITest, Found, Neighbours, Votes
from causaldisc.context import Context
from causaldisc.distinct import distinct
from causaldisc.search import elsewhere
from causaldisc.search import pairs as pairs_of
from causaldisc.search.undecided import Undecided

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Given = tuple[int, ...]
# A lot lasts about so many seconds: in between, progress is told, Ctrl-C heard and the time limit kept.
SECONDS_OF_A_LOT = 0.3
SECONDS_OF_A_LOT_SENT = 1.0  # to other processes, where each costs some milliseconds
FIRST_LOT, LARGEST_LOT = 8, 1 << 14


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


@dataclass
class _Asker:
    """Puts lots of questions to a test, as large as time allows."""

    test: CITest
    context: Context
    lot: int = FIRST_LOT
    _seconds_each: float = 0.0
    _pool: ThreadPoolExecutor | None = field(default=None, init=False)

    def __enter__(self) -> _Asker:
        if self.context.threads > 1:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self.context.threads)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def ask(self, pairs: NDArray[np.int32], sets: NDArray[np.int32]) -> Answers:
        """Answer a lot of questions: pairs (k, 2) given sets (k, depth)."""
        order = np.lexsort((pairs[:, 1], pairs[:, 0], *sets.T[::-1]))
        pairs, sets = pairs[order], np.ascontiguousarray(sets[order])
        ends = np.ascontiguousarray(pairs.T)
        started = time.monotonic()
        found = Answers.empty(len(pairs))
        spans = self._spans(sets)
        if self._is_worth_sending(len(pairs)):
            parts = [(ends[:, a:b], sets[a:b]) for a, b in spans]
            answers = elsewhere.answers(self.test, parts, self.context)
        elif self._pool is None or len(spans) == 1:
            answers = [self.test.answers(ends[0, a:b], ends[1, a:b], sets[a:b]) for a, b in spans]
        else:
            jobs = [self._pool.submit(self.test.answers, ends[0, a:b], ends[1, a:b], sets[a:b]) for a, b in spans]
            answers = [job.result() for job in jobs]
        for (a, b), some in zip(spans, answers, strict=True):
            found.put(order[a:b], some)
        self._adjust(len(pairs), time.monotonic() - started)
        return found

    def look_up(self, done: int, total: int, stage: str) -> None:
        """Tell how far the work is, and end it when its time is over."""
        self.context.progress(done, total, stage)
        self.context.check_time(done / max(total, 1))

    def _spans(self, sets: NDArray[np.int32]) -> list[tuple[int, int]]:
        """Cut sorted sets into a few runs for each thread, between different sets (without sets, anywhere)."""
        k, width = len(sets), self._width
        if width == 1 or k < 2 * width:
            return [(0, k)]
        starts = np.flatnonzero((sets[1:] != sets[:-1]).any(axis=1)) + 1 if sets.shape[1] else np.arange(1, k)
        wanted = np.arange(1, 4 * width) * k // (4 * width)
        places = np.searchsorted(starts, wanted)
        edges = distinct(np.array([0, *starts[places[places < len(starts)]], k])).tolist()
        return list(pairwise(edges))

    @property
    def _width(self) -> int:
        """How many runs of a lot are answered at a time."""
        others = self.context.elsewhere
        return self.context.threads if others is None else max(others.width, self.context.threads)

    def _is_worth_sending(self, asked: int) -> bool:
        """Tell whether a lot takes long enough to be answered elsewhere; a lot that was answered here says."""
        return elsewhere.is_worth(self._seconds_each * asked, self.context, lots=True)

    def _adjust(self, asked: int, seconds: float) -> None:
        """Choose the size of the next lot by how long this one took."""
        others = self.context.elsewhere
        wanted = SECONDS_OF_A_LOT if others is None else SECONDS_OF_A_LOT_SENT
        fitting = wanted * asked / max(seconds, 1e-6)
        if not self._is_worth_sending(asked):
            self._seconds_each = seconds * self.context.threads / asked  # of one core, and known of lots answered here
        self.lot = int(min(max(fitting, self._width), 2 * self.lot, LARGEST_LOT))


def answers(
    test: CITest,
    pairs: NDArray[np.int32],
    sets: NDArray[np.int32],
    undecided: Undecided,
    stage: str,
    context: Context,
) -> Iterator[tuple[int, Answers]]:
    """Answer any questions, pairs (k, 2) given sets (k, depth), and yield the answers of each lot and where it starts.

    Raises OutOfTime when the context's time is up.
    """
    at = 0
    with _Asker(test, context) as asker:
        while at < len(pairs):
            some, given = pairs[at : at + asker.lot], sets[at : at + asker.lot]
            found = asker.ask(some, given)
            undecided.note_answers(some, given, found)
            yield at, found
            at += len(found)
            asker.look_up(at, len(pairs), stage)


def marginal(
    test: CITest, asked: NDArray[np.bool_], log_alpha: float, undecided: Undecided, context: Context
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which of the `asked` pairs (a mask (p, p)) the empty set separates, and log p of all, the same shape."""
    pairs = pairs_of.marked(asked)
    sets = np.empty((len(pairs), 0), np.int32)
    separated, log_p = np.zeros_like(asked), np.full(asked.shape, -np.inf)
    for start, found in answers(test, pairs, sets, undecided, "depth 0", context):
        some = pairs[start : start + len(found)]
        separated[some[:, 0], some[:, 1]] = _separates(found, log_alpha)
        log_p[some[:, 0], some[:, 1]] = np.where(found.decided, found.log_p, -np.inf)
    return separated, log_p


def search(
    test: CITest,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    depth: int,
    log_alpha: float,
    scores: NDArray[np.float64],
    undecided: Undecided,
    context: Context,
) -> Found:
    """Find the first separating set of `depth` >= 1 for each pair; scores are log p. See SearchesDepths.search."""
    k = len(pairs)
    found = Found(np.zeros(k, np.bool_), scores.copy(), np.zeros(k, np.bool_), np.zeros((k, depth), np.int32), 0)
    tests = 0
    waiting = [candidates(x, y, causes, depth) for x, y in pairs.tolist()]
    active, turn = list(range(k)), 1
    with _Asker(test, context) as asker:
        while active:
            still: list[int] = []
            for members, sets in _lots(active, waiting, depth, turn, asker):
                owners = np.repeat([i for i, _ in members], [count for _, count in members])
                answers = asker.ask(pairs[owners], sets)
                used = np.zeros(len(sets), np.bool_)
                hits, log_p = _separates(answers, log_alpha), np.where(answers.decided, answers.log_p, -np.inf)
                start = 0
                for i, count in members:
                    stop = start + count
                    hit = hits[start:stop].argmax()
                    if hits[start + hit]:
                        stop = start + int(hit) + 1
                        found.separated[i] = True
                    else:
                        still.append(i)
                    used[start:stop] = True
                    best = start + int(log_p[start:stop].argmax())
                    if log_p[best] > found.scores[i]:
                        found.scores[i], found.improved[i], found.sets[i] = log_p[best], True, sets[best]
                    start += count
                tests += int(used.sum())
                undecided.note_answers(pairs[owners[used]], sets[used], answers.take(used))
                asker.look_up(k - len(active) + len(members), k, f"depth {depth}")
            active = still
            # Most removed edges go early; what is left over is asked in ever longer turns.
            turn = max(2 * turn, asker.lot // max(len(active), 1))
    return replace(found, tests=tests)


def vote(
    test: CITest,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    middles: Neighbours,
    depth: int,
    log_alpha: float,
    scores: NDArray[np.float64],
    undecided: Undecided,
    context: Context,
) -> Votes:
    """Count the separating sets of `depth` for each pair; scores are log p. See SearchesDepths.vote."""
    k = len(pairs)
    separating, counted = np.zeros(k, np.int64), np.zeros(len(middles.members), np.int64)
    best, improved, best_sets = scores.copy(), np.zeros(k, np.bool_), np.zeros((k, depth), np.int32)
    tests = 0
    waiting = [candidates(x, y, causes, depth) for x, y in pairs.tolist()]
    active = list(range(k))
    with _Asker(test, context) as asker:
        while active:
            still: list[int] = []
            for members, sets in _lots(active, waiting, depth, LARGEST_LOT, asker):
                owners = np.repeat([i for i, _ in members], [count for _, count in members])
                answers = asker.ask(pairs[owners], sets)
                undecided.note_answers(pairs[owners], sets, answers)
                tests += len(sets)
                hits = np.flatnonzero(_separates(answers, log_alpha))
                np.add.at(separating, owners[hits], 1)
                for h in hits.tolist():
                    i = int(owners[h])
                    first, last = middles.starts[i], middles.starts[i + 1]
                    counted[first:last] += np.isin(middles.members[first:last], sets[h])
                    if answers.log_p[h] > best[i]:
                        best[i], improved[i], best_sets[i] = answers.log_p[h], True, sets[h]
                still += [i for i, _ in members]
                asker.look_up(members[-1][0], k, f"colliders at depth {depth}")
            active = still
    return Votes(separating, counted, best, improved, best_sets, tests)


def _separates(answers: Answers, log_alpha: float) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = answers.decided & (answers.log_p > log_alpha)
    return found


def _lots(
    active: list[int], waiting: list[Iterator[Given]], depth: int, turn: int, asker: _Asker
) -> Iterator[tuple[list[tuple[int, int]], NDArray[np.int32]]]:
    """Yield lots: which pairs contribute how many sets, and the sets; at most `turn` of a pair, none of one that has
    none left."""
    members: list[tuple[int, int]] = []
    sets: list[Given] = []
    for i in active:
        some = list(islice(waiting[i], min(turn, asker.lot)))
        if some:
            members.append((i, len(some)))
            sets += some
        if len(sets) >= asker.lot:
            yield members, np.array(sets, np.int32).reshape(len(sets), depth)
            members, sets = [], []
    if members:
        yield members, np.array(sets, np.int32).reshape(len(sets), depth)
