import numpy as np
from numpy.typing import NDArray

def log_tail(weights: NDArray[np.float64], statistic: float) -> float: ...
