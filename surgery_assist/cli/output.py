"""Results: JSON on stdout or in a file, files whole or not at all."""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from surgery_assist.errors import OutputError


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file beside its place and move it there when it is complete.

    Raises
    ------
    OutputError
        The folder does not exist or can't be written to, or the disk is full.
    """
    temporary: str | None = None
    try:
        if path.is_dir():
            raise IsADirectoryError(path)
        handle, temporary = tempfile.mkstemp(suffix=path.suffix, dir=path.parent)
        os.close(handle)
        write(Path(temporary))
        # What mkstemp makes is private to the user; results have the usual permissions.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        detail = error.strerror or type(error).__name__
        raise OutputError("error.not_written", path=str(path), detail=detail) from error


def require_writable(path: Path) -> None:
    """Complain about a place for a result before the work that leads to it.

    Raises
    ------
    OutputError
        Its folder is missing or can't be written to.
    """
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise OutputError("error.not_written", path=str(path), detail="no such folder or no access")


def as_json(value: object) -> str:
    """Readable JSON, letters as they are."""
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)


def emit_json(value: object, path: Path | None) -> None:
    """To a file, or to stdout.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    text = as_json(value)
    if path is None:
        print(text)
    else:
        write_whole(path, lambda place: _write_text(place, text + "\n"))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
