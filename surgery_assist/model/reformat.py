"""A plane through a volume as a display set: as many images, so large, each in its place.

So everything that works on acquired images works on reformatted ones: stepping, linking,
reference lines, edge letters, zoom. Only their pixels are made otherwise.
"""

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final

from surgery_assist.model.curve import walk
from surgery_assist.model.geometry import ImagePlane, added, cross, dot, length, scaled, unit
from surgery_assist.model.grid import Grid, grid_of
from surgery_assist.model.memo import remembered
from surgery_assist.model.plane import Plane
from surgery_assist.model.study import DisplaySet, FrameRef
from surgery_assist.model.units import Vector

MAX_PIXELS: Final = 2048
"""Of a reformatted image along one edge; a larger one gets larger pixels."""
_PARALLEL: Final = 2e-4
"""Sine of the angle up to which a direction counts as an axis of the grid: over 500 voxels it is
off by a tenth of one."""
_ON_GRID: Final = 1e-6
CURVE_WIDTH_MM: Final = 160.0
"""How wide the band about a path is that a curved plane shows."""
CURVE_DEPTH_MM: Final = 60.0
"""How far the images of a curved plane lie from the first to the last."""
_DOWN_THE_BODY: Final = (1.0, 1.0, -1.0)
"""Sagittal images begin at the right, coronal ones in front, axial ones at the head."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Which axis of the grid (0 columns, 1 rows, 2 slices) each direction of a plane follows.

    ``signs`` are -1 where it runs against the axis; ``stack`` is the direction of the images.
    """

    axes: tuple[int, int, int]
    signs: tuple[int, int, int]


@remembered
def reformatted(display_set: DisplaySet, plane: Plane) -> DisplaySet:
    """The images of a plane through a display set.

    The same UID, other rows, columns, spacing and frames; their ``instance_uid`` is empty. A
    display set that is no grid comes back as it is.
    """
    grid = grid_of(display_set)
    if grid is None:
        return display_set
    if plane.kind == "curved":
        return _curved(display_set, grid, plane)
    axes = axes_of(grid, plane)
    if axes is None:
        return _oblique(display_set, grid, plane)
    return _along_axes(display_set, grid, plane, axes)


def axes_of(grid: Grid, plane: Plane) -> Axes | None:
    """The axes of a plane whose images are images of voxels; ``None`` for all other planes."""
    if plane.kind == "curved":
        return None
    steps = grid.steps
    found: list[tuple[int, int]] = []
    for direction in (plane.right, plane.down):
        axis = next((i for i in range(3) if _parallel(direction, steps[i])), None)
        if axis is None:
            return None
        found.append((axis, 1 if dot(direction, steps[axis]) > 0 else -1))
    (across, one), (down, other) = found
    third = 3 - across - down
    # Sheared slices are images of voxels only as they were acquired.
    if across == down or (third != 2 and grid.sheared):
        return None
    return Axes((across, down, third), (one, other, _stack_sign(grid, plane, third)))


def _parallel(direction: Vector, step: Vector) -> bool:
    return length(cross(direction, unit(step))) < _PARALLEL


def _stack_sign(grid: Grid, plane: Plane, third: int) -> int:
    if third == 2:
        return 1  # the order of acquisition
    return 1 if dot(_stack_direction(plane), grid.steps[third]) > 0 else -1


def _stack_direction(plane: Plane) -> Vector:
    """The normal, to the side where later images lie."""
    normal = plane.normal
    strongest = max(range(3), key=lambda axis: abs(normal[axis]))
    sign = 1.0 if normal[strongest] * _DOWN_THE_BODY[strongest] > 0 else -1.0
    return scaled(normal, sign)


def _along_axes(display_set: DisplaySet, grid: Grid, plane: Plane, axes: Axes) -> DisplaySet:
    across, down, third = axes.axes
    steps = [length(step) for step in grid.steps]
    corner = [0.0, 0.0, 0.0]
    for axis, sign in zip((across, down), axes.signs, strict=False):
        corner[axis] = 0.0 if sign > 0 else grid.size[axis] - 1.0
    positions = []
    for k in range(grid.size[third]):
        corner[third] = k if axes.signs[2] > 0 else grid.size[third] - 1.0 - k
        positions.append(grid.point(*corner))
    shape = grid.size[down], grid.size[across]
    spacing = steps[down], steps[across], _pitch(grid, third)
    return _display_set(display_set, plane, shape, spacing, positions)


