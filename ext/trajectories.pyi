import numpy as np
from numpy.typing import NDArray

def permuted(a: NDArray[np.float64], b: NDArray[np.float64], orders: NDArray[np.int32]) -> NDArray[np.float64]: ...
def flipped(
    a: NDArray[np.float64],
    places: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    signs: NDArray[np.float64],
    rate: float,
) -> NDArray[np.float64]: ...
