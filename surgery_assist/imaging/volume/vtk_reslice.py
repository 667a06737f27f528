"""What is asked of VTK's reslicing; imported late, since VTK takes a while to load."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import VTK_SHORT
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from surgery_assist.model.plane import Projection

Voxels = NDArray[Any]


def as_image(values: Voxels) -> vtkImageData:
    """Voxels ``(slices, rows, columns)`` in index coordinates, without a copy."""
    slices, rows, columns = values.shape
    image = vtkImageData()
    image.SetDimensions(columns, rows, slices)
    scalars = numpy_to_vtk(values.reshape(-1), deep=False)  # type: ignore[no-untyped-call]
    image.GetPointData().SetScalars(scalars)
    return image


def reslice_of(
    image: vtkImageData, to_voxels: NDArray[np.float64], void: float, interpolation: str
) -> vtkImageReslice:
    """A cutter of thin images; ``to_voxels`` is 3 x 4, ``void`` what lies outside."""
    matrix = vtkMatrix4x4()
    for row in range(3):
        for column in range(4):
            matrix.SetElement(row, column, float(to_voxels[row, column]))
    reslice = vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetResliceAxes(matrix)
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetBackgroundLevel(void)
    if interpolation == "cubic":
        reslice.SetInterpolationModeToCubic()
    else:
        reslice.SetInterpolationModeToLinear()
    return reslice


def widen(reslice: vtkImageReslice) -> None:
    """Sixteen bits, so that there is room for a value that is no picture."""
    reslice.SetOutputScalarType(VTK_SHORT)


def set_slab(
    reslice: vtkImageReslice, projection: Projection, samples: int, step_mm: float
) -> None:
    """Take the largest, smallest or mean of samples about the plane."""
    if projection == "max":
        reslice.SetSlabModeToMax()
    elif projection == "min":
        reslice.SetSlabModeToMin()
    else:
        reslice.SetSlabModeToMean()
    reslice.SetSlabNumberOfSlices(samples)
    reslice.SetOutputSpacing(1.0, 1.0, step_mm)


def rows_of(reslice: vtkImageReslice, first: int, last: int, columns: int) -> Voxels:
    """Some rows of the image; other Python threads run meanwhile."""
    reslice.SetOutputExtent(0, columns - 1, first, last - 1, 0, 0)
    reslice.Modified()
    reslice.Update()
    scalars = reslice.GetOutput().GetPointData().GetScalars()
    found: Voxels = vtk_to_numpy(scalars)  # type: ignore[no-untyped-call]
    return found.reshape(last - first, columns)
