"""Metrics of services that call one another, and a fault in one of them whose effects go back to the callers.

Services are called from the front end down; each has five metrics, in units of their own:

    traffic   req/s   (1)  what its callers send it, with repeated calls for those that failed
    cpu       %       (2)  idle + use x traffic / mean traffic
    memory    bytes   (3)  base + share x traffic, and requests that wait
    latency   ms      (4)  base x (1 + 2 u^2 / (1 - u)) with u = cpu, and the latencies of the services it calls
    errors    share   (5)  a background in every second service, timeouts of what is slow, and errors of the called

Every value follows its causes after one row, what comes from another service after one to three; traffic, cpu, memory
and latency keep a part of their last value. The load of the front end follows the day, an autoregression and flash
crowds, and moves everything. A fault changes a mechanism from its row on, loss two of one service:

    cpu       root: cpu, 15 to 40 points more       delay   root: latency, what is its own takes 0.5 to 2 times longer
    memory    root: memory, a leak, at the end one   loss    root: errors, 4 to 15 of 100 calls; repeating them makes
              to two times what is normal more; a            the service a third slower
              full memory costs cpu

The mean response time of M/G/1 queues gave (4) its form (L. Kleinrock, "Queueing Systems", 1975); the rest is chosen so
that what a fault does downstream may be larger than the fault, in units and in spreads. Errors below 0.0005 are written
as 0: such columns do not vary until the fault. The truth holds the lagged edges; its root node says `root`, `fault` and
`injected_row` (from 1), and `injected_at` (ISO), every node its `service`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column
from causaldisc.errors import UsageError
from causaldisc.graph import Graph, GraphKind, Mark, Node
from causaldisc.options import Options as _Options
from causaldisc.options import opt
from causaldisc.simulate._services import METRICS, Services, services
from causaldisc.simulate.base import Simulated

HAS_CALLS = True
Floats = NDArray[np.float64]
_START = datetime(2026, 1, 5, tzinfo=UTC)
_SMALLEST_ERROR = 0.0005
_KEEP = {"traffic": 0.2, "cpu": 0.5, "memory": 0.9, "latency": 0.3}
_NOISE = {"traffic": 0.03, "cpu": 0.06, "memory": 0.01, "latency": 0.08}


class Fault(Enum):
    """What goes wrong."""

    ANY = "any"
    CPU = "cpu"
    MEMORY = "memory"
    DELAY = "delay"
    LOSS = "loss"


ROOTS = {Fault.CPU: "cpu", Fault.MEMORY: "memory", Fault.DELAY: "latency", Fault.LOSS: "errors"}


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Services and their fault."""

    TITLE = "Faults"

    services: int = opt(8, "Number of services; five metrics each.", at_least=2, below=1000)
    rows: int = opt(1000, "Number of rows, in order of time.", at_least=20, below=1e7)
    cadence: float = opt(60.0, "Seconds between two rows.", above=0)
    inject: int | None = opt(
        None, "Row, from 1, at which the fault begins; without it, after six tenths of the rows.", at_least=2
    )
    fault: Fault = opt(Fault.ANY, "What goes wrong.")
    strength: float = opt(1.0, "Factor of how much goes wrong; 0: nothing.", at_least=0)
    missing: float = opt(0.0005, "Share of cells that are lost one by one.", at_least=0, below=1)
    outages: int = opt(2, "How many times all metrics of a service are lost for some rows.", at_least=0)
    burn_in: int = opt(200, "Rows that are thrown away at the start.", at_least=0)


@dataclass(frozen=True)
class Injected:
    """A fault: kind, service by number, row after the burn-in from 0, and how much."""

    fault: Fault
    service: int
    row: int
    size: float


