"""The descent of mlp.py by PyTorch, for a GPU: the same weights to begin with, the same lots, the same steps.

What is computed is what mlp.py and _proximal.py compute, in single precision; sums are taken in another order, so that
results are the same to rounding, which steps carry on, and not to the bit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causaldisc.errors import ComputationError
from causaldisc.forecasters import _proximal

Singles = NDArray[np.float32]


@functools.cache
def device() -> str:
    """Return the GPU; ComputationError, with a remedy, where there is none."""
    try:
        import torch
    except ImportError:
        raise ComputationError(
            "--device gpu needs PyTorch, which is not installed: pip install 'causaldisc[gpu]'"
        ) from None
    if not torch.cuda.is_available():
        raise ComputationError("PyTorch finds no GPU here; leave out --device gpu")
    torch.backends.cuda.matmul.allow_tf32 = False  # ten bits are too few beside what the processor computes
    return "cuda"


def path(
    arrays: Sequence[Singles],
    x: Singles,
    y: Singles,
    others: Singles,
    penalties: Sequence[float],
    steps: Sequence[int],
    lots: Callable[[int], NDArray[np.int64]],
    shrink: Sequence[tuple[float, tuple[int, ...], int]],
    rate: float,
    ridge: float,
    place: str,
) -> Iterator[list[Singles]]:
    """Yield the weights, as mlp.Units has them, after so many `steps` at each penalty.

    `shrink`: of each proximal step its share of the penalty, the axes of a group, and the lag from which on weights are
    in it. `lots(n)` gives the windows of a step. `place`: 'cuda', or 'cpu' to compare.
    """
    import torch

    weights: list[Any] = [torch.tensor(a, device=place) for a in arrays]
    inputs, shifts, readout, level = weights
    targets, hidden = shifts.shape
    seen_all, known_all = torch.tensor(x, device=place), torch.tensor(~np.isnan(y), device=place)
    truth_all = torch.tensor(np.nan_to_num(y), device=place)
    theirs = torch.tensor(others, device=place)
    shared: list[tuple[int, ...]] = [(1, 3), (), (), ()]
    first = [torch.zeros_like(w) for w in weights]
    second = [w.mean(dim=axes, keepdim=True) * 0 if axes else torch.zeros_like(w) for w, axes in zip(weights, shared)]
    done = 0
    for penalty, count in zip(penalties, steps, strict=True):
        for _ in range(count):
            lot = torch.tensor(lots(len(y)), device=place)
            seen = seen_all[lot] if seen_all.ndim == 2 else seen_all[:, lot]
            if seen.ndim == 3:
                read = torch.matmul(seen, inputs.reshape(targets, hidden, -1).transpose(1, 2)).transpose(0, 1)
            else:
                read = (seen @ inputs.reshape(targets * hidden, -1).T).reshape(-1, targets, hidden)
            outputs = torch.relu(read + shifts)
            expected = torch.einsum("nth,th->nt", outputs, readout) + level
            slopes = (expected - truth_all[lot]) * known_all[lot] / len(lot)
            back = slopes[:, :, None] * readout * (outputs > 0)
            whole = back.permute(1, 2, 0) if seen.ndim == 3 else back.reshape(-1, targets * hidden).T
            along = [
                torch.matmul(whole, seen).reshape(inputs.shape) + ridge * (1 - theirs) * inputs,
                back.sum(dim=0),
                torch.einsum("nt,nth->th", slopes, outputs) + ridge * readout,
                slopes.sum(dim=0),
            ]
            done += 1
            lengths = []
            for w, g, m, v, axes in zip(weights, along, first, second, shared, strict=True):
                m += (1 - _proximal.FIRST) * (g - m)
                square = (g * g).mean(dim=axes, keepdim=True) if axes else g * g
                v += (1 - _proximal.SECOND) * (square - v)
                length = rate / (torch.sqrt(v / (1 - _proximal.SECOND**done)) + _proximal.LEAST)
                w -= length * (m / (1 - _proximal.FIRST**done))
                lengths.append(length)
            for share, axes, lag in shrink:
                part = inputs[:, :, :, lag:]
                norms = torch.sqrt((part * part).sum(dim=axes, keepdim=True))
                part *= torch.clamp(1 - share * penalty * theirs * lengths[0] / torch.clamp(norms, min=1e-30), min=0)
        yield [w.cpu().numpy().copy() for w in weights]
