import numpy as np
from numpy.typing import NDArray

def marked(mask: NDArray[np.uint8]) -> NDArray[np.int32]: ...
def of_pairs(
    pairs: NDArray[np.int32],
    forbidden: NDArray[np.uint8] | None,
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
) -> int: ...
