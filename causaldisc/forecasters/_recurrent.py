"""Recurrent cells of many targets at once: forecasts, and their gradients by backpropagation through time.

S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), with the forget gate of F. Gers,
J. Schmidhuber, F. Cummins (2000), as A. Tank et al., "Neural Granger causality", IEEE TPAMI 44 (2021), section 4.2,
use it: each target j has a cell of its own, which reads all variables x_t oldest first,

    (i, f, g, o) = W x_t + U h_(t-1) + b,    c_t = s(f) c_(t-1) + s(i) tanh(g),    h_t = s(o) tanh(c_t),

s the logistic function, and forecasts the present by v h_K + d after the last row of a window. Arrays have the targets
first, so that one product serves all of them, and windows last, so that the gates of a row lie together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc._ext import gates

Reals = NDArray[np.floating]  # float32; float64 in checks


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of P targets with H units, reading p variables: `inputs` W (P, 4H, p), `recurrent` U (P, 4H, H),
    `bias` b (P, 4H), `readout` v (P, H), `shift` d (P,); all float32 or all float64. Gradients have the same form."""

    inputs: Reals
    recurrent: Reals
    bias: Reals
    readout: Reals
    shift: Reals

    @property
    def units(self) -> int:
        return int(self.readout.shape[1])

    def arrays(self) -> tuple[Reals, ...]:
        return self.inputs, self.recurrent, self.bias, self.readout, self.shift

    def copy(self) -> Cells:
        return Cells(*(np.array(a) for a in self.arrays()))


@dataclass(frozen=True, eq=False)
class Trace:
    """What a run over K rows of n windows leaves: the four `gates` (P, 4H, K, n) after their functions, the `memory`
    c, `squashed` tanh(c) and `output` h, each (P, H, K, n), and the `forecasts` (P, n)."""

    gates: Reals
    memory: Reals
    squashed: Reals
    output: Reals
    forecasts: Reals


def start(targets: int, variables: int, units: int, rng: np.random.Generator) -> Cells:
    """Return cells with random weights, of a size that keeps sums of inputs near 1, that remember at first."""

    def uniform(*shape: int) -> NDArray[np.float32]:
        return np.asarray(rng.uniform(-1.0, 1.0, shape) / shape[-1] ** 0.5, np.float32)

    bias = np.zeros((targets, 4 * units), np.float32)
    bias[:, units : 2 * units] = 1.0
    return Cells(
        uniform(targets, 4 * units, variables),
        uniform(targets, 4 * units, units),
        bias,
        uniform(targets, units),
        np.zeros(targets, np.float32),
    )


def run(cells: Cells, x: Reals) -> Trace:
    """Return the run over windows x, shape (p, K, n), the oldest row first."""
    variables, rows, n = x.shape
    targets, units = cells.readout.shape
    g = np.matmul(cells.inputs, x.reshape(variables, rows * n)).reshape(targets, 4 * units, rows, n)
    memory, squashed, output = (np.empty((targets, units, rows, n), x.dtype) for _ in range(3))
    for t in range(rows):
        if t:
            g[:, :, t] += cells.recurrent @ output[:, :, t - 1]
        gates.forward(g, cells.bias, memory, squashed, output, t)
    forecasts = (cells.readout[:, None] @ output[:, :, -1])[:, 0] + cells.shift[:, None]
    return Trace(g, memory, squashed, output, forecasts)


def unroll(cells: Cells, trace: Trace, slopes: Reals) -> Reals:
    """Return the slopes of a function along the sums that enter the gates, (P, 4H, K, n), from its slopes along the
    forecasts, (P, n). They replace the gates of the trace, which is used up."""
    back = np.ascontiguousarray(cells.recurrent.transpose(0, 2, 1))
    along_output = cells.readout[:, :, None] * slopes[:, None]
    along_memory = np.zeros_like(along_output)
    for t in range(trace.gates.shape[2] - 1, -1, -1):
        gates.backward(trace.gates, trace.memory, trace.squashed, along_output, along_memory, t)
        if t:
            np.matmul(back, trace.gates[:, :, t], out=along_output)
    return trace.gates


def gradient(cells: Cells, x: Reals, trace: Trace, slopes: Reals) -> Cells:
    """Return the gradient along all weights of a function with these slopes along the forecasts, (P, n). The trace is
    used up."""
    targets, units = cells.readout.shape
    variables, rows, n = x.shape
    readout = (trace.output[:, :, -1] @ slopes[:, :, None])[:, :, 0]
    sums = unroll(cells, trace, slopes)
    flat = sums.reshape(targets, 4 * units, rows * n)
    recurrent = np.zeros_like(cells.recurrent)
    if rows > 1:
        before = trace.output.reshape(targets, units, rows * n)[:, :, :-n]
        recurrent = flat[:, :, n:] @ before.transpose(0, 2, 1)
    inputs = flat @ x.reshape(variables, rows * n).T
    return Cells(inputs, recurrent, np.add.reduce(flat, axis=2), readout, np.add.reduce(slopes, axis=1))


def sensitivities(cells: Cells, x: Reals) -> Reals:
    """Return the derivative of each forecast along each input, shape (P, p, K, n), at windows x, shape (p, K, n)."""
    trace = run(cells, x)
    sums = unroll(cells, trace, np.ones_like(trace.forecasts))
    targets, gates_, rows, n = sums.shape
    along = cells.inputs.transpose(0, 2, 1) @ sums.reshape(targets, gates_, rows * n)
    return along.reshape(targets, x.shape[0], rows, n)