def _pitch(grid: Grid, third: int) -> float:
    return grid.spacing[2] if third == 2 else length(grid.steps[third])


def _oblique(display_set: DisplaySet, grid: Grid, plane: Plane) -> DisplaySet:
    finest = min(grid.spacing)
    (left, right), (top, bottom) = grid.reach(plane.right), grid.reach(plane.down)
    pixel = max(finest, (right - left) / (MAX_PIXELS - 1), (bottom - top) / (MAX_PIXELS - 1))
    shape = ceil((bottom - top) / pixel - _ON_GRID) + 1, ceil((right - left) / pixel - _ON_GRID) + 1
    stack = _stack_direction(plane)
    low, high = grid.reach(stack)
    # One of the images goes through the plane's own point exactly.
    anchor = dot(plane.through, stack)
    first = anchor + ceil((low - anchor) / finest - _ON_GRID) * finest
    corner = added(scaled(plane.right, left), scaled(plane.down, top))
    count = max(1, floor((high - first) / finest + _ON_GRID) + 1)
    positions = [added(corner, scaled(stack, first + k * finest)) for k in range(count)]
    return _display_set(display_set, plane, shape, (pixel, pixel, finest), positions)


def _display_set(
    display_set: DisplaySet,
    plane: Plane,
    shape: tuple[int, int],
    spacing: tuple[float, float, float],
    positions: list[Vector],
) -> DisplaySet:
    right, down = plane.right, plane.down
    windows = display_set.frames[display_set.count // 2].windows
    frames = tuple(
        FrameRef(
            "", k, None, ImagePlane(at, right, down, spacing[0], spacing[1]), (right, down), windows
        )
        for k, at in enumerate(positions)
    )
    return replace(display_set, rows=shape[0], columns=shape[1], frames=frames, spacing=spacing)


def _curved(display_set: DisplaySet, grid: Grid, plane: Plane) -> DisplaySet:
    pixel = min(grid.spacing)
    steps = walk(plane.path, plane.right, pixel)
    way = added(plane.path[-1], scaled(plane.path[0], -1.0))
    # A curved image lies in no plane; its sides are those of the path as a whole.
    flat = added(plane.right, scaled(way, -dot(plane.right, way) / max(dot(way, way), 1e-9)))
    sides = (unit(flat), unit(way)) if length(flat) > 1e-3 and length(way) > 1e-3 else None
    windows = display_set.frames[display_set.count // 2].windows
    frames = tuple(
        FrameRef("", k, None, None, sides, windows)
        for k in range(2 * _half(CURVE_DEPTH_MM, pixel) + 1)
    )
    return replace(
        display_set,
        rows=len(steps),
        columns=2 * _half(CURVE_WIDTH_MM, pixel) + 1,
        frames=frames,
        spacing=(pixel, pixel, pixel),
    )


def _half(size_mm: float, pixel: float) -> int:
    return max(1, round(size_mm / 2 / pixel))


def frame_at(display_set: DisplaySet, point: Vector) -> int | None:
    """The frame nearest to a patient point along its normal; ``None`` without positions."""
    distances = [
        (abs(frame.plane.distance(point)), index)
        for index, frame in enumerate(display_set.frames)
        if frame.plane is not None
    ]
    return min(distances)[1] if distances else None


def acquired_index(acquired: DisplaySet, shown: DisplaySet, index: int) -> int:
    """The acquired frame nearest to the middle of a shown image, whatever plane that lies in."""
    if shown is acquired:
        return min(index, acquired.count - 1)
    place = shown.frames[min(index, shown.count - 1)].plane
    found = None
    if place is not None:
        found = frame_at(acquired, place.point((shown.columns - 1) / 2, (shown.rows - 1) / 2))
    return acquired.count // 2 if found is None else found


def acquired_plane(display_set: DisplaySet) -> Plane | None:
    """The plane that faces as the acquired images do."""
    first = display_set.frames[0].plane if display_set.frames else None
    if first is None:
        return None
    return Plane("acquired", first.row_direction, first.column_direction, first.position)
