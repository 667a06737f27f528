"""Planes, directions, spacing and windows from header elements (PS3.3 C.7.6.2, C.7.6.1.1.1)."""

from dataclasses import replace
from math import isfinite
from typing import Final

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.records import FrameInfo
from surgery_assist.imaging.ultrasound import common_spacing, ultrasound_regions
from surgery_assist.model.geometry import (
    ImagePlane,
    added,
    is_valid_orientation,
    length,
    scaled,
)
from surgery_assist.model.study import SpacingSource, Window
from surgery_assist.model.units import Vector

_LETTER_DIRECTIONS: Final[dict[str, Vector]] = {
    "L": (1.0, 0.0, 0.0),
    "R": (-1.0, 0.0, 0.0),
    "P": (0.0, 1.0, 0.0),
    "A": (0.0, -1.0, 0.0),
    "H": (0.0, 0.0, 1.0),
    "F": (0.0, 0.0, -1.0),
}
_FAR_MM: Final = 1e6
_PROJECTION: Final = ("CR", "DX", "MG", "XA", "RF", "PX", "IO", "RG")


def orientation_of(header: Elements) -> tuple[Vector, Vector] | None:
    """Row and column direction from ImageOrientationPatient, made unit vectors.

    ``None`` when absent, not finite, not of unit length or not at right angles.
    """
    values = header.numbers(0x00200037)
    if len(values) != 6:
        return None
    row: Vector = (values[0], values[1], values[2])
    column: Vector = (values[3], values[4], values[5])
    if not is_valid_orientation(row, column):
        return None
    return scaled(row, 1.0 / length(row)), scaled(column, 1.0 / length(column))


def letters_orientation(header: Elements) -> tuple[Vector, Vector] | None:
    r"""Directions from PatientOrientation (0020,0020), as radiographs carry them.

    ``L\F`` means that rows run to the patient's left and columns to the feet. Further letters
    (``LA``) tilt the direction.
    """
    codes = header.texts(0x00200020)
    if len(codes) != 2:
        return None
    directions = []
    for code in codes:
        direction: Vector = (0.0, 0.0, 0.0)
        for weight, letter in zip((1.0, 0.5, 0.25), code.upper(), strict=False):
            if letter not in _LETTER_DIRECTIONS:
                return None
            direction = added(direction, scaled(_LETTER_DIRECTIONS[letter], weight))
        size = length(direction)
        if size == 0.0:
            return None
        directions.append(scaled(direction, 1.0 / size))
    row, column = directions
    return (row, column) if is_valid_orientation(row, column) else None


def position_of(header: Elements) -> Vector | None:
    """ImagePositionPatient, when it is three sane numbers."""
    values = header.numbers(0x00200032)
    if len(values) != 3 or max(map(abs, values)) > _FAR_MM:
        return None
    return (values[0], values[1], values[2])


def _pair(values: tuple[float, ...]) -> tuple[float, float] | None:
    """Row and column spacing, mm, when both are sane."""
    if len(values) != 2 or not all(isfinite(v) and 1e-6 < v < 1e4 for v in values):
        return None
    return values[0], values[1]


def spacing_of(header: Elements) -> tuple[tuple[float, float] | None, SpacingSource]:
    """Pixel spacing (row, column; mm) and where it comes from.

    For projections PixelSpacing is a calibration only if it differs from the detector's
    ImagerPixelSpacing (PS3.3 10.7.1.3); equal values, or no imager spacing without a
    calibration type, are distances in the detector's plane.
    """
    spacing = _pair(header.numbers(0x00280030))
    detector = _pair(header.numbers(0x00181164))
    if header.code(0x00080060) not in _PROJECTION:
        if spacing is not None:
            if header.code(0x00080060) == "NM":
                return spacing, "detector"
            has_space = orientation_of(header) is not None
            return spacing, "patient" if has_space else "calibrated"
        ultrasound = common_spacing(ultrasound_regions(header))
        if ultrasound is not None:
            return ultrasound, "calibrated"
    elif spacing is not None and (detector is None or not _close(spacing, detector)):
        calibrated = detector is not None or bool(header.code(0x00280A02))
        return spacing, "calibrated" if calibrated else "detector"
    return (detector, "detector") if detector is not None else (None, "none")


def _close(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(a - b) <= 1e-3 * b for a, b in zip(one, other, strict=True))


def plane_of(header: Elements, orientation: tuple[Vector, Vector] | None) -> ImagePlane | None:
    """The plane of a plain image; ``None`` without position, orientation and spacing."""
    position, spacing = position_of(header), _pair(header.numbers(0x00280030))
    if orientation is None or position is None or spacing is None:
        return None
    return ImagePlane(position, orientation[0], orientation[1], spacing[0], spacing[1])


def windows_of(header: Elements) -> tuple[Window, ...]:
    """All usable windows that the file proposes; none has a width below 1."""
    centers, widths = header.numbers(0x00281050), header.numbers(0x00281051)
    return tuple(
        Window(center, width)
        for center, width in zip(centers, widths, strict=False)
        if width > 1.0 and abs(center) < 1e9 and width < 1e9
    )


def dose_frames(header: Elements, count: int, plain: FrameInfo) -> tuple[FrameInfo, ...]:
    """Frames of an RT dose grid, which lie at GridFrameOffsetVector (PS3.3 C.8.8.3.2)."""
    slope = header.number(0x3004000E)
    if slope is not None:
        plain = replace(plain, slope=slope)
    offsets = header.numbers(0x3004000C)
    plane = plain.plane
    if plane is None or len(offsets) < count or count < 2:
        return (plain,) * count if slope is not None else ()
    return tuple(
        replace(
            plain,
            plane=replace(
                plane,
                position=added(plane.position, scaled(plane.normal, offset - offsets[0])),
            ),
        )
        for offset in offsets[:count]
    )