def generate(options: Options, rng: np.random.Generator) -> Simulated:
    """Return a column of times and the metrics, the lagged graph that made them, and who calls whom.

    Raises UsageError for a fault after the last row.
    """
    row = options.inject - 1 if options.inject is not None else round(0.6 * options.rows)
    if row >= options.rows:
        raise UsageError(f"--inject {row + 1} is after the last of --rows {options.rows}")
    made = services(options.services, rng)
    kinds = list(ROOTS)
    drawn = kinds[int(rng.integers(len(kinds)))]
    fault = drawn if options.fault is Fault.ANY else options.fault
    low, high = {Fault.CPU: (15, 40), Fault.MEMORY: (0.5, 1), Fault.DELAY: (0.5, 2), Fault.LOSS: (0.04, 0.15)}[fault]
    size = options.strength * float(rng.uniform(low, high))
    injected = Injected(fault, int(rng.integers(options.services)), row, size)
    values = _run(options, made, injected, rng)[:, :, options.burn_in :]
    flat = values.transpose(1, 0, 2).reshape(-1, options.rows)
    _lose(flat, options, rng)
    names = [f"{service}_{metric}" for service in made.names for metric in METRICS]
    seconds = np.asarray(_START.timestamp() + options.cadence * np.arange(options.rows), np.float64)
    columns = [continuous_column(name, row) for name, row in zip(names, flat, strict=True)]
    data = Dataset((Column("time", ColumnKind.TIME, seconds), *columns), options.rows)
    at = (_START + timedelta(seconds=options.cadence * row)).isoformat().replace("+00:00", "Z")
    root = f"{made.names[injected.service]}_{ROOTS[fault]}"
    facts: dict[str, object] = {"root": root, "fault": fault.value, "injected_row": row + 1, "injected_at": at}
    facts["sli"] = f"{made.names[0]}_latency"
    truth = _truth(made, root, facts)
    return Simulated(data, truth, calls=made.calls(), facts=facts)


# ---- values


def load(rows: int, cadence: float, rng: np.random.Generator) -> Floats:
    """Return the load of the front end, of mean about 1; shape (rows,)."""
    day = 0.25 * np.sin(2 * np.pi * (cadence * np.arange(rows) / 86400.0 + rng.random()))
    slow = np.empty(rows)
    level = 0.0
    for t, step in enumerate(0.02 * rng.standard_normal(rows)):
        level = 0.98 * level + step
        slow[t] = level
    crowds = np.zeros(rows)
    for start in np.flatnonzero(rng.random(rows) < 0.002).tolist():
        height, tail = rng.uniform(0.15, 0.5), np.arange(rows - start)
        crowds[start:] += height * np.exp(-tail / 20.0)
    return np.asarray(np.exp(day + slow + crowds), np.float64)


