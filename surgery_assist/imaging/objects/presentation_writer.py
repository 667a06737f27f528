"""Writing what is on the screen as a grayscale softcopy presentation state (PS3.3 A.33.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from surgery_assist.errors import OutputError, ReadError
from surgery_assist.imaging.objects.files import open_elements
from surgery_assist.imaging.quiet import quiet_pydicom
from surgery_assist.imaging.records import Instance
from surgery_assist.model.annotations import Graphic, GraphicText, Point, Presentation, Shutter

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SOP_CLASS: Final = "1.2.840.10008.5.1.4.1.1.11.1"
_LAYER: Final = "ANNOTATIONS"
_COPIED: Final = {
    "PatientName": 0x00100010, "PatientID": 0x00100020, "PatientBirthDate": 0x00100030,
    "PatientSex": 0x00100040, "StudyDate": 0x00080020, "StudyTime": 0x00080030,
    "ReferringPhysicianName": 0x00080090, "StudyID": 0x00200010, "AccessionNumber": 0x00080050,
    "StudyDescription": 0x00081030,
}  # fmt: skip
_VALUES_PER_GRAPHIC: Final = 16_000
"""Explicit VR counts the bytes of a value in 16 bits."""


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One frame of an image (counted from 0) and how it is shown."""

    instance: Instance
    number: int
    presentation: Presentation


def write_presentation(path: Path, shown: Sequence[ShownFrame], label: str) -> str:
    """Write one presentation state for frames of one study.

    Parameters
    ----------
    path
        The file to write; one that exists is not replaced.
    shown
        Frames; rotation, flip, inversion and shutters must be the same for all, since a state has
        them once.
    label
        Up to 16 capital letters, digits and underscores.

    Returns
    -------
    str
        Its SOP Instance UID.

    Raises
    ------
    OutputError
        It can't be written, or the frames do not go together.
    """
    _check(shown)
    quiet_pydicom()
    from pydicom.uid import ExplicitVRLittleEndian  # noqa: PLC0415  (start-up time)

    dataset = _identity(shown[0].instance, label)
    dataset.ReferencedSeriesSequence = _referenced_series(shown)
    first = shown[0].presentation
    windows = [_window(frame) for frame in shown if frame.presentation.window is not None]
    if windows:
        dataset.SoftcopyVOILUTSequence = windows
    dataset.DisplayedAreaSelectionSequence = [_area(frame) for frame in shown]
    if first.rotation_deg or first.flipped:
        dataset.ImageRotation = first.rotation_deg
        dataset.ImageHorizontalFlip = "Y" if first.flipped else "N"
    dataset.PresentationLUTShape = "INVERSE" if first.inverted else "IDENTITY"
    _add_shutters(dataset, first.shutters)
    _add_graphics(dataset, shown)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    try:
        with path.open("xb") as file:
            dataset.save_as(file, enforce_file_format=True)
    except OSError as error:
        raise OutputError("error.presentation_not_written", detail=error.strerror or "") from error
    return str(dataset.SOPInstanceUID)


def _check(shown: Sequence[ShownFrame]) -> None:
    if not shown:
        raise OutputError("error.presentation_not_written", detail="no frame")
    first = shown[0]
    for frame in shown[1:]:
        mine, other = first.presentation, frame.presentation
        if frame.instance.study_uid != first.instance.study_uid or (
            mine.rotation_deg,
            mine.flipped,
            mine.inverted,
            mine.shutters,
        ) != (other.rotation_deg, other.flipped, other.inverted, other.shutters):
            raise OutputError("error.presentation_not_written", detail="frames differ")


def _identity(instance: Instance, label: str) -> "Dataset":
    from pydicom.dataset import Dataset, FileMetaDataset  # noqa: PLC0415  (start-up time)
    from pydicom.uid import UID, generate_uid  # noqa: PLC0415  (start-up time)

    try:
        source = open_elements(instance.path)
    except ReadError as error:
        raise OutputError("error.presentation_not_written", detail="image unreadable") from error
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for name, tag in _COPIED.items():
        setattr(dataset, name, source.text(tag))
    now = datetime.now().astimezone()
    dataset.StudyInstanceUID = UID(instance.study_uid)
    dataset.SOPClassUID = SOP_CLASS
    dataset.SOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = generate_uid()
    dataset.Modality = "PR"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.Manufacturer = "Surgery Assist"
    dataset.ContentLabel = _code_string(label)
    dataset.ContentDescription = label[:64]
    dataset.ContentCreatorName = ""
    dataset.PresentationCreationDate = now.strftime("%Y%m%d")
    dataset.PresentationCreationTime = now.strftime("%H%M%S")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(SOP_CLASS)
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta = meta
    return dataset


def _code_string(label: str) -> str:
    plain = "".join(
        mark if mark.isascii() and mark.isalnum() else "_" for mark in label.upper().strip()
    )
    return plain[:16] or "SURGERY_ASSIST"


def _item(**values: Any) -> "Dataset":
    from pydicom.dataset import Dataset  # noqa: PLC0415  (start-up time)

    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def _reference(frame: ShownFrame) -> "Dataset":
    item = _item(
        ReferencedSOPClassUID=frame.instance.sop_class,
        ReferencedSOPInstanceUID=frame.instance.uid.rstrip("~"),
    )
    if len(frame.instance.frames) > 1:
        item.ReferencedFrameNumber = frame.number + 1
    return item


