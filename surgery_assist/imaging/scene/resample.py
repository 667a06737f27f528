"""Boxes of a volume, resampled square to the screen (vtkImageReslice; no graphics card)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.frame import Shot
from surgery_assist.imaging.scene.volume import SceneVolume


class Resampler:
    """Cuts boxes out of one volume. Belongs to one thread; the voxels are shared, not copied."""

    def __init__(self, volume: SceneVolume, *, linear: bool, threads: int = 2) -> None:
        from vtkmodules.util.numpy_support import numpy_to_vtk  # noqa: PLC0415  (heavy)
        from vtkmodules.vtkCommonDataModel import vtkImageData  # noqa: PLC0415
        from vtkmodules.vtkImagingCore import vtkImageReslice  # noqa: PLC0415

        self._volume = volume
        self._to_index = np.linalg.inv(volume.affine)
        slices, rows, columns = volume.values.shape
        image = vtkImageData()
        image.SetDimensions(columns, rows, slices)
        # The array is kept alive by the VTK array, which holds a reference to it.
        image.GetPointData().SetScalars(numpy_to_vtk(volume.values.reshape(-1)))
        self._reslice = vtkImageReslice()
        self._reslice.SetInputData(image)
        self._reslice.SetOutputDimensionality(3)
        if linear:
            self._reslice.SetInterpolationModeToLinear()
        else:
            self._reslice.SetInterpolationModeToNearestNeighbor()
        self._reslice.SetBackgroundLevel(volume.least)
        self._reslice.SetNumberOfThreads(threads)
        self._shot: Shot | None = None

    def box(
        self,
        shot: Shot,
        left: int,
        top: int,
        width: int,
        height: int,
        first: int,
        layers: int,
        way: float,
    ) -> NDArray[Any]:
        """``(layers, height, width)`` stored values of a part of the picture.

        Layer ``k`` lies ``(first + k) * way`` millimetres behind the focus.
        """
        from vtkmodules.util.numpy_support import vtk_to_numpy  # noqa: PLC0415

        if shot is not self._shot:
            self._shot = shot
            self._aim(shot)
        pixel = shot.mm_per_pixel
        corner = shot.corner
        reslice = self._reslice
        reslice.SetOutputSpacing(pixel, pixel, way)
        reslice.SetOutputOrigin(corner[0] + left * pixel, corner[1] + top * pixel, first * way)
        reslice.SetOutputExtent(0, width - 1, 0, height - 1, 0, layers - 1)
        reslice.Update()
        scalars = reslice.GetOutput().GetPointData().GetScalars()
        return np.asarray(vtk_to_numpy(scalars)).reshape(layers, height, width)

    def _aim(self, shot: Shot) -> None:
        from vtkmodules.vtkCommonMath import vtkMatrix4x4  # noqa: PLC0415

        screen = np.eye(4)
        screen[:3, :3] = shot.axes
        screen[:3, 3] = shot.focus
        matrix = vtkMatrix4x4()
        matrix.DeepCopy((self._to_index @ screen).ravel().tolist())
        self._reslice.SetResliceAxes(matrix)
