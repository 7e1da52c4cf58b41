import numpy as np
from numpy.typing import NDArray

def fisher_z(
    correlation: NDArray[np.float64],
    rows: int,
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    given: NDArray[np.int32],
    log_p: NDArray[np.float64],
    statistic: NDArray[np.float64],
    verdict: NDArray[np.uint8],
) -> None: ...
