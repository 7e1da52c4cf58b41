"""Files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from causaldisc.errors import DataError


def write(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, flush it to disk, and rename it into place.

    A reader of `path`, or a run killed half-way, sees the old file or the new one, never a part. Devices and
    pipes (/dev/null, a named pipe) cannot be replaced and are written to.

    Raises DataError when the folder does not exist or cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _replace(path.resolve(), content)
    except OSError as error:
        raise DataError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def check(path: Path) -> None:
    """Raise DataError where `write` is bound to fail, which is better known before a long computation."""
    place = path.resolve()
    folder = place.parent
    if place.is_dir():
        raise DataError(f"cannot write {str(path)!r}: it is a directory")
    if not folder.is_dir():
        raise DataError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}; make it with mkdir -p")
    if (place.is_file() or not place.exists()) and not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"cannot write {str(path)!r}: no permission to write into its folder")


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """Return the mode of the file to be replaced, or what the umask gives a new one."""
    if path.exists():
        return path.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
