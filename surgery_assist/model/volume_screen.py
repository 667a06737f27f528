"""Where a volume lies in its pane: millimetres of space to pixels of the screen and back."""

from typing import Final

from surgery_assist.model.geometry import added, dot, scaled
from surgery_assist.model.units import Vector
from surgery_assist.model.viewport import Rect, ViewTransform
from surgery_assist.model.volume_view import VolumeBox, VolumeCamera

FILL: Final = 0.92
"""Share of the pane's shorter side that the longest edge of the volume takes."""


def pixels_per_mm(box: VolumeBox, pane: Rect, zoom: float) -> float:
    """Pane pixels of one millimetre; the same from every side, so that turning keeps the size."""
    return FILL * min(pane.width, pane.height) / max(*box.size, 1e-3) * zoom


def volume_transform(
    camera: VolumeCamera, box: VolumeBox, pane: Rect, zoom: float
) -> ViewTransform:
    """From millimetres right and down of the focus, in the plane of the screen, to the pane."""
    scale = pixels_per_mm(box, pane, zoom)
    across, down = camera.pan
    return ViewTransform(
        scale,
        0.0,
        0.0,
        scale,
        pane.width / 2 + across * scale,
        pane.height / 2 + down * scale,
    )


def on_screen(camera: VolumeCamera, box: VolumeBox, point: Vector) -> tuple[float, float, float]:
    """A point as millimetres right, down and away from the eye, all from the focus."""
    offset = added(point, scaled(camera.focus or box.middle, -1.0))
    return dot(offset, camera.right), -dot(offset, camera.up), dot(offset, camera.toward)


def in_space(
    camera: VolumeCamera, box: VolumeBox, right: float, down: float, away: float
) -> Vector:
    """The patient point of what `on_screen` gives."""
    point = camera.focus or box.middle
    for direction, way in ((camera.right, right), (camera.up, -down), (camera.toward, away)):
        point = added(point, scaled(direction, way))
    return point
