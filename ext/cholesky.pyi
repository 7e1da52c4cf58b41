import numpy as np
from numpy.typing import NDArray

def pivoted(block: NDArray[np.float64], tolerance: float) -> tuple[NDArray[np.intp], NDArray[np.float64]]: ...
