"""Images of planes along the voxels: copies of what is there, no interpolation.

Thick ones are the largest, smallest or mean value of the voxels whose centres lie in the slab.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from surgery_assist.imaging.volume.build import Volume, Voxels
from surgery_assist.model.plane import Plane, Projection
from surgery_assist.model.reformat import Axes
from surgery_assist.model.study import DisplaySet

Cancelled = Callable[[], bool]
_CHUNK: Final = 1 << 22
"""Voxels between two looks whether the image is still wanted."""
QUICK_VOXELS: Final = 1 << 21
"""A slab of fewer voxels is made at once (2 ms or so)."""


@dataclass(frozen=True)
class Wanted:
    """One image of a plane.

    ``shown`` is what `surgery_assist.model.reformat.reformatted` made of ``plane``.
    """

    shown: DisplaySet = field(compare=False)
    plane: Plane
    index: int


@dataclass(frozen=True)
class Slice:
    """An image of a volume.

    Attributes
    ----------
    values
        ``(rows, columns)`` of stored values; ``void`` is padding.
    factor
        Pixels of the frame that one of these is wide and high; the first lies about the centre
        of the frame's first pixel.
    """

    values: Voxels
    factor: float = 1.0

    @property
    def place(self) -> tuple[float, float, float, float]:
        """Left, top, width and height in pixels of the frame, from its outer corner."""
        rows, columns = self.values.shape
        start = 0.5 - self.factor / 2
        return start, start, columns * self.factor, rows * self.factor


def voxels_of(volume: Volume, plane: Plane, axes: Axes) -> int:
    """How many voxels have to be looked at for one image."""
    first, last = _slab(volume, plane, axes, 0)
    size = volume.grid.size
    return size[axes.axes[0]] * size[axes.axes[1]] * (last - first)


def cut(
    volume: Volume, wanted: Wanted, axes: Axes, cancelled: Cancelled = lambda: False
) -> Slice | None:
    """An image along the voxels, or ``None`` if it was cancelled."""
    across, down, third = axes.axes
    plane, index = wanted.plane, wanted.index
    count = volume.grid.size[third]
    if third != 2 and volume.reduced > 1:
        index = round(index / volume.reduced)
    place = max(0, min(count - 1, index))
    if axes.signs[2] < 0:
        place = count - 1 - place
    first, last = _slab(volume, plane, axes, place)
    # The array's axes are slices, rows, columns: 2 - axis of the grid.
    image = _through(volume, plane.projection, 2 - third, (first, last), cancelled)
    if image is None:
        return None
    if across > down:  # the axes left are in the order of the array: the later grid axis first
        image = image.T
    image = image[:: axes.signs[1], :: axes.signs[0]]
    image = _without_missing(volume, image, axes, (first, last))
    return Slice(np.ascontiguousarray(image), volume.reduced if third == 2 else 1.0)


def _slab(volume: Volume, plane: Plane, axes: Axes, place: int) -> tuple[int, int]:
    """First voxel along the third axis, and the one after the last."""
    third = axes.axes[2]
    step = volume.grid.spacing[2] if third == 2 else volume.grid.spacing[1 - third]
    half = int(plane.thickness / 2 / step + 1e-6)
    return max(0, place - half), min(volume.grid.size[third], place + half + 1)


def _through(
    volume: Volume, projection: Projection, axis: int, span: tuple[int, int], cancelled: Cancelled
) -> Voxels | None:
    first, last = span
    values = np.moveaxis(volume.values, axis, 0)[first:last]
    if last - first == 1:
        thin: Voxels = values[0]
        return thin
    gather = _GATHER[projection]
    wide = np.float64 if values.dtype.kind == "f" else np.int64
    step = max(1, _CHUNK // max(1, values[0].size))
    total: Voxels | None = None
    for start in range(0, last - first, step):
        if cancelled():
            return None
        part = values[start : start + step]
        if projection == "mean":
            found: Voxels = np.add.reduce(part, 0, dtype=wide)
        else:
            found = gather.reduce(part, 0)
        total = found if total is None else gather(total, found)
    if total is None or projection != "mean":
        return total
    mean: Voxels = total / (last - first)
    return mean.astype(values.dtype) if mean.dtype.kind != "f" else _back(mean, values.dtype)


_GATHER: Final[dict[Projection, np.ufunc]] = {
    "none": np.maximum,
    "max": np.maximum,
    "min": np.minimum,
    "mean": np.add,
}


def _back(mean: Voxels, dtype: np.dtype[np.generic]) -> Voxels:
    rounded = mean if dtype.kind == "f" else np.rint(mean)
    return rounded.astype(dtype)


def _without_missing(volume: Volume, image: Voxels, axes: Axes, span: tuple[int, int]) -> Voxels:
    """Void where slices have not arrived yet."""
    if volume.complete:
        return image
    if axes.axes[2] == 2:
        gone = not volume.there[span[0] : span[1]].any()
        return np.full_like(image, volume.void, dtype=_signed(image)) if gone else image
    image = image.astype(_signed(image))
    if axes.axes[1] == 2:
        image[~volume.there[:: axes.signs[1]]] = volume.void
    else:
        image[:, ~volume.there[:: axes.signs[0]]] = volume.void
    return image


def _signed(image: Voxels) -> np.dtype[np.generic]:
    return np.dtype(np.int16) if image.dtype == np.uint8 else image.dtype
