"""How often the tests of ranks and of mixed columns reject at 5%: independent pairs, and dependent ones.

Shares with their standard errors, of seeded repetitions; '-' where a test does not take the columns or has no answer.
`python benchmarks/mixed.py [REPETITIONS]`
"""

from __future__ import annotations

import sys

import numpy as np

from causaldisc import citests
from causaldisc.citests import TestChoice, answer
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset, continuous_column, discrete_column
from causaldisc.errors import DataError

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


def main():
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    cases = ("NN", "NNN", "NNND", "NLN", "NLD", "NLND", "NCN", "LL", "LLN", "LLD", "LLND", "LLNN", "CCN", "CCNN")
    for effect in (0.0, 0.2):
        print(f"\nx, y, set; effect {effect}   rows  " + "  ".join(f"{name:>14}" for name in TESTS))
        for kinds in cases:
            for rows in (200, 1000):
                seed = [len(kinds), *map(ord, kinds), rows]
                row = shares(lambda rng: mixed(rng, rows, kinds, effect), TESTS, repetitions, seed)
                print(f"{kinds:<24} {rows:>5}  {row}", flush=True)
    for effect in (0.0, 0.1):
        print(f"\ncommon causes; effect {effect}   rows  " + "  ".join(f"{name:>14}" for name in RANK_TESTS))
        for causes in (0, 1, 3, 5):
            for rows in (200, 1000):
                row = shares(lambda rng: ranked(rng, rows, causes, effect), RANK_TESTS, repetitions, [causes, rows])
                print(f"{causes:<24} {rows:>5}  {row}", flush=True)


if __name__ == "__main__":
    main()
