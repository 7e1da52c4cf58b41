"""What 10x Genomics writes of the rows of its matrices: ids, symbols and types of features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.expression import Block, told_apart
from causaldisc.errors import DataError
from causaldisc.result import Notice

GENES = "Gene Expression"


@dataclass(frozen=True)
class Genes:
    """The features that are genes. `numbers`, int32: for each feature of the file the number of its gene, or -1."""

    names: tuple[str, ...]
    numbers: NDArray[np.int32]
    notices: tuple[Notice, ...]

    def only(self, block: Block) -> Block:
        """Return the entries of features that are genes, with the numbers of these."""
        if len(self.names) == len(self.numbers):
            return block
        genes = self.numbers[np.clip(block.genes, 0, len(self.numbers) - 1)]
        kept = np.flatnonzero(genes >= 0)
        return Block(block.cells[kept], genes[kept], block.numbers[kept])


def genes_among(ids: Sequence[str], names: Sequence[str], types: Sequence[str], label: str) -> Genes:
    """Return the features of the type "Gene Expression", or all where there are no types; other types are left out,
    with a notice.

    Raises DataError when no feature is a gene.
    """
    kept = [i for i, type_ in enumerate(types) if type_ == GENES] if types else list(range(len(ids)))
    if not kept:
        kinds = ", ".join(sorted(set(types)))
        raise DataError(f"{label} has no feature of the type {GENES!r}, only {kinds or 'no features at all'}")
    notices: tuple[Notice, ...] = ()
    if len(kept) < len(ids):
        others = Counter(type_ for type_ in types if type_ != GENES)
        shown = ", ".join(f"{count:,} {type_}" for type_, count in sorted(others.items()))
        notices = (Notice("other-features", f"{label}: features that are not {GENES} are left out: {shown}"),)
    numbers = np.full(len(ids), -1, np.int32)
    numbers[kept] = np.arange(len(kept))
    unique, more = told_apart([names[i] or ids[i] for i in kept], [ids[i] for i in kept], label)
    return Genes(unique, numbers, (*notices, *more))
