"""How often a test rejects where it must not, and where it should: calibration.py TEST [--repetitions N] ...

Draws data sets where x and y are independent given z1, ..., zk, and others where they share a further cause, and counts
p-values below 1 % and 5 %. Seeded: the same numbers in every run. Prints a table of percentages in Markdown; `±` is two
standard errors of a rate of 5 %. A test that does not take the data of a setting says so in place of numbers.
Options of the test follow as NAME=VALUE, such as `calibration.py kci kernel_null=chi2`.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, get_type_hints

import numpy as np

from causaldisc import citests, registry
from causaldisc.citests import TestChoice, answer
from causaldisc.context import Context
from causaldisc.data.dataset import Column, Dataset, continuous_column, discrete_column
from causaldisc.errors import DataError

Rng = np.random.Generator
LEVELS = (0.01, 0.05)


def mean(z: np.ndarray, rng: Rng) -> np.ndarray:
    """Return a sum of the conditions with random weights, of about unit variance; zeros without conditions."""
    weights = rng.uniform(0.5, 1.0, z.shape[1])
    return z @ weights / max(float(np.sqrt(weights @ weights)), 1.0)


def noises(n: int, dependence: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Return two noises that share a part, none when `dependence` is 0."""
    shared = dependence * rng.standard_normal(n)
    return rng.standard_normal(n) + shared, rng.standard_normal(n) + shared


def linear(z: np.ndarray, dependence: float, rng: Rng) -> list[Column]:
    e, f = noises(len(z), dependence, rng)
    return numbers(mean(z, rng) + e, mean(z, rng) + f, z)


def additive(z: np.ndarray, dependence: float, rng: Rng) -> list[Column]:
    e, f = noises(len(z), dependence, rng)
    return numbers(np.sin(2 * mean(z, rng)) + 0.5 * e, mean(z, rng) ** 2 + 0.5 * f, z)


def post_nonlinear(z: np.ndarray, dependence: float, rng: Rng) -> list[Column]:
    e, f = noises(len(z), dependence, rng)
    return numbers(np.exp(0.5 * (mean(z, rng) + e)), np.tanh(mean(z, rng) + f), z)


def heteroscedastic(z: np.ndarray, dependence: float, rng: Rng) -> list[Column]:
    e, f = noises(len(z), dependence, rng)
    s, t = mean(z, rng), mean(z, rng)
    return numbers(s + e * (0.3 + np.abs(s)), t + f * (0.3 + np.abs(t)), z)


def heavy_tailed(z: np.ndarray, dependence: float, rng: Rng) -> list[Column]:
    shared = dependence * rng.standard_t(3, len(z))
    e, f = rng.standard_t(3, (2, len(z)))
    return numbers(mean(z, rng) + e + shared, mean(z, rng) + f + shared, z)


def mixed(z: np.ndarray, dependence: float, rng: Rng) -> list[Column]:
    """x has three categories, as has the first condition; y is a number."""
    e, f = noises(len(z), dependence, rng)
    grouped = z.copy()
    grouped[:, :1] = np.digitize(z[:, :1], [-0.5, 0.5]) - 1.0
    x = np.digitize(mean(grouped, rng) + e, [-0.5, 0.7]).astype(float)
    conditions = [continuous_column(f"z{k + 1}", column) for k, column in enumerate(grouped.T)]
    if conditions:
        conditions[0] = discrete_column("z1", grouped[:, 0])
    return [discrete_column("x", x), continuous_column("y", mean(grouped, rng) + f), *conditions]


def discrete(z: np.ndarray, dependence: float, rng: Rng) -> list[Column]:
    e, f = noises(len(z), dependence, rng)
    grouped = np.digitize(z, [-0.5, 0.5]).astype(float)
    x, y = (np.digitize(mean(grouped - 1.0, rng) + noise, [-0.5, 0.7]).astype(float) for noise in (e, f))
    return [discrete_column(name, c) for name, c in zip(names(z), (x, y, *grouped.T), strict=True)]


def with_missing(z: np.ndarray, dependence: float, rng: Rng) -> list[Column]:
    """The additive data, a fifth of the cells missing at random."""
    columns = additive(z, dependence, rng)
    holes = rng.random((len(columns), len(z))) < 0.2
    return [continuous_column(c.name, np.where(hole, np.nan, c.values)) for c, hole in zip(columns, holes, strict=True)]


def numbers(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> list[Column]:
    return [continuous_column(name, column) for name, column in zip(names(z), (x, y, *z.T), strict=True)]


def names(z: np.ndarray) -> list[str]:
    return ["x", "y", *(f"z{k + 1}" for k in range(z.shape[1]))]


SETTINGS: dict[str, Callable[[np.ndarray, float, Rng], list[Column]]] = {
    "linear": linear,
    "additive": additive,
    "post-nonlinear": post_nonlinear,
    "heteroscedastic": heteroscedastic,
    "heavy-tailed": heavy_tailed,
    "mixed": mixed,
    "discrete": discrete,
    "missing": with_missing,
}


def draws(setting: str, n: int, depth: int, dependence: float, repetitions: int) -> Iterator[Dataset]:
    for k in range(repetitions):
        rng = np.random.default_rng([list(SETTINGS).index(setting), n, depth, k])
        yield Dataset(tuple(SETTINGS[setting](rng.standard_normal((n, depth)), dependence, rng)), n)


def rates(choice: TestChoice, data: Iterator[Dataset], depth: int) -> tuple[list[float], int]:
    """Return the shares of p-values below each level, undecided answers counting as none, and how many of those."""
    found, undecided = [], 0
    for one in data:
        given = range(2, 2 + depth)
        got = answer(citests.build(choice, one, Context()), 0, 1, given)
        undecided += not got.verdict.is_decided
        found.append(got.p_value)
    return [float(np.mean(np.array(found) < level)) for level in LEVELS], undecided


def chosen(test: str, pairs: list[str]) -> TestChoice:
    """Return the test with its options, given as NAME=VALUE."""
    options = registry.load(citests.PACKAGE, test, "test").Options
    hints, defaults = get_type_hints(options), {f.name: f.default for f in dataclasses.fields(options)}
    values: dict[str, Any] = {}
    for name, _, value in (pair.partition("=") for pair in pairs):
        kind = hints[name]
        values[name] = kind(value) if issubclass(kind, Enum) else type(defaults[name])(value)
    return TestChoice(test, values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test")
    parser.add_argument("option", nargs="*", help="NAME=VALUE")
    parser.add_argument("--repetitions", type=int, default=300)
    parser.add_argument("--rows", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--depths", type=int, nargs="+", default=[0, 1, 3])
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--dependence", type=float, default=0.5, help="weight of the shared cause, for the power")
    asked = parser.parse_args()
    choice = chosen(asked.test, asked.option)
    error = 2.0 * math.sqrt(0.05 * 0.95 / asked.repetitions)
    print(f"{asked.repetitions} repetitions, ± {100 * error:.1f}\n")
    print("| data | rows | conditions | type I at 1 % | at 5 % | power at 1 % | at 5 % | undecided |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for setting in asked.settings:
        for n in asked.rows:
            for depth in asked.depths:
                cells = [setting, str(n), str(depth)]
                try:
                    undecided = 0
                    for dependence in (0.0, asked.dependence):
                        some, more = rates(choice, draws(setting, n, depth, dependence, asked.repetitions), depth)
                        cells += [f"{100 * rate:.1f}" for rate in some]
                        undecided += more
                    cells.append(str(undecided))
                except DataError:
                    cells += ["not taken", *[""] * 4]
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
