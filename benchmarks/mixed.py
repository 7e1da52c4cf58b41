"""How often the tests of ranks and of mixed columns reject at 5%: independent pairs, and dependent ones.

Shares with their standard errors, of seeded repetitions; '-' where a test does not take the columns or has no answer.
`python benchmarks/mixed.py [REPETITIONS]`
"""

from __future__ import annotations

import sys
from functools import partial
from itertools import product

import numpy as np

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import TestChoice, answer
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset, continuous_column, discrete_column
from causaldisc.errors import DataError
from causaldisc.knowledge import Knowledge

ALPHA = 0.05
TESTS = ("dg", "cg")
RANK_TESTS = ("fisherz", "spearman", "copula")


def numbers(rng, score):
    return score + rng.standard_normal(len(score))


def levels(rng, score, count=3):
    """Return categories whose logits are linear in a score."""
    slopes = np.linspace(-1, 1, count)
    logits = score[:, None] * slopes
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=1).astype(float)


def cut(rng, score, count=3):
    """Return a noisy number cut into categories."""
    noisy = numbers(rng, score)
    return np.searchsorted(np.quantile(noisy, np.arange(1, count) / count), noisy).astype(float)


MAKERS = {"N": numbers, "L": levels, "C": cut}


def mixed(rng, rows, kinds, effect):
    """Return x, y and a set, by a letter each: 'N' numbers, 'L' logistic categories, 'C' cut ones, 'D' categories at
    random in the set. Both ends depend on all of the set; y depends on x if there is an effect."""
    of_x, of_y, *of_set = kinds
    given, score = [], np.zeros(rows)
    for kind in of_set:
        column = rng.standard_normal(rows) if kind == "N" else rng.integers(0, 3, rows).astype(float)
        given.append(column)
        score = score + (column if kind == "N" else np.array([0.8, -0.8, 0.0])[column.astype(int)]) / len(of_set) ** 0.5
    x = MAKERS[of_x](rng, score)
    y = MAKERS[of_y](rng, score + effect * (x - x.mean()) / x.std())
    columns = [
        (continuous_column if kind == "N" else discrete_column)(f"X{i}", column)
        for i, (kind, column) in enumerate(zip(kinds, [x, y, *given], strict=True))
    ]
    return Dataset(tuple(columns), rows)


def ranked(rng, rows, causes, effect):
    """Return Gaussian columns that `causes` explain, seen through monotone functions."""
    z = rng.standard_normal((rows, causes))
    score = z.sum(axis=1) / max(causes, 1) ** 0.5
    x = numbers(rng, score)
    y = numbers(rng, score + effect * x)
    return Dataset.from_array(np.column_stack([np.exp(x), y**3, *np.exp(z.T)]))


def shares(make, tests, repetitions, seed):
    """Return for each test the share of rejections among its answers, with its standard error."""
    found = {name: [] for name in tests}
    for repetition in range(repetitions):
        data = make(np.random.default_rng([*seed, repetition]))
        for name in tests:
            try:
                test = citests.build(TestChoice(name), data, Context())
            except DataError:
                continue
            got = answer(test, 0, 1, range(2, len(data)))
            if got.verdict.is_decided:
                found[name].append(got.p_value < ALPHA)
    return "  ".join(f"{_share(found[name]):>14}" for name in tests)


def _share(hits):
    if not hits:
        return "-"
    share = np.mean(hits)
    return f"{share:.3f} ± {np.sqrt(share * (1 - share) / len(hits)):.3f}"


def random_graph(rng, nodes, rows, is_logistic):
    """Return mixed columns of a random graph with three neighbours a node on average, and its skeleton."""
    parents = np.triu(rng.random((nodes, nodes)) < 3 / (nodes - 1), 1)
    is_category = rng.random(nodes) < 0.5
    standard = np.zeros((rows, nodes))
    columns = []
    for v in range(nodes):
        score = np.zeros(rows)
        for u in np.flatnonzero(parents[:, v]):
            score = score + rng.choice([-1, 1]) * rng.uniform(0.5, 1) * standard[:, u]
        if is_category[v]:
            values = (levels if is_logistic else cut)(rng, 1.5 * score if is_logistic else score, rng.integers(2, 4))
        else:
            values = numbers(rng, score)
        standard[:, v] = (values - values.mean()) / values.std()
        columns.append((discrete_column if is_category[v] else continuous_column)(f"X{v}", values))
    return Dataset(tuple(columns), rows), parents | parents.T


def skeleton_f1(test, data, truth):
    """Return F1 of the skeleton that PC finds at alpha 0.01."""
    graph = pc.run(data, pc.Options(alpha=0.01), TestChoice(test), Knowledge(), Context()).graph
    hits = sum(truth[e.source, e.target] for e in graph.edges())
    return 2 * hits / (len(list(graph.edges())) + truth.sum() / 2)


def compare_skeletons(repetitions):
    """Print what `--test auto` goes by: which test finds the better skeletons."""
    print("\nF1 of skeletons, 10 nodes   rows  " + "  ".join(f"{name:>14}" for name in TESTS))
    for is_logistic in (True, False):
        for rows in (300, 1000, 5000):
            drawn = [random_graph(np.random.default_rng([rows, i]), 10, rows, is_logistic) for i in range(repetitions)]
            found = [[skeleton_f1(name, *case) for case in drawn] for name in TESTS]
            cells = [f"{np.mean(f):.3f} ± {np.std(f) / len(f) ** 0.5:.3f}" for f in found]
            kind = "logistic categories" if is_logistic else "cut categories"
            print(f"{kind:<24} {rows:>5}  " + "  ".join(f"{cell:>14}" for cell in cells), flush=True)


def main():
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    cases = ("NN", "NNN", "NNND", "NLN", "NLD", "NLND", "NCN", "LL", "LLN", "LLD", "LLND", "LLNN", "CCN", "CCNN")
    for effect in (0.0, 0.2):
        print(f"\nx, y, set; effect {effect}   rows  " + "  ".join(f"{name:>14}" for name in TESTS))
        for kinds, rows in product(cases, (200, 1000)):
            make = partial(mixed, rows=rows, kinds=kinds, effect=effect)
            row = shares(make, TESTS, repetitions, [len(kinds), *map(ord, kinds), rows])
            print(f"{kinds:<24} {rows:>5}  {row}", flush=True)
    for effect in (0.0, 0.1):
        print(f"\ncommon causes; effect {effect}   rows  " + "  ".join(f"{name:>14}" for name in RANK_TESTS))
        for causes, rows in product((0, 1, 3, 5), (200, 1000)):
            make = partial(ranked, rows=rows, causes=causes, effect=effect)
            print(f"{causes:<24} {rows:>5}  {shares(make, RANK_TESTS, repetitions, [causes, rows])}", flush=True)
    compare_skeletons(repetitions // 10)


if __name__ == "__main__":
    main()
