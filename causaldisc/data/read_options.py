"""The flags of every command that reads data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from causaldisc.errors import UsageError
from causaldisc.options import Options, opt

DEFAULT_MARKERS = (
    "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "*", ".", "-nan", "#N/A",
)  # fmt: skip
# Most files mean "missing" by these, but a few mean a value of its own: worth a word when met.
_DOUBTFUL_MARKERS = frozenset({"?", "*", ".", "None", "-nan", "#N/A"})
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|"}


@dataclass(frozen=True, kw_only=True)
class ReadOptions(Options):
    """How to read a table; whatever is not given is found out from the file."""

    TITLE = "Reading"

    delimiter: str | None = opt(
        None,
        "What separates the cells: a character, or tab, comma, semicolon, pipe, or space (runs of blanks). "
        "Found out when not given.",
        metavar="CHAR",
    )
    decimal: str | None = opt(
        None, "The decimal mark of numbers, '.' or ','. Found out when not given.", metavar="CHAR"
    )
    no_header: bool = opt(False, "The first line is data, not names; the columns are called X1, X2, ...")
    comment: str | None = opt(
        None, "Skip lines that start with this. Without it, only those with '#' at the top.", metavar="TEXT"
    )
    na: str | None = opt(
        None,
        "Markers of missing cells, separated by commas, instead of NA, N/A, NaN, nan, null, NULL, None, "
        "?, *, ., -nan and #N/A. An empty cell is always missing.",
        metavar="MARKERS",
    )
    columns: str | None = opt(
        None,
        "Columns to use, by name or number from 1: 'a,c-f,!id' takes a and c to f but never id; '!id' takes "
        "all others. Put names with a comma or minus in double quotes.",
        metavar="NAMES",
    )
    types: str | None = opt(
        None,
        "Kinds of columns, where they are not what their values suggest: 'sex=discrete,q1-q9=continuous'. "
        "Kinds: continuous, count, discrete, binary, time, context.",
        metavar="NAME=KIND",
    )
    layer: str | None = opt(
        None,
        "The matrix of an .h5ad to read instead of X: 'raw', or a layer by its name; of an .h5, the genome.",
        metavar="NAME",
    )
    drop_constant: bool = opt(False, "Drop columns that are constant or all missing, instead of stopping there.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decimal not in (None, ".", ","):
            raise UsageError(f"--decimal must be '.' or ',', not {self.decimal!r}")
        sep = self.separator
        if sep is not None and (len(sep.encode()) != 1 or sep in '"\r\n'):
            raise UsageError(
                f"--delimiter must be one ASCII character or tab, comma, semicolon, space, pipe; not {sep!r}"
            )
        if self.comment == "":
            raise UsageError("--comment must not be empty; leave it out to keep all lines")

    @cached_property
    def separator(self) -> str | None:
        """The delimiter as the character itself."""
        return None if self.delimiter is None else _DELIMITERS.get(self.delimiter, self.delimiter)

    @cached_property
    def markers(self) -> tuple[str, ...]:
        """What marks a missing cell; always includes the empty cell."""
        return DEFAULT_MARKERS if self.na is None else ("", *(m.strip() for m in self.na.split(",") if m.strip()))

    @cached_property
    def doubtful_markers(self) -> frozenset[str]:
        """The markers that were not asked for and may be values."""
        return _DOUBTFUL_MARKERS if self.na is None else frozenset()
