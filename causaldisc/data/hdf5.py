"""HDF5 files of single-cell data, by what is in them: AnnData's .h5ad, or the .h5 of 10x Genomics."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.expression import BLOCK, Block, Expression
from causaldisc.errors import DataError

if TYPE_CHECKING:
    import h5py

MAGIC = b"\x89HDF\r\n\x1a\n"


def open_hdf5(content: bytes, layer: str | None, labels: str, label: str) -> Expression:
    """Return the genes and cells of an HDF5 file; `labels` names a column of the cells to read, too.

    Raises DataError when h5py is not installed, the file is damaged, or its layout is another.
    """
    from causaldisc.data import h5ad, tenx

    with _opened(content, label) as file:
        if "obs" in file and "var" in file:
            return h5ad.load(file, layer, labels, label)
        genomes = tenx.genomes(file)
        if genomes:
            return tenx.load(file, genomes, layer, labels, label)
        if "row_attrs" in file and "matrix" in file:
            raise DataError(f"{label} is a Loom file; write it as .h5ad, e.g. with anndata.read_loom(...).write_h5ad")
        there = ", ".join(sorted(file)[:5]) or "nothing"
    raise DataError(f"{label} is an HDF5 file, but neither AnnData's .h5ad nor 10x Genomics' .h5: it holds {there}")


@contextmanager
def _opened(content: bytes, label: str) -> Iterator[h5py.File]:
    try:
        import h5py
    except ImportError:
        raise DataError(
            f"{label} is an HDF5 file (.h5ad, .h5), and reading it takes h5py: pip install 'causaldisc[h5ad]'"
        ) from None
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            yield file
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, AttributeError) as error:
        reason = str(error).splitlines()[0].strip("'\"")
        raise DataError(
            f"{label} is cut short, damaged, or packed by a filter that is not installed ({reason}); copy or make it "
            f"again"
        ) from error


def texts(values: NDArray[Any]) -> list[str]:
    """Return text as stored: bytes are UTF-8."""
    return [v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values.tolist()]


def along_rows(matrix: Any, rows: int) -> Iterator[Block]:
    """Yield compressed rows in blocks of whole rows, `cells` being rows and `genes` columns."""
    starts = np.asarray(matrix["indptr"][:], np.int64)
    if len(starts) != rows + 1 or starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > len(matrix["indices"]):
        raise ValueError("indptr does not fit the shape")
    first = 0
    while first < rows:
        last = max(int(np.searchsorted(starts, starts[first] + BLOCK, "right")) - 1, first + 1)
        part = slice(starts[first], starts[last])
        of = np.repeat(np.arange(first, last, dtype=np.int32), np.diff(starts[first : last + 1]))
        yield Block(of, matrix["indices"][part], matrix["data"][part])
        first = last
