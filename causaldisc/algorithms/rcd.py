"""RCD: causes, and pairs with hidden common causes, in linear non-Gaussian models (causal-learn).

T. N. Maeda, S. Shimizu, "RCD: repetitive causal discovery of linear non-Gaussian acyclic models with latent
confounders", AISTATS 2020. An edge `<->` says that a hidden variable causes both ends. Assumes linear relations and no
cycles; every noise must be non-Gaussian, since sets of variables that look Gaussian are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _confounded
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import GraphKind
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.result import Result
from causaldisc.search.evidence import rounded
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="linear relations, non-Gaussian noise",
    takes=(Takes.CONTINUOUS,),
    graph=GraphKind.MIXED,
    missing=Gaps.LIST_WISE,
    latent=True,
    by=adapter.NAME,
)


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of RCD."""

    TITLE = "RCD"

    max_explanatory: int = opt(2, "Most causes that are tried at a time.", at_least=1)
    correlation_alpha: float = opt(0.01, "Two variables are correlated below this p-value.", above=0, below=1)
    independence_alpha: float = opt(
        0.01, "A cause and what it leaves of its effect are independent above this p-value (HSIC).", above=0, below=1
    )
    normality_alpha: float = opt(
        0.01, "A variable is non-Gaussian below this p-value (Shapiro and Wilk).", above=0, below=1
    )
    max_rows: int = opt(1000, _confounded.MAX_ROWS, at_least=20)
    seed: int = opt(0, "Seed of the rows drawn.", at_least=0)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run RCD on data; raises DataError for columns of text."""
    found = adapter.sampled(adapter.numbers(data, "rcd", context), options.max_rows, options.seed, context)
    with adapter.running("rcd", context, options.seed):
        from causallearn.search.FCMBased.lingam import RCD

        model = RCD(
            max_explanatory_num=options.max_explanatory,
            cor_alpha=options.correlation_alpha,
            ind_alpha=options.independence_alpha,
            shapiro_alpha=options.normality_alpha,
        )
        model.fit(found.values)
    weights = model.adjacency_matrix_  # [to, from], NaN for a hidden common cause
    causes = [
        (source, target, {"weight": rounded(float(weights[target, source]))})
        for target, source in np.argwhere(~np.isnan(weights) & (weights != 0)).tolist()
    ]
    confounded = [(u, v) for u, v in np.argwhere(np.isnan(weights)).tolist() if u < v]
    graph = _confounded.graph_of(found, causes, confounded, context)
    return adapter.result("rcd", found, graph, options, context)
