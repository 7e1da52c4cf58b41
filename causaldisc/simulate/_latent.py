"""Hidden variables: columns that are left out, and the PAG of what is seen.

The PAG is what FCI finds with a perfect test, d-separation in the whole DAG (algorithms/_fci.py). Its adjacencies and
marks are those of the maximal ancestral graph, which a test holds; a tail that R10 misses is a circle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests._oracle import DSeparation
from causaldisc.citests.base import Answers
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import UsageError
from causaldisc.graph import Graph
from causaldisc.knowledge import Knowledge
from causaldisc.options import Options
from causaldisc.simulate.base import Simulated


@dataclass(frozen=True)
class Seen:
    """The perfect test of some of the nodes of a DAG, by their numbers."""

    whole: DSeparation
    seen: NDArray[np.int32]
    name: str = "d-separation"
    options: Options = Options()
    deepest: int | None = None

    @property
    def variables(self) -> int:
        return len(self.seen)

    def answers(self, x: NDArray[np.int32], y: NDArray[np.int32], given: NDArray[np.int32]) -> Answers:
        return self.whole.answers(self.seen[x], self.seen[y], self.seen[given])


def pag(dag: Graph, seen: list[int]) -> Graph:
    """Return the PAG over some nodes of a DAG, in their order."""
    from causaldisc.algorithms import _causal_learn, _fci

    names = tuple(dag.names[v] for v in seen)
    test = Seen(DSeparation(dag), np.array(seen, np.int32))
    asked = _fci.Asked(test, Knowledge().bind(names), Context())
    with _causal_learn.running("fci", Context()):
        found = _fci.search(asked, names, 0.5, None)
    return found.reordered(dag.nodes[v] for v in seen)


def hidden(made: Simulated, count: int, rng: np.random.Generator) -> Simulated:
    """Return the data without so many columns, each with two children at least, and the PAG of the others.

    Raises UsageError when there are too few such columns.
    """
    confounders = [v for v in range(len(made.truth)) if len(made.truth.children(v)) >= 2]
    if count > min(len(confounders), len(made.truth) - 2):
        raise UsageError(
            f"--latent {count}: only {len(confounders)} of the variables have two children; hide fewer, or give a "
            "larger --degree or another --seed"
        )
    order = np.argsort(rng.random(len(confounders)), kind="stable")[:count]
    gone = {confounders[i] for i in order.tolist()}
    seen = [v for v in range(len(made.truth)) if v not in gone]
    data = Dataset(tuple(made.data.columns[v] for v in seen), made.data.rows)
    return Simulated(data, pag(made.truth, seen))
