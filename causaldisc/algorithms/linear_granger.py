"""Linear Granger causes: whose past a cross-validated lasso uses to predict whom (causal-learn).

C. Granger, Econometrica 37 (1969); the lasso of A. Arnold, Y. Liu, N. Abe, KDD 2007. Each column is regressed on all
lags of all columns. A simple baseline beside `granger`, which bounds the share of false edges: the lasso's penalty is
the best for prediction and lets small weights through; --threshold leaves them out. Weights are of standardised
columns; the search takes the longest stretch of rows without a gap. Hidden common drivers make edges, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _series
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.graph import GraphKind
from causaldisc.options import opt
from causaldisc.result import Result
from causaldisc.traits import Gaps, Takes, Traits

TRAITS = Traits(
    assumes="linear effects of the past; causes come a row or more before",
    takes=(Takes.SERIES,),
    graph=GraphKind.LAGGED,
    missing=Gaps.LONGEST,
    cycles=True,
    by=adapter.NAME,
)


@dataclass(frozen=True, kw_only=True)
class Options(_series.SeriesOptions):
    """Options of linear Granger causes."""

    TITLE = "Linear Granger"

    lags: int = opt(2, "How many rows back causes reach.", at_least=1, below=1000)
    folds: int = opt(5, "Blocks of rows of the cross-validation.", at_least=2, below=100)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Find the Granger causes in a series; raises DataError for text and series that are too short."""
    found = _series.stretch(data, options, options.lags, "linear-granger", context)
    with adapter.running("linear-granger", context):
        from causallearn.search.Granger.Granger import Granger

        flat = Granger(maxlag=options.lags, cv=options.folds).granger_lasso(found.values)
    weights = np.stack(np.split(flat, options.lags, axis=1))
    graph = _series.lagged(weights, found, options.threshold, 1)
    return adapter.result("linear-granger", found, graph, options, context)
