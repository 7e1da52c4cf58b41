import numpy as np
from numpy.typing import NDArray

def of_pairs(
    pairs: NDArray[np.int32],
    forbidden: NDArray[np.uint8] | None,
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
) -> int: ...
