"""The bytes of an input: a file, a pipe, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from causaldisc.errors import DataError


def label(source: str) -> str:
    """Return what messages call a source."""
    return "standard input" if source == "-" else source


def load(source: str) -> bytes:
    """Return the bytes of a file, or of standard input when the source is '-'.

    They are read, not mapped: a file that shrinks while it is mapped kills the process, and the checksum must
    be that of the bytes that were parsed.

    Raises DataError when there is nothing to read, and says why.
    """
    if not source:
        raise DataError("the name of a file is empty; is a variable of the shell not set?")
    with _reasons(source):
        return _filled(_given().read(), label(source)) if source == "-" else _file(source)


@contextmanager
def opened(source: str) -> Iterator[IO[bytes]]:
    """Give the bytes of a file, or of standard input when the source is '-', to be read in pieces.

    Raises DataError as `load` does.
    """
    if not source:
        raise DataError("the name of a file is empty; is a variable of the shell not set?")
    with _reasons(source):
        if source == "-":
            yield _given()
            return
        _refuse_folder(source)
        with open(source, "rb", buffering=0) as stream:
            yield stream


def text(source: str) -> str:
    """Return the text of a file, or of standard input when the source is '-': UTF-8, with or without a mark.

    Raises DataError when there is nothing to read, or it is not UTF-8.
    """
    try:
        return load(source).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{label(source)}: byte {error.start + 1} is not UTF-8; save it as UTF-8") from None


def _given() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.closed:
        raise DataError("standard input is closed; give a file, or pipe data in")
    if sys.stdin.isatty():
        raise DataError("standard input is a terminal; give a file, or pipe data in")
    return sys.stdin.buffer


def _file(source: str) -> bytes:
    _refuse_folder(source)
    return _filled(Path(source).read_bytes(), source)


def _refuse_folder(source: str) -> None:
    if os.path.isdir(source):
        raise DataError(f"{source} is a directory; name a file in it")


@contextmanager
def _reasons(source: str) -> Iterator[None]:
    """Turn what the system says about a source that cannot be read into a DataError."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"there is no file {source}{_neighbour(source)}") from None
    except PermissionError:
        raise DataError(f"no permission to read {source}; see: ls -l {source}") from None
    except OSError as error:
        raise DataError(f"cannot read {label(source)}: {error.strerror or error}") from error


def _filled(raw: bytes, name: str) -> bytes:
    if not raw:
        raise DataError(f"{name} is empty (0 bytes); did the step that writes it fail?")
    return raw


def _neighbour(source: str) -> str:
    """Return a hint at a file of nearly the same name, or nothing."""
    import difflib

    folder = Path(source).parent
    names = sorted(os.listdir(folder)) if folder.is_dir() and os.access(folder, os.R_OK) else []
    close = difflib.get_close_matches(Path(source).name, names, n=1, cutoff=0.75)
    return f"; did you mean {folder / close[0]}?" if close else ""
