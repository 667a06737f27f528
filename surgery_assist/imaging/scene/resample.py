"""Boxes of a volume, resampled square to the screen (vtkImageReslice; no graphics card)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.arrays import as_numpy, as_vtk_image, as_vtk_matrix
from surgery_assist.imaging.scene.frame import Shot
from surgery_assist.imaging.scene.volume import SceneVolume


@dataclass(frozen=True, slots=True)
class Region:
    """A box behind a part of a picture.

    ``left`` and ``top`` are the place of its first pixel in the picture; layer ``k`` lies
    ``(first + k) * way`` millimetres behind the focus.
    """

    left: float
    top: float
    width: int
    height: int
    first: int
    layers: int
    way: float

    def grown(self, pixels: int, layers: int) -> "Region":
        """With so much more on every side."""
        return Region(
            self.left - pixels,
            self.top - pixels,
            self.width + 2 * pixels,
            self.height + 2 * pixels,
            self.first - layers,
            self.layers + 2 * layers,
            self.way,
        )

    @property
    def depths(self) -> NDArray[np.float32]:
        """Of each layer behind the focus, mm."""
        return ((self.first + np.arange(self.layers)) * self.way).astype(np.float32)


class Resampler:
    """Cuts boxes out of one volume. Belongs to one thread; the voxels are shared, not copied."""

    def __init__(self, volume: SceneVolume, *, linear: bool, threads: int = 2) -> None:
        from vtkmodules.vtkImagingCore import vtkImageReslice  # noqa: PLC0415  (heavy)

        self._to_index = np.linalg.inv(volume.affine)
        self._shot: Shot | None = None
        self._reslice = vtkImageReslice()
        self._reslice.SetInputData(as_vtk_image(volume.values))
        self._reslice.SetOutputDimensionality(3)
        if linear:
            self._reslice.SetInterpolationModeToLinear()
        else:
            self._reslice.SetInterpolationModeToNearestNeighbor()
        self._reslice.SetBackgroundLevel(volume.least)
        self._reslice.SetNumberOfThreads(threads)

    def box(self, shot: Shot, region: Region) -> NDArray[Any]:
        """``(layers, height, width)`` stored values; valid until the next box is cut."""
        if shot is not self._shot:
            self._shot = shot
            screen = np.eye(4)
            screen[:3, :3] = shot.axes
            screen[:3, 3] = shot.focus
            self._reslice.SetResliceAxes(as_vtk_matrix(self._to_index @ screen))
        pixel, corner = shot.mm_per_pixel, shot.corner
        reslice = self._reslice
        reslice.SetOutputSpacing(pixel, pixel, region.way)
        reslice.SetOutputOrigin(
            corner[0] + region.left * pixel,
            corner[1] + region.top * pixel,
            region.first * region.way,
        )
        reslice.SetOutputExtent(0, region.width - 1, 0, region.height - 1, 0, region.layers - 1)
        reslice.Update()
        scalars = as_numpy(reslice.GetOutput().GetPointData().GetScalars())
        return scalars.reshape(region.layers, region.height, region.width)
