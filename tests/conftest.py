"""Settings for all tests: Hypothesis draws the same examples in every run."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100, print_blob=True)
settings.load_profile("repeatable")
