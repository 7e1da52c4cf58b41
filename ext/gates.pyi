from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)

def forward(
    gates: NDArray[Real],
    bias: NDArray[Real],
    memory: NDArray[Real],
    squashed: NDArray[Real],
    output: NDArray[Real],
    row: int,
) -> None: ...
def backward(
    gates: NDArray[Real],
    memory: NDArray[Real],
    squashed: NDArray[Real],
    along_output: NDArray[Real],
    along_memory: NDArray[Real],
    row: int,
) -> None: ...
