"""Structural Hamming distance of PC by collider rule, on seeded linear Gaussian DAGs (docs/decisions/0003)."""

from __future__ import annotations

import numpy as np

from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice
from causaldisc.context import Context
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.graph.metrics import compare
from causaldisc.knowledge import Knowledge
from causaldisc.search.colliders import ColliderRule
from causaldisc.simulate import dag

SETTINGS = [(20, 2, 500, 0.05), (20, 2, 5000, 0.01), (30, 3, 1000, 0.01), (20, 4, 2000, 0.01)]
SEEDS = range(40)


def distances(nodes: int, degree: float, rows: int, alpha: float, rule: ColliderRule) -> list[int]:
    """Return the distance to the true CPDAG for each seed."""
    found = []
    for seed in SEEDS:
        made = dag.generate(dag.Options(nodes=nodes, degree=degree, rows=rows), np.random.default_rng(seed))
        options = pc.Options(alpha=alpha, collider_rule=rule)
        result = pc.run(made.data, options, TestChoice(), Knowledge(), Context())
        found.append(compare(cpdag_of(made.truth), result.graph).shd)
    return found


if __name__ == "__main__":
    for setting in SETTINGS:
        for rule in ColliderRule:
            shd = np.array(distances(*setting, rule))
            error = shd.std(ddof=1) / len(shd) ** 0.5
            print(
                "nodes {}, degree {}, rows {}, alpha {}".format(*setting),
                f"{rule.value:13} {shd.mean():.2f} ± {error:.2f}",
            )
