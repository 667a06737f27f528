"""Parts of the patient that someone outlined, in space: for drawing in 3D and on slices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.elements import Elements
from surgery_assist.model.annotations import Colour, Point
from surgery_assist.model.geometry import ImagePlane, dot

PALETTE: Final[tuple[Colour, ...]] = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (213, 94, 0), (204, 121, 167),
)  # fmt: skip
"""For parts without a colour: told apart by the colour-blind too (Okabe and Ito)."""
PARALLEL: Final = 1e-3
"""How far from 1 the cosine between two normals may be."""


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """One segment or structure.

    ``contours`` are closed, ``(points, 3)`` float64, LPS mm. A segment has instead ``mask``,
    ``(slices, rows, columns)`` uint8 of 0 and 1, and a plane for each slice, sorted along the
    normal; the slices need not be evenly spaced.
    """

    object_uid: str
    number: int
    name: str
    colour: Colour
    contours: tuple[NDArray[np.float64], ...] = ()
    mask: NDArray[np.uint8] | None = None
    planes: tuple[ImagePlane, ...] = ()


def colour_of(number: int) -> Colour:
    """A colour for a part that has none of its own."""
    return PALETTE[number % len(PALETTE)]


def lab_colour(header: Elements, number: int) -> Colour:
    """RecommendedDisplayCIELabValue (0062,000D; PS3.3 C.10.7.1.1) as sRGB."""
    values = header.shorts(0x0062000D)
    return lab_values_colour(values) if len(values) == 3 else colour_of(number)


def lab_values_colour(values: Sequence[int]) -> Colour:
    """Three 16-bit CIELab values of DICOM (PS3.3 C.10.7.1.1) as sRGB."""
    lightness = values[0] / 65535 * 100
    a, b = values[1] / 65535 * 255 - 128, values[2] / 65535 * 255 - 128
    fy = (lightness + 16) / 116
    x, y, z = (
        white * _inverse_f(part)
        # The profile connection space has D50 as its white.
        for white, part in zip((0.9642, 1.0, 0.8249), (fy + a / 500, fy, fy - b / 200), strict=True)
    )
    linear = (
        3.1338561 * x - 1.6168667 * y - 0.4906146 * z,
        -0.9787684 * x + 1.9161415 * y + 0.0334540 * z,
        0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
    )
    red, green, blue = (round(255 * _gamma(min(max(part, 0.0), 1.0))) for part in linear)
    return red, green, blue


def _inverse_f(value: float) -> float:
    return value**3 if value > 6 / 29 else 3 * (6 / 29) ** 2 * (value - 4 / 29)


def _gamma(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def is_parallel(one: ImagePlane, other: ImagePlane) -> bool:
    """Whether two planes face the same or opposite ways."""
    return 1.0 - abs(dot(one.normal, other.normal)) < PARALLEL


def projected(points: NDArray[Any], plane: ImagePlane) -> tuple[Point, ...]:
    """Patient points ``(n, 3)`` on a frame, from the outer corner of its first pixel."""
    offset = points - np.array(plane.position)
    columns = offset @ np.array(plane.row_direction) / plane.column_spacing + 0.5
    rows = offset @ np.array(plane.column_direction) / plane.row_spacing + 0.5
    return tuple(zip(columns.tolist(), rows.tolist(), strict=True))


def carried(
    outlines: Sequence[Sequence[Point]], origin: ImagePlane, target: ImagePlane
) -> tuple[tuple[Point, ...], ...]:
    """Outlines from one frame to another that is parallel."""
    if origin == target:
        return tuple(map(tuple, outlines))
    moved = []
    for outline in outlines:
        points = np.array([origin.point(column - 0.5, row - 0.5) for column, row in outline])
        moved.append(projected(points, target))
    return tuple(moved)
