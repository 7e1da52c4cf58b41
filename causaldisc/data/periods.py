"""Lengths of time as users write them: rows or units, '24', or seconds to weeks, '90s', '30m', '12h', '1d', '1w'."""

from __future__ import annotations

import re

from causaldisc.data.clock import Clock
from causaldisc.errors import DataError, UsageError

EXAMPLES = "1d, 12h, 30m, 90s"
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PERIOD = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhdw]?)")


def check(text: str, flag: str, plain: str) -> None:
    """Raise UsageError for what is no period; `plain` says what a number alone counts, as in 'rows'."""
    found = _PERIOD.fullmatch(text)
    if found is None or not float(found[1]):
        raise UsageError(f"{flag}: {text!r} is no period; give {plain}, as in 24, or a time, as in {EXAMPLES}")


def split(text: str) -> tuple[float, float | None]:
    """Return the number of a period, in seconds if it has a unit of time, and the seconds of that unit."""
    found = _PERIOD.fullmatch(text)
    assert found is not None
    unit = _SECONDS.get(found[2])
    return float(found[1]) * (unit or 1.0), unit


def in_rows(text: str, when: Clock, flag: str) -> float:
    """Return a period in rows; raises DataError where the clock cannot tell it."""
    number, unit = split(text)
    if unit is None:
        return number
    if when.cadence is None or not when.counts_seconds:
        raise DataError(f"{flag} {text}: the rows have no times in seconds; give the period in rows, as in 24")
    return number / when.cadence
