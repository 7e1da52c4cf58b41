"""Files that are no table of text or columns: say what they are and how to make one."""

from __future__ import annotations

import re

from causaldisc.errors import DataError

_TO_CSV = "save it as CSV"
_FROM_PYTHON = "write it as CSV, e.g. with pandas.DataFrame(...).to_csv(..., index=False)"
_FROM_R = "write it as CSV in R with write.csv(..., row.names = FALSE)"

# Pattern at the very start of the file -> what it is, and what to do.
_SIGNATURES: dict[bytes, tuple[str, str]] = {
    rb"PK\x03\x04(?s:.){26}(\[Content_Types\]|_rels/|xl/|docProps/)": ("an Excel workbook", _TO_CSV),
    rb"PK\x03\x04(?s:.){26}mimetype": ("an OpenDocument file", _TO_CSV),
    rb"PK\x03\x04(?s:.){26}[^\x00]*\.npy": ("a NumPy archive (.npz)", _FROM_PYTHON),
    rb"PK(\x03\x04|\x05\x06)": (
        "a zip archive",
        "unpack it, or pipe it in: unzip -p FILE | causaldisc ... -",
    ),
    rb"\xd0\xcf\x11\xe0": ("an old Excel workbook (.xls)", _TO_CSV),
    rb"\x93NUMPY": ("a NumPy array (.npy)", _FROM_PYTHON),
    rb"\x80[\x02-\x05]": ("a Python pickle", _FROM_PYTHON),
    rb"CDF[\x01\x02\x05]": ("a NetCDF file", _FROM_PYTHON),
    rb"MATLAB 5.0": ("a MATLAB file", "write it as CSV in MATLAB with writetable"),
    rb"RD[AX][23]\n|[XA]\n\x00\x00\x00[\x02\x03]": ("R data (.rds, .RData)", _FROM_R),
    rb"\$FL[23]": ("an SPSS file (.sav)", _TO_CSV),
    rb"<stata_dta>": ("a Stata file (.dta)", "save it as CSV in Stata with export delimited"),
    rb"Obj\x01": ("an Avro file", _TO_CSV),
    rb"SQLite format 3\x00": (
        "an SQLite database",
        "export the table: sqlite3 -header -csv FILE 'select ...'",
    ),
    rb"%PDF-": ("a PDF document", "copy the table into a CSV file"),
    rb"7z\xbc\xaf\x27\x1c|Rar!|(?s:.){257}ustar": ("an archive", "unpack it and give the data file in it"),
    rb"\s*(<!DOCTYPE|<html|<\?xml|<HTML)": (
        "a web page or XML",
        "download or export the table itself as CSV",
    ),
    rb"\s*[\[{]\s*[\[{\"]": ("JSON", "write it as CSV, e.g. with jq -r '... | @csv'"),
    rb"\s*(%[^\n]*\n\s*)*@(?i:relation)\s": ("an ARFF file", "write it as CSV with a header of names"),
}


def refuse(content: bytes, label: str) -> None:
    """Raise DataError when the content is of a known other format, or binary, with the way to convert it."""
    for pattern, (what, remedy) in _SIGNATURES.items():
        if re.match(pattern, content):
            raise DataError(f"{label} is {what}, not a table of text or Parquet; {remedy}")
    if b"\0" in content[: 1 << 16] and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{label} is binary, in no format known here; give UTF-8 text (CSV, TSV) or Parquet")
