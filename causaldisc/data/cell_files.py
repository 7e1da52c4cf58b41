"""Files of genes and cells, told by their first bytes."""

from __future__ import annotations

from causaldisc.data import hdf5, matrix_market
from causaldisc.data.expression import Expression
from causaldisc.errors import DataError


def open_cells(content: bytes, source: str, layer: str | None, labels: str, label: str) -> Expression | None:
    """Return the genes and cells of an .h5ad, an .h5 or a Matrix Market file; None for any other.

    Raises DataError for a layer of what has none.
    """
    if content.startswith(hdf5.MAGIC):
        return hdf5.open_hdf5(content, layer, labels, label)
    if layer is not None:
        raise DataError(f"{label} has no layers; --layer {layer} is for an .h5ad")
    if content.startswith(matrix_market.MAGIC):
        return matrix_market.open_matrix(content, source, labels, label)
    return None
