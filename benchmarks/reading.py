"""Readers of delimited text side by side: import, speed and traps (docs/decisions/0002).

Each timing is the best of three new processes, since that is what a command pays. Readers that are not installed
are left out. `python benchmarks/reading.py 20` makes files of 20 MB instead of 200.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

MEGABYTES = 200
REPEATS = 3
# How each reader gets from a path to its own table, left to find out the types from all rows.
READERS = {
    "causaldisc": ("from causaldisc.data.reading import read", "read(path)"),
    "pyarrow": ("from pyarrow import csv", "csv.read_csv(path)"),
    "polars": ("import polars", "polars.read_csv(path, infer_schema_length=None)"),
    "pandas": ("import pandas", "pandas.read_csv(path, low_memory=False)"),
}
TIMED = """
import sys, time
import numpy
path, start = sys.argv[1], time.perf_counter()
{imports}
middle = time.perf_counter()
data = {call} if path else None
print(middle - start, time.perf_counter() - middle)
"""
SHOWN = """
import sys
path = sys.argv[1]
{imports}
data = {call}
column = {column}
print(column)
"""
LAST_CELL = {
    "causaldisc": "(lambda c: c.levels[c.codes[-1]] if c.values is None else c.values[-1].item())(data.columns[0])",
    "pyarrow": "data.column(0)[-1].as_py()",
    "polars": "data[data.columns[0]][-1]",
    "pandas": "data.iloc[-1, 0]",
}
ROWS = 300_000
TRAPS = {
    "late 0.5 among whole numbers": "a,b\n" + "1,2\n" * ROWS + "0.5,2\n",
    "late text among numbers": "a,b\n" + "1,2\n" * ROWS + "oops,2\n",
    "late short row": "a,b\n" + "1,2\n" * ROWS + "3\n",
    "late long row": "a,b\n" + "1,2\n" * ROWS + "3,4,5\n",
    "late quoted line break": "a,b\n" + "x,2\n" * ROWS + '"y\nz",2\n',
    "quote never closed": "b,a\n" + "1,2\n" * 10 + '3,"4\n' + "5,6\n" * 10,
    "decimal comma": "a;b\n1,5;2\n2,5;3\n",
    "row numbers without a name": ",b\n1,2\n2,3\n",
    "column twice": "a,a\n1,2\n3,4\n",
    "infinity": "a,b\n1,2\ninf,3\n",
}


def run(code: str, path: str) -> str:
    """Return what a new process prints, or its error in short."""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return lines[-1].replace(path or "f.csv", "f.csv") if lines else ""


def timing(reader: str, path: str) -> tuple[float, float]:
    """Return the seconds to import a reader after numpy, and to read a file with it."""
    imports, call = READERS[reader]
    runs = [run(TIMED.format(imports=imports, call=call), path).split() for _ in range(REPEATS)]
    return min(float(r[0]) for r in runs), min(float(r[1]) for r in runs)


def write_files(folder: Path, megabytes: int) -> dict[str, str]:
    """Write a file of numbers and one of mixed columns."""
    rng = np.random.default_rng(0)
    rows = megabytes * 2700
    numbers = {f"v{i}": rng.normal(size=rows) for i in range(20)}
    words = np.array([f"level{i}" for i in range(20)])
    rows = megabytes * 8000
    mixed = {f"f{i}": rng.normal(size=rows).round(4) for i in range(6)}
    mixed |= {f"i{i}": rng.integers(0, 1000, rows) for i in range(4)}
    mixed |= {f"s{i}": pa.array(words[rng.integers(0, 20, rows)]) for i in range(4)}
    mixed |= {"t": pa.array(np.arange(rows) * 60).cast(pa.timestamp("s"))}
    for name, columns in (("numbers", numbers), ("mixed", mixed)):
        csv.write_csv(pa.table(columns), folder / f"{name}.csv", csv.WriteOptions(quoting_style="needed"))
    return {name: str(folder / f"{name}.csv") for name in ("numbers", "mixed")}


def main(megabytes: int) -> None:
    installed = [reader for reader in READERS if importlib.util.find_spec(reader)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_files(folder, megabytes)
        sizes = {what: Path(path).stat().st_size / 1e6 for what, path in files.items()}
        print("| seconds | import | " + " | ".join(f"{size:.0f} MB {what}" for what, size in sizes.items()) + " |")
        print("|---|---|---|---|")
        for reader in installed:
            seconds = [timing(reader, "")[0], *(timing(reader, path)[1] for path in files.values())]
            print(f"| {reader} | " + " | ".join(f"{s:.2f}" for s in seconds) + " |")
        for trap, text in TRAPS.items():
            path = folder / "trap.csv"
            path.write_text(text)
            print(f"\n{trap}: the last cell of the first column, or the error")
            for reader in installed:
                imports, call = READERS[reader]
                code = SHOWN.format(imports=imports, call=call, column=f"repr({LAST_CELL[reader]})")
                print(f"    {reader:11}{run(code, str(path))[:150]}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES)
