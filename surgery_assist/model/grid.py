"""The grid of voxels that a stack of slices makes in space: indices to millimetres and back.

A stack is a grid when its slices lie in one direction, however unevenly. Gantry tilt is part of
the grid: its slice step need not be at right angles to the slices. Uneven slices have their place
on an even slice axis, so that whoever needs even ones knows where to resample from.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median_low
from typing import Final

from surgery_assist.model.geometry import ImagePlane, added, cross, dot, length, scaled
from surgery_assist.model.memo import remembered
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import Vector

MIN_SLICES: Final = 4
SAME_PLACE_MM: Final = 1e-2
"""Slices nearer than this lie at one place; the first of them counts."""
_EVEN_STEPS: Final = 0.05
"""How far from its place on the even axis (share of a step) a slice may lie."""
_AXIS_PIXELS: Final = 0.5
"""How far sideways of the slice axis (pixels) a slice may lie."""
_SQUARE_SHARE: Final = 1e-3
_THINNEST: Final = 1 / 40
"""A stack whose slices lie farther apart than 40 pixels is no volume but a few views."""


@dataclass(frozen=True)
class Grid:
    """Voxels in the patient (LPS, mm).

    Attributes
    ----------
    origin
        Centre of the first voxel.
    column_step, row_step, slice_step
        From a voxel to the next along a row, down a column and to the next slice.
    size
        Columns, rows, slices.
    places
        Where on the slice axis, in slice steps, each frame of the display set lies; empty when
        frame k lies at k.
    """

    origin: Vector
    column_step: Vector
    row_step: Vector
    slice_step: Vector
    size: tuple[int, int, int]
    places: tuple[float, ...] = ()

    def point(self, column: float, row: float, slice_: float) -> Vector:
        """The patient point of a voxel index."""
        point = self.origin
        for step, index in zip(self.steps, (column, row, slice_), strict=True):
            point = added(point, scaled(step, index))
        return point

    def index(self, point: Vector) -> tuple[float, float, float]:
        """Column, row and slice of a patient point, in fractions."""
        offset = added(point, scaled(self.origin, -1.0))
        a, b, c = self._dual
        return dot(offset, a), dot(offset, b), dot(offset, c)

    @property
    def steps(self) -> tuple[Vector, Vector, Vector]:
        """Column, row and slice step."""
        return self.column_step, self.row_step, self.slice_step

    @cached_property
    def _dual(self) -> tuple[Vector, Vector, Vector]:
        across, down, through = self.steps
        volume = dot(across, cross(down, through))
        return (
            scaled(cross(down, through), 1.0 / volume),
            scaled(cross(through, across), 1.0 / volume),
            scaled(cross(across, down), 1.0 / volume),
        )

    @cached_property
    def normal(self) -> Vector:
        """Unit normal of the slices, to the side of later ones."""
        normal = cross(self.column_step, self.row_step)
        normal = scaled(normal, 1.0 / length(normal))
        return normal if dot(normal, self.slice_step) > 0 else scaled(normal, -1.0)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance of rows, columns and slices, mm; slices along their normal."""
        return length(self.row_step), length(self.column_step), dot(self.slice_step, self.normal)

    @property
    def sheared(self) -> bool:
        """Whether slices shift sideways from one to the next (gantry tilt)."""
        return dot(self.slice_step, self.normal) < length(self.slice_step) * (1 - _SQUARE_SHARE**2)

    @cached_property
    def corners(self) -> tuple[Vector, ...]:
        """Centres of the eight voxels at the corners."""
        last = tuple(count - 1 for count in self.size)
        return tuple(
            self.point(column, row, slice_)
            for slice_ in (0, last[2])
            for row in (0, last[1])
            for column in (0, last[0])
        )

    @property
    def middle(self) -> Vector:
        """Centre of the grid."""
        columns, rows, slices = self.size
        return self.point((columns - 1) / 2, (rows - 1) / 2, (slices - 1) / 2)

    def reach(self, direction: Vector) -> tuple[float, float]:
        """Least and most of the voxels' centres along a unit direction, mm from the origin."""
        along = [dot(corner, direction) for corner in self.corners]
        return min(along), max(along)

    def holds(self, point: Vector) -> bool:
        """Whether a point lies in a voxel of the grid."""
        return all(
            -0.5 <= index <= count - 0.5
            for index, count in zip(self.index(point), self.size, strict=True)
        )


def why_no_grid(display_set: DisplaySet) -> str | None:
    """Message key of why a display set makes no grid, or ``None``."""
    if display_set.colour:
        return "refused.volume_colour"
    planes = [frame.plane for frame in display_set.frames if frame.plane is not None]
    if display_set.spacing is None or len(planes) < display_set.count:
        return "refused.volume_no_place"
    if len(_distinct(planes)) < MIN_SLICES:
        return "refused.volume_few_slices"
    return None if grid_of(display_set) is not None else "refused.volume_not_stacked"


@remembered
def grid_of(display_set: DisplaySet) -> Grid | None:
    """The grid of a display set; ``None`` when `why_no_grid` has a reason.

    References
    ----------
    DICOM PS3.3 C.7.6.2.1.1.
    """
    planes = [frame.plane for frame in display_set.frames if frame.plane is not None]
    if display_set.colour or display_set.spacing is None or len(planes) < display_set.count:
        return None
    distinct = _distinct(planes)
    if len(distinct) < MIN_SLICES:
        return None
    first, last = distinct[0], distinct[-1]
    steps = [
        abs(first.distance(b.position) - first.distance(a.position)) for a, b in pairwise(distinct)
    ]
    usual = median_low(steps)
    depth = abs(first.distance(last.position))
    if (
        usual <= 0.0
        or depth <= 0.0
        or min(first.row_spacing, first.column_spacing) < usual * _THINNEST
    ):
        return None
    even = all(abs(step - usual) <= _EVEN_STEPS * usual for step in steps)
    slices = len(distinct) if even else round(depth / usual) + 1
    way = added(last.position, scaled(first.position, -1.0))
    # Of uneven stacks the step is the usual one; the last frame may lie between two of them.
    slice_step = scaled(way, 1.0 / (slices - 1) if even else usual / depth)
    if not all(_on_axis(plane, first, slice_step) for plane in distinct):
        return None
    places = tuple(_place(plane, first, slice_step) for plane in planes)
    plain = all(abs(place - k) <= _EVEN_STEPS for k, place in enumerate(places))
    return Grid(
        first.position,
        scaled(first.row_direction, first.column_spacing),
        scaled(first.column_direction, first.row_spacing),
        slice_step,
        (display_set.columns, display_set.rows, slices),
        () if plain else places,
    )


def _distinct(planes: list[ImagePlane]) -> list[ImagePlane]:
    """One plane of each place, in their order."""
    kept = planes[:1]
    for plane in planes[1:]:
        if abs(kept[-1].distance(plane.position)) > SAME_PLACE_MM:
            kept.append(plane)
    return kept


def _place(plane: ImagePlane, first: ImagePlane, step: Vector) -> float:
    return first.distance(plane.position) / dot(step, first.normal)


def _on_axis(plane: ImagePlane, first: ImagePlane, step: Vector) -> bool:
    expected = added(first.position, scaled(step, _place(plane, first, step)))
    column, row = plane.pixel(expected)
    return abs(column) <= _AXIS_PIXELS and abs(row) <= _AXIS_PIXELS
