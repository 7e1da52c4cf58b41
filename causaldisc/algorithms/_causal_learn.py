"""What the adapters of other people's searches share: data in, streams and seeds kept, graphs and errors out.

causal-learn is imported inside `running` only. Variables are handed over in the order of their names, so that the
order of the columns in the file changes nothing, under labels that hash and sort alike in every process.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causaldisc import provenance
from causaldisc.algorithms._running import LIBRARY
from causaldisc.algorithms._running import running as running  # for the adapters
from causaldisc.citests._missing import Missing, treat
from causaldisc.context import Context
from causaldisc.data.correlation import correlation
from causaldisc.data.dataset import Dataset
from causaldisc.data.dependence import find_dependences
from causaldisc.data.source import label
from causaldisc.data.validation import is_constant, variables
from causaldisc.errors import ComputationError, DataError
from causaldisc.graph import Graph, GraphKind, Mark, Node, Value
from causaldisc.graph.equivalence import cpdag_of, extend
from causaldisc.graph.validity import problems
from causaldisc.options import as_json
from causaldisc.quoting import as_column
from causaldisc.result import Result
from causaldisc.search.evidence import rounded

Floats = NDArray[np.float64]

NAME = LIBRARY
# G.graph[i, j] is the mark at i of the edge between i and j.
_MARKS = {-1: Mark.TAIL, 1: Mark.ARROW, 2: Mark.CIRCLE}


# ---- data in


@dataclass(frozen=True, eq=False)
class Numbers:
    """`data`: the variables, in the order of the file; `names`: the same in their own order; `values`: the numbers in
    that order, shape (rows, columns), none missing."""

    data: Dataset
    names: tuple[str, ...]
    values: Floats

    @property
    def standardised(self) -> Floats:
        """The numbers with mean 0 and variance 1."""
        centred = self.values - self.values.mean(axis=0)
        return np.ascontiguousarray(centred / np.sqrt((centred**2).mean(axis=0)))


def numbers(data: Dataset, algorithm: str, context: Context) -> Numbers:
    """Return the variables as numbers, without rows that have a missing cell.

    Raises DataError for columns of text, constants, exact linear dependences, and too few rows or columns.
    """
    whole, used = _complete(data, algorithm, context)
    coded = [c.name for c in used.columns if c.kind.is_discrete and c.values is not None]
    values = used.matrix()
    if coded:
        context.warn("taken-as-numbers", f"{algorithm} takes the numbers of discrete columns as such: {_listed(coded)}")
    if used.rows <= len(used):
        raise DataError(
            f"{label(data.source)} has {used.rows} complete rows for {len(used)} columns; {algorithm} needs more rows "
            "than columns: leave out columns with --columns"
        )
    _refuse_dependent(values, used.names, algorithm)
    return Numbers(whole, used.names, np.ascontiguousarray(values.T))


def categories(data: Dataset, algorithm: str, context: Context) -> Numbers:
    """Return the variables as numbers of their categories, without rows that have a missing cell.

    Raises DataError for columns that are not discrete.
    """
    whole, used = _complete(data, algorithm, context)
    return Numbers(whole, used.names, np.ascontiguousarray(used.code_matrix().T.astype(np.float64)))


def _complete(data: Dataset, algorithm: str, context: Context) -> tuple[Dataset, Dataset]:
    """Return the variables, and the same in the order of their names with complete rows only."""
    whole = variables(data)
    context.warn_all(whole.notices)
    if len(whole) < 2:
        raise DataError(f"{label(data.source)} has one variable; {algorithm} needs two at least")
    used = treat(whole.select(sorted(whole.names)), Missing.LIST_WISE, algorithm, context)
    for column in used.columns:
        if is_constant(column):
            raise DataError(
                f"column {column.name!r} is constant in the rows without a missing cell; leave it out with --columns "
                f"'!{as_column(column.name)}'"
            )
    return whole, used


def _refuse_dependent(values: Floats, names: tuple[str, ...], algorithm: str) -> None:
    found = find_dependences(names, values, correlation(values, names))
    if found:
        column = found[0].column
        raise DataError(
            f"column {column!r} is determined by others ({found[0]}), so that {algorithm} would divide by zero; leave "
            f"one of them out, as with --columns '!{as_column(column)}'"
        )


def sampled(found: Numbers, most: int, seed: int, context: Context) -> Numbers:
    """Return the data with at most so many rows, drawn at random and kept in order."""
    rows = len(found.values)
    if rows <= most:
        return found
    drawn = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    context.warn("rows-sampled", f"{most:,} of {rows:,} rows are used, drawn at random; --max-rows takes more")
    return replace(found, values=np.ascontiguousarray(found.values[drawn]))


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(map(repr, shown[:8])) + (", ..." if len(shown) > 8 else "")


class Label(str):
    """A name that causal-learn hashes and sorts: alike in every process, and as numbers do."""

    __slots__ = ()

    def __hash__(self) -> int:
        return int(self)


def labels(count: int) -> list[str]:
    """Return the names under which variables are handed over."""
    return [Label(f"{i:06}") for i in range(count)]


# ---- graphs out


def nodes(data: Dataset, names: Iterable[str]) -> list[Node]:
    """Return the nodes of columns, with their kinds."""
    return [Node(name, {"type": data.columns[data.index(name)].kind.value}) for name in names]


def graph_of(marks: NDArray[np.integer], found: Numbers, kind: GraphKind) -> Graph:
    """Return the graph of causal-learn's matrix of marks."""
    graph = Graph(nodes(found.data, found.names), kind)
    for u, v in np.argwhere(np.triu(marks != 0, 1)).tolist():
        graph.add_edge(u, v, _MARKS[int(marks[u, v])], _MARKS[int(marks[v, u])])
    return graph


