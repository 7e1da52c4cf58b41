"""CAM-UV: causes in additive models of any form, and pairs with hidden variables between them (causal-learn).

T. N. Maeda, S. Shimizu, "Causal additive models with unobserved variables", UAI 2021. An edge `<->` says that a hidden
variable causes both ends or lies on the way from one to the other. Assumes effects that add up and no cycles. Needs the
package pygam, which fits the curves: pip install 'causaldisc[cam-uv]'.
"""

from __future__ import annotations

from dataclasses import dataclass

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _confounded
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import GraphKind, Value
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.result import Result
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="effects of causes add up, in any form",
    takes=(Takes.CONTINUOUS,),
    graph=GraphKind.MIXED,
    missing=Gaps.LIST_WISE,
    latent=True,
    by=adapter.NAME,
)


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of CAM-UV."""

    TITLE = "CAM-UV"

    alpha: float = opt(0.01, "Take variables for independent when the p-value is above this.", above=0, below=1)
    max_explanatory: int = opt(
        2, "Most variables of a set in which causes are sought, the effect included.", at_least=2
    )
    max_rows: int = opt(1000, _confounded.MAX_ROWS, at_least=20)
    seed: int = opt(0, "Seed of the rows drawn.", at_least=0)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run CAM-UV on data; raises DataError for columns of text."""
    found = adapter.sampled(adapter.numbers(data, "cam-uv", context), options.max_rows, options.seed, context)
    with adapter.running("cam-uv", context, options.seed):
        from causallearn.search.FCMBased.lingam.CAMUV import execute

        parents, pairs = execute(found.standardised, options.alpha, options.max_explanatory)
    causes: list[tuple[int, int, dict[str, Value]]] = [
        (u, v, {}) for v, of_v in enumerate(parents) for u in sorted(of_v)
    ]
    confounded = sorted((min(pair), max(pair)) for pair in pairs)
    graph = _confounded.graph_of(found, causes, confounded, context)
    return adapter.result("cam-uv", found, graph, options, context)
