"""kci beside causal-learn, in one process and on one thread: kernel.py [cold] [pc] [large], the first two without words

cold: one test of 1,000 rows, best of five, nothing kept; ours exact, with the widths and the form of causal-learn and
with our defaults. pc: all of PC on 8 variables and 1,000 rows, and how many edges differ. large: the low-rank form,
milliseconds a test in a run of PC on 8 variables with 5,000 rows, and tests of 100,000 rows with the memory they took.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice, answer, kci
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.knowledge import Knowledge

ALPHA = 0.05
AS_PUBLISHED = {"kernel_form": kci.Form.PUBLISHED, "kernel_width": kci.Width.EMPIRICAL}


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Return the shortest of a few times, of this process: others may keep the cores busy."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def network(rows: int, columns: int = 8) -> np.ndarray:
    """Return rows of a chain with shortcuts, each variable a nonlinear function of one or two before it."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((rows, columns))
    for v in range(1, columns):
        values[:, v] += np.sin(1.5 * values[:, v - 1])
        if v % 3 == 2:
            values[:, v] += np.tanh(values[:, v - 2])
    return values


def bound(values: np.ndarray, **options: object) -> citests.CITest:
    return citests.build(TestChoice("kci", options), Dataset.from_array(values), Context())


def cold() -> None:
    from causallearn.utils.KCI.KCI import KCI_CInd

    values = network(1000)
    for depth in (1, 3):
        given = list(range(2, 2 + depth))
        peer = seconds(
            lambda z=given: KCI_CInd(est_width="empirical").compute_pvalue(values[:, :1], values[:, 7:], values[:, z]),
            3,
        )
        for label, options in (("as published", AS_PUBLISHED), ("default", {})):
            ours = seconds(lambda o=options, z=given: answer(bound(values, **o), 0, 7, z))
            print(
                f"cold, {depth} conditions, {label}: {1e3 * ours:.1f} ms; causal-learn {1e3 * peer:.0f} ms, "
                f"{peer / ours:.0f} times",
                flush=True,
            )


def run_pc(values: np.ndarray, **options: object) -> object:
    return pc.run(
        Dataset.from_array(values), options=pc.Options(alpha=ALPHA), test=TestChoice("kci", options),
        knowledge=Knowledge(), context=Context(),
    )  # fmt: skip


def whole_pc() -> None:
    from causallearn.search.ConstraintBased.PC import pc as peer_pc

    values = network(1000)
    start = time.process_time()
    theirs = peer_pc(values, ALPHA, "kci", est_width="empirical", show_progress=False)
    peer = time.process_time() - start
    skeleton = np.triu(theirs.G.graph != 0)
    for label, options in (("as published", AS_PUBLISHED), ("default", {})):
        ours = seconds(lambda o=options: run_pc(values, **o), 2)
        result = run_pc(values, **options)
        found = np.zeros_like(skeleton)
        for edge in result.graph.edges():
            found[min(edge.source, edge.target), max(edge.source, edge.target)] = True
        tests = result.provenance["tests"]["total"]
        print(
            f"PC, {label}: {ours:.2f} s for {tests} tests, {1e3 * ours / tests:.1f} ms a test; "
            f"causal-learn {peer:.1f} s, {peer / ours:.0f} times; {int((found != skeleton).sum())} edges differ",
            flush=True,
        )


def large() -> None:
    start = time.process_time()
    result = run_pc(network(5000))
    taken = time.process_time() - start
    tests = result.provenance["tests"]["total"]
    print(f"PC, 5,000 rows: {taken:.1f} s for {tests} tests, {1e3 * taken / tests:.0f} ms a test", flush=True)
    values = network(100_000, 5)
    for depth in (0, 1, 2, 3):
        start = time.process_time()
        got = answer(bound(values), 0, 4, range(1, 1 + depth))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        taken = time.process_time() - start
        print(
            f"100,000 rows, {depth} conditions: {taken:.1f} s, {peak:.2f} GiB at most, p {got.p_value:.3g}", flush=True
        )


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["cold", "pc"]  # the large ones take many minutes
    for name, work in (("cold", cold), ("pc", whole_pc), ("large", large)):
        if name in chosen:
            work()
