"""Where a result came from, as plain JSON values: enough to repeat it, and the same for equal runs."""

from __future__ import annotations

import os
from collections.abc import Mapping

from causaldisc._version import __version__
from causaldisc.data.dataset import Dataset
from causaldisc.search.skeleton import Skeleton


def of_search(
    algorithm: str, options: Mapping[str, object], data: Dataset, skeleton: Skeleton, unlisted: int = 0
) -> dict[str, object]:
    """Describe a constraint-based search; `unlisted` pairs that the empty set separates are too many to list."""
    described = of_run(algorithm, options, data) | {
        "tests": {
            "total": sum(skeleton.tests_by_depth) + skeleton.collider_tests,
            "by_depth": list(skeleton.tests_by_depth),
            "colliders": skeleton.collider_tests,
        },
    }
    if unlisted:
        described["separations_not_listed"] = unlisted
    return described


def of_run(algorithm: str, options: Mapping[str, object], data: Dataset) -> dict[str, object]:
    """Describe what was done, and to which data."""
    return {
        "tool": "causaldisc",
        "version": __version__,
        "algorithm": algorithm,
        "options": dict(options),
        # A file name need not be UTF-8, but the text of a graph is.
        "data": {
            "source": os.fsencode(data.source).decode(errors="backslashreplace"),
            "sha256": data.sha256,
            "rows": data.rows,
            "columns": len(data),
        },
    }
