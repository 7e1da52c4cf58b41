"""Settings for all tests: Hypothesis draws the same examples in every run, and linear algebra has one thread."""

import os
import sys
from pathlib import Path

# As the program does (cli/entry.py), before NumPy reads it: threads that spin where cores are busy take 200 times as
# long for a small matrix.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))  # what ours is compared with is tested too

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100, print_blob=True)
settings.load_profile("repeatable")
