"""What reading in chunks costs: rows a second and memory, beside reading whole and beside pandas.

    python benchmarks/streaming.py [ROWS] [COLUMNS]

Makes a CSV and a Parquet file of 10 million rows and 10 columns (about 1.8 GB) in a temporary folder, and says how long
ten times as many rows would take.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

CHUNK = 100_000
PEER = """
import re, sys, numpy as np, pandas as pd
rows, total, products = 0, 0.0, 0.0
for part in pd.read_csv(sys.argv[1], chunksize=int(sys.argv[2])):
    values = part.to_numpy()
    rows, total, products = rows + len(values), total + values.sum(axis=0), products + values.T @ values
print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])
"""
OURS = """
import re, sys; from causaldisc.cli.main import main
code = main(sys.argv[1:]); print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]); sys.exit(code)
"""


def make(folder: Path, rows: int, columns: int) -> None:
    rng = np.random.default_rng(1)
    mixing = np.eye(columns) + np.triu(
        rng.standard_normal((columns, columns)) * (rng.random((columns, columns)) < 0.2), 1
    )
    schema = pa.schema([(f"x{i}", pa.float64()) for i in range(columns)])
    with (
        parquet.ParquetWriter(folder / "d.parquet", schema) as of_columns,
        csv.CSVWriter(folder / "d.csv", schema) as text,
    ):
        for start in range(0, rows, CHUNK):
            values = np.round(rng.standard_normal((min(CHUNK, rows - start), columns)) @ mixing, 6)
            table = pa.table(dict(zip(schema.names, values.T, strict=True)), schema=schema)
            of_columns.write_table(table)
            text.write_table(table)


def timed(code: str, *arguments: str) -> tuple[float, float]:
    """Return the seconds and the megabytes of a new process."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return time.perf_counter() - started, int(done.stdout.split()[-1]) / 1024


def main(rows: int, columns: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, rows, columns)
        print(f"{rows:,} rows, {columns} columns; seconds, rows a second, memory; seconds of ten times as many rows")
        for suffix in ("csv", "parquet"):
            path = str(folder / f"d.{suffix}")
            size = (folder / f"d.{suffix}").stat().st_size / 1e9
            graph = ["-q", "-o", str(folder / "g.json")]
            chunked = timed(OURS, "pc", path, "--chunk-rows", str(CHUNK), *graph)
            show(f"{suffix} ({size:.2f} GB), in chunks", rows, *chunked)
            whole = timed(OURS, "pc", path, *graph)
            show(f"{suffix}, whole", rows, *whole)
            ratios = [chunked[k] / whole[k] for k in (0, 1)]
            print(f"  chunks over whole: {ratios[0]:.2f} of the time, {ratios[1]:.2f} of the memory")
        peer = timed(PEER, str(folder / "d.csv"), str(CHUNK))
        show("csv, pandas in chunks (sums only)", rows, *peer)


def show(what: str, rows: int, seconds: float, megabytes: float) -> None:
    print(f"  {what:34} {seconds:7.2f} s {rows / seconds:12,.0f} /s {megabytes:7.0f} MB {10 * seconds:8.0f} s")


if __name__ == "__main__":
    wanted = [int(float(word)) for word in sys.argv[1:3]]
    main(*(wanted + [10_000_000, 10][len(wanted) :]))
