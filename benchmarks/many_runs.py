"""Many runs: files a second of a batch and what each costs beside its search, and how a bootstrap gains by processes.

    python benchmarks/many_runs.py batch [--files 1000]
    python benchmarks/many_runs.py bootstrap [--draws 200]
    python benchmarks/many_runs.py cluster [--draws 200]

`batch`: small files of ten columns and 200 rows; the overhead of a file is the time of the batch with one process,
less that of reading and searching alone in a process that is under way. The batch is then killed in the middle, with
SIGKILL, and resumed, and its graphs compared with those of the first. `bootstrap`: alarm, 10,000 rows, by the
chi-square test, with one process and with two. `cluster`: the same by one and by two workers of a Dask cluster on this
machine, and one search by kernel tests, with as many threads and shared. Wall time; run it on an idle machine.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.data.reading import ReadOptions, read
from causaldisc.knowledge import Knowledge
from causaldisc.simulate import dag

PROGRAM = [sys.executable, "-m", "causaldisc"]


def batch(count: int) -> None:
    """Print throughput and overhead, and whether a batch that was killed ends with the same files."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data")
        data.mkdir()
        for i in range(count):
            made = dag.generate(dag.Options(nodes=10, rows=200), np.random.default_rng(i)).data
            np.savetxt(data / f"d{i:04}.csv", made.matrix().T, delimiter=",", header=",".join(made.names), comments="")
        seconds = {jobs: _timed("batch", "pc", f"{data}/*.csv", "--out-dir", f"{folder}/g{jobs}", "--jobs", str(jobs))
                   for jobs in (1, 2)}  # fmt: skip
        started = time.perf_counter()
        sets = [read(str(path), ReadOptions()) for path in sorted(data.iterdir())]
        reading, started = time.perf_counter() - started, time.perf_counter()
        for one in sets:
            pc.run(one, pc.Options(), TestChoice(), Knowledge(), Context())
        searching = time.perf_counter() - started
        overhead = 1000 * (seconds[1] - searching - reading) / count
        rates = ", ".join(f"{jobs} at a time {s:.1f} s ({count / s:.0f} files/s)" for jobs, s in seconds.items())
        print(f"{count} files, {rates}")
        parts = {"reading": 1000 * reading / count, "search": 1000 * searching / count, "all else": overhead}
        print("a file:", ", ".join(f"{what} {ms:.2f} ms" for what, ms in parts.items()))
        print("killed in the middle and resumed:", _killed(data, folder, count))


def _killed(data: Path, folder: str, count: int) -> str:
    command = [*PROGRAM, "batch", "pc", f"{data}/*.csv", "--out-dir", f"{folder}/killed", "--jobs", "2", "-q"]
    with subprocess.Popen(command) as program:
        table = Path(folder, "killed", "manifest.tsv")
        while not (table.exists() and table.read_bytes().count(b"\n") > count // 2):
            time.sleep(0.01)
        program.send_signal(signal.SIGKILL)
    done = table.read_bytes().count(b"\n") - 1
    subprocess.run([*command, "--resume"], check=True)
    graphs = [{p.name: p.read_bytes() for p in Path(folder, d).glob("*.graphml")} for d in ("g1", "killed")]
    return f"{done} of {count} done, then {'the same' if graphs[0] == graphs[1] else 'OTHER'} {len(graphs[1])} graphs"


def bootstrap(draws: int) -> None:
    """Print the seconds by number of processes."""
    asked = subprocess.run([*PROGRAM, "data", "path", "alarm"], capture_output=True, text=True, check=True)
    alarm = asked.stdout.strip()
    for jobs in (1, 2):
        arguments = ("--test", "chisq", "--runs", str(draws), "--jobs", str(jobs), "--threads", str(jobs))
        seconds = _timed("bootstrap", "pc", alarm, *arguments, "-o", os.devnull, "-f", "json")
        print(f"{draws} draws of alarm, {jobs} process{'es' * (jobs > 1)}: {seconds:.1f} s", flush=True)


def cluster(draws: int) -> None:
    """Print the seconds of this machine alone, and by one and two workers of Dask on it."""
    asked = subprocess.run([*PROGRAM, "data", "path", "alarm"], capture_output=True, text=True, check=True)
    many = ("bootstrap", "pc", asked.stdout.strip(), "--test", "chisq", "--runs", str(draws))
    with tempfile.TemporaryDirectory() as folder:
        rows = f"{folder}/d.csv"
        made_up = ["--nodes", "12", "--rows", "600", "--degree", "3", "--seed", "1"]
        subprocess.run([*PROGRAM, "simulate", "dag", *made_up, "-q", "-o", rows], check=True)
        kernel = ("pc", rows, "--test", "kci", "--max-depth", "2")
        for workers in (1, 2):
            for what, command in ((f"{draws} draws of alarm", many), ("pc --test kci", kernel)):
                _beside_a_cluster(what, command, workers, Path(folder))


def _beside_a_cluster(what: str, command: tuple[str, ...], workers: int, folder: Path) -> None:
    """Print the seconds of a command with so many threads, or processes, here and with as many workers."""
    from distributed import LocalCluster

    alone = _timed(*command, "--threads", str(workers), "-o", str(folder / "a.json"))
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1") as made:
        address = made.scheduler_address.replace("tcp", "dask")
        there = _timed(*command, "--cluster", address, "-o", str(folder / "b.json"))
    same = "the same" if (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes() else "OTHER"
    ratio = f"{there / alone:.2f} times as long, {same} bytes"
    print(f"{what}: {workers} at a time here {alone:.1f} s, by Dask {there:.1f} s; {ratio}", flush=True)


def _timed(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([*PROGRAM, *arguments, "-q"], check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("batch", "bootstrap", "cluster"))
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=200)
    chosen = parser.parse_args()
    if chosen.what == "batch":
        batch(chosen.files)
    else:
        {"bootstrap": bootstrap, "cluster": cluster}[chosen.what](chosen.draws)


if __name__ == "__main__":
    main()
