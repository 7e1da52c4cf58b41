"""VAR-LiNGAM: lagged and instantaneous causes in linear series with non-Gaussian noise (causal-learn).

A. Hyvarinen, K. Zhang, S. Shimizu, P. Hoyer, "Estimation of a structural vector autoregression model using
non-Gaussianity", JMLR 11 (2010). Edges of lag 0 are between values of the same row. Assumes no hidden common causes,
and noise of which at most one variable's is Gaussian. Weights are of standardised columns; the search takes the longest
stretch of rows without a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _lingam, _series
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import GraphKind
from causaldisc.options import opt
from causaldisc.result import Result
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes=_lingam.ASSUMES,
    takes=(Takes.SERIES,),
    graph=GraphKind.LAGGED,
    missing=Gaps.LONGEST,
    by=adapter.NAME,
)


@dataclass(frozen=True, kw_only=True)
class Options(_series.SeriesOptions):
    """Options of VAR-LiNGAM."""

    TITLE = "VAR-LiNGAM"

    lags: int = opt(1, "Most rows back that causes reach; the BIC chooses as many or fewer.", at_least=1, below=1000)
    all_weights: bool = opt(False, "Keep every weight, without the adaptive lasso that makes most of them 0.")


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run VAR-LiNGAM on a series; raises DataError for text and series that are too short."""
    found = _series.stretch(data, options, options.lags, "var-lingam", context)
    with adapter.running("var-lingam", context):
        from causallearn.search.FCMBased.lingam import VARLiNGAM

        model = VARLiNGAM(lags=options.lags, prune=not options.all_weights)
        model.fit(found.values)
        weights = np.array(model.adjacency_matrices_)
    graph = _series.lagged(weights, found, options.threshold, 0)
    result = adapter.result("var-lingam", found, graph, options, context)
    return adapter.described(result, lags_chosen=len(weights) - 1)
