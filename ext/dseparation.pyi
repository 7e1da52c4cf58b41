import numpy as np
from numpy.typing import NDArray

def separated(
    parent_starts: NDArray[np.int32],
    parents: NDArray[np.int32],
    child_starts: NDArray[np.int32],
    children: NDArray[np.int32],
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    given: NDArray[np.int32],
    out: NDArray[np.uint8],
) -> None: ...
