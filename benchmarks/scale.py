"""Thousands of variables: whole commands from CSV to GraphML, with their memory: scale.py [NODES]...

Seeded linear Gaussian data, degree 2, 500 rows, alpha 0.01, all threads; then a hub of 300 neighbours, by depth.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PROGRAM = str(Path(sys.executable).parent / "causaldisc")


def run(*arguments: str) -> tuple[float, float, str]:
    """Run the program; returns seconds, gigabytes at most, and its last word."""
    started = time.perf_counter()
    process = subprocess.Popen([PROGRAM, *arguments], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.read()
    _, _, used = os.wait4(process.pid, 0)
    return time.perf_counter() - started, used.ru_maxrss / 2**20, said.strip().rpartition("\n")[2]


def hub(path: str, rows: int = 2000, spokes: int = 300) -> None:
    """Write one variable and 300 that depend on it alone."""
    rng = np.random.default_rng(0)
    centre = rng.standard_normal((rows, 1))
    values = np.hstack([centre, 0.7 * centre + rng.standard_normal((rows, spokes))])
    header = ",".join(["hub", *(f"spoke{i}" for i in range(spokes))])
    np.savetxt(path, values, delimiter=",", header=header, comments="", fmt="%.6g")


def main(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, out = f"{folder}/data.csv", f"{folder}/g.graphml"
        for nodes in sizes:
            run("simulate", "dag", "--nodes", str(nodes), "--degree", "2", "--rows", "500", "--seed", "1", "-o", data)
            seconds, memory, said = run("pc", data, "--alpha", "0.01", "-o", out)
            print(f"p={nodes}: {seconds:.2f} s, {memory:.2f} GB; {said}", flush=True)
        hub(data)
        for depth in (1, 2, 3):
            seconds, memory, said = run("pc", data, "--alpha", "0.01", "--max-depth", str(depth), "-o", out)
            print(f"hub of 300, depth {depth}: {seconds:.2f} s, {memory:.2f} GB; {said}", flush=True)


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or [1000, 2000, 5000, 10000])
