import numpy as np
from numpy.typing import NDArray

def tests(
    codes: NDArray[np.int32],
    levels: NDArray[np.int32],
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    given: NDArray[np.int32],
    pearson: bool,
    df_rule: int,
    min_rows_per_df: float,
    log_p: NDArray[np.float64],
    statistic: NDArray[np.float64],
    df: NDArray[np.float64],
    n: NDArray[np.int64],
    verdict: NDArray[np.uint8],
) -> None: ...
