"""The .h5 files of Cell Ranger: version 3 has one group `matrix`, version 2 one group for each genome.

Both hold compressed columns of a matrix of genes and cells, a column a cell, so that cells come one after another.
"""

from __future__ import annotations

from typing import Any

from causaldisc.data.dataset import hint
from causaldisc.data.expression import Expression, gather
from causaldisc.data.features import Genes, genes_among
from causaldisc.data.hdf5 import along_rows, texts
from causaldisc.errors import DataError


def genomes(file: Any) -> tuple[str, ...]:
    """Return the groups that are such matrices."""
    groups = {name: group for name, group in file.items() if hasattr(group, "items")}
    return tuple(sorted(name for name, group in groups.items() if "barcodes" in group and "indptr" in group))


def load(file: Any, groups: tuple[str, ...], layer: str | None, labels: str, label: str) -> Expression:
    """Return the genes and cells of one group: the only one, or the one that `layer` names.

    Raises DataError for an unknown group, several to choose from, and labels, which such files have not.
    """
    if labels:
        raise DataError(f"{label} says nothing of its cells but their barcodes; --group-by takes an .h5ad or a table")
    if layer is not None and layer not in groups:
        raise DataError(f"{label} has no genome {layer!r}{hint(layer, groups)}")
    if layer is None and len(groups) > 1:
        raise DataError(f"{label} holds several genomes: {', '.join(groups)}; choose one with --layer {groups[0]}")
    group = file[layer or groups[0]]
    found = _genes(group, label)
    cells = len(group["barcodes"])
    blocks = (found.only(block) for block in along_rows(group, cells))
    matrix = gather(blocks, found.names, cells, label)
    return Expression(found.names, cells, matrix, notices=found.notices)


def _genes(group: Any, label: str) -> Genes:
    if "features" in group:
        features = group["features"]
        ids, names = texts(features["id"][:]), texts(features["name"][:])
        types = texts(features["feature_type"][:]) if "feature_type" in features else []
        return genes_among(ids, names, types, label)
    return genes_among(texts(group["genes"][:]), texts(group["gene_names"][:]), [], label)
