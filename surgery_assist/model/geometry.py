"""Where an image lies in the patient, and which way it faces.

Coordinates are DICOM's patient coordinates, LPS: x grows to the patient's left, y to the back
(posterior), z to the head; millimetres (DICOM PS3.3 C.7.6.2.1.1).
"""

from dataclasses import dataclass
from math import cos, isfinite, radians, sin, sqrt

from surgery_assist.model.units import EdgeLetters, Vector

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
_OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "H": "F", "F": "H"}
UNKNOWN_EDGES: EdgeLetters = ("", "", "", "")


def dot(a: Vector, b: Vector) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Vector product (right-handed)."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def scaled(a: Vector, factor: float) -> Vector:
    """``a`` times ``factor``."""
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def added(a: Vector, b: Vector) -> Vector:
    """``a + b``."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def length(a: Vector) -> float:
    """Euclidean length."""
    return sqrt(dot(a, a))


def unit(a: Vector) -> Vector:
    """``a`` with the length 1."""
    return scaled(a, 1.0 / length(a))


def rotated(a: Vector, axis: Vector, degrees: float) -> Vector:
    """``a`` turned about a unit axis, right-handed (Rodrigues)."""
    angle = radians(degrees)
    along = scaled(axis, dot(axis, a) * (1.0 - cos(angle)))
    return added(added(scaled(a, cos(angle)), scaled(cross(axis, a), sin(angle))), along)


@dataclass(frozen=True, slots=True)
class ImagePlane:
    """The plane of one frame (DICOM PS3.3 C.7.6.2).

    ``row_direction`` points along a row (to higher columns), ``column_direction`` down a column:
    the first and second triple of ImageOrientationPatient. ``position`` is the centre of the
    first pixel. ``row_spacing`` is the distance between rows, ``column_spacing`` between columns,
    mm, in the order of PixelSpacing.
    """

    position: Vector
    row_direction: Vector
    column_direction: Vector
    row_spacing: float
    column_spacing: float

    @property
    def normal(self) -> Vector:
        """Unit normal, ``row x column``."""
        return cross(self.row_direction, self.column_direction)

    def point(self, column: float, row: float) -> Vector:
        """Patient point (LPS, mm) of a pixel coordinate (equation C.7.6.2.1-1)."""
        along_row = scaled(self.row_direction, column * self.column_spacing)
        along_column = scaled(self.column_direction, row * self.row_spacing)
        return added(self.position, added(along_row, along_column))

    def pixel(self, point: Vector) -> tuple[float, float]:
        """``(column, row)`` of the point's projection onto the plane."""
        offset = added(point, scaled(self.position, -1.0))
        return (
            dot(offset, self.row_direction) / self.column_spacing,
            dot(offset, self.column_direction) / self.row_spacing,
        )

    def distance(self, point: Vector) -> float:
        """Signed distance of a point from the plane along ``normal``, mm."""
        return dot(added(point, scaled(self.position, -1.0)), self.normal)


def is_valid_orientation(row: Vector, column: Vector) -> bool:
    """Whether two direction cosines are finite, of unit length and at right angles."""
    values = (*row, *column)
    return (
        all(isfinite(value) for value in values)
        and abs(length(row) - 1.0) < 1e-2
        and abs(length(column) - 1.0) < 1e-2
        and abs(dot(row, column)) < 1e-2
    )


def direction_letters(direction: Vector, *, minimum: float = 0.3) -> str:
    """Letters of a direction, the strongest first: ``"L"``, ``"LA"``, ``"HPR"``.

    Components below ``minimum`` of the length are left out, as on a scanner's console.
    """
    size = length(direction)
    if size == 0.0:
        return ""
    parts = []
    for value, (positive, negative) in zip(direction, _LETTERS, strict=True):
        share = value / size
        if abs(share) >= minimum:
            parts.append((abs(share), positive if share > 0 else negative))
    return "".join(letter for _, letter in sorted(parts, key=lambda part: -part[0]))


def opposite_letters(letters: str) -> str:
    """The letters of the other end."""
    return "".join(_OPPOSITE[letter] for letter in letters)
