"""AnnData's .h5ad: cells in rows, genes in columns; every layout since 2018.

https://anndata.readthedocs.io/en/stable/fileformat-prose.html describes the present one. Before 0.7 frames were
compound tables, with categories under `uns`, and matrices had the attribute `h5sparse_format`; before 0.8 categories
were in `__categories`, pointed at by an attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import MISSING_CODE, Column, ColumnKind, hint
from causaldisc.data.expression import BLOCK, Block, Expression, gather, told_apart
from causaldisc.data.hdf5 import along_rows, texts
from causaldisc.errors import DataError

RAW = "raw"
_X = "X"
_INDICES = ("_index", "index")


def load(file: Any, layer: str | None, labels: str, label: str) -> Expression:
    """Return a matrix of the file: X, `raw` for that of raw, or a layer by its name.

    Raises DataError for an unknown layer or label, and when the parts do not fit together.
    """
    matrices = _matrices(file)
    wanted = layer or _X
    if wanted not in matrices:
        remedy = hint(wanted, sorted(matrices)) if matrices else "; it holds none"
        what = f"no layer {wanted!r}" if layer else "no matrix X"
        raise DataError(f"{label} has {what}{remedy}" + ("" if layer or not matrices else "; choose one with --layer"))
    matrix, frame = matrices[wanted]
    names, ids = _names(frame), _ids(frame)
    genes, notices = told_apart(names, ids, label)
    shape = tuple(int(size) for size in _shape(matrix))
    cells = len(_names(file["obs"]))
    if shape != (cells, len(genes)):
        raise DataError(
            f"{label} is damaged: its matrix {wanted} is {shape[0]:,} x {shape[1]:,}, not the {cells:,} cells x "
            f"{len(genes):,} genes of its names"
        )
    others = tuple(name for name in sorted(matrices) if name != wanted)
    by_gene = gather(_blocks(matrix, shape), genes, cells, label)
    return Expression(genes, cells, by_gene, _labels(file, labels, label) if labels else None, others, notices)


def _matrices(file: Any) -> dict[str, tuple[Any, Any]]:
    """Return the matrices by what --layer calls them, each with the frame that names its genes."""
    found = {name: (node, file["var"]) for name, node in file["layers"].items()} if "layers" in file else {}
    if _X in file and (_is_group_matrix(file[_X]) or getattr(file[_X], "ndim", 0) == 2):
        found[_X] = file[_X], file["var"]
    for matrix, frame in (("raw/X", "raw/var"), ("raw.X", "raw.var")):
        if matrix in file:
            found[RAW] = file[matrix], file[frame]
    return found


def _is_group_matrix(node: Any) -> bool:
    return "indptr" in node if hasattr(node, "items") else False


def _shape(matrix: Any) -> Any:
    if not _is_group_matrix(matrix):
        return matrix.shape
    return matrix.attrs["shape" if "shape" in matrix.attrs else "h5sparse_shape"]


def _blocks(matrix: Any, shape: tuple[int, ...]) -> Iterator[Block]:
    if not _is_group_matrix(matrix):
        yield from _of_dense(matrix, shape)
        return
    form = matrix.attrs.get("encoding-type", matrix.attrs.get("h5sparse_format", ""))
    form = form.decode() if isinstance(form, bytes) else form
    if form.startswith("csr"):
        yield from along_rows(matrix, shape[0])
    elif form.startswith("csc"):
        for columns, rows, numbers in along_rows(matrix, shape[1]):
            yield Block(rows, columns, numbers)
    else:
        raise ValueError(f"unknown matrix encoding {form!r}")


def _of_dense(matrix: Any, shape: tuple[int, ...]) -> Iterator[Block]:
    step = max(1, BLOCK // max(shape[1], 1))
    for first in range(0, shape[0], step):
        part = matrix[first : first + step]
        rows, genes = np.nonzero(part)
        yield Block(rows + first, genes, part[rows, genes])


# ---- frames: obs and var


def _names(frame: Any) -> list[str]:
    """Return the index of a frame."""
    if hasattr(frame, "items"):
        key = frame.attrs.get("_index", "_index")
        return _words(frame[key.decode() if isinstance(key, bytes) else key], frame)
    fields = frame.dtype.names
    return texts(frame[next((name for name in _INDICES if name in fields), fields[0])])


def _ids(frame: Any) -> list[str]:
    """Return what scanpy keeps the ids of genes in, nothing where it is not there."""
    there = "gene_ids" in (frame if hasattr(frame, "items") else frame.dtype.names)
    return _words(frame["gene_ids"], frame) if there else []


def _words(node: Any, frame: Any) -> list[str]:
    """Return the cells of a column as text, empty where missing."""
    codes, levels = _coded(node, frame)
    return [levels[code] if code >= 0 else "" for code in codes.tolist()]


def _labels(file: Any, name: str, label: str) -> Column:
    """Return a column of obs as categories."""
    frame = file["obs"]
    columns = list(frame) if hasattr(frame, "items") else list(frame.dtype.names)
    columns = [column for column in columns if column != "__categories"]
    if name not in columns:
        raise DataError(f"{label} has no column {name!r} in obs{hint(name, columns)}")
    if hasattr(frame, "items"):
        codes, levels = _coded(frame[name], frame)
    else:
        key = f"uns/{name}_categories"
        codes, levels = _of_values(frame[name]) if key not in file else (frame[name], texts(file[key][:]))
    return _column(name, np.asarray(codes, np.int32), levels)


def _column(name: str, codes: NDArray[np.int32], levels: list[str]) -> Column:
    order = sorted(range(len(levels)), key=levels.__getitem__)
    rank = np.full(len(levels) + 1, MISSING_CODE, np.int32)
    rank[order] = np.arange(len(levels))
    return Column(name, ColumnKind.DISCRETE, None, rank[codes], tuple(levels[i] for i in order))


def _coded(node: Any, frame: Any) -> tuple[NDArray[Any], list[str]]:
    """Return the cells of a column as numbers of words, -1 where missing."""
    if not hasattr(node, "items"):
        if "categories" in node.attrs:
            return node[:], texts(frame[node.attrs["categories"]][:])
        return _of_values(node[:])
    if "codes" in node:
        categories, levels = _coded(node["categories"], frame)
        return node["codes"][:], [levels[i] for i in categories]
    codes, levels = _of_values(node["values"][:])
    codes[node["mask"][:]] = MISSING_CODE
    return codes, levels


def _of_values(values: NDArray[Any]) -> tuple[NDArray[Any], list[str]]:
    words = texts(values)
    levels = sorted(set(words))
    number = {word: code for code, word in enumerate(levels)}
    missing = "nan" if values.dtype.kind == "f" else None
    return np.array([MISSING_CODE if word == missing else number[word] for word in words], np.int64), levels
