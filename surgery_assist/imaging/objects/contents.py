"""What an object's file says, as plain values: what worker processes do for `ObjectReader`.

pydicom takes objects apart only here, so that a hostile one can't hold up or end the program.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from surgery_assist.imaging.isolation.values import from_plain
from surgery_assist.imaging.objects.files import open_elements
from surgery_assist.imaging.objects.overlays import OverlayBitmap, overlay_bitmaps
from surgery_assist.imaging.objects.presentations import presentation_file
from surgery_assist.imaging.objects.reports import report_from
from surgery_assist.imaging.objects.segmentations import SegmentationFile, segmentation_file
from surgery_assist.imaging.objects.structures import Structure, structures_from
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.records import Instance
from surgery_assist.model.annotations import Presentation, Report

Contents = Literal["report", "segmentation", "structures", "presentation", "overlays"]
Found = Report | SegmentationFile | Structure | Presentation | OverlayBitmap


def contents(
    what: Contents, path: Path, reader: FrameReader, arguments: Sequence[Any]
) -> tuple[Found, ...]:
    """Read one file.

    Parameters
    ----------
    what
        ``presentation`` takes an instance's UID, the frame (from 0), rows and columns, and
        gives nothing when the state is not about that frame; ``overlays`` takes the instance as
        `to_plain` makes it, and the frame. The others take nothing.
    reader
        For overlays that lie in pixels.

    Raises
    ------
    ReadError
        It can't be read.
    HeaderError
        A segmentation holds no masks.
    """
    if what == "overlays":
        plain, frame = arguments
        return overlay_bitmaps(from_plain(Instance, plain), int(frame), reader)
    header = open_elements(path)
    match what:
        case "report":
            return (report_from(header),)
        case "segmentation":
            return (segmentation_file(path, header),)
        case "structures":
            return structures_from(header)
        case "presentation":
            uid, frame, rows, columns = arguments
            shown = presentation_file(header).of(uid, frame, rows, columns)
            return () if shown is None else (shown,)
