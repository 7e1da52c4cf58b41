import numpy as np
from numpy.typing import NDArray

def search(
    correlation: NDArray[np.float64],
    pairs: NDArray[np.int32],
    starts: NDArray[np.int32],
    candidates: NDArray[np.int32],
    depth: int,
    threshold: float,
    bounds: NDArray[np.float64],
    sets: NDArray[np.int32],
    separated: NDArray[np.uint8],
    order: NDArray[np.int32] | None,
    stop: NDArray[np.int32],
    done: NDArray[np.int64],
) -> int: ...
def vote(
    correlation: NDArray[np.float64],
    pairs: NDArray[np.int32],
    starts: NDArray[np.int32],
    candidates: NDArray[np.int32],
    middle_starts: NDArray[np.int32],
    middles: NDArray[np.int32],
    depth: int,
    threshold: float,
    bounds: NDArray[np.float64],
    sets: NDArray[np.int32],
    separating: NDArray[np.int64],
    members: NDArray[np.int32],
    order: NDArray[np.int32] | None,
    stop: NDArray[np.int32],
    done: NDArray[np.int64],
) -> int: ...
def marginal(
    correlation: NDArray[np.float64], threshold: float, dependent: NDArray[np.uint8], threads: int
) -> None: ...