def cpdag(graph: Graph, context: Context) -> Graph:
    """Return a CPDAG as it is if it is one; else that of a DAG with its arrows and fewest new colliders, which are
    marked as conflicts."""
    if not problems(graph):
        return graph
    dag, forced = extend(graph)
    if dag is None:
        raise ComputationError(f"the graph that came out is none: {problems(graph)[0]}; please report it")
    repaired = cpdag_of(dag)
    for a, c, b in forced:
        repaired.annotate(a, c, conflict=True)
        repaired.annotate(b, c, conflict=True)
    context.warn("conflict", f"the graph that came out is no CPDAG ({problems(graph)[0]}); the nearest is given")
    return repaired


def weighted(weights: Floats, found: Numbers, threshold: float, kind: GraphKind = GraphKind.DAG) -> Graph:
    """Return the graph of weights[target, source], less those that are no larger than a threshold."""
    graph = Graph(nodes(found.data, found.names), kind)
    for target, source in np.argwhere(np.abs(weights) > threshold).tolist():
        weight: Mapping[str, Value] = {"weight": rounded(float(weights[target, source]))}
        graph.add_edge(source, target, Mark.TAIL, Mark.ARROW, attributes=weight)
    return graph


def version(library: str = NAME) -> str:
    """Return a library's name and version."""
    return f"{library} {importlib.metadata.version(library)}"


def result(
    algorithm: str,
    found: Numbers,
    graph: Graph,
    options: object,
    context: Context,
    known: Mapping[str, object] | None = None,
    library: str = NAME,
) -> Result:
    """Return the result, its nodes in the order of the file."""
    described = provenance.of_run(algorithm, {**as_json(options), **(known or {})}, found.data)
    described |= {"library": version(library), "rows_used": len(found.values)}
    own = [name for name in graph.names if name not in set(found.names)]
    return Result(graph.reordered([*found.data.names, *own]), (), tuple(context.warnings), described)


def described(result: Result, **more: object) -> Result:
    """Return a result whose provenance says more."""
    return replace(result, provenance={**result.provenance, **more})
