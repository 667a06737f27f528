"""Frames that are drawn: pages of documents, sheets of electrocardiograms."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import DecodeError, ReadError
from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.objects.documents import (
    DOTS_PER_INCH,
    DocumentError,
    PageFormat,
    drawn_page,
    page_format,
)
from surgery_assist.imaging.objects.files import open_elements
from surgery_assist.imaging.objects.waveforms import DOTS_PER_INCH as ECG_DOTS_PER_INCH
from surgery_assist.imaging.objects.waveforms import (
    WaveformError,
    ecg_document,
    recordings_from,
)
from surgery_assist.imaging.records import Instance

ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
ELECTROCARDIOGRAMS: Final = frozenset(
    f"1.2.840.10008.5.1.4.1.1.9.1.{kind}" for kind in (1, 2, 3, 4)
)
_DOCUMENT: Final = 0x00420011
_DOCUMENT_LENGTH: Final = 0x00420015


def document_format(header: Elements) -> PageFormat:
    """Pages of an encapsulated PDF.

    Raises
    ------
    DocumentError
        There is none, or it can't be opened.
    """
    return page_format(_document(header))


def waveform_format(header: Elements) -> PageFormat:
    """Sheets of an electrocardiogram.

    Raises
    ------
    WaveformError
        There is nothing to draw.
    DocumentError
        The sheets can't be drawn.
    """
    return page_format(ecg_document(recordings_from(header)), ECG_DOTS_PER_INCH)


def drawn_frame(instance: Instance, frame: int) -> NDArray[np.uint8]:
    """Draw one frame, RGB, ``(rows, columns, 3)`` uint8.

    Raises
    ------
    DecodeError
        The file has changed or is damaged.
    """
    try:
        header = open_elements(instance.path)
        if instance.source == "document":
            return drawn_page(_document(header), frame, DOTS_PER_INCH)
        return drawn_page(ecg_document(recordings_from(header)), frame, ECG_DOTS_PER_INCH)
    except (DocumentError, WaveformError) as error:
        raise DecodeError("error.decode_failed", detail=str(error)) from error
    except ReadError as error:
        raise DecodeError("error.decode_missing", detail=str(error)) from error


def _document(header: Elements) -> bytes:
    found = header.raw(_DOCUMENT)
    if found is None:
        raise DocumentError("no document")
    data = found[0]
    length = int((header.doubles(_DOCUMENT_LENGTH) or (0.0,))[0])
    return data[:length] if 0 < length <= len(data) else data
