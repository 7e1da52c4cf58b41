"""Whole commands, from a CSV file to a graph file, beside the processes of peers: commands.py [NODES]...

Seeded linear Gaussian data, degree 4, 1,000 rows, alpha 0.01; the shortest of three runs of each process. Peers, where
they are installed: andrey-core's own command; pybnesian, tetrad-port (up to 500 nodes) and causal-learn (up to 100) with
pandas.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ALPHA = "0.01"
BIN = Path(sys.executable).parent
PYBNESIAN = """
import sys, pandas, pybnesian
frame = pandas.read_csv(sys.argv[1])
graph = pybnesian.PC().estimate(pybnesian.LinearCorrelation(frame), alpha=0.01)
open(sys.argv[2], "w").write(str(graph.arcs() + graph.edges()))
"""
TETRAD_PORT = """
import sys, pandas, tetrad_port
found = tetrad_port.TetradPort().run_pc(pandas.read_csv(sys.argv[1]), alpha=0.01)
open(sys.argv[2], "w").write(str(found))
"""
CAUSAL_LEARN = """
import sys, pandas
from causallearn.search.ConstraintBased.PC import pc
graph = pc(pandas.read_csv(sys.argv[1]).to_numpy(), 0.01, "fisherz", show_progress=False).G
open(sys.argv[2], "w").write(str(graph))
"""


def commands(data: str, out: str, nodes: int) -> dict[str, list[str]]:
    """Return the commands that can be run here."""
    python = [sys.executable, "-c"]
    found = {"causaldisc": [str(BIN / "causaldisc"), "pc", "-q", data, "--alpha", ALPHA, "-o", out]}
    if shutil.which("andrey", path=str(BIN)):
        found["andrey-core"] = [str(BIN / "andrey"), "run", "pc", "--data", data, f"alpha={ALPHA}", "-o", out + ".json"]
    if importlib.util.find_spec("pybnesian"):
        found["pybnesian"] = [*python, PYBNESIAN, data, out]
    if importlib.util.find_spec("tetrad_port") and nodes <= 500:
        found["tetrad-port"] = [*python, TETRAD_PORT, data, out]
    if importlib.util.find_spec("causallearn") and importlib.util.find_spec("pandas") and nodes <= 100:
        found["causal-learn"] = [*python, CAUSAL_LEARN, data, out]
    return found


def shortest(command: list[str]) -> float:
    """Return the seconds of the shortest of three runs, of one when it is long."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
        if times[-1] > 20:
            break
    return min(times)


def main(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for nodes in sizes:
            data = f"{folder}/{nodes}.csv"
            simulate = [str(BIN / "causaldisc"), "simulate", "dag", "--nodes", str(nodes), "--degree", "4"]
            subprocess.run([*simulate, "--rows", "1000", "--seed", "1", "-o", data], check=True)
            seconds = {
                name: shortest(command) for name, command in commands(data, f"{folder}/g.graphml", nodes).items()
            }
            ours = seconds.pop("causaldisc")
            told = ", ".join(f"{name} {s:.2f} s ({s / ours:.1f} times)" for name, s in seconds.items())
            print(f"p={nodes}: causaldisc {ours:.2f} s; {told}", flush=True)


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or [50, 100, 200, 500, 1000])
