import numpy as np
from numpy.typing import NDArray

def forward(
    gates: NDArray[np.floating],
    bias: NDArray[np.floating],
    memory: NDArray[np.floating],
    squashed: NDArray[np.floating],
    output: NDArray[np.floating],
    row: int,
) -> None: ...
def backward(
    gates: NDArray[np.floating],
    memory: NDArray[np.floating],
    squashed: NDArray[np.floating],
    along_output: NDArray[np.floating],
    along_memory: NDArray[np.floating],
    row: int,
) -> None: ...
