"""Arrays between numpy and VTK, without copies."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_vtk_image(
    values: NDArray[Any], spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> Any:
    """A vtkImageData over the memory of ``(slices, rows, columns)``, which it keeps alive."""
    from vtkmodules.util import numpy_support  # noqa: PLC0415  (heavy)
    from vtkmodules.vtkCommonDataModel import vtkImageData  # noqa: PLC0415

    image = vtkImageData()
    image.SetDimensions(*values.shape[::-1])
    image.SetSpacing(*spacing)
    scalars: Any = numpy_support.numpy_to_vtk(values.reshape(-1))  # type: ignore[no-untyped-call]
    image.GetPointData().SetScalars(scalars)
    return image


def as_numpy(array: Any) -> NDArray[Any]:
    """The memory of a VTK array."""
    from vtkmodules.util import numpy_support  # noqa: PLC0415

    return np.asarray(numpy_support.vtk_to_numpy(array))  # type: ignore[no-untyped-call]


def as_vtk_matrix(matrix: NDArray[np.float64]) -> Any:
    """A vtkMatrix4x4."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4  # noqa: PLC0415

    result = vtkMatrix4x4()
    result.DeepCopy(matrix.ravel().tolist())
    return result
