"""PC with a perfect test returns the true CPDAG of the networks of the bnlearn repository."""

from pathlib import Path

import pytest

from causaldisc.algorithms import pc
from causaldisc.citests._oracle import DSeparation
from causaldisc.context import Context
from causaldisc.graph import Graph, GraphKind, Mark
from causaldisc.graph.equivalence import cpdag_of
from causaldisc.knowledge import Knowledge
from causaldisc.search.colliders import ColliderRule

FOLDER = Path(__file__).parent / "networks"

# What a perfect test can ask of these takes minutes to hours; benchmarks/networks.py runs them.
LARGE = {"andes", "diabetes", "link", "munin", "munin2", "munin3", "munin4", "pathfinder"}
# Rules that ask every set of neighbours are tried where neighbourhoods are small.
SMALL = ["asia", "cancer", "earthquake", "survey", "sachs", "child", "insurance", "alarm", "mildew", "ecoli70"]


def network(name):
    """Return the DAG of a file of 'parent child' lines and lone nodes."""
    lines = [line.split() for line in (FOLDER / f"{name}.txt").read_text().splitlines()]
    dag = Graph(dict.fromkeys(node for line in lines for node in line), GraphKind.DAG)
    for line in lines:
        if len(line) == 2:
            dag.add_edge(dag.index(line[0]), dag.index(line[1]), Mark.TAIL, Mark.ARROW)
    return dag


def search(dag, rule):
    # The parents of one end separate a pair, so no deeper set is needed than the largest set of parents.
    deepest = max(len(dag.parents(v)) for v in range(len(dag)))
    options = pc.Options(max_depth=deepest, collider_rule=rule)
    graph, _ = pc.search(DSeparation(dag), dag.names, options, Knowledge().bind(dag.names), Context())
    return graph


@pytest.mark.parametrize("name", sorted({path.stem for path in FOLDER.glob("*.txt")} - LARGE))
def test_sepset_rule_finds_the_true_cpdag(name):
    dag = network(name)
    assert str(search(dag, ColliderRule.SEPSET)) == str(cpdag_of(dag))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("rule", [ColliderRule.CONSERVATIVE, ColliderRule.MAJORITY, ColliderRule.MAX_P])
def test_exhaustive_rules_find_the_true_cpdag(name, rule):
    dag = network(name)
    assert str(search(dag, rule)) == str(cpdag_of(dag))
