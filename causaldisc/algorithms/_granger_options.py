"""What can be said to `causaldisc granger`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from causaldisc.data import grid, seasons
from causaldisc.data.grid import Aggregate
from causaldisc.data.series_values import Difference
from causaldisc.errors import UsageError
from causaldisc.forecasters import mlp
from causaldisc.forecasters.mlp import Penalty
from causaldisc.options import Options as _Options
from causaldisc.options import opt

AUTO = "auto"
WIDE, SCREENED = 40, 24  # variables beyond which a target has so many sources to choose from


class Model(Enum):
    """What a target is predicted with."""

    MLP = "mlp"
    LINEAR = "linear"
    LSTM = "lstm"
    RUN = "run"


class Indirect(Enum):
    """What becomes of pairs that are taken for indirect."""

    DROP = "drop"
    MARK = "mark"


class Device(Enum):
    """What networks learn on."""

    CPU = "cpu"
    GPU = "gpu"


class Contemporaneous(Enum):
    """How causes within a row are sought."""

    NONE = "none"
    PC = "pc"


@dataclass(frozen=True, kw_only=True)
class Options(_Options):
    """Options of Granger causes."""

    TITLE = "Granger"

    time: str | None = opt(
        None,
        "Column of times (dates, or numbers such as seconds or milliseconds since 1970); without it the rows are in "
        "order and equally far apart.",
        metavar="COLUMN",
    )
    run: str | None = opt(
        None,
        "Column that says which of several series a row is of, as do several files and columns of kind context; no "
        "lag reaches from one to another.",
        metavar="COLUMN",
    )
    resample: str = opt(
        grid.AUTO,
        "Equal steps for rows that are not equally far apart: 'auto' where they are not, 'never', or the step, as in "
        "'30s', '5m' or units of the time column; steps without a row are gaps.",
        metavar="auto|never|STEP",
    )
    aggregate: Aggregate = opt(Aggregate.MEAN, "What stands for the rows of a step when they are resampled.")
    difference: Difference = opt(
        Difference.AUTO,
        "Replace columns by their steps from row to row: all (1), none (0), or 'auto': those that only rise or only "
        "fall, but for resets.",
    )
    deseason: tuple[str, ...] = opt(
        (),
        "Take out what repeats with this period: rows ('24') or, with times, '1d', '12h', '30m', '90s'; may be given "
        "several times.",
        metavar="PERIOD",
    )
    model: Model = opt(
        Model.MLP,
        "What a target is predicted with; mlp: a layer of rectified units; linear: group-lasso autoregression; lstm: a "
        "recurrent network; run: an encoder trained by contrasts, and attention.",
    )
    hidden: int = opt(mlp.HIDDEN, "Units of a target, for mlp.", at_least=1, below=1025)
    penalty: Penalty = opt(
        Penalty.GROUP,
        "What of a source goes at once, for mlp: all its lags (group), each lag, too (sparse-group), or far lags "
        "before near ones (hierarchical).",
    )
    screen: int | None = opt(
        None,
        "Sources that a target may have, for mlp: those that have most to do with it, one by one; 0: all. Without it "
        f"{SCREENED} where there are more than {WIDE} variables.",
        at_least=0,
    )
    device: Device = opt(
        Device.CPU,
        "What mlp learns on; gpu needs PyTorch (pip install 'causaldisc[gpu]'), and gives the same but for rounding.",
    )
    indirect: Indirect = opt(
        Indirect.DROP,
        "For networks: what becomes of pairs that stand, but with gains far below those of others, where a path of "
        "these leads from source to target; drop, or mark.",
    )
    lags: str = opt(AUTO, "How many rows back causes reach; 'auto': by held-out blocks of time.", metavar="auto|K")
    max_lag: int = opt(10, "Most lags that --lags auto tries.", at_least=1, below=1000)
    lambda_: str = opt(
        AUTO,
        "Penalty of a source, for standardised data; 'auto': by held-out blocks of time.",
        metavar="auto|VALUE",
    )
    subsamples: int = opt(
        50, "Halves of the series in which a pair must be found, in 60 of 100.", at_least=2, below=1e5
    )
    fdr: float = opt(0.1, "Largest share of false edges to expect, of those found.", above=0, below=1)
    contemporaneous: Contemporaneous = opt(
        Contemporaneous.NONE,
        "Seek causes within a row, too, by PC on what the past leaves of each variable; they are edges of lag 0.",
    )
    alpha: float = opt(0.05, "For --contemporaneous pc: its level.", above=0, below=1)
    summary: bool = opt(False, "One edge a pair, at its strongest lag; 'lags' has all of them.")
    scores: str | None = opt(
        None, "Write all pairs, edges or not, with weight, gain, frequency, p- and q-value, as TSV.", metavar="FILE"
    )
    seed: int = opt(0, "Seed of networks, subsamples and shifts.", at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        grid.check(self.resample)
        seasons.check(self.deseason)
        if self.lags != AUTO and not (self.lags.isdecimal() and 1 <= int(self.lags) < 1000):
            raise UsageError(f"--lags must be 'auto' or a whole number from 1 to 999, not {self.lags!r}")
        if self.device is Device.GPU and self.model is not Model.MLP:
            raise UsageError(f"--device gpu is for --model mlp, not {self.model.value}")
        if self.lambda_ != AUTO and not self.strength > 0:
            raise UsageError(f"--lambda must be 'auto' or a number above 0, not {self.lambda_!r}")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that are written beside the graph."""
        return () if self.scores is None else (self.scores,)

    @property
    def strength(self) -> float:
        """The penalty that was given; 0 for what is none."""
        try:
            value = float(self.lambda_)
        except ValueError:
            return 0.0
        return value if 0.0 < value < float("inf") else 0.0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are named, for an early word if they are not there."""
        return tuple(name for name in (self.time, self.run) if name is not None)
