import numpy as np
from numpy.typing import NDArray

class Cells:
    def __init__(self, numbers: NDArray[np.float64], codes: NDArray[np.int32], levels: NDArray[np.int32]) -> None: ...
    def tests(
        self,
        x: NDArray[np.int32],
        y: NDArray[np.int32],
        given: NDArray[np.int32],
        log_p: NDArray[np.float64],
        statistic: NDArray[np.float64],
        df: NDArray[np.float64],
        effect: NDArray[np.float64],
        n: NDArray[np.int64],
        verdict: NDArray[np.uint8],
    ) -> None: ...
