"""A whole object file as lenient elements."""

import os
from pathlib import Path

from surgery_assist.errors import ReadError
from surgery_assist.imaging.archives import open_file
from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.quiet import quiet_pydicom

MAX_OBJECT_BYTES = 512 << 20
"""Larger objects without pixels are not read."""


def open_elements(path: Path) -> Elements:
    """Everything in a file but its pixels.

    Raises
    ------
    ReadError
        It can't be read or is beyond all reason.
    """
    quiet_pydicom()
    from pydicom.filereader import dcmread  # noqa: PLC0415  (start-up time)

    try:
        with open_file(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            if size <= MAX_OBJECT_BYTES:
                return Elements(dcmread(file, stop_before_pixels=True, force=True))
    except OSError as error:
        raise ReadError("error.object_unreadable", detail=error.strerror or "") from error
    except Exception as error:  # pydicom raises whatever a broken file makes it raise
        raise ReadError("error.object_unreadable", detail=type(error).__name__) from error
    raise ReadError("error.object_unreadable", detail="too large")
