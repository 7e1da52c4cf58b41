"""Scores of a variable given its parents, as causal-learn's searches over graphs and orders take them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from causaldisc.algorithms._causal_learn import Floats, Numbers, categories, numbers
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.source import label
from causaldisc.errors import DataError

MOST_KERNEL_ROWS = 1000


class Score(Enum):
    """What a graph is judged by."""

    AUTO = "auto"
    BIC = "bic"
    BDEU = "bdeu"
    CV = "cv"
    MARGINAL = "marginal"


HELP = (
    "What graphs are judged by; bic: linear Gaussian; bdeu: discrete columns; cv and marginal: likelihood of kernel "
    "regression, cross-validated or marginal, for any relation and up to 1,000 rows (minutes for five columns); "
    "'auto': bdeu where all columns are discrete, else bic."
)
PENALTY = "Penalty of bic a parameter, in halves of log(rows): 1 is the BIC, more gives fewer edges."
_NAMES = {
    Score.BIC: "local_score_BIC_from_cov",
    Score.BDEU: "local_score_BDeu",
    Score.CV: "local_score_CV_general",
    Score.MARGINAL: "local_score_marginal_general",
}


@dataclass(frozen=True, eq=False)
class Scored:
    """Data and the score they suit: `function` and `parameters` by causal-learn's names."""

    found: Numbers
    values: Floats
    function: str
    parameters: dict[str, float] | None


def scored(data: Dataset, algorithm: str, score: Score, penalty: float, context: Context) -> Scored:
    """Return the data as the score takes them.

    Raises DataError when they do not suit it.
    """
    if score is Score.AUTO:
        score = Score.BDEU if all(c.kind.is_discrete for c in data.columns) else Score.BIC
    if score is Score.BDEU:
        coded = categories(data, algorithm, context)
        return Scored(coded, coded.values, _NAMES[score], None)
    found = numbers(data, algorithm, context)
    if score is Score.BIC:
        return Scored(found, found.standardised, _NAMES[score], {"lambda_value": penalty / 2})
    if len(found.values) > MOST_KERNEL_ROWS:
        raise DataError(
            f"{label(data.source)} has {len(found.values):,} rows, and --score {score.value} takes at most "
            f"{MOST_KERNEL_ROWS:,}, as its cost grows with their cube; use --score bic, or fewer rows"
        )
    parameters = {"kfold": 10, "lambda": 0.01} if score is Score.CV else None
    return Scored(found, found.standardised, _NAMES[score], parameters)
