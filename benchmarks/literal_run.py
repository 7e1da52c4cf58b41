"""RUN's network and graph as its released code has them, defects and all, from a description of it; see run.py.

C.-M. Lin et al., "Root cause analysis in microservice using neural Granger causal discovery", AAAI 2024. Kept on
purpose, with the numbers of docs/neural-models.md: sources may be the target itself (1); the edge of least correlation
anywhere is deleted while there is a cycle (2); trend and remainder are split across the variables, not along time (3);
both crops are the whole window (4); the contrastive loss is the mean of the log-softmax over all pairs (5), in slices
of the latent axis (6); forecasts are linear and attention is free of penalties and bounds (7).

What the description leaves open is ours: the moving average repeats the first and last variable beyond the edge; trend
and remainder have an encoder each, whose sum is scaled; a slice's rows are its 32 latent numbers, compared by inner
products over the variables; the last linear map reads all p x 32 decoded numbers; weights start uniform in
+- 1 / sqrt(inputs), attention at 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import numpy as np

WINDOW, LATENT, SLICE, WIDTH = 32, 128, 32, 25
BATCH, EPOCHS, RATE = 128, 50, 1e-3

Arrays = dict[str, np.ndarray]


def across(p: int) -> np.ndarray:
    """The moving average of width 25 over variables, shape (p, p)."""
    m = np.zeros((p, p))
    for i in range(p):
        for step in range(-(WIDTH // 2), WIDTH // 2 + 1):
            m[i, min(max(i + step, 0), p - 1)] += 1 / WIDTH
    return m


def start(p: int, rng: np.random.Generator) -> Arrays:
    def uniform(*shape: int) -> np.ndarray:
        return rng.uniform(-1, 1, shape) / np.sqrt(shape[-1])

    return {
        "trend": uniform(LATENT, WINDOW),
        "remainder": uniform(LATENT, WINDOW),
        "bias": uniform(LATENT),
        "attention": np.ones(p),
        "decoder": uniform(WINDOW, LATENT),
        "decoder_bias": uniform(WINDOW),
        "last": uniform(p * WINDOW),
        "last_bias": np.zeros(1),
        "projector": uniform(LATENT, LATENT),
        "projector_bias": uniform(LATENT),
        "prelu": np.full(1, 0.25),
    }


def encode(w: Arrays, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return latent numbers (B, p, 128) of windows x (B, p, 32), their trend and their remainder."""
    trend = across(x.shape[1]) @ x
    remainder = x - trend
    return trend @ w["trend"].T + remainder @ w["remainder"].T + w["bias"], trend, remainder


def _encoder_gradient(trend: np.ndarray, remainder: np.ndarray, along: np.ndarray) -> Arrays:
    return {
        "trend": np.einsum("bpl,bpk->lk", along, trend, optimize=True),
        "remainder": np.einsum("bpl,bpk->lk", along, remainder, optimize=True),
        "bias": along.sum((0, 1)),
    }


