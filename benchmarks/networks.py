"""PC with a perfect test on networks of the bnlearn repository: networks.py [RULE] [NAME...]

Prints size, largest set of parents, whether the true CPDAG came out, seconds, and tests by depth. The large ones
(andes, diabetes, link, munin, pathfinder) take minutes to hours; without names the rest are run.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from causaldisc.algorithms import pc
from causaldisc.citests._oracle import DSeparation
from causaldisc.context import Context
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.knowledge import Knowledge
from causaldisc.search.colliders import ColliderRule

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from test_networks import FOLDER, LARGE, network  # the tests know how to read the files

if __name__ == "__main__":
    rule = ColliderRule(sys.argv[1]) if len(sys.argv) > 1 else ColliderRule.SEPSET
    for name in sys.argv[2:] or sorted({path.stem for path in FOLDER.glob("*.txt")} - LARGE):
        dag = network(name)
        deepest = max(len(dag.parents(v)) for v in range(len(dag)))
        started = time.perf_counter()
        options = pc.Options(max_depth=deepest, collider_rule=rule)
        graph, found = pc.search(DSeparation(dag), dag.names, options, Knowledge().bind(dag.names), Context())
        right = str(graph) == str(cpdag_of(dag))
        seconds = time.perf_counter() - started
        print(
            f"{name:12} {len(dag):5} nodes {dag.edge_count():5} edges, parents <= {deepest}: "
            f"{'true CPDAG' if right else 'WRONG'}, {seconds:.1f} s, tests {found.tests_by_depth}",
            flush=True,
        )
