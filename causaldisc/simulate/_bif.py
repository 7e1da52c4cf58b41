"""Reads Bayesian networks from BIF files: what the blocks mean, and whether they are a network."""

from __future__ import annotations

import gzip
import itertools
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import hint
from causaldisc.errors import DataError
from causaldisc.simulate._bayesnet import Network, Variable, topological_order
from causaldisc.simulate._bif_syntax import Probability, Reader, Row

# Rows rounded to three decimals may miss one by this much; what is read is scaled to one.
TOLERANCE = 0.002
MAX_TABLE = 100_000_000


def read(path: Path) -> Network:
    """Read a network from a BIF file, which may be compressed with gzip.

    Raises DataError that names the file, the line and what is wrong there.
    """
    try:
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        return parse(content.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise DataError(f"{path} is not text in UTF-8, and so no BIF file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def parse(text: str, source: str = "<text>") -> Network:
    """Return the network that a text in BIF holds; `source` names it in errors."""
    return _Builder(Reader(text, source)).network()


class _Builder:
    """Turns blocks into a network, and checks what grammar cannot."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.declared = reader.variables
        self.index = {name: i for i, name in enumerate(self.declared)}

    def network(self) -> Network:
        if not self.declared:
            raise DataError(f"{self.reader.source} has no 'variable' block, and so is no BIF file of a network")
        for name, block in self.reader.probabilities.items():
            self._check_names(name, block)
        variables = tuple(self._build(name) for name in self.declared)
        self._check_cycles(variables)
        return Network(variables)

    def _check_names(self, child: str, block: Probability) -> None:
        for name in (child, *block.parents):
            if name not in self.declared:
                self.reader.fail(f"no variable {name!r}{hint(name, self.declared)}", block.offset)
        if len({child, *block.parents}) <= len(block.parents):
            self.reader.fail(f"the probabilities of {child!r} name a variable twice", block.offset)

    def _build(self, name: str) -> Variable:
        block, levels = self.reader.probabilities.get(name), self.declared[name].levels
        if block is None:
            self.reader.fail(f"variable {name!r} has no probabilities", self.declared[name].offset)
        parent_levels = [self.declared[parent].levels for parent in block.parents]
        table, offsets = self._fill(name, block, len(levels), parent_levels)
        self._check_rows(name, table, offsets, parent_levels)
        table /= table.sum(axis=1, keepdims=True)
        return Variable(name, levels, tuple(self.index[parent] for parent in block.parents), table)

    def _fill(
        self, name: str, block: Probability, levels: int, parent_levels: list[tuple[str, ...]]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the table, NaN where nothing was said, and the offset in the text of each of its rows."""
        combinations = math.prod(map(len, parent_levels))
        if combinations * levels > MAX_TABLE:
            self.reader.fail(f"{combinations * levels:,} probabilities of {name!r} are too many", block.offset)
        if block.table is not None:
            if block.rows or block.default:
                self.reader.fail(f"the probabilities of {name!r} have a table and rows beside it", block.table.offset)
            numbers = self._counted(name, block.table, levels * combinations)
            return np.ascontiguousarray(numbers.reshape(levels, combinations).T), np.full(
                combinations, block.table.offset
            )
        table = np.full((combinations, levels), np.nan)
        offsets = np.full(combinations, block.offset)
        if block.default is not None:
            table[:] = self._counted(name, block.default, levels)
            offsets[:] = block.default.offset
        codes = [{level: code for code, level in enumerate(known)} for known in parent_levels]
        seen = np.zeros(combinations, np.bool_)
        for row in block.rows:
            place = self._place(row, block.parents, codes)
            if seen[place]:
                self.reader.fail(f"a second row for ({', '.join(row.given)})", row.offset)
            seen[place] = True
            table[place], offsets[place] = self._counted(name, row, levels), row.offset
        return table, offsets

    def _counted(self, name: str, row: Row, wanted: int) -> NDArray[np.float64]:
        if len(row.numbers) != wanted:
            self.reader.fail(f"{len(row.numbers)} probabilities of {name!r}, not {wanted}", row.offset)
        return np.array(row.numbers)

    def _place(self, row: Row, parents: tuple[str, ...], codes: list[dict[str, int]]) -> int:
        """Return the number of the combination of levels that a row is for."""
        if len(row.given) != len(parents):
            self.reader.fail(f"a row names {len(row.given)} levels for {len(parents)} parents", row.offset)
        place = 0
        for level, parent, known in zip(row.given, parents, codes, strict=True):
            if level not in known:
                self.reader.fail(f"variable {parent!r} has no level {level!r}{hint(level, known)}", row.offset)
            place = place * len(known) + known[level]
        return place

    def _check_rows(
        self,
        name: str,
        table: NDArray[np.float64],
        offsets: NDArray[np.int64],
        parent_levels: list[tuple[str, ...]],
    ) -> None:
        """Complain of the first row that is absent or no distribution."""
        sums = table.sum(axis=1)
        # Written so that NaN is wrong too.
        right = (np.abs(sums - 1) <= TOLERANCE) & (table >= 0).all(axis=1)
        if right.all():
            return
        place = int(np.argmin(right))
        given = next(itertools.islice(itertools.product(*parent_levels), place, None))
        where = f"of {name!r}" + (f" given ({', '.join(given)})" if given else "")
        if np.isnan(table[place]).any():
            problem = f"no probabilities {where}"
        elif (table[place] < 0).any():
            problem = f"a negative probability {where}"
        else:
            problem = f"the probabilities {where} sum to {sums[place]:.6g}, not 1"
        self.reader.fail(problem, int(offsets[place]))

    def _check_cycles(self, variables: tuple[Variable, ...]) -> None:
        parents = [variable.parents for variable in variables]
        left = set(range(len(variables))) - set(topological_order(parents))
        if not left:
            return
        # Everything left has a parent left, so walking upwards must come back.
        walk = [min(left)]
        while walk[-1] not in walk[:-1]:
            walk.append(min(left.intersection(parents[walk[-1]])))
        cycle = walk[walk.index(walk[-1]) :][::-1]
        names = " -> ".join(variables[v].name for v in cycle)
        self.reader.fail(f"the network has a directed cycle: {names}", self.declared[variables[cycle[0]].name].offset)
