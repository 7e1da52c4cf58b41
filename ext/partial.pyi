from typing import Any

import numpy as np
from numpy.typing import NDArray

QUESTIONS: dict[str, int]

def tests(
    matrix: NDArray[np.float64],
    rows: int,
    question: str,
    variance: float,
    starts: NDArray[np.int32],
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    given: NDArray[np.int32],
    log_p: NDArray[np.float64],
    statistic: NDArray[np.float64],
    df: NDArray[np.float64],
    effect: NDArray[np.float64],
    verdict: NDArray[np.uint8],
) -> None: ...
def check(columns: int, starts: Any, x: Any, y: Any, given: Any, results: tuple[Any, ...]) -> int: ...
