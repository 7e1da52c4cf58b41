"""The evidence trail of a search: what it says about each edge, each missing edge, and tests without answer."""

from __future__ import annotations

from causaldisc.citests.base import Answer, Verdict
from causaldisc.context import Context
from causaldisc.graph import Graph, Value
from causaldisc.result import Separation
from causaldisc.search.skeleton import Skeleton
from causaldisc.words import counted

_WHY = {
    Verdict.INSUFFICIENT: (
        "insufficient-data",
        "had too few rows and decided nothing",
        "the edges they bear on stay",
    ),
    Verdict.SINGULAR: (
        "singular",
        "met a variable that the others determine exactly",
        "they decided nothing; 'causaldisc check' names the dependent columns",
    ),
    Verdict.REDUNDANT: (
        "redundant",
        "had a conditioning set that is linearly dependent",
        "its superfluous variables were passed over",
    ),
}


def rounded(value: float) -> float:
    """Return a number to ten significant digits: what lies beyond depends on the processor's order of sums."""
    return float(f"{value:.10g}")


def annotate(graph: Graph, skeleton: Skeleton) -> None:
    """Give each edge the p-value, statistic and rows of its weakest test; `undecided` where none decided."""
    for pair in skeleton.pairs():
        if graph.has_edge(*pair):
            answer = skeleton.weakest.get(pair)
            graph.annotate(*pair, **(_attributes(answer) if answer else {"undecided": True}))


def _attributes(answer: Answer) -> dict[str, Value]:
    found: dict[str, Value] = {"p_value": rounded(answer.p_value), "statistic": rounded(answer.statistic)}
    if answer.df:
        found["df"] = answer.df
    if answer.n:
        found["n"] = answer.n
    return found


def separations(skeleton: Skeleton, names: tuple[str, ...]) -> tuple[Separation, ...]:
    """Return the separating set of each removed pair, by name, in order."""
    return tuple(
        Separation(
            names[x],
            names[y],
            tuple(names[z] for z in found.given),
            rounded(found.answer.p_value),
            found.answer.n or None,
        )
        for (x, y), found in sorted(skeleton.separations.items())
    )


def warn_undecided(skeleton: Skeleton, names: tuple[str, ...], context: Context) -> None:
    """Warn of tests that had no clear answer, with the first of each sort by name."""
    for verdict, count in sorted(skeleton.undecided.items()):
        code, what, consequence = _WHY[verdict]
        x, y, given = skeleton.examples[verdict]
        condition = " | " + ", ".join(names[z] for z in given) if given else ""
        context.warn(
            code, f"{counted(count, 'test')} {what} (first: {names[x]} ~ {names[y]}{condition}); {consequence}"
        )
