"""Driving forces as a table: a row for each index, module and place along it, as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCHEMA = "causaldisc.driving-force/1"


@dataclass(frozen=True, eq=False)
class Curves:
    """The drivers of one module over an index.

    `labels`: the index at each place, numbers (float64) or names of domains; `components`: shape (labels, components).
    """

    module: str
    index: str
    labels: NDArray[np.float64] | tuple[str, ...]
    components: NDArray[np.float64]
    eigenvalues: NDArray[np.float64]
    shares: NDArray[np.float64]

    @property
    def is_smooth(self) -> bool:
        return not isinstance(self.labels, tuple)

    @property
    def texts(self) -> list[str]:
        """The index as text; numbers with the fewest digits that read back as the same."""
        return [label if isinstance(label, str) else _number(float(label)) for label in self.labels]


def to_csv(curves: Sequence[Curves], delimiter: str = ",") -> str:
    """Return a header and the rows, module by module; a module with fewer components than others has empty cells."""
    most = max((c.components.shape[1] for c in curves), default=0)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["index", "place", "module", *(f"component_{k + 1}" for k in range(most))])
    for c in curves:
        for label, row in zip(c.texts, c.components.tolist(), strict=True):
            writer.writerow([c.index, label, c.module, *(_number(v) for v in row), *[""] * (most - len(row))])
    return text.getvalue()


def to_json(curves: Sequence[Curves]) -> str:
    """Return an object with the eigenvalues and components of every module."""
    modules = [
        {
            "name": c.module,
            "index": c.index,
            "places": c.labels.tolist() if isinstance(c.labels, np.ndarray) else list(c.labels),
            "eigenvalues": c.eigenvalues.tolist(),
            "shares": c.shares.tolist(),
            "components": c.components.T.tolist(),
        }
        for c in curves
    ]
    return json.dumps({"schema": SCHEMA, "modules": modules}, ensure_ascii=False, allow_nan=False) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
