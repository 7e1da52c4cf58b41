import numpy as np
from numpy.typing import NDArray

class Residuals:
    def __init__(
        self,
        rows: int,
        starts: NDArray[np.int64],
        places: NDArray[np.int32],
        values: NDArray[np.float32] | NDArray[np.float64],
        ends: NDArray[np.uint64],
        givens: NDArray[np.uint64],
        degree: int,
        fewest: int,
    ) -> None: ...
    def tests(
        self,
        x: NDArray[np.int32],
        y: NDArray[np.int32],
        given: NDArray[np.int32],
        log_p: NDArray[np.float64],
        statistic: NDArray[np.float64],
        effect: NDArray[np.float64],
        n: NDArray[np.int64],
        verdict: NDArray[np.uint8],
    ) -> None: ...
    def conclude(
        self,
        total: NDArray[np.float64],
        of_x: NDArray[np.float64],
        of_y: NDArray[np.float64],
        squares: NDArray[np.float64],
        log_p: NDArray[np.float64],
        statistic: NDArray[np.float64],
        effect: NDArray[np.float64],
        n: NDArray[np.int64],
        verdict: NDArray[np.uint8],
        depth: int,
        rank: int,
        correction: float,
    ) -> None: ...
