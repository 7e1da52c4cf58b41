"""Services that call one another: who calls whom, how often, and what is normal for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.graph import Graph, GraphKind, Mark, Node

METRICS = ("traffic", "cpu", "memory", "latency", "errors")
LAGS = (1, 2, 3)
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Services:
    """Services, the front end first; arrays have the shape (services,), and `shares[lag]`, `waits[lag]`, `fails[lag]`
    (caller, called): calls sent per call received, part of the called one's latency and of its errors that arrive.

    `traffic` (req/s), `use` (share of the cpu), `memory` (bytes), `latency` (ms): what is normal. `base` (ms): what a
    service takes by itself when idle; `timeout` (ms); `error_rate`: mean of the background.
    """

    names: tuple[str, ...]
    shares: dict[int, Floats]
    waits: dict[int, Floats]
    fails: dict[int, Floats]
    traffic: Floats
    use: Floats
    memory: Floats
    base: Floats
    latency: Floats
    timeout: Floats
    error_rate: Floats

    def own_latency(self, cpu: Floats) -> Floats:
        """Return what a service takes by itself with this cpu (%), in ms."""
        used = np.minimum(cpu / 100.0, 0.9)
        return np.asarray(self.base * (1.0 + 2.0 * used**2 / (1.0 - used)), np.float64)

    def called(self) -> list[tuple[int, int, int]]:
        """Return caller, called and lag of every pair."""
        return sorted((int(u), int(v), lag) for lag in LAGS for u, v in np.argwhere(self.shares[lag] > 0))

    def calls(self) -> Graph:
        """Return who calls whom: an edge from the caller to the called."""
        graph = Graph([Node(name, {"type": "service"}) for name in self.names], GraphKind.DAG)
        for caller, called, _ in self.called():
            graph.add_edge(caller, called, Mark.TAIL, Mark.ARROW)
        return graph

    def links(self, kept: Iterable[str]) -> list[tuple[int, int, int]]:
        """Return source, target and lag between metrics, numbered service by service; `kept`: those with a memory."""
        place = {name: i for i, name in enumerate(METRICS)}

        def number(service: int, metric: str) -> int:
            return len(METRICS) * service + place[metric]

        inside = [("traffic", "cpu"), ("traffic", "memory"), ("cpu", "latency"), ("latency", "memory"),
                  ("latency", "errors"), ("errors", "traffic"), ("memory", "cpu"), *((m, m) for m in kept)]  # fmt: skip
        found = [(number(s, a), number(s, b), 1) for s in range(len(self.names)) for a, b in inside]
        for caller, called, lag in self.called():
            found.append((number(caller, "traffic"), number(called, "traffic"), lag))
            found += [(number(called, m), number(caller, m), lag) for m in ("latency", "errors")]
        return found


def services(count: int, rng: np.random.Generator) -> Services:
    """Return random services: each but the front end is called by one or two of those before it."""
    lag_of, calls = np.zeros((count, count), np.int64), np.zeros((count, count))
    for called in range(1, count):
        callers = rng.permutation(called)[: 1 + int(rng.random() < 0.4)]
        for caller in callers.tolist():
            lag_of[caller, called] = int(rng.integers(1, 4))
            calls[caller, called] = rng.uniform(0.3, 1.2)
    arrive = np.where(calls > 0, rng.uniform(0.3, 0.8, calls.shape), 0.0)
    traffic = np.zeros(count)
    traffic[0] = 200.0
    for called in range(1, count):
        traffic[called] = calls[:, called] @ traffic
    base, use = rng.uniform(5.0, 60.0, count), rng.uniform(0.08, 0.3, count)
    memory = 2.0 ** rng.uniform(27.0, 32.0, count)
    latency = np.zeros(count)
    waits = np.minimum(calls, 1.0)
    used = use + 0.03
    for caller in range(count - 1, -1, -1):
        own = base[caller] * (1.0 + 2.0 * used[caller] ** 2 / (1.0 - used[caller]))
        latency[caller] = own + waits[caller] @ latency
    timeout = latency * rng.uniform(1.5, 2.5, count)
    error_rate = np.where(rng.permutation(count) % 2 == 0, 0.0, rng.uniform(0.002, 0.01, count))
    others = rng.permutation(count - 1) + 1  # so that a name says nothing of the place
    names = ("front", *(f"svc{number}" for number in others.tolist()))

    def split(a: Floats) -> dict[int, Floats]:
        return {lag: np.where(lag_of == lag, a, 0.0) for lag in LAGS}

    of_calls = split(calls), split(waits), split(arrive)
    return Services(names, *of_calls, traffic, use, memory, base, latency, timeout, error_rate)