def _referenced_series(shown: Sequence[ShownFrame]) -> "list[Dataset]":
    series: dict[str, dict[str, list[ShownFrame]]] = {}
    for frame in shown:
        instances = series.setdefault(frame.instance.series_uid, {})
        instances.setdefault(frame.instance.uid, []).append(frame)
    return [
        _item(
            SeriesInstanceUID=uid,
            ReferencedImageSequence=[_joint(frames) for frames in instances.values()],
        )
        for uid, instances in series.items()
    ]


def _joint(frames: Sequence[ShownFrame]) -> "Dataset":
    """One reference to several frames of an image."""
    item = _reference(frames[0])
    if "ReferencedFrameNumber" in item:
        item.ReferencedFrameNumber = [frame.number + 1 for frame in frames]
    return item


def _decimal(value: float) -> str:
    """A number in the 16 characters of a decimal string."""
    return f"{value:.10g}"[:16]


def _window(frame: ShownFrame) -> "Dataset":
    window = frame.presentation.window
    assert window is not None  # noqa: S101  (the caller has looked)
    item = _item(
        ReferencedImageSequence=[_reference(frame)],
        WindowCenter=_decimal(window.center),
        WindowWidth=_decimal(window.width),
    )
    if frame.presentation.voi_function != "LINEAR":
        item.VOILUTFunction = frame.presentation.voi_function
    return item


def _area(frame: ShownFrame) -> "Dataset":
    layout, area = frame.instance.layout, frame.presentation.area
    left, top, right, bottom = area or (0.0, 0.0, layout.columns, layout.rows)
    item = _item(
        ReferencedImageSequence=[_reference(frame)],
        DisplayedAreaTopLeftHandCorner=[round(left) + 1, round(top) + 1],
        DisplayedAreaBottomRightHandCorner=[round(right), round(bottom)],
        PresentationSizeMode="SCALE TO FIT",
    )
    spacing = frame.instance.spacing
    if spacing is not None:
        item.PresentationPixelSpacing = [_decimal(mm) for mm in spacing]
    else:
        item.PresentationPixelAspectRatio = [round(1000 * frame.instance.aspect), 1000]
    return item


def _add_shutters(dataset: "Dataset", shutters: Sequence[Shutter]) -> None:
    if not shutters:
        return
    kinds = {"rectangle": "RECTANGULAR", "circle": "CIRCULAR", "polygon": "POLYGONAL"}
    dataset.ShutterShape = [kinds[shutter.kind] for shutter in shutters]
    dataset.ShutterPresentationValue = round(shutters[0].grey / 255 * 65535)
    for shutter in shutters:
        if shutter.kind == "rectangle":
            (left, top), (right, bottom) = shutter.points
            dataset.ShutterLeftVerticalEdge = round(left) + 1
            dataset.ShutterUpperHorizontalEdge = round(top) + 1
            dataset.ShutterRightVerticalEdge = round(right)
            dataset.ShutterLowerHorizontalEdge = round(bottom)
        elif shutter.kind == "circle":
            column, row = shutter.points[0]
            dataset.CenterOfCircularShutter = [round(row + 0.5), round(column + 0.5)]
            dataset.RadiusOfCircularShutter = round(shutter.radius)
        else:
            dataset.VerticesOfThePolygonalShutter = [
                round(value + 0.5) for column, row in shutter.points for value in (row, column)
            ]


def _add_graphics(dataset: "Dataset", shown: Sequence[ShownFrame]) -> None:
    annotations = [
        _item(
            ReferencedImageSequence=[_reference(frame)],
            GraphicLayer=_LAYER,
            **_drawings(frame.presentation),
        )
        for frame in shown
        if frame.presentation.graphics or frame.presentation.texts
    ]
    if not annotations:
        return
    dataset.GraphicAnnotationSequence = annotations
    dataset.GraphicLayerSequence = [_item(GraphicLayer=_LAYER, GraphicLayerOrder=1)]


def _drawings(presentation: Presentation) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if presentation.graphics:
        made["GraphicObjectSequence"] = [_graphic(graphic) for graphic in presentation.graphics]
    if presentation.texts:
        made["TextObjectSequence"] = [_text(text) for text in presentation.texts]
    return made


def _units(space: str) -> str:
    return "DISPLAY" if space == "pane" else "PIXEL"


def _graphic(graphic: Graphic) -> "Dataset":
    points = graphic.points
    if graphic.closed:
        points = (*points, points[0])
    points = points[: _VALUES_PER_GRAPHIC // 2]
    item = _item(
        GraphicAnnotationUnits=_units(graphic.space),
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(points),
        GraphicData=[value for point in points for value in point],
        GraphicType="POINT" if len(points) == 1 else "POLYLINE",
    )
    if graphic.closed:
        item.GraphicFilled = "Y" if graphic.filled else "N"
    return item


def _text(text: GraphicText) -> "Dataset":
    item = _item(UnformattedTextValue=text.text)
    if text.box is not None:
        item.BoundingBoxAnnotationUnits = _units(text.space)
        item.BoundingBoxTopLeftHandCorner = _pair(text.box[0])
        item.BoundingBoxBottomRightHandCorner = _pair(text.box[1])
        item.BoundingBoxTextHorizontalJustification = "LEFT"
    if text.anchor is not None:
        item.AnchorPointAnnotationUnits = _units(text.space)
        item.AnchorPoint = _pair(text.anchor)
        item.AnchorPointVisibility = "Y"
    return item


def _pair(point: Point) -> list[float]:
    return [float(point[0]), float(point[1])]