def forecast_loss(w: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
    """Return the mean squared error of the forecasts of one target and its gradient."""
    latent, trend, remainder = encode(w, x)
    share = np.exp(w["attention"] - w["attention"].max())
    share /= share.sum()
    scaled = latent * share[:, None]
    decoded = scaled @ w["decoder"].T + w["decoder_bias"]
    error = decoded.reshape(len(x), -1) @ w["last"] + w["last_bias"] - y
    slope = 2 * error / len(x)
    along_decoded = (slope[:, None] * w["last"]).reshape(decoded.shape)
    along_scaled = along_decoded @ w["decoder"]
    along_share = (along_scaled * latent).sum((0, 2))
    return float(np.mean(error**2)), {
        **_encoder_gradient(trend, remainder, along_scaled * share[:, None]),
        "attention": share * (along_share - share @ along_share),
        "decoder": np.einsum("bpk,bpl->kl", along_decoded, scaled, optimize=True),
        "decoder_bias": along_decoded.sum((0, 1)),
        "last": slope @ decoded.reshape(len(x), -1),
        "last_bias": slope.sum(keepdims=True),
    }


def contrastive_loss(w: Arrays, x: np.ndarray) -> tuple[float, Arrays]:
    """Return minus the mean log-softmax over all pairs, and its gradient along the branch that has one."""
    latent, trend, remainder = encode(w, x)  # of both crops: they are the same window
    sums = latent @ w["projector"].T + w["projector_bias"]
    projected = np.where(sums > 0, sums, w["prelu"] * sums)
    slices = LATENT // SLICE
    one = projected.reshape(*x.shape[:2], slices, SLICE)
    other = latent.reshape(one.shape)
    logits = np.einsum("bpsi,bpsj->bsij", one, other, optimize=True)
    logits -= logits.max(-1, keepdims=True)
    softmax = np.exp(logits)
    softmax /= softmax.sum(-1, keepdims=True)
    value = -float(np.mean(np.log(np.maximum(softmax, 1e-300))))
    along = (softmax - 1 / SLICE) * SLICE / logits.size
    along_one = np.einsum("bsij,bpsj->bpsi", along, other, optimize=True).reshape(sums.shape)
    along_sums = along_one * np.where(sums > 0, 1.0, w["prelu"])
    return value, {
        **_encoder_gradient(trend, remainder, along_sums @ w["projector"]),
        "projector": np.einsum("bpm,bpl->ml", along_sums, latent, optimize=True),
        "projector_bias": along_sums.sum((0, 1)),
        "prelu": np.array([(along_one * np.minimum(sums, 0)).sum()]),
    }


def _adam(w: Arrays, gradients: Iterator[Arrays]) -> None:
    first, second = ({k: np.zeros_like(a) for k, a in w.items()} for _ in range(2))
    for step, gradient in enumerate(gradients, 1):
        for k, g in gradient.items():
            first[k] += 0.1 * (g - first[k])
            second[k] += 0.001 * (g * g - second[k])
            w[k] -= RATE * first[k] / (1 - 0.9**step) / (np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8)


def scores(series: np.ndarray, rng: np.random.Generator, epochs: int = EPOCHS) -> np.ndarray:
    """Return the attention of each target to each source, shape (p, p), of series (p, T)."""
    p, rows = series.shape
    learnt = series[:, : rows * 3 // 4]
    learnt = (learnt - learnt.mean(1, keepdims=True)) / learnt.std(1, keepdims=True)
    x = np.lib.stride_tricks.sliding_window_view(learnt, WINDOW, axis=1)[:, :-1].transpose(1, 0, 2)
    y = learnt[:, WINDOW:]

    def lots() -> Iterator[np.ndarray]:
        for _ in range(epochs):
            order = rng.permutation(len(x))
            yield from order[: len(x) // BATCH * BATCH].reshape(-1, BATCH)

    found = np.empty((p, p))
    for target in range(p):
        w = start(p, rng)
        _adam(w, (contrastive_loss(w, x[lot])[1] for lot in lots()))
        _adam(w, (forecast_loss(w, x[lot], y[target, lot])[1] for lot in lots()))
        found[target] = w["attention"]
    return found


def selected(attention: np.ndarray) -> list[int]:
    """Return the sources of one target before the largest gap in the first half of the list, or only the best."""
    if len(attention) <= 5:
        return np.flatnonzero(attention > 1).tolist()
    order = np.argsort(-attention, kind="stable")
    gaps = -np.diff(attention[order])
    for place in np.argsort(-gaps, kind="stable"):
        if 0 < place < len(attention) // 2:
            return order[: place + 1].tolist()
    return order[:1].tolist()


def graph(attention: np.ndarray, series: np.ndarray) -> tuple[int, nx.DiGraph]:
    """Return how many edges were selected, and what the loop that is to make a DAG of them leaves."""
    made = nx.DiGraph()
    made.add_nodes_from(range(len(attention)))
    for target, row in enumerate(attention):
        made.add_edges_from((source, target) for source in selected(row))
    before = made.number_of_edges()
    correlations = np.corrcoef(series)
    while not nx.is_directed_acyclic_graph(made):
        made.remove_edge(*min(made.edges, key=lambda e: correlations[e]))
    return before, made
