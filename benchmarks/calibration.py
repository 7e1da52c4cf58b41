"""How often every test rejects where it must not, and where it should: calibration.py --into FILE [--processes N] ...

Draws data sets where x and y are independent given z1, ..., zk, and a third as many where they share a further cause
(calibration_data.py), and counts p-values of at most 1 % and 5 %. The shared cause is the weaker the more rows there
are, so that power stays comparable. Seeded: the same numbers in every run. Each cell (test, data, rows, conditions)
becomes a line of FILE; what is there is skipped, so a study may be stopped and started again. A test that does not take
the data of a cell says why instead; clr-fisherz is not here, since it takes parts of a whole. Answers that are none
count as not rejecting.

    calibration.py --estimate                 what the whole study costs, from one test of every cell
    calibration.py --into study.jsonl         the study, or what is left of it; --tests, --data, ... choose cells
    calibration.py --into study.jsonl --table the table of docs/tests.md, and the cells that reject too often
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from calibration_data import SETTINGS, draws

from causaldisc import citests
from causaldisc.citests import Answer, TestChoice, answer, kci
from causaldisc.citests._cache import Cache
from causaldisc.citests._rowwise import RowTest
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError

LEVELS = (0.01, 0.05)
DEPTHS, ROWS, MANY_ROWS = (0, 1, 3, 5), (200, 1000, 5000), 20_000
OFTEN, SELDOM = 1000, 300
# With so many rows as many pairs x, y share the conditions of a data set, and with them what is kept of these.
PAIRS = 4
# Beyond so many rows kci and rcit regress on the same functions of a conditioning set.
EXACT_ROWS = kci.Options().kernel_exact_rows
# Too often at 5 %, the error of the rate taken off: inside the assumptions, and for tests of kernel kind anywhere.
TOO_OFTEN, TOO_OFTEN_OF_KERNELS = 0.065, 0.08


@dataclass(frozen=True)
class Kind:
    """A test with its options; it is cheap, some 5 ms, up to `cheap_rows`, and studied on `rows` and `depths`."""

    test: str
    options: Mapping[str, Any]
    cheap_rows: int
    rows: tuple[int, ...] = ROWS
    depths: tuple[int, ...] = DEPTHS


LARGE = (*ROWS, MANY_ROWS)
KINDS = {
    "fisherz": Kind("fisherz", {}, MANY_ROWS),
    "spearman": Kind("spearman", {}, MANY_ROWS),
    "copula": Kind("copula", {}, MANY_ROWS),
    "gsq": Kind("gsq", {}, MANY_ROWS),
    "gsq, 199 permutations": Kind("gsq", {"permutations": 199}, 1000),
    "chisq": Kind("chisq", {}, MANY_ROWS),
    "dg": Kind("dg", {}, MANY_ROWS),
    "cg": Kind("cg", {}, MANY_ROWS),
    "gcm": Kind("gcm", {}, 1000, LARGE),
    "rcit": Kind("rcit", {}, 0, LARGE),
    "kci": Kind("kci", {}, 0, LARGE),
    "kci, chi2": Kind("kci", {"kernel_null": kci.Null.CHI2}, 0, (200, 1000), (0, 1, 3)),
    "kci, low rank": Kind("kci", {"kernel_exact_rows": 0}, 0, (1000,)),
}
OF_KERNELS = {"kci", "rcit", "gcm"}


@dataclass(frozen=True, order=True)
class Cell:
    """A test (a key of KINDS) on data of a setting, and the number of conditions."""

    test: str
    data: str
    rows: int
    conditions: int

    @property
    def repetitions(self) -> int:
        return OFTEN if self.rows <= KINDS[self.test].cheap_rows else SELDOM

    @property
    def pairs(self) -> int:
        return PAIRS if self.rows >= MANY_ROWS else 1

    @property
    def dependence(self) -> float:
        """The weight of the shared cause: the covariance of x and y shrinks as the square root of the rows grows."""
        return 0.5 * (200.0 / self.rows) ** 0.25

    @property
    def draws(self) -> tuple[str, int, int, int]:
        """What decides which data sets are drawn."""
        return self.data, self.rows, self.conditions, self.repetitions

    def ask(self, data: Dataset, shared: Cache | None = None) -> list[Answer]:
        """Ask the test about each pair; kci and rcit may share what they keep of a conditioning set, which is the same
        for both."""
        kind = KINDS[self.test]
        test = citests.build(TestChoice(kind.test, kind.options), data, Context())
        if shared is not None and isinstance(test, RowTest):
            test = replace(test, cache=shared)
        first = len(data) - self.conditions
        return [answer(test, k, k + 1, range(first, len(data))) for k in range(0, first, 2)]

    def refusal(self) -> str | None:
        """Return why the test does not take the data, or None."""
        try:
            self.ask(next(draws(self.data, 200, self.conditions, 0.0, 1)))
        except DataError as error:
            return str(error)
        return None


@dataclass
class Tally:
    """What the answers of a cell come to."""

    cell: Cell
    refused: str | None
    p_values: dict[str, list[float]]
    undecided: int = 0
    seconds: float = 0.0

    def ask(self, part: str, data: Dataset, shared: Cache | None) -> None:
        started = time.process_time()
        found = self.cell.ask(data, shared)
        self.seconds += time.process_time() - started
        self.undecided += sum(not a.verdict.is_decided for a in found)
        self.p_values[part] += [a.p_value if a.verdict.is_decided else 1.0 for a in found]

    def line(self) -> dict[str, Any]:
        """Return the line of the cell."""
        if self.refused is not None:
            return vars(self.cell) | {"refused": self.refused}
        rates = {part: [float(np.mean(np.array(p) <= level)) for level in LEVELS] for part, p in self.p_values.items()}
        counted = {"repetitions": len(self.p_values["type I"]), "undecided": self.undecided}
        return vars(self.cell) | rates | counted | {"seconds": round(self.seconds, 1)}


def study(together: list[Cell], repetitions: int) -> list[dict[str, Any]]:
    """Return the lines of cells that are about the same data sets."""
    first = together[0]
    tallies = [Tally(cell, cell.refusal(), {"type I": [], "power": []}) for cell in together]
    for part, dependence, count in (("type I", 0.0, repetitions), ("power", first.dependence, repetitions // 3)):
        for data in draws(first.data, first.rows, first.conditions, dependence, count // first.pairs, first.pairs):
            known = ~np.logical_or.reduce([c.missing for c in data.columns])
            shared = Cache(1 << 30) if known.sum() > EXACT_ROWS else None
            for tally in tallies:
                if tally.refused is None:
                    tally.ask(part, data, shared)
    return [tally.line() for tally in tallies]


def cells(asked: argparse.Namespace) -> list[Cell]:
    """Return the cells that are asked for, cheap ones first, those about the same data sets together."""
    found = [
        Cell(name, data, rows, depth)
        for name in asked.tests
        for data in asked.data
        for rows in KINDS[name].rows
        for depth in KINDS[name].depths
        if rows in asked.rows and depth in asked.depths
    ]
    return sorted(found, key=lambda c: (c.rows, -c.repetitions, c.conditions, c.data, list(KINDS).index(c.test)))


def read(path: Path) -> dict[Cell, dict[str, Any]]:
    """Return the lines of a study by cell; a last line that was cut off is passed over."""
    found = {}
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        found[Cell(line["test"], line["data"], line["rows"], line["conditions"])] = line
    return found


def run(wanted: list[Cell], path: Path, processes: int, repetitions: int | None) -> None:
    """Work through cells, and append their lines as they come."""
    done = read(path)
    left = [c for c in wanted if c not in done]
    lots = [list(lot) for _, lot in groupby(left, lambda c: c.draws)]
    with ProcessPoolExecutor(processes) as pool, path.open("a") as out:
        jobs = [pool.submit(study, lot, repetitions or lot[0].repetitions) for lot in lots]
        for k, job in enumerate(as_completed(jobs), 1):
            out.writelines(json.dumps(line) + "\n" for line in job.result())
            out.flush()
            print(f"{k} of {len(lots)} lots", end="\r", file=sys.stderr, flush=True)


def estimate(wanted: list[Cell], repetitions: int | None) -> None:
    """Print what the cells of each test cost, from one data set of each."""
    seconds: dict[str, float] = {}
    for cell in wanted:
        if cell.refusal() is None:
            data = next(draws(cell.data, cell.rows, cell.conditions, 0.0, 1))
            started = time.process_time()
            cell.ask(data)
            count = (repetitions or cell.repetitions) * 4 / 3
            seconds[cell.test] = seconds.get(cell.test, 0.0) + count * (time.process_time() - started)
    for name, cost in seconds.items():
        print(f"{name}: {cost / 3600:.2f} hours")
    print(f"all: {sum(seconds.values()) / 3600:.1f} hours of one core")


def table(lines: Mapping[Cell, Mapping[str, Any]]) -> Iterable[str]:
    """Yield the lines of the table in Markdown, what was refused, and what rejects too often."""
    tests = [name for name in KINDS if any(c.test == name and "type I" in line for c, line in lines.items())]
    yield "| data | rows | conditions | " + " | ".join(tests) + " |"
    yield "|---|---|---|" + "---|" * len(tests)
    for data in SETTINGS:
        for rows, depth in sorted({(c.rows, c.conditions) for c in lines if c.data == data}):
            entries = [entry(lines.get(Cell(name, data, rows, depth), {})) for name in tests]
            if any(entries):
                yield f"| {data} | {rows:,} | {depth} | " + " | ".join(entries) + " |"
    yield ""
    refused: dict[tuple[str, str], list[str]] = {}
    for cell, line in lines.items():
        if "refused" in line:
            kinds = refused.setdefault((cell.test, line["refused"]), [])
            kinds += [cell.data] if cell.data not in kinds else []
    for (name, reason), kinds in sorted(refused.items()):
        yield f"- {name} does not take {', '.join(kinds)}: {reason}"
    for cell, line in sorted(lines.items()):
        if "type I" not in line or cell.rows < 1000:
            continue
        rate, bound = line["type I"][1], TOO_OFTEN_OF_KERNELS if KINDS[cell.test].test in OF_KERNELS else TOO_OFTEN
        if rate - 2.0 * math.sqrt(0.05 * 0.95 / line["repetitions"]) > bound:
            yield f"- too often: {cell.test}, {cell.data}, {cell.rows:,} rows, {cell.conditions}: {100 * rate:.1f} %"


def entry(line: Mapping[str, Any]) -> str:
    """Return the rates at 1 % and 5 %, the power at 5 %, and a dagger where answers were none."""
    if "type I" not in line:
        return ""
    (first, second), power = (100 * rate for rate in line["type I"]), 100 * line["power"][1]
    return f"{first:.1f} / {second:.1f} ({power:.0f})" + (" †" if line["undecided"] else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, metavar="FILE")
    parser.add_argument("--estimate", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--repetitions", type=int, help=f"instead of {OFTEN} where a test is cheap, {SELDOM} elsewhere")
    parser.add_argument("--tests", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--data", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--rows", type=int, nargs="+", default=list(LARGE))
    parser.add_argument("--depths", type=int, nargs="+", default=list(DEPTHS))
    asked = parser.parse_args()
    if asked.estimate:
        estimate(cells(asked), asked.repetitions)
    elif asked.into is None:
        parser.error("--into FILE says where the study is kept")
    elif asked.table:
        print("\n".join(table(read(asked.into))))
    else:
        run(cells(asked), asked.into, asked.processes, asked.repetitions)


if __name__ == "__main__":
    main()
