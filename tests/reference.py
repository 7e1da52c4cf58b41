"""Slow, obvious twins of the kernels: written from the definitions, to be compared with, never to be used."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, product

import numpy as np

from causaldisc.graph import Graph, GraphKind, Mark


def fisher_z(values, x, y, given):
    """Return (statistic, rows) from the residuals of least squares; `values` has shape (variables, rows)."""
    rows = values.shape[1]
    design = np.vstack([np.ones(rows), values[list(given)]]).T
    residuals = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (values[x], values[y])]
    rho = residuals[0] @ residuals[1] / np.sqrt((residuals[0] @ residuals[0]) * (residuals[1] @ residuals[1]))
    return np.sqrt(rows - len(given) - 3) * np.arctanh(rho), rows


def average_ranks(values):
    """Return for each number how many are smaller, half of how many are equal, and a half; NaN stays."""
    return np.array([np.nan if np.isnan(v) else np.sum(values < v) + (np.sum(values == v) + 1) / 2 for v in values])


def composition(parts, x, y, given):
    """Return (partial correlation of two parts given the rest, degrees of freedom) from centred log-ratios."""
    chosen = np.log(parts[[x, y, *given]])
    clr = chosen - chosen.mean(axis=0)
    inverse = np.linalg.pinv(np.cov(clr), rcond=1e-10)
    rho = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    return rho, parts.shape[1] - len(given) - 2


def indicators(column, categorical):
    """Return the columns of a design: numbers, or an indicator of each category but one."""
    if not categorical:
        return [column]
    return [(column == level).astype(float) for level in sorted(set(column.tolist()))[1:]]


def degenerate_gaussian(x, y, given):
    """Return (log of Wilks' lambda, degrees of freedom, rank of the set) by least squares.

    Each argument is a list of columns; `given` has no constant.
    """
    rows = len(x[0])
    base = np.array([np.ones(rows), *given]).T

    def residuals(columns, design):
        columns = np.array(columns).T
        return columns - design @ np.linalg.lstsq(design, columns, rcond=None)[0]

    of_x, of_y = residuals(x, base), residuals(y, base)
    basis_x, basis_y = (_orthonormal(r) for r in (of_x, of_y))
    canonical = np.linalg.svd(basis_x.T @ basis_y, compute_uv=False)
    df = basis_x.shape[1] * basis_y.shape[1]
    return np.log(1 - canonical**2).sum(), df, np.linalg.matrix_rank(base) - 1, (basis_x.shape[1], basis_y.shape[1])


def _orthonormal(columns):
    scale = np.linalg.norm(columns, axis=0)
    u, s, _ = np.linalg.svd(columns / np.where(scale > 0, scale, 1), full_matrices=False)
    return u[:, s > 1e-6]


def contingency(codes, levels, x, y, given, pearson, df_rule):
    """Return (statistic, df, n) by counting in dictionaries; `df_rule` is 'stratum', 'full' or 'occupied'."""
    strata = {}
    for row in codes.T:
        if all(row[v] >= 0 for v in (x, y, *given)):
            strata.setdefault(tuple(row[list(given)]), Counter())[row[x], row[y]] += 1
    statistic = df = n = 0.0
    for table in strata.values():
        total = sum(table.values())
        of_x, of_y = Counter(), Counter()
        for (i, j), count in table.items():
            of_x[i] += count
            of_y[j] += count
        n += total
        for i, j in product(of_x, of_y):
            expected = of_x[i] * of_y[j] / total
            seen = table[i, j]
            if pearson:
                statistic += (seen - expected) ** 2 / expected
            elif seen:
                statistic += 2 * seen * np.log(seen / expected)
        df += {
            "stratum": (len(of_x) - 1) * (len(of_y) - 1),
            "occupied": (levels[x] - 1) * (levels[y] - 1),
            "full": 0,
        }[df_rule]
    if df_rule == "full":
        df = (levels[x] - 1) * (levels[y] - 1) * np.prod([levels[z] for z in given], dtype=float)
    return statistic, df, n


def all_dags(skeleton: Graph):
    """Yield every DAG on the skeleton of a graph."""
    pairs = [(e.source, e.target) for e in skeleton.edges()]
    for turned in product((False, True), repeat=len(pairs)):
        dag = Graph(skeleton.nodes, GraphKind.DAG)
        for (u, v), turn in zip(pairs, turned, strict=True):
            dag.add_edge(*((v, u) if turn else (u, v)), Mark.TAIL, Mark.ARROW)
        if _acyclic(dag):
            yield dag


def _acyclic(dag: Graph) -> bool:
    left = set(range(len(dag)))
    while left:
        roots = {v for v in left if not left.intersection(dag.parents(v))}
        if not roots:
            return False
        left -= roots
    return True


def colliders(dag: Graph):
    """Return the v-structures of a DAG as a set."""
    return {(a, c, b) for c in range(len(dag)) for a, b in combinations(dag.parents(c), 2) if not dag.has_edge(a, b)}


def cpdag(dag: Graph, known=()) -> Graph:
    """Return the CPDAG by enumerating the class: an arrow where all members (with the `known` arrows) agree."""
    members = [
        d for d in all_dags(dag) if colliders(d) == colliders(dag) and all(d.is_directed(u, v) for u, v in known)
    ]
    graph = Graph(dag.nodes, GraphKind.CPDAG)
    for e in dag.edges():
        graph.add_edge(e.source, e.target, Mark.TAIL, Mark.TAIL)
        for u, v in ((e.source, e.target), (e.target, e.source)):
            if all(member.is_directed(u, v) for member in members):
                graph.orient(u, v)
    return graph


def conditional_gaussian(x, y, given):
    """Return (statistic, its mean under the null, df, n) by the likelihoods of all cells.

    Each variable is (values, whether categorical). Follows the definition: 2 (L(xyz) - L(xz) - L(yz) + L(z)).
    """
    k = sum(not categorical for _, categorical in given)
    keys = [values for values, categorical in given if categorical]
    strata = {}
    for row in range(len(x[0])):
        strata.setdefault(tuple(key[row] for key in keys), []).append(row)
    total = np.zeros(4)
    for rows in strata.values():
        total += _of_stratum(x, y, [values for values, categorical in given if not categorical], np.array(rows), k)
    return total


def _of_stratum(x, y, numbers, rows, k):
    sizes = [Counter(v[rows].tolist()) if categorical else None for v, categorical in (x, y)]
    kinds = [s is not None for s in sizes]
    of_both = 0
    if not any(kinds):
        if len(rows) < k + 4:
            return np.zeros(4)
        df = 1
    elif not all(kinds):
        values, size = (x[0], sizes[0]) if kinds[0] else (y[0], sizes[1])
        if len(size) == 1:
            return np.array([0, 0, 0, len(rows)])
        large = [level for level, count in size.items() if count >= k + 4]
        if len(large) < 2:
            return np.zeros(4)
        rows = rows[np.isin(values[rows], large)]
        df = (len(large) - 1) * (k + 2)
    else:
        if min(map(len, sizes)) == 1:
            return np.array([0, 0, 0, len(rows)])
        cells = Counter(zip(x[0][rows].tolist(), y[0][rows].tolist(), strict=True))
        if k and min(cells[pair] for pair in product(*sizes)) < k + 4:
            return np.zeros(4)
        of_both = (len(sizes[0]) - 1) * (len(sizes[1]) - 1)
        df = of_both * (1 + k * (k + 3) // 2)
    whole, with_x, with_y, neither = (
        _likelihood([*numbers, *(v for v, categorical in ends if not categorical)], ends, rows)
        for ends in ([x, y], [x], [y], [])
    )
    statistic, mean = 2 * (whole - with_x - with_y + neither)
    return np.array([statistic, mean + of_both, df, len(rows)])


def _likelihood(numbers, ends, rows):
    """Return the largest log likelihood, less constants that cancel, and the mean of its part for the numbers."""
    from scipy.special import digamma

    groups = {}
    for row in rows.tolist():
        groups.setdefault(tuple(v[row] for v, categorical in ends if categorical), []).append(row)
    found = mean = 0.0
    for members in groups.values():
        n = len(members)
        found += n * np.log(n)
        if numbers:
            covariances = np.atleast_2d(np.cov([v[members] for v in numbers], bias=True))
            found -= n / 2 * np.linalg.slogdet(covariances)[1]
            mean -= n / 2 * sum(digamma((n - i) / 2) + np.log(2 / n) for i in range(1, len(numbers) + 1))
    return np.array([found, mean])


def polynomial_design(columns, degree):
    """Return 1, the powers of columns up to a degree and, unless that is 1, their products in pairs, as a matrix."""
    rows = columns.shape[1]
    scaled = [(c - c.mean()) / c.std() for c in columns if c.std() > 0]
    powers = [c**d for d in range(1, degree + 1) for c in scaled]
    products = [a * b for a, b in combinations(scaled, 2)] if degree > 1 else []
    return np.array([np.ones(rows), *powers, *products]).T


def covariance_of_residuals(x, y, columns, degree):
    """Return (statistic, correlation of residuals) of the generalised covariance measure, by whole matrices."""
    design = polynomial_design(columns, degree)
    maker = np.eye(len(x)) - design @ np.linalg.pinv(design)
    e, f = maker @ x, maker @ y
    products = e * f
    # How much larger residuals' products of noise would be than noise's.
    scale = np.trace(maker) / np.sum(np.diag(maker) ** 2)
    spread = scale * (products @ products - products.sum() ** 2 / len(x))
    return products.sum() / np.sqrt(spread), products.sum() / np.sqrt((e @ e) * (f @ f))


def author_rule(values, x, y, given):
    """Return the p-value of Dai et al.'s rule: Fisher's Z on the rows where no condition is zero, and 1 where these are
    not more than the conditions and three; `values` has shape (rows, variables)."""
    rows = values[(values[:, list(given)] != 0).all(axis=1)]
    free = len(rows) - len(given) - 3
    if free <= 0:
        return 1.0
    inverse = np.linalg.pinv(np.corrcoef(rows[:, [x, y, *given]].T))
    rho = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    return math.erfc(math.sqrt(free) * abs(math.atanh(rho)) / math.sqrt(2))
