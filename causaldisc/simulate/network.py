"""Rows of a known Bayesian network, read from a BIF file or shipped (asia, alarm, ...).

A level named like a missing cell (NA, None) is written as it is, and a warning says how to read it back.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from causaldisc.data import shipped
from causaldisc.data.dataset import Dataset
from causaldisc.data.read_options import DEFAULT_MARKERS
from causaldisc.errors import DataError
from causaldisc.options import Options as BaseOptions
from causaldisc.options import opt
from causaldisc.result import Notice
from causaldisc.simulate import _bif
from causaldisc.simulate.base import Simulated


@dataclass(frozen=True, kw_only=True)
class Options(BaseOptions):
    """Known networks."""

    model: str = opt("asia", "BIF file (also .gz), or the name of a shipped network.", metavar="FILE|NAME")
    rows: int = opt(1000, "Number of rows.", at_least=1, below=1e12)


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows of the network and its DAG; the columns are in the order of the file."""
    network = _bif.read(_find(options.model))
    data = network.sample(options.rows, rng)
    data = dataclasses.replace(data, notices=tuple(_ambiguous_levels(data)))
    return Simulated(data, network.graph(data))


def _find(model: str) -> Path:
    """Return the file of that path, else the shipped network of that name."""
    path = Path(model)
    if path.exists():
        return path
    if path.suffix or len(path.parts) > 1:
        raise DataError(f"there is no file {model!r}")
    return shipped.path(model, shipped.Part.NETWORK)


def _ambiguous_levels(data: Dataset) -> list[Notice]:
    return [
        Notice(
            "level-like-missing",
            f"{level!r} is a level of column {column.name!r}; it reads back as missing without --na",
        )
        for column in data.columns
        for level in column.levels
        if level in DEFAULT_MARKERS
    ]
