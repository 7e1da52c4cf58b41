"""Rankings as they were written, read again; without NumPy, so that scoring them starts at once."""

from __future__ import annotations

import csv
import io
import json

from causaldisc.errors import DataError
from causaldisc.rca.levels import Level


def read(text: str, source: str) -> tuple[Level, dict[str, float]]:
    """Return what a written ranking (JSON or TSV) ranks, and the ranks by name.

    Raises DataError for what is no ranking.
    """
    try:
        found = (
            json.loads(text)
            if text.lstrip().startswith("[")
            else list(csv.DictReader(io.StringIO(text), delimiter="\t"))
        )
        levels = {row["level"] for row in found}
        level = Level(levels.pop() if found else "metric")
        if levels:
            raise ValueError
        ranked = {str(row[level.value]): float(row["rank"]) for row in found}
    except (ValueError, TypeError, KeyError):
        raise DataError(f"{source}: this is no ranking as 'causaldisc rca' writes it, in JSON or TSV") from None
    return level, ranked
