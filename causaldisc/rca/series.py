"""Metrics in order of time, and the row at which an anomaly begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from causaldisc.data import grid
from causaldisc.data.dataset import ColumnKind, Dataset
from causaldisc.data.grid import Aggregate
from causaldisc.data.source import label
from causaldisc.data.validation import variables
from causaldisc.errors import DataError
from causaldisc.result import Notice
from causaldisc.words import counted

Floats = NDArray[np.float64]

FEWEST_BEFORE, FEWEST_AFTER = 20, 5
RESETS, FEWEST_STEPS = 0.01, 10  # of a counter: steps the other way, steps at all
_MILLISECONDS = 1e11  # numbers above are no seconds
_CLOCKS = ("time", "timestamp", "ts", "datetime", "date")


@dataclass(frozen=True, eq=False)
class Series:
    """`values`, shape (metrics, rows): in order of time, NaN where missing; `parts`, shape (rows,): contiguous blocks;
    `times`, shape (rows,): None where only the order is known; `in_seconds`: they are seconds since 1970."""

    names: tuple[str, ...]
    values: Floats
    parts: NDArray[np.int64]
    times: Floats | None
    in_seconds: bool
    source: str
    notices: tuple[Notice, ...]

    def at(self, row: int) -> str:
        """Return when a row was measured, as ISO in UTC, or its number, from 1."""
        if self.times is None:
            return str(row + 1)
        time = float(self.times[row])
        if not self.in_seconds:
            return f"{time:.12g}"
        return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


def series(data: Dataset, time: str | None) -> Series:
    """Return the metrics of a table: all columns but the time; counters as their steps.

    `time`: the column of times; without it rows are in order. Raises DataError as clock.clock does, for text, and when
    there is no metric.
    """
    when = grid.clock(data, time)
    kept = variables(replace(data, columns=tuple(c for c in data.columns if c.name != time)))
    if not len(kept):
        raise DataError(f"{label(data.source)} has no column besides the time {time!r}")
    rows = kept.matrix()[:, when.order]
    values, told = _without_counters(
        Aggregate.MEAN.of(rows, when.cells) if when.is_resampled else rows, when.parts, kept.names
    )
    notices = (*kept.notices, *told)
    if when.without:
        notices += (Notice("no-time", f"{counted(when.without, 'row')} without a value of {time!r} left out"),)
    if when.is_resampled:
        notices += (Notice("resampled", f"rows are not equally far apart: means of every {when.cadence:g}{when.unit}"),)
    return Series(kept.names, values, when.parts, when.at, when.counts_seconds, data.source, notices)


def column_of_times(data: Dataset, asked: str | None, of_graph: object) -> str | None:
    """Return the column of times: the one asked for, that of the graph, the only one of dates, or one called so."""
    if asked is not None:
        return asked
    if isinstance(of_graph, str) and of_graph in data.names:
        return of_graph
    dates = [c.name for c in data.columns if c.kind is ColumnKind.TIME]
    called = [name for name in data.names if name.lower() in _CLOCKS]
    return dates[0] if len(dates) == 1 else called[0] if len(called) == 1 and not dates else None


def joined(normal: Series, anomalous: Series) -> Series:
    """Return rows of two tables one after the other; DataError when they have different metrics."""
    missing = sorted(set(normal.names) ^ set(anomalous.names))
    if missing:
        where, other = (normal, anomalous) if missing[0] in normal.names else (anomalous, normal)
        raise DataError(f"column {missing[0]!r} of {label(where.source)} is not in {label(other.source)}; give both")
    order = [anomalous.names.index(name) for name in normal.names]
    parts = np.concatenate([normal.parts, anomalous.parts + normal.parts[-1] + 1])
    both = normal.times is not None and anomalous.times is not None
    times = np.concatenate([normal.times, anomalous.times]) if both else None
    values = np.concatenate([normal.values, anomalous.values[order]], axis=1)
    notices = tuple(dict.fromkeys((*normal.notices, *anomalous.notices)))
    return replace(normal, values=values, parts=parts, times=times, notices=notices)


def row_of(found: Series, at: str) -> int:
    """Return the first row at or after a time: ISO (UTC unless it says a zone), or a number; of rows, from 1.

    Raises DataError for what is no time, and for a time outside the data.
    """
    where = label(found.source)
    number = _number(at)
    if found.times is None:
        if number is None or number != int(number):
            raise DataError(f"--at {at}: {where} has no column of times; name it with --time, or give a row from 1")
        places: Floats = np.arange(1.0, found.values.shape[1] + 1)
    else:
        places = found.times
        if number is None:
            if not found.in_seconds:
                raise DataError(
                    f"--at {at}: the times of {where} are numbers, {places[0]:g} to {places[-1]:g}; give one"
                )
            number = _seconds(at)
        elif found.in_seconds and number >= _MILLISECONDS:
            number /= 1000.0
    if not places[0] <= number <= places[-1]:
        raise DataError(f"--at {at} is outside {where}, which goes from {found.at(0)} to {found.at(len(places) - 1)}")
    return int(np.searchsorted(places, number))


def require_rows(found: Series, start: int, sources: Sequence[str]) -> None:
    """Raise DataError when there are too few rows before or after the start; sources: of the first and the last."""
    for count, fewest, what, source in (
        (start, FEWEST_BEFORE, "before", sources[0]),
        (found.values.shape[1] - start, FEWEST_AFTER, "from", sources[-1]),
    ):
        if count < fewest:
            raise DataError(
                f"{label(source)} has {counted(count, 'row')} {what} the beginning of the anomaly; at least "
                f"{fewest} are needed to say what is {'normal' if what == 'before' else 'not'}"
            )


def _without_counters(values: Floats, parts: NDArray[np.int64], names: Sequence[str]) -> tuple[Floats, list[Notice]]:
    """Return series with those that only rise, or only fall, but for resets, replaced by their steps."""
    out, counters = values.copy(), []
    within = np.concatenate([[False], parts[1:] == parts[:-1]])
    for name, row in zip(names, out, strict=True):
        steps = np.diff(row, prepend=np.nan)
        steps[~within] = np.nan
        rises, falls = int(np.count_nonzero(steps > 0)), int(np.count_nonzero(steps < 0))
        if rises + falls >= FEWEST_STEPS and min(rises, falls) <= RESETS * (rises + falls):
            row[:] = steps
            counters.append(name)
    listed = ", ".join(counters[:8]) + (f" and {len(counters) - 8} more" if len(counters) > 8 else "")
    told = [Notice("differenced", f"differenced, as they only rise or only fall: {listed}")] if counters else []
    return out, told


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _seconds(text: str) -> float:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise DataError(f"--at {text!r} is no time; write one such as 2026-01-05T10:00Z") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
