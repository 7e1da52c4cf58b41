"""The flags of what stands for the rows of the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from causaldisc.context import Context
from causaldisc.data import covariance, reading
from causaldisc.data.dataset import Dataset
from causaldisc.data.read_options import ReadOptions
from causaldisc.errors import UsageError
from causaldisc.options import Options, opt


@dataclass(frozen=True, kw_only=True)
class MatrixOptions(Options):
    """What stands for the rows: a matrix in place of the data, or the correlations of a file too large for memory."""

    TITLE = "Reading"

    covariance: int | None = opt(
        None,
        "DATA is a covariance or correlation matrix, whole or one triangle, of this many rows.",
        metavar="ROWS",
    )
    chunk_rows: int | None = opt(
        None,
        "Read DATA about so many rows at a time, and keep their correlations only: for Fisher's z on files larger than "
        "memory. Columns must be numbers; rows with a missing cell are left out.",
        metavar="ROWS",
        at_least=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.covariance is not None and self.chunk_rows is not None:
            raise UsageError("--covariance and --chunk-rows exclude each other: a matrix is small")

    @property
    def stands_for_rows(self) -> bool:
        return self.covariance is not None or self.chunk_rows is not None

    def read(self, data: str, options: ReadOptions, context: Callable[[], Context]) -> Dataset:
        """Return the data of a file, or what is known of those that it stands for."""
        if self.covariance is not None:
            return covariance.read(data, self.covariance, options)
        if self.chunk_rows is not None:
            from causaldisc.data import streaming

            return streaming.read(data, self.chunk_rows, options, context())
        return reading.read(data, options)
