"""Data in which x and y are independent given z1, ..., zk, or share a further cause: what calibration.py draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from causaldisc.data.dataset import Column, Dataset, continuous_column, discrete_column

Rng = np.random.Generator


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
    """The linear data, a fifth of the cells missing at random."""
    columns = linear(z, dependence, rng)
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


def draws(setting: str, n: int, depth: int, dependence: float, repetitions: int, pairs: int = 1) -> Iterator[Dataset]:
    """Yield data sets, each seeded by what it is and its number: a longer study begins with a shorter one.

    Of several pairs x, y each has weights and noises of its own; the conditions, which come last, are the same.
    """
    for k in range(repetitions):
        rng = np.random.default_rng([list(SETTINGS).index(setting), n, depth, k])
        z = rng.standard_normal((n, depth))
        drawn = [SETTINGS[setting](z, dependence, rng) for _ in range(pairs)]
        ends = [replace(c, name=f"{c.name}{i or ''}") for i, columns in enumerate(drawn) for c in columns[:2]]
        yield Dataset((*ends, *drawn[0][2:]), n)
