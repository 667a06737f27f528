"""Drags on a volume: turning it, and drawing a cut in from a side."""

from collections.abc import Callable
from typing import Final

from surgery_assist.model.viewport import Rect
from surgery_assist.ui.input.gesture import Gesture

HALF_TURN: Final = 180.0
"""Degrees of a drag across the whole pane."""


class TurnGrab:
    """The near side of the volume follows the pointer."""

    def __init__(self, pane: Rect, x: float, y: float) -> None:
        self._per_pixel = HALF_TURN / max(1.0, min(pane.width, pane.height))
        self._x, self._y = x, y

    def move(self, gesture: Gesture, x: float, y: float) -> None:
        """Turn by as much as the pointer has moved."""
        right, down = (x - self._x) * self._per_pixel, (y - self._y) * self._per_pixel
        self._x, self._y = x, y
        gesture.send("volume.drag", right=right, down=down)

    def release(self) -> None:
        """Nothing is left to be done."""


class CutGrab:
    """The cut at one side of the screen follows the pointer.

    Parameters
    ----------
    per_mm
        Pixels of a millimetre.
    """

    def __init__(
        self, side: str, per_mm: float, x: float, y: float, released: Callable[[], None]
    ) -> None:
        self._side, self._per_mm = side, per_mm
        self._x, self._y = x, y
        self._released = released

    def move(self, gesture: Gesture, x: float, y: float) -> None:
        """Move the cut by as much as the pointer has moved."""
        inwards = {
            "left": x - self._x,
            "right": self._x - x,
            "up": y - self._y,
            "down": self._y - y,
        }
        self._x, self._y = x, y
        gesture.send("volume.carve", side=self._side, mm=inwards[self._side] / self._per_mm)

    def release(self) -> None:
        """The cut stays where it is."""
        self._released()
