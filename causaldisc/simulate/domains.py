"""Linear models on a random DAG whose mechanisms differ between domains, such as sites or batches.

The first column, `domain`, is text (d1, d2, ...), and a node of the true graph with an arrow to each module that
differs. A driver is a random number for each domain, standardised over the domains. The domains are of different sizes:
each has `--smallest` of the even share, and the rest goes to each in proportion to random numbers. `--driving-force`
writes the drivers, a row for each domain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Column, ColumnKind
from causaldisc.errors import UsageError
from causaldisc.options import opt
from causaldisc.simulate._changing import ChangeOptions, Drivers, draw, plan, simulated, standardised
from causaldisc.simulate._structure import random_structure
from causaldisc.simulate.base import Simulated

HAS_DRIVERS = True
DOMAIN = "domain"


@dataclass(frozen=True, kw_only=True)
class Options(ChangeOptions):
    """Changes between domains."""

    TITLE = "Changes"

    rows: int = opt(600, "Number of rows, of all domains together.", at_least=2, below=1e12)
    domains: int = opt(5, "Number of domains.", at_least=2, below=1e6)
    smallest: float = opt(0.5, "Share of rows / domains that each domain has at least; 1: all equal.", at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.smallest > 1:
            raise UsageError(f"--smallest is a share, at most 1, not {self.smallest:g}")
        if self.rows < self.domains:
            raise UsageError(f"--rows {self.rows} must be at least --domains {self.domains}")


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return rows by domain, their DAG with the domain, and the drivers."""
    structure = random_structure(options, rng)
    planned = plan(options, structure, rng)
    codes = np.repeat(np.arange(options.domains, dtype=np.int32), sizes(options, rng))
    common = standardised(rng.standard_normal(options.domains))
    is_common = options.drivers is Drivers.DEPENDENT
    of_domains = {
        v: common if is_common else standardised(rng.standard_normal(options.domains)) for v in planned.changes
    }
    noise = [rng.standard_normal(options.rows) for _ in range(options.nodes)]
    by_row = {v: driver[codes] for v, driver in of_domains.items()}
    values = draw(options, structure, planned, by_row, noise)
    width = len(str(options.domains))
    levels = tuple(f"d{i:0{width}}" for i in range(1, options.domains + 1))
    domain, each = (_column(c, levels) for c in (codes, np.arange(options.domains, dtype=np.int32)))
    return simulated(domain, values, structure, planned, of_domains, each)


def _column(codes: NDArray[np.int32], levels: tuple[str, ...]) -> Column:
    kind = ColumnKind.BINARY if len(levels) <= 2 else ColumnKind.DISCRETE
    return Column(DOMAIN, kind, None, codes, levels)


def sizes(options: Options, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the number of rows of each domain, one at least."""
    least = max(1, int(options.smallest * options.rows / options.domains))
    left = options.rows - least * options.domains
    ends = np.cumsum(rng.random(options.domains))
    ends = np.floor(ends / ends[-1] * left + 0.5).astype(np.int64)
    found: NDArray[np.int64] = least + np.diff(ends, prepend=0)
    return found
