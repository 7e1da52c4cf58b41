import numpy as np
from numpy.typing import NDArray

def paths(
    gram: NDArray[np.float64],
    cross: NDArray[np.float64],
    eigenvalues: NDArray[np.float64],
    eigenvectors: NDArray[np.float64],
    penalties: NDArray[np.float64],
    factors: NDArray[np.float64],
    tolerance: float,
    most_sweeps: int,
    threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]: ...
