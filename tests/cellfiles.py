"""Files of genes and cells in every layout, written by hand with h5py, as the programs of the field write them."""

from __future__ import annotations

import gzip

import h5py
import numpy as np

GENES = ["CD3D", "LYZ", "MS4A1", "NKG7", "GNLY"]
GROUPS = ["T", "B", "T", "NK"]
TEXT = h5py.string_dtype()


def counts(cells=12, genes=5, seed=0):
    """Return counts of mostly zeros, float32, cells in rows."""
    rng = np.random.default_rng(seed)
    return (rng.random((cells, genes)) < 0.4).astype(np.float32) * rng.integers(1, 30, (cells, genes))


def barcodes(cells):
    return ["".join("ACGT"[(i >> 2 * k) & 3] for k in range(12)) + "-1" for i in range(cells)]


def compressed(values):
    """Return data, indices and starts of compressed rows."""
    rows, columns = np.nonzero(values)
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(values, axis=1))])
    return values[rows, columns], columns.astype(np.int32), starts.astype(np.int32)


def put_matrix(place, name, values, form):
    """Write a matrix as 'dense', 'csr', 'csc', or as before anndata 0.7: 'old csr', 'old csc'."""
    if form == "dense":
        place[name] = values
        return
    group = place.create_group(name)
    old, form = form.startswith("old "), form.removeprefix("old ")
    parts = compressed(values if form == "csr" else values.T)
    for key, part in zip(("data", "indices", "indptr"), parts):
        group[key] = part
    if old:
        group.attrs.update({"h5sparse_format": form, "h5sparse_shape": values.shape})
    else:
        group.attrs.update({"encoding-type": f"{form}_matrix", "encoding-version": "0.1.0", "shape": values.shape})


def put_frame(file, name, index, columns, age):
    """Write a frame: `age` is 'new', '0.7' (categories pointed at), 'nullable' (index and words with masks) or 'old'
    (a compound table)."""
    if age == "old":
        table = np.zeros(len(index), [("index", "S20"), *((c, "i1") for c in columns)])
        table["index"] = index
        for column, words in columns.items():
            levels = sorted(set(words))
            table[column] = [levels.index(w) for w in words]
            file[f"uns/{column}_categories"] = np.array(levels, "S")
        file[name] = table
        return
    frame = file.create_group(name)
    frame.attrs.update({"_index": "_index", "encoding-type": "dataframe"})
    put_words(frame, "_index", index, age)
    for column, words in columns.items():
        levels = sorted(set(words))
        codes = np.array([levels.index(w) for w in words], np.int8)
        if age == "0.7":
            frame[f"__categories/{column}"] = np.array(levels, TEXT)
            frame[column] = codes
            frame[column].attrs["categories"] = frame[f"__categories/{column}"].ref
        elif age == "nullable":
            put_words(frame, column, words, age)
        else:
            frame[f"{column}/codes"] = codes
            frame[f"{column}/categories"] = np.array(levels, TEXT)
            frame[column].attrs["encoding-type"] = "categorical"


def put_words(frame, name, words, age):
    if age == "nullable":
        frame[f"{name}/values"] = np.array(words, TEXT)
        frame[f"{name}/mask"] = np.zeros(len(words), np.bool_)
    else:
        frame[name] = np.array(words, TEXT)


def h5ad(path, values, form="csr", age="new", genes=None, groups=None, layers=(), raw=None):
    """Write an .h5ad; `layers` are (name, values, form)."""
    genes = genes or GENES[: values.shape[1]]
    groups = groups or [GROUPS[i % len(GROUPS)] for i in range(len(values))]
    with h5py.File(path, "w") as file:
        put_matrix(file, "X", values, form)
        put_frame(file, "obs", barcodes(len(values)), {"cell_type": groups}, age)
        put_frame(file, "var", genes, {}, age)
        for name, layer, its in layers:
            put_matrix(file.require_group("layers"), name, layer, its)
        if raw is not None:
            dot = "." if age == "old" else "/"
            put_matrix(file, f"raw{dot}X", raw, form)
            put_frame(file, f"raw{dot}var", genes, {}, age)
    return str(path)


def tenx(path, values, version=3, genes=None, types=None, genomes=("GRCh38",)):
    """Write an .h5 of Cell Ranger."""
    genes = genes or GENES[: values.shape[1]]
    ids = [f"ENSG{i:011}" for i in range(len(genes))]
    with h5py.File(path, "w") as file:
        for name in ("matrix",) if version == 3 else genomes:
            group = file.create_group(name)
            for key, part in zip(("data", "indices", "indptr"), compressed(values)):
                group[key] = part
            group["shape"] = np.array(values.shape[::-1], np.int32)
            group["barcodes"] = np.array(barcodes(len(values)), "S")
            if version == 3:
                group["features/id"], group["features/name"] = np.array(ids, "S"), np.array(genes, "S")
                group["features/feature_type"] = np.array(types or ["Gene Expression"] * len(genes), "S")
            else:
                group["genes"], group["gene_names"] = np.array(ids, "S"), np.array(genes, "S")
    return str(path)


def folder(path, values, version=3, genes=None, types=None, packed=False, before="", turned=False):
    """Write a folder of matrix.mtx, features.tsv or genes.tsv, and barcodes.tsv; returns the folder."""
    path.mkdir(exist_ok=True)
    genes = genes or GENES[: values.shape[1]]
    types = types or ["Gene Expression"] * len(genes)
    matrix = values if turned else values.T
    columns, rows = np.nonzero(matrix.T)
    entries = "".join(f"{r + 1} {c + 1} {matrix[r, c]:g}\n" for r, c in zip(rows, columns))
    form = "integer" if (values == np.floor(values)).all() else "real"
    header = f"%%MatrixMarket matrix coordinate {form} general\n%metadata_json: {{}}\n"
    more = (lambda i: f"\t{types[i]}") if version == 3 else (lambda i: "")
    files = {
        "matrix.mtx": f"{header}{matrix.shape[0]} {matrix.shape[1]} {len(rows)}\n{entries}",
        "features.tsv" if version == 3 else "genes.tsv": "".join(
            f"ENSG{i:011}\t{g}{more(i)}\n" for i, g in enumerate(genes)
        ),
        "barcodes.tsv": "".join(f"{b}\n" for b in barcodes(len(values))),
    }
    for name, text in files.items():
        content = gzip.compress(text.encode(), mtime=0) if packed else text.encode()
        (path / (before + name + (".gz" if packed else ""))).write_bytes(content)
    return str(path)
