import numpy as np
from numpy.typing import NDArray

def at_least_as_large(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    starts: NDArray[np.int32],
    lx: int,
    ly: int,
    pearson: bool,
    permutations: int,
    seed: int,
) -> int: ...
