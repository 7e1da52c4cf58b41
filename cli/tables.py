"""Small tables in three dresses: aligned text for people, TSV and JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from enum import Enum

from causaldisc.cli.writing import write_bytes

Row = Mapping[str, object]


class TableFormat(Enum):
    """How a table is written."""

    AUTO = "auto"
    TEXT = "text"
    TSV = "tsv"
    JSON = "json"

    def resolved(self) -> TableFormat:
        """Return what 'auto' means: text on a terminal, json in a pipe."""
        if self is TableFormat.AUTO:
            return TableFormat.TEXT if sys.stdout.isatty() else TableFormat.JSON
        return self


def emit(rows: Sequence[Row], dress: TableFormat, output: str) -> None:
    """Write rows that share their keys; None is an empty cell, or null in JSON."""
    dress = dress.resolved()
    if dress is TableFormat.TEXT and output == "-" and sys.stdout.isatty():
        _show(rows)
    else:
        write_bytes(_DRESSES[dress](rows).encode(), output)


def emit_one(record: Row, dress: TableFormat, output: str) -> None:
    """Write one record: an object in JSON, a line a figure in text, one row in TSV."""
    dress = dress.resolved()
    if dress is TableFormat.JSON:
        write_bytes(as_json(record).encode(), output)
    elif dress is TableFormat.TEXT:
        emit([{"figure": key, "value": value} for key, value in record.items()], dress, output)
    else:
        emit([record], dress, output)


def as_json(value: object) -> str:
    """Return JSON text, indented."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_text(rows: Sequence[Row]) -> str:
    """Return aligned columns under their names."""
    cells = _cells(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in cells)


def _as_tsv(rows: Sequence[Row]) -> str:
    return "".join("\t".join(line) + "\n" for line in _cells(rows))


_DRESSES = {TableFormat.JSON: as_json, TableFormat.TEXT: as_text, TableFormat.TSV: _as_tsv}


def _show(rows: Sequence[Row]) -> None:
    """Print a table on the terminal, its long cells folded to fit."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    head, *lines = _cells(rows)
    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for line in lines:
        table.add_row(*map(Text, line))  # Text: a name may hold what rich takes for markup
    Console().print(table)


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    return [list(rows[0]) if rows else [], *([_text(value) for value in row.values()] for row in rows)]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return " ".join(str(value).split())
