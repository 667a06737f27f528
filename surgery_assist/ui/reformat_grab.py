"""Drags of the crosshair: its point moves, the handles of its lines turn other planes."""

from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Final

from PySide6.QtCore import QRectF

from surgery_assist.commands.plane_change import crosshair_in, pane_point
from surgery_assist.ui.input.gesture import Gesture, Grab
from surgery_assist.ui.pane_source import PaneView
from surgery_assist.ui.reformat_lines import cross_lines, handle_way

REACH: Final = 22.0
"""Logical pixels from a handle or the point within which it is taken; a finger needs twice that."""


@dataclass(slots=True)
class PointGrab:
    """Moves the crosshair within a pane."""

    width: float
    height: float

    def move(self, gesture: Gesture, x: float, y: float) -> None:
        """The pointer is at a place of the pane."""
        across = max(0.0, min(1.0, x / self.width))
        down = max(0.0, min(1.0, y / self.height))
        gesture.send("crosshair.move", x=across, y=down)

    def release(self) -> None:
        """Nothing is left to do."""


@dataclass(slots=True)
class LineGrab:
    """Turns the plane of another viewport about the crosshair.

    ``handedness`` is -1 in a mirrored image, where clockwise on the screen is not clockwise in it.
    """

    other: int
    centre: tuple[float, float]
    angle: float
    handedness: float

    def move(self, gesture: Gesture, x: float, y: float) -> None:
        """The pointer is at a place of the pane."""
        angle = degrees(atan2(y - self.centre[1], x - self.centre[0]))
        step = (angle - self.angle + 180.0) % 360.0 - 180.0
        self.angle = angle
        if step:
            gesture.send("plane.swing", viewport=self.other, degrees=step * self.handedness)

    def release(self) -> None:
        """Nothing is left to do."""


def crosshair_grab(view: PaneView, x: float, y: float, kind: str) -> Grab | None:
    """The part of the crosshair that lies under a pointer, if any."""
    point = crosshair_in(view.session, view.display_set)
    if kind not in ("window", "touch") or point is None:
        return None
    centre = pane_point(view.session, view.index, point)
    if centre is None:
        return None
    reach = REACH * (2.0 if kind == "touch" else 1.0)
    if hypot(x - centre[0], y - centre[1]) <= reach:
        return PointGrab(view.rect.width, view.rect.height)
    way = handle_way(QRectF(0.0, 0.0, view.rect.width, view.rect.height))
    mirrored = view.viewport.flip_h != view.viewport.flip_v
    for line in cross_lines(view.session, view.index):
        for sign in (1.0, -1.0):
            handle = line.at(sign * way)
            if line.other is not None and hypot(x - handle.x(), y - handle.y()) <= reach:
                angle = degrees(atan2(y - centre[1], x - centre[0]))
                return LineGrab(line.other, centre, angle, -1.0 if mirrored else 1.0)
    return None
