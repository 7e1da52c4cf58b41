"""One depth of a search for any test: by the test's own engine where it has one, or set by set."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests.base import CITest, Found, Neighbours, SearchesDepths, Verdict, Votes, answer, has_engine
from causaldisc.context import Context
from causaldisc.search import elsewhere, setwise, watching
from causaldisc.search import pairs as pairs_of
from causaldisc.search.undecided import Undecided
from causaldisc.search.watching import watched

Scorer = Callable[[NDArray[np.int32]], NDArray[np.float64]]
# What a pair costs besides its tests: its correlations, or its rows, are fetched.
SECONDS_PER_PAIR = 5e-7
# Seconds that a depth may take before it is announced.
WORTH_SAYING = 30.0


def deepest(test: CITest, max_depth: int | None) -> float:
    """Return the largest conditioning set that the option and the rows allow; infinity without a limit."""
    return min(math.inf if limit is None else limit for limit in (max_depth, test.deepest))


def marginal(
    test: CITest, untested: NDArray[np.bool_] | None, log_alpha: float, undecided: Undecided, context: Context
) -> tuple[NDArray[np.bool_], Scorer]:
    """Return which pairs (a mask (p, p), True above the diagonal) the empty set separates, and a function for the
    scores of others. The pairs of the mask `untested` are not asked for, and not separated."""
    if not has_engine(test):
        asked = pairs_of.above_diagonal(test.variables)
        if untested is not None:
            asked &= ~untested
        separated, log_p = setwise.marginal(test, asked, log_alpha, undecided, context)
        return separated, lambda pairs: log_p[pairs[:, 0], pairs[:, 1]]
    others = np.arange(test.variables - 1, -1, -1, dtype=np.float64)
    seconds = test.seconds_per_test(0) * others
    found = watched(lambda watch: test.marginal(log_alpha, watch), seconds, "depth 0", context)
    if found.insufficient is not None:
        few = pairs_of.marked(found.insufficient if untested is None else found.insufficient & ~untested)
        if len(few):
            undecided.note_thin(few, np.ones(len(few), np.int64), (int(few[0, 0]), int(few[0, 1]), ()))
    separated = pairs_of.complement(found.dependent, context.threads)
    if untested is not None:
        separated &= ~untested
    return separated, test.scores


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
    """Find the first separating set of `depth` >= 1 for each pair; see SearchesDepths.search."""
    if not has_engine(test):
        return setwise.search(test, pairs, causes, depth, log_alpha, scores, undecided, context)
    seconds = _seconds(test, pairs, causes, depth)
    _announce(seconds, len(pairs), test.seconds_per_test(depth), causes, depth, context)
    stage = f"depth {depth}"
    if elsewhere.is_worth(float(seconds.sum()), context):
        found = elsewhere.search(test, pairs, causes, depth, log_alpha, scores, seconds, stage, context)
    else:
        found = watched(
            lambda watch: test.search(pairs, causes, depth, log_alpha, scores, watch), seconds, stage, context
        )
    _note_insufficient(test, pairs, causes, depth, found.insufficient, undecided)
    return found


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
    """Count the separating sets of `depth` for each pair; see SearchesDepths.vote."""
    if has_engine(test) and depth == 0:
        return _vote_marginally(test, pairs, middles, log_alpha, scores)
    if not has_engine(test):
        return setwise.vote(test, pairs, causes, middles, depth, log_alpha, scores, undecided, context)
    seconds = _seconds(test, pairs, causes, depth)
    stage = f"colliders at depth {depth}"
    if elsewhere.is_worth(float(seconds.sum()), context):
        found = elsewhere.vote(test, pairs, causes, middles, depth, log_alpha, scores, seconds, stage, context)
    else:
        found = watched(
            lambda watch: test.vote(pairs, causes, middles, depth, log_alpha, scores, watch), seconds, stage, context
        )
    _note_insufficient(test, pairs, causes, depth, found.insufficient, undecided)
    return found


def _vote_marginally(
    test: SearchesDepths, pairs: NDArray[np.int32], middles: Neighbours, log_alpha: float, scores: NDArray[np.float64]
) -> Votes:
    """Vote of the empty set; the search has noted its undecided answers already."""
    empty = np.empty((len(pairs), 0), np.int32)
    ends = np.ascontiguousarray(pairs.T)
    answers = test.answers(ends[0], ends[1], empty)
    separates = answers.decided & (answers.log_p > log_alpha)
    mine = test.scores(pairs)
    improved = separates & (mine > scores)
    none = np.zeros(len(middles.members), np.int64)
    return Votes(separates.astype(np.int64), none, np.where(improved, mine, scores), improved, empty, len(pairs))


def _seconds(test: SearchesDepths, pairs: NDArray[np.int32], causes: Neighbours, depth: int) -> NDArray[np.float64]:
    """Return about how many seconds the sets of both ends of each pair take; a single bound for all where it is low."""
    of_test = test.seconds_per_test(depth)
    neighbours = causes.starts[1:] - causes.starts[:-1]
    most = int(neighbours.max(initial=0))
    at_most = len(pairs) * (2.0 * math.comb(max(most - 1, 0), depth) * of_test + SECONDS_PER_PAIR)
    if at_most < watching.WORTH_THREADS:
        return np.array([at_most])
    of_size = [of_test * math.comb(max(size - 1, 0), depth) for size in range(most + 1)]
    of_node = np.array(of_size).take(neighbours)
    seconds: NDArray[np.float64] = of_node.take(pairs[:, 0]) + of_node.take(pairs[:, 1])
    seconds += SECONDS_PER_PAIR
    return seconds


def _announce(
    seconds: NDArray[np.float64], pairs: int, of_test: float, causes: Neighbours, depth: int, context: Context
) -> None:
    """Say so when a depth may take long, and what to do about it."""
    total = float(seconds.sum())
    if total / context.threads < WORTH_SAYING:
        return
    most, tests = int(np.diff(causes.starts).max()), (total - pairs * SECONDS_PER_PAIR) / of_test
    context.announce(
        f"depth {depth} may need {tests:.2g} tests, {_duration(total / context.threads)}, as a variable "
        f"still has {most} neighbours; --max-depth {depth - 1} stops before it, --max-seconds whenever you like"
    )


def _duration(seconds: float) -> str:
    """Return about how long that is."""
    for unit, size in (("years", 31557600.0), ("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"about {seconds / size:.3g} {unit}"
    return f"about {seconds:.0f} seconds"


def _note_insufficient(
    test: CITest,
    pairs: NDArray[np.int32],
    causes: Neighbours,
    depth: int,
    counts: NDArray[np.int64] | None,
    undecided: Undecided,
) -> None:
    """Count the tests that had too few rows, and find the first of them again."""
    if counts is None or not counts.any():
        return
    thin = np.flatnonzero(counts)
    x, y = pairs[thin[0]].tolist()
    sets = setwise.candidates(x, y, causes, depth)
    example = next(s for s in sets if answer(test, x, y, s).verdict is Verdict.INSUFFICIENT)
    undecided.note_thin(pairs[thin], counts[thin], (x, y, example))
