import numpy as np
from numpy.typing import NDArray

def instructions() -> int: ...

class Tables:
    form: int
    def __init__(
        self,
        codes: NDArray[np.int32],
        levels: NDArray[np.int32],
        pearson: bool,
        df_rule: int,
        min_rows_per_df: float,
        way: int = 0,
        form: int = -1,
        merge: bool = True,
    ) -> None: ...
    @property
    def distinct(self) -> int: ...
    def seconds_per_test(self, depth: int) -> float: ...
    def tests(
        self,
        x: NDArray[np.int32],
        y: NDArray[np.int32],
        given: NDArray[np.int32],
        log_p: NDArray[np.float64],
        statistic: NDArray[np.float64],
        df: NDArray[np.float64],
        n: NDArray[np.int64],
        verdict: NDArray[np.uint8],
    ) -> None: ...
    def marginal(
        self,
        log_alpha: float,
        dependent: NDArray[np.uint8],
        too_few: NDArray[np.uint8],
        order: NDArray[np.int32] | None,
        stop: NDArray[np.int32],
        done: NDArray[np.int64],
    ) -> None: ...
    def search(
        self,
        pairs: NDArray[np.int32],
        starts: NDArray[np.int32],
        candidates: NDArray[np.int32],
        depth: int,
        log_alpha: float,
        scores: NDArray[np.float64],
        sets: NDArray[np.int32],
        separated: NDArray[np.uint8],
        improved: NDArray[np.uint8],
        insufficient: NDArray[np.int64],
        order: NDArray[np.int32] | None,
        stop: NDArray[np.int32],
        done: NDArray[np.int64],
    ) -> int: ...
    def vote(
        self,
        pairs: NDArray[np.int32],
        starts: NDArray[np.int32],
        candidates: NDArray[np.int32],
        middle_starts: NDArray[np.int32],
        middles: NDArray[np.int32],
        depth: int,
        log_alpha: float,
        scores: NDArray[np.float64],
        sets: NDArray[np.int32],
        separating: NDArray[np.int64],
        members: NDArray[np.int64],
        improved: NDArray[np.uint8],
        insufficient: NDArray[np.int64],
        order: NDArray[np.int32] | None,
        stop: NDArray[np.int32],
        done: NDArray[np.int64],
    ) -> int: ...
