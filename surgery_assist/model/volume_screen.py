"""Where a volume lies in its pane: millimetres of space to pixels of the screen and back."""

from typing import Final

from surgery_assist.model.geometry import (
    added,
    direction_letters,
    dot,
    length,
    opposite_letters,
    scaled,
)
from surgery_assist.model.grid import Grid
from surgery_assist.model.units import EdgeLetters, Vector
from surgery_assist.model.viewport import Rect, ViewTransform
from surgery_assist.model.volume_view import VolumeCamera

FILL: Final = 0.92
"""Share of the pane's shorter side that the longest edge of the volume takes."""


def longest_edge(grid: Grid) -> float:
    """The longest edge of the volume, mm."""
    edges = [(n - 1) * length(step) for n, step in zip(grid.size, grid.steps, strict=True)]
    return max(*edges, 1e-3)


def pixels_per_mm(grid: Grid, pane: Rect, zoom: float) -> float:
    """Pane pixels of one millimetre; the same from every side, so that turning keeps the size."""
    return FILL * min(pane.width, pane.height) / longest_edge(grid) * zoom


def volume_transform(camera: VolumeCamera, grid: Grid, pane: Rect, zoom: float) -> ViewTransform:
    """From millimetres right and down of the focus, in the plane of the screen, to the pane."""
    scale = pixels_per_mm(grid, pane, zoom)
    across, down = camera.pan
    return ViewTransform(
        scale,
        0.0,
        0.0,
        scale,
        pane.width / 2 + across * scale,
        pane.height / 2 + down * scale,
    )


def on_screen(camera: VolumeCamera, grid: Grid, point: Vector) -> tuple[float, float, float]:
    """A point as millimetres right, down and away from the eye, all from the focus."""
    offset = added(point, scaled(camera.focus or grid.middle, -1.0))
    return dot(offset, camera.right), -dot(offset, camera.up), dot(offset, camera.toward)


def in_space(camera: VolumeCamera, grid: Grid, right: float, down: float, away: float) -> Vector:
    """The patient point of what `on_screen` gives."""
    point = camera.focus or grid.middle
    for direction, way in ((camera.right, right), (camera.up, -down), (camera.toward, away)):
        point = added(point, scaled(direction, way))
    return point


def camera_letters(camera: VolumeCamera) -> EdgeLetters:
    """Letters at the left, right, top and bottom edge of a volume seen by a camera."""
    right, up = direction_letters(camera.right), direction_letters(camera.up)
    return opposite_letters(right), right, up, opposite_letters(up)
