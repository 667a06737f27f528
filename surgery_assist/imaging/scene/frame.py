"""What is asked of a picture, and what is given back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgery_assist.model.units import Vector
from surgery_assist.model.volume_view import CutPlane, VolumeCamera


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to take, parallel projection.

    Attributes
    ----------
    width, height
        Pixels.
    mm_per_pixel
        Size of a pixel in the plane of the screen.
    focus
        The point (LPS, mm) that ``camera.pan`` is measured from.
    """

    width: int
    height: int
    mm_per_pixel: float
    camera: VolumeCamera
    focus: Vector
    cuts: tuple[CutPlane, ...] = ()

    @property
    def axes(self) -> NDArray[np.float64]:
        """Columns: right, down and away from the eye as unit vectors (LPS)."""
        camera = self.camera
        down = tuple(-part for part in camera.up)
        return np.array([camera.right, down, camera.toward], dtype=np.float64).T

    @property
    def corner(self) -> tuple[float, float]:
        """Right and down of the first pixel's centre, from the focus, mm."""
        across, down = self.camera.pan
        return (
            (0.5 - self.width / 2) * self.mm_per_pixel - across,
            (0.5 - self.height / 2) * self.mm_per_pixel - down,
        )

    def to_screen(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Points (n, 3) LPS as right, down, away from the focus, mm."""
        return np.asarray((np.asarray(points) - np.asarray(self.focus)) @ self.axes)

    def scaled(self, share: float) -> "Shot":
        """The same picture with fewer pixels."""
        width, height = max(1, round(self.width * share)), max(1, round(self.height * share))
        return Shot(
            width,
            height,
            self.mm_per_pixel * self.width / width,
            self.camera,
            self.focus,
            self.cuts,
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a volume.

    ``rgba`` is ``(height, width, 4)`` uint8, colours multiplied by alpha. ``depth`` is the way
    from the focus plane to where half of the light is taken, mm away from the eye, NaN where
    nothing is; ``None`` for ways of drawing that do not know it.
    """

    rgba: NDArray[np.uint8]
    depth: NDArray[np.float32] | None = None