def _run(options: Options, made: Services, injected: Injected, rng: np.random.Generator) -> Floats:
    """Return all values, burn-in included; shape (metrics, services, burn-in + rows)."""
    total, p = options.burn_in + options.rows, options.services
    outside = made.traffic[0] * load(total, options.cadence, rng)
    noise = {m: s * rng.standard_normal((total, p)) for m, s in _NOISE.items()}
    # Latencies have a heavy tail: now and then a row is slow for no reason.
    noise["latency"] *= np.where(rng.random((total, p)) < 0.02, 3.0, 1.0)
    background = made.error_rate * rng.gamma(4.0, 0.25, (total, p))
    x = np.zeros((5, p, total))
    traffic, cpu, memory, latency, errors = x
    start = 3
    traffic[:, :start], cpu[:, :start] = made.traffic[:, None], 100 * made.use[:, None]
    memory[:, :start], latency[:, :start] = made.memory[:, None], made.latency[:, None]
    for t in range(start, total):
        wrong = _wrong(options, injected, t)
        sent = sum((made.shares[k].T @ traffic[:, t - k] for k in (1, 2, 3)), np.zeros(p))
        sent[0] = outside[t]
        goal = sent * (1.0 + 0.5 * errors[:, t - 1])  # (1)
        traffic[:, t] = _follow("traffic", traffic[:, t - 1], goal, noise, t)
        at = injected.service
        full = np.maximum(memory[:, t - 1] / made.memory - 1.3, 0.0)
        goal = 3.0 + 100 * made.use * traffic[:, t - 1] / made.traffic + 30.0 * full  # (2)
        goal[at] += wrong.get(Fault.CPU, 0.0)
        cpu[:, t] = np.clip(_follow("cpu", cpu[:, t - 1], goal, noise, t), 0.0, 100.0)
        waiting = np.clip(latency[:, t - 1] / made.latency - 1.0, 0.0, 5.0)
        goal = made.memory * (0.8 + 0.2 * traffic[:, t - 1] / made.traffic + 0.05 * waiting)  # (3)
        goal[at] += made.memory[at] * wrong.get(Fault.MEMORY, 0.0)
        memory[:, t] = _follow("memory", memory[:, t - 1], goal, noise, t)
        own = made.own_latency(cpu[:, t - 1])
        own[at] *= (1.0 + wrong.get(Fault.DELAY, 0.0)) * (1.33 if wrong.get(Fault.LOSS) else 1.0)
        called = sum((made.waits[k] @ latency[:, t - k] for k in (1, 2, 3)), np.zeros(p))
        latency[:, t] = _follow("latency", latency[:, t - 1], own + called, noise, t)  # (4)
        late = np.clip(0.05 * (latency[:, t - 1] / made.timeout - 1.0), 0.0, 0.5)
        failed = sum((made.fails[k] @ errors[:, t - k] for k in (1, 2, 3)), np.zeros(p))
        rate = background[t] + late + failed  # (5)
        rate[at] += wrong.get(Fault.LOSS, 0.0) * rng.gamma(8.0, 0.125)
        errors[:, t] = np.where(rate < _SMALLEST_ERROR, 0.0, np.minimum(rate, 1.0))
    return x


def _follow(metric: str, last: Floats, goal: Floats, noise: dict[str, Floats], t: int) -> Floats:
    """Return the part of the last value that is kept, and the rest on the way to the goal."""
    keep = _KEEP[metric]
    followed: Floats = (keep * last + (1.0 - keep) * goal) * np.exp((1.0 - keep) * noise[metric][t])
    return followed


def _wrong(options: Options, injected: Injected, t: int) -> dict[Fault, float]:
    """Return how much is wrong in a row: a leak grows until the last row, the rest is there at once."""
    since = t - options.burn_in - injected.row
    if since < 0:
        return {}
    if injected.fault is Fault.MEMORY:
        return {Fault.MEMORY: injected.size * (since + 1) / max(0.5 * (options.rows - injected.row), 1.0)}
    return {injected.fault: injected.size}


def _lose(flat: Floats, options: Options, rng: np.random.Generator) -> None:
    """Make cells NaN: one by one, and all five metrics of a service for one to eight rows."""
    flat[rng.random(flat.shape) < options.missing] = np.nan
    for _ in range(options.outages):
        service, first = int(rng.integers(options.services)), int(rng.integers(options.rows))
        flat[5 * service : 5 * service + 5, first : first + int(rng.integers(1, 9))] = np.nan


# ---- truth


def _truth(made: Services, root: str, facts: dict[str, object]) -> Graph:
    known = {k: v for k, v in facts.items() if k not in ("root", "sli") and isinstance(v, str | int)}
    nodes = [
        Node(
            f"{service}_{metric}",
            {"type": "continuous", "service": service}
            | ({"root": True, **known} if f"{service}_{metric}" == root else {}),
        )
        for service in made.names
        for metric in METRICS
    ]
    graph = Graph(nodes, GraphKind.LAGGED)
    for source, target, lag in sorted(made.links(_KEEP)):
        graph.add_edge(source, target, Mark.TAIL, Mark.ARROW, lag)
    return graph
