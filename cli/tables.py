"""Small tables in three dresses: aligned text for people, TSV and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum


class TableFormat(Enum):
    """How a table is written."""

    AUTO = "auto"
    TEXT = "text"
    TSV = "tsv"
    JSON = "json"

    def resolved(self, on_terminal: bool) -> TableFormat:
        """Return what 'auto' means: text on a terminal, json in a pipe."""
        if self is TableFormat.AUTO:
            return TableFormat.TEXT if on_terminal else TableFormat.JSON
        return self


def render(rows: Sequence[Mapping[str, object]], dress: TableFormat) -> str:
    """Return rows that share their keys as a table; None is an empty cell, or null in JSON."""
    if dress is TableFormat.JSON:
        return json.dumps(list(rows), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    head = list(rows[0]) if rows else []
    cells = [head, *([_text(value) for value in row.values()] for row in rows)]
    if dress is TableFormat.TSV:
        return "".join("\t".join(line) + "\n" for line in cells)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in cells)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def render_one(record: Mapping[str, object]) -> str:
    """Return one record as a JSON object."""
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
