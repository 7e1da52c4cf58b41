"""How surprising the gain from a source is, against the same source shifted in time.

The gain of source i for target j: by how much its lags lower the squared error that the other selected sources of j and
its own past leave, as a share of it (for the own past: what the selected sources leave). Rotating the windows of all
sources by one offset breaks their alignment with the targets and keeps their persistence and how they go together; the
gains from shifted sources, of all pairs, are what gains look like where there is nothing to find. Since the own past of
a target is given, they hardly depend on the pair; own pasts are compared among themselves.

All pairs are tested, selected or not, and p-values (1 + shifted gains that are no smaller) / (1 + shifted gains) become
q-values by Y. Benjamini, Y. Hochberg, JRSS B 57 (1995).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.context import Context
from causaldisc.data.windows import Windows
from causaldisc.search import discovery_rate
from causaldisc.search.lagged_regression import Moments

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_SHIFTS = 19
NULL_GAINS = 2000
_RIDGE = 1e-9
_MOST_CONDITIONS = 1 / 3  # coefficients given in a test, as a share of the rows


@dataclass(frozen=True, eq=False)
class Significance:
    """`p_values` and `q_values`, shape (targets, sources), from so many shifts."""

    p_values: Floats
    q_values: Floats
    shifts: int


def test(sample: Windows, m: Moments, strengths: Floats, rng: np.random.Generator, context: Context) -> Significance:
    """Return p-values and q-values of all pairs; `strengths`, shape (targets, sources), are 0 where not selected."""
    p = m.variables
    given = _conditions(m, strengths)
    found = np.array(list(_gains(m, m.gram, m.cross, given)))
    wanted = max(FEWEST_SHIFTS, -(-NULL_GAINS // (p * (p - 1))))
    shifted: list[list[Floats]] = []
    offsets = _offsets(len(sample), wanted, rng)
    for offset in offsets:
        context.progress(len(shifted), len(offsets), "shifts")
        turned = np.roll(sample.past - sample.past.mean(axis=0), offset, axis=0)
        beside = (sample.past - sample.past.mean(axis=0)).T @ turned / m.rows
        cross = (sample.present - sample.present.mean(axis=0)).T @ turned / m.rows
        shifted.append(list(_gains(m, beside, cross, given)))
        if context.ends_early(len(shifted), len(offsets)):
            break
    own = np.eye(p, dtype=bool)
    p_values, q_values = np.empty((p, p)), np.empty((p, p))
    null = np.array(shifted)
    for family in (own, ~own):
        p_values[family] = _p_values(found[family], null[:, family].ravel())
        q_values[family] = discovery_rate.adjusted(p_values[family])
    return Significance(p_values, q_values, len(shifted))


def _offsets(rows: int, wanted: int, rng: np.random.Generator) -> list[int]:
    """Return different offsets, none among the tenth of all that are the smallest, forward or backward."""
    least = max(rows // 20, 1)
    possible = np.arange(least, rows - least + 1)
    return [int(o) for o in rng.permutation(possible)[:wanted]]


def _conditions(m: Moments, strengths: Floats) -> list[NDArray[np.int64]]:
    """Return the selected sources of each target, the strongest where they are too many for the rows."""
    most = max(int(m.rows * _MOST_CONDITIONS) // m.lags - 2, 0)
    chosen = []
    for j, row in enumerate(strengths):
        others = [i for i in np.argsort(-row, kind="stable").tolist() if row[i] > 0 and i != j]
        chosen.append(np.sort(np.array([j, *others[:most]])))
    return chosen


def _gains(m: Moments, beside: Floats, cross: Floats, given: list[NDArray[np.int64]]) -> Iterator[Floats]:
    """Yield the gains of each target from all sources, whose products with the past are `beside`, and with the present
    `cross`; their products with themselves are those of `m`, as they are the same rows in another order."""
    for j, conditions in enumerate(given):
        gains = np.empty(m.variables)
        inside = set(conditions.tolist())
        outside = np.array([i for i in range(m.variables) if i not in inside], dtype=np.int64)
        gains[outside] = _gain(m, beside, cross, j, conditions, outside)
        for i in conditions:
            gains[i] = _gain(m, beside, cross, j, conditions[conditions != i], np.array([i]))[0]
        yield gains


def _gain(
    m: Moments, beside: Floats, cross: Floats, target: int, given: NDArray[np.int64], sources: NDArray[np.int64]
) -> Floats:
    """Return the share of the error that each source alone takes away from what the given ones leave."""
    lags = np.arange(m.lags)
    a = (given[:, None] * m.lags + lags).ravel()
    s = (sources[:, None] * m.lags + lags).ravel()
    target_given = m.cross[target, a]
    solved = np.linalg.solve(
        m.gram[np.ix_(a, a)] + _RIDGE * np.eye(len(a)), np.column_stack([beside[np.ix_(a, s)], target_given])
    )
    error = m.power[target] - target_given @ solved[:, -1]
    left = (cross[target, s] - target_given @ solved[:, :-1]).reshape(len(sources), m.lags)
    block = beside[np.ix_(a, s)].reshape(len(a), len(sources), m.lags)
    explained = np.einsum("aik,ail->ikl", block, solved[:, :-1].reshape(block.shape))
    own = np.array([m.gram[i * m.lags :, i * m.lags :][: m.lags, : m.lags] for i in sources]).reshape(explained.shape)
    inner = own - explained + _RIDGE * np.eye(m.lags)
    gained = np.add.reduce(left * np.linalg.solve(inner, left[:, :, None])[:, :, 0], axis=1)
    return np.asarray(gained / max(float(error), 1e-300))


def _p_values(found: Floats, null: Floats) -> Floats:
    ordered = np.sort(null)
    as_large = len(ordered) - np.searchsorted(ordered, found, side="left")
    return np.asarray((1.0 + as_large) / (1.0 + len(ordered)))
