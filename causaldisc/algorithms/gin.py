"""GIN: hidden causes of clusters of columns, and their order, by independent noise (causal-learn's parts).

F. Xie, R. Cai, B. Huang, C. Glymour, Z. Hao, K. Zhang, "Generalized independent noise condition for estimating latent
variable causal graphs", NeurIPS 2020. Nodes L1, L2, ... are hidden, with the attribute `latent`. Assumes linear
relations with non-Gaussian noise, and that each hidden variable has two measured effects of its own at least. The loops
are ours: those of causal-learn 0.1.4.8 test the noise against the first columns of the data, whatever the set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _confounded
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import Graph, GraphKind, Mark, Node
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.result import Result
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="linear relations, non-Gaussian noise; columns are effects of hidden variables",
    takes=(Takes.CONTINUOUS,),
    graph=GraphKind.MIXED,
    missing=Gaps.LIST_WISE,
    latent=True,
    by=adapter.NAME,
)
Cluster = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of GIN."""

    TITLE = "GIN"

    alpha: float = opt(0.05, "Noise is independent above this p-value (HSIC, joined by Fisher).", above=0, below=1)
    max_rows: int = opt(1000, _confounded.MAX_ROWS, at_least=20)
    seed: int = opt(0, "Seed of the rows drawn.", at_least=0)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run GIN on data; raises DataError for columns of text."""
    found = adapter.sampled(adapter.numbers(data, "gin", context), options.max_rows, options.seed, context)
    with adapter.running("gin", context, options.seed):
        search = _Search(found.standardised, options.alpha)
        ordered, rest = search.order(search.clusters())
    return adapter.result("gin", found, _graph(found, ordered, rest), options, context)


@dataclass(frozen=True, eq=False)
class _Search:
    values: adapter.Floats
    alpha: float

    def clusters(self) -> list[Cluster]:
        """Return the sets of columns that share a hidden cause, smallest first."""
        from causallearn.search.HiddenCausal.GIN.GIN import merge_overlaping_cluster

        left, found, size = list(range(self.values.shape[1])), [], 2
        while size < len(left):
            alike = [c for c in combinations(left, size) if self._is_noise(c, [v for v in left if v not in c])]
            merged = [tuple(sorted(c)) for c in merge_overlaping_cluster(alike)]
            found += merged
            left = [v for v in left if not any(v in c for c in merged)]
            size += 1
        return found

    def order(self, clusters: Sequence[Cluster]) -> tuple[list[Cluster], list[Cluster]]:
        """Return the clusters in causal order of their hidden causes, and those without one."""
        ordered: list[Cluster] = []
        rest = list(clusters)
        while True:
            first = next((c for c in rest if self._is_root(c, rest, ordered)), None)
            if first is None:
                return ordered, rest
            ordered.append(first)
            rest.remove(first)

    def _is_root(self, cluster: Cluster, rest: Sequence[Cluster], ordered: Sequence[Cluster]) -> bool:
        before = [_halves(c) for c in [*ordered, cluster]]
        some = [v for half, _ in before for v in half]
        others = [v for _, half in before for v in half]
        return all(self._is_noise([*some, *_halves(c)[0]], others) for c in rest if c != cluster)

    def _is_noise(self, some: Sequence[int], others: Sequence[int]) -> bool:
        """Tell whether the combination of some columns that others do not correlate with is independent of them."""
        from causallearn.search.FCMBased.lingam.hsic import hsic_test_gamma
        from causallearn.search.HiddenCausal.GIN.GIN import cal_e_with_gin, fisher_test

        covariance = np.cov(self.values.T)
        noise = cal_e_with_gin(self.values, covariance, list(some), list(others))
        p_values = [hsic_test_gamma(self.values[:, [v]], noise[:, None])[1] for v in others]
        return bool(fisher_test(p_values) >= self.alpha)


def _halves(cluster: Cluster) -> tuple[Cluster, Cluster]:
    middle = (len(cluster) + 1) // 2
    return cluster[:middle], cluster[middle:]


def _graph(found: adapter.Numbers, ordered: Sequence[Cluster], rest: Sequence[Cluster]) -> Graph:
    """Return hidden nodes with their clusters; those without an order are joined by undirected edges."""
    clusters = [*ordered, *rest]
    start = "L" if not any(f"L{k}" in found.names for k in range(1, len(clusters) + 1)) else "latent "
    hidden = [Node(f"{start}{k}", {"latent": True}) for k in range(1, len(clusters) + 1)]
    kind = GraphKind.MIXED if len(rest) > 1 else GraphKind.DAG
    graph = Graph([*adapter.nodes(found.data, found.names), *hidden], kind)
    first = len(found.names)
    for k, cluster in enumerate(clusters):
        for earlier in range(k):
            mark = Mark.ARROW if earlier < len(ordered) else Mark.TAIL
            graph.add_edge(first + earlier, first + k, Mark.TAIL, mark)
        for v in cluster:
            graph.add_edge(first + k, v, Mark.TAIL, Mark.ARROW)
    return graph
