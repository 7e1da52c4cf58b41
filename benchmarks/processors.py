"""What each generation of processors gets: the Gaussian kernels built for one at a time, timed, results compared.

Builds ext/gaussian three times into a temporary folder: for AVX-512, for AVX2 and for any x86-64, as the one build
that is installed holds them side by side. Prints seconds of the same two skeletons (a sparse
one of 1,000 nodes, a hub of 200), best of three; ends with an error when
the results are not the same to the last bit. (The forms of the discrete kernels: discrete.py paths.)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGETS = {
    "AVX-512": '__attribute__((target("arch=x86-64-v4")))',
    "AVX2": '__attribute__((target("arch=x86-64-v3")))',
    "plain C": "",
}
WORK = """
import hashlib, os, sys, time
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np
import causaldisc._ext
causaldisc._ext.__path__.insert(0, sys.argv[1])
from causaldisc import citests
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.knowledge import Knowledge
from causaldisc.search import skeleton
from causaldisc.simulate import dag
assert citests.build and causaldisc._ext
told = []
rng = np.random.default_rng(2)
sparse = dag.generate(dag.Options(nodes=1000, degree=4, rows=1000), rng).data
centre = rng.standard_normal((2000, 1))
hub = sparse.from_array(np.hstack([centre, 0.7 * centre + rng.standard_normal((2000, 200))]))
for made in (sparse, hub):
    test = citests.build(TestChoice("fisherz"), made, Context())
    assert sys.argv[1] in sys.modules["causaldisc._ext.gaussian"].__file__
    best = 1e9
    for _ in range(3):
        started = time.perf_counter()
        found = skeleton.learn(test, 0.01, 3, Knowledge().bind(made.names), Context())
        best = min(best, time.perf_counter() - started)
    digest = hashlib.sha256(found.pairs.tobytes() + found.weakest.scores.tobytes() + found.weakest.sets.tobytes())
    told.append(f"{best:.4f} {sum(found.tests_by_depth)} {digest.hexdigest()}")
print(*told, sep="\\n")
"""


def build(target: str, folder: Path) -> None:
    """Build ext/gaussian for one target into the folder."""
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "ext", folder / "ext", ignore=shutil.ignore_patterns("*.c", "*.so"))
    for package in ("causaldisc", "cli", "datasets"):
        (folder / package).symlink_to(ROOT / package)
    for kernel in (folder / "ext").glob("*.pyx"):
        if kernel.stem != "gaussian":
            kernel.unlink()
    header = folder / "ext" / "clones.h"
    header.write_text(f"#define CAUSALDISC_CLONES {target}\n")
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", "built"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def main() -> None:
    results: dict[str, list[list[str]]] = {}
    for name, target in TARGETS.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            build(target, folder)
            place = str(next((folder / "built").rglob("gaussian*.so")).parent)
            done = subprocess.run(
                [sys.executable, "-c", WORK, place], capture_output=True, text=True, env={**os.environ}, check=False
            )
            if done.returncode:
                print(f"{name}: not on this processor {done.stderr.strip().rpartition(chr(10))[2]}")
                continue
            results[name] = [line.split() for line in done.stdout.splitlines()]
            told = ", ".join(f"{float(s):.3f} s for {int(tests):,} tests" for s, tests, _ in results[name])
            print(f"{name}: {told}", flush=True)
    if len({tuple(digest for _, _, digest in lines) for lines in results.values()}) > 1:
        raise SystemExit("the results differ")


if __name__ == "__main__":
    main()
