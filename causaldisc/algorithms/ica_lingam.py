"""ICA-LiNGAM: a DAG with weights by independent components of linear non-Gaussian models (causal-learn).

S. Shimizu, P. Hoyer, A. Hyvarinen, A. Kerminen, "A linear non-Gaussian acyclic model for causal discovery", JMLR 7
(2006). Assumes what direct-lingam does; the analysis starts at random and may end in another optimum with another seed,
which direct-lingam does not. Weights are those of an adaptive lasso, in the units of the columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from causaldisc.algorithms import _causal_learn as adapter
from causaldisc.algorithms import _lingam
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.result import Result

TRAITS = _lingam.TRAITS


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of ICA-LiNGAM."""

    TITLE = "ICA-LiNGAM"

    max_iterations: int = opt(1000, "Most steps of the independent component analysis.", at_least=1)
    threshold: float = opt(0.0, _lingam.THRESHOLD, at_least=0)
    seed: int = opt(0, "Seed of where the analysis starts.", at_least=0, below=2**32)


def run(data: Dataset, options: Options, context: Context) -> Result:
    """Run ICA-LiNGAM on data; raises DataError for columns of text."""
    found = adapter.numbers(data, "ica-lingam", context)
    with adapter.running("ica-lingam", context, options.seed):
        from causallearn.search.FCMBased.lingam import ICALiNGAM

        model = ICALiNGAM(options.seed, options.max_iterations)
        model.fit(found.values)
    graph = adapter.weighted(model.adjacency_matrix_, found, options.threshold)
    return adapter.result("ica-lingam", found, graph, options, context)
